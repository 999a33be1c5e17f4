"""How Telegram brings updates to a webhook in a test: chats side by side, each in order, again until one is taken."""

import asyncio
from collections import deque
from urllib.parse import urlsplit

import aiohttp

from bot.clock import Clock
from tests.fakes.network import is_loopback
from tests.fakes.telegram_groups import Groups
from tests.fakes.telegram_text import Json

#: Deliveries at once, unless the bot asks for another number.
CONNECTIONS = 40
HEADER = "X-Telegram-Bot-Api-Secret-Token"
#: Seconds a webhook may take for its answer; Telegram waits a minute.
PATIENCE = 10.0
#: Seconds before an update is brought again, by how often that failed; Telegram's own are not published.
PAUSES = (0.02, 0.05, 0.1, 0.2)
#: What a bot hears of only when it asks for it.
UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}


class Deliveries(Groups):
    """Updates wait in `updates` until a poller confirms them or the `webhook` ("" is none) answers 2xx.

    Only an address on this machine is ever called; to another one updates just wait. `deliveries` holds every attempt
    as (update id, status), 0 where no answer came in `patience` seconds.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.webhook, self.secret = "", ""
        self.pauses: tuple[float, ...] = PAUSES
        self.patience = PATIENCE
        self.deliveries: list[tuple[int, int]] = []
        self.max_connections, self._slots = CONNECTIONS, asyncio.Semaphore(CONNECTIONS)
        #: Kinds of updates the bot asked for; none are all but UNASKED.
        self.allowed: list[str] = []
        #: The newest failed attempt: when, and what Telegram says of it.
        self.last_error: tuple[int, str] | None = None
        #: Attempts under way, and the most there ever were at once.
        self.under_way, self.most_under_way = 0, 0
        self._lanes: dict[int, deque[Json]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    @property
    def unconfirmed(self) -> list[int]:
        """The numbers of the updates that would be handed out again, or are not delivered yet."""
        return [update["update_id"] for update in self.updates]

    def queue(self, update: Json) -> None:
        """Keep an update until the bot has it, unless a webhook does not want its kind."""
        if self.webhook and not wants(self.allowed, update):
            return
        super().queue(update)
        if self._session is not None and self._deliverable:
            self._line_up(update)

    def set_webhook(self, url: str, secret: str = "", connections: int = CONNECTIONS) -> None:
        """Deliver there from now on, also what waits already; "" ends it."""
        self.webhook, self.secret, self.max_connections = url, secret, connections
        self.last_error, self._slots = None, asyncio.Semaphore(connections)
        self.resume()

    def resume(self) -> None:
        """Line up what waits, each chat's in order."""
        for lane in self._lanes.values():
            lane.clear()
        if self._session is not None and self._deliverable:
            for update in self.updates:
                self._line_up(update)

    async def start_deliveries(self) -> None:
        """Begin to deliver, if there is a webhook."""
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        self.resume()

    async def stop_deliveries(self) -> None:
        """Break off every delivery."""
        session, self._session = self._session, None
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._lanes.clear()
        if session is not None:
            await session.close()

    @property
    def _deliverable(self) -> bool:
        return is_loopback(urlsplit(self.webhook).hostname or "") if self.webhook else False

    def _line_up(self, update: Json) -> None:
        chat = chat_of(update)
        if chat in self._lanes:
            self._lanes[chat].append(update)
            return
        self._lanes[chat] = deque([update])
        task = asyncio.get_running_loop().create_task(self._lane(chat))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _lane(self, chat: int) -> None:
        """Bring one chat's updates, the next one only after the one before was taken."""
        failures, lane = 0, self._lanes[chat]
        while lane:
            update = lane[0]
            async with self._slots:
                if not lane or lane[0] is not update:
                    continue
                status = await self._attempt(update)
            if 200 <= status < 300:
                self._taken(update)
                if lane and lane[0] is update:
                    lane.popleft()
            self.stir()
            failures = 0 if 200 <= status < 300 else failures + 1
            if failures:
                await asyncio.sleep(self.pauses[min(failures, len(self.pauses)) - 1])
        # No await since the lane was seen empty, so nothing can have lined up behind it.
        del self._lanes[chat]

    async def _attempt(self, update: Json) -> int:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.stir()
        status = 0
        try:
            status, failure = await self._post(update)
            if failure:
                self.last_error = self.time(), failure
        finally:
            self.under_way -= 1
            self.deliveries.append((update["update_id"], status))
        return status

    async def _post(self, update: Json) -> tuple[int, str]:
        """The status of the answer, and what Telegram makes of it if it is not content."""
        assert self._session is not None
        headers = {HEADER: self.secret} if self.secret else {}
        patience = aiohttp.ClientTimeout(total=self.patience)
        try:
            async with self._session.post(
                self.webhook, json=update, headers=headers, timeout=patience, allow_redirects=False
            ) as answer:
                await answer.read()
                failure = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                return answer.status, "" if 200 <= answer.status < 300 else failure
        except TimeoutError:
            return 0, "Read timeout expired"
        except aiohttp.ClientConnectorError:
            return 0, "Connection refused"
        except aiohttp.ClientError:
            return 0, "Connection reset by peer"

    def _taken(self, update: Json) -> None:
        at = next((at for at, waiting in enumerate(self.updates) if waiting is update), None)
        if at is not None:
            del self.updates[at]


def wants(allowed: list[str], update: Json) -> bool:
    """Whether a bot that asked for these kinds of updates hears of this one."""
    (kind,) = set(update) - {"update_id"}
    return kind in allowed if allowed else kind not in UNASKED


def chat_of(update: Json) -> int:
    """The chat an update belongs to: its order counts there. What belongs to none has its person's number."""
    (body,) = (body for name, body in update.items() if name != "update_id")
    within = body.get("message", body)
    found = within.get("chat") or body.get("from") or {}
    return int(found.get("id", 0))
