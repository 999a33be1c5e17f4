"""How Zalo hands events to a webhook in a test: signed, in order, repeated on a ladder of pauses, cancelled at last."""

import asyncio
import datetime as dt
import hashlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from bot.clock import Clock, SystemClock, to_ms

T = TypeVar("T")
Json = dict[str, Any]

#: Seconds a test waits for something that should happen at once.
SECONDS = 10.0

#: Pauses before an event is tried again, counted from the failure before.
LADDER = tuple(dt.timedelta(seconds=seconds) for seconds in (30, 300, 900, 1800, 3600))

OA_ID = "388613280878808645"
APP_ID = "1234567890123456789"
WEBHOOK_KEY = "oa-secret-key"


@dataclass(frozen=True)
class Parcel:
    """An event on its way: the exact bytes, the same at every try. `retry` counts the tries after the first."""

    event: Json
    body: bytes
    headers: dict[str, str]
    retry: int = 0
    due: dt.datetime | None = None


class Delivery:
    """The webhook of one app. `await hook(url)`, then every event goes there; without one events are lost, as at Zalo.

    `events` holds all that happened, `deliveries` every try as (event name, its number of retry, HTTP status or 0).
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.app_id, self.oa_id, self.webhook_key = APP_ID, OA_ID, WEBHOOK_KEY
        #: Every event is delivered twice.
        self.twice = False
        #: The ladder was climbed in vain: nothing is delivered until `hook` is called again.
        self.cancelled = False
        #: Real seconds an answer may take.
        self.patience = 2.0
        self.events: list[Json] = []
        self.deliveries: list[tuple[str, int, int]] = []
        #: What failed and waits for its next try; `await tick()` after the clock moved on.
        self.waiting: list[Parcel] = []
        self._hook = ""
        self._session: aiohttp.ClientSession | None = None
        self._lanes: dict[str, deque[Parcel]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[tuple[str, Parcel]] = []
        self._holding = 0
        self._changed = asyncio.Event()
        self._count, self._stamp, self._number = 0, 0, 0

    async def hook(self, url: str) -> None:
        """Register the webhook's URL, after the console's probe: an unsigned {}. Raises AssertionError if it fails."""
        async with self._client().post(url, data=b"{}", headers={"Content-Type": "application/json"}) as answer:
            if answer.status != 200:
                raise AssertionError(f"the console's probe of the webhook was answered {answer.status}, not 200")
        self._hook, self.cancelled = url, False

    def signature(self, body: bytes, timestamp: str) -> str:
        """The value of X-ZEvent-Signature for these bytes."""
        signed = self.app_id.encode() + body + timestamp.encode() + self.webhook_key.encode()
        return f"mac={hashlib.sha256(signed).hexdigest()}"

    def event(self, event: Json, *, server: str = "") -> Json:
        """Let any event happen; it gets the app and the time if it names none. `server`: "ZNS" for those of templates.

        Returns the event as it is sent.
        """
        whole = {**({} if "app_id" in event else {"app_id": self.app_id}), **event}
        whole.setdefault("timestamp", self.timestamp())
        self.events.append(whole)
        self.stir()
        if not self._hook:
            return whole
        body = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "X-ZEvent-Signature": self.signature(body, str(whole["timestamp"])),
            **({"X-ZEvent-Server": server} if server else {}),
        }
        parcel, subject = Parcel(whole, body, headers), self._subject(whole)
        if self._holding:
            self._holding -= 1
            self._held.append((subject, parcel))
            if not self._holding:
                held, self._held = self._held, []
                for _, late in reversed(held):
                    self._post("", late)
        else:
            self._post(subject, parcel)
        return whole

    def shuffled(self, count: int) -> None:
        """Keep the next `count` events back, then deliver them one after the other, the last first."""
        self._holding = count

    async def tick(self) -> None:
        """Try again what is due by the clock, and wait for the answers."""
        now = self.clock.now()
        due = [parcel for parcel in self.waiting if parcel.due and parcel.due <= now]
        self.waiting = [parcel for parcel in self.waiting if parcel not in due]
        for parcel in due:
            await self._try(parcel)

    async def settled(self, seconds: float = SECONDS) -> None:
        """Wait until every event was answered 200 or given up.

        Raises AssertionError at once for events that wait on the ladder: only a test moves the clock to their time.
        """
        await self.until(lambda: (not self._lanes and not self._held) or None, seconds)
        if self.waiting:
            names = [parcel.event.get("event_name") for parcel in self.waiting]
            raise AssertionError(f"not answered 200 and due later (advance the clock, then tick()): {names}")

    async def until(self, condition: Callable[[], T | None], seconds: float = SECONDS) -> T:
        """What a condition gives once it is true; it is asked at every change. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                changed = self._changed
                if result := condition():
                    return result
                await changed.wait()

    def stir(self) -> int:
        """Wake everybody who waits for a change; the number of this one."""
        self._count += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return self._count

    def timestamp(self) -> str:
        """Now in milliseconds; no two events have the same, also while the clock stands still."""
        self._stamp = max(to_ms(self.clock.now()), self._stamp + 1)
        return str(self._stamp)

    def next_id(self) -> str:
        """An id no message and no file has yet."""
        self._number += 1
        return hashlib.sha256(str(self._number).encode()).hexdigest()[:14] + f"{self._number:05d}"

    async def hang_up(self) -> None:
        """Deliver nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lanes.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # A connection kept open would be broken by an app that starts again, and that is no failure of the app.
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=self.patience)
            )
        return self._session

    def _post(self, subject: str, parcel: Parcel) -> None:
        lane = self._lanes.get(subject)
        if lane is None:
            lane = self._lanes[subject] = deque()
            task = asyncio.get_running_loop().create_task(self._drain(subject, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        lane.extend([parcel] * (2 if self.twice else 1))

    async def _drain(self, subject: str, lane: deque[Parcel]) -> None:
        while lane:
            # Left in its place while it is tried, so it counts as not settled.
            await self._try(lane[0])
            lane.popleft()
        del self._lanes[subject]
        self.stir()

    async def _try(self, parcel: Parcel) -> None:
        if self.cancelled:
            return
        headers = {**parcel.headers, **({"num_retry": str(parcel.retry)} if parcel.retry else {})}
        limit = aiohttp.ClientTimeout(total=self.patience)
        try:
            async with self._client().post(self._hook, data=parcel.body, headers=headers, timeout=limit) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        self.deliveries.append((str(parcel.event.get("event_name", "")), parcel.retry, status))
        if status != 200 and not self.cancelled:
            self._climb(parcel)
        self.stir()

    def _climb(self, parcel: Parcel) -> None:
        if parcel.retry == len(LADDER):
            self.cancelled = True
            self.waiting.clear()
            return
        due = self.clock.now() + LADDER[parcel.retry]
        self.waiting.append(Parcel(parcel.event, parcel.body, parcel.headers, parcel.retry + 1, due))

    def _subject(self, event: Json) -> str:
        """Whom an event is about: events about one person arrive in order."""
        people = [event.get("sender"), event.get("recipient"), event.get("follower")]
        ids = [str(person["id"]) for person in people if isinstance(person, dict) and "id" in person]
        ids += [str(event["user_id"])] if "user_id" in event else []
        return next((id for id in ids if id != self.oa_id), "")
