"""How fast each channel account may be sent to, and when a failed send is tried again."""

import asyncio
from collections import deque
from typing import Final

from bot.errors import Ambiguous, SendError, TryLater
from handlers.message import Lane

#: The lanes, those that go first before the others.
LANES: Final[tuple[Lane, ...]] = ("conversation", "notice", "bulk")
#: Seconds before the next try, by how often it failed; the platform's own word goes first.
PAUSES = (1.0, 3.0, 10.0, 30.0, 120.0, 600.0, 1800.0)
#: The share of an account's pace that bulk may use where no pace of its own is known: conversation never waits for it.
BULK_SHARE = 0.5
#: Seconds of lateness that are made up for by turns right behind each other.
LATE = 0.05


class Pace:
    """The messages per second of one channel account, one at a time: those who wait go by lane, then as they came.

    Evenly rather than n at once each second: a bucket of n lets twice as many through in its first second.
    """

    def __init__(self, per_second: float, bulk_per_second: float | None = None) -> None:
        self._gap, self._bulk_gap = 1 / per_second, 1 / (bulk_per_second or per_second * BULK_SHARE)
        #: When the next message may go, and the next of bulk, on the event loop's clock.
        self._next_at = self._next_bulk_at = 0.0
        self._waiting: dict[Lane, deque[asyncio.Future[None]]] = {lane: deque() for lane in LANES}
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, lane: Lane) -> None:
        """Wait until a message of this lane may go."""
        loop = asyncio.get_running_loop()
        now, mine = loop.time(), loop.create_future()
        # Time in which nobody wanted to go is not made up for.
        if not any(self._waiting.values()):
            self._next_at = max(self._next_at, now)
        if lane == "bulk" and not self._waiting["bulk"]:
            self._next_bulk_at = max(self._next_bulk_at, now)
        self._waiting[lane].append(mine)
        self._give()
        await mine

    def _give(self) -> None:
        """Give a turn to each who may go now, and come back when the next may."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        now = loop.time()
        while now >= self._next_at and (lane := self._first(bulk=now >= self._next_bulk_at)):
            self._waiting[lane].popleft().set_result(None)
            # From when it was due: on a busy loop every turn comes a little late, and lateness must not add up.
            self._next_at = max(self._next_at, now - LATE) + self._gap
            if lane == "bulk":
                self._next_bulk_at = max(self._next_bulk_at, now - LATE) + self._bulk_gap
        next_lane = self._first(bulk=True)
        at = max(self._next_at, self._next_bulk_at) if next_lane == "bulk" else self._next_at
        self._timer = loop.call_at(at, self._give) if next_lane else None

    def _first(self, *, bulk: bool) -> Lane | None:
        """The first lane in which somebody waits and still wants to go."""
        for lane, waiting in self._waiting.items():
            while waiting and waiting[0].done():
                del waiting[0]
            if waiting and (bulk or lane != "bulk"):
                return lane
        return None


def pause_after(error: SendError, attempts: int, most: int) -> float | None:
    """Seconds until a message that failed `attempts` times is tried again; None: never.

    A message that may have been delivered is repeated once, unless it is outreach (the sender asks no more then):
    for such an error `attempts` counts those before that may have been delivered, this one included.
    """
    if isinstance(error, Ambiguous):
        return PAUSES[0] if attempts <= 1 else None
    if not isinstance(error, TryLater) or attempts >= most:
        return None
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    return max(error.after, pause) if error.after is not None else pause
