"""How fast each channel account may be sent to, and when a failed send is tried again."""

from aiolimiter import AsyncLimiter

from bot.errors import Ambiguous, SendError, TryLater
from handlers.message import Lane

#: Seconds before the next try, by how often it failed; the platform's own word goes first.
PAUSES = (1.0, 3.0, 10.0, 30.0, 120.0, 600.0, 1800.0)
#: The share of an account's pace that bulk may use, so that conversation never waits for it.
BULK_SHARE = 0.5


class Pace:
    """The messages per second of one channel account."""

    def __init__(self, per_second: float) -> None:
        # One at a time rather than n per second: a bucket of n lets twice as many through in the first second.
        self._all = AsyncLimiter(1, 1 / per_second)
        self._bulk = AsyncLimiter(1, 1 / (per_second * BULK_SHARE))

    async def turn(self, lane: Lane) -> None:
        """Wait until a message of this lane may go."""
        if lane == "bulk":
            await self._bulk.acquire()
        await self._all.acquire()


def pause_after(error: SendError, attempts: int, most: int) -> float | None:
    """Seconds until a message that failed `attempts` times is tried again; None: never.

    A message that may have been delivered is repeated once, unless it is outreach (the sender asks no more then).
    """
    if isinstance(error, Ambiguous):
        return PAUSES[0] if attempts <= 1 else None
    if not isinstance(error, TryLater) or attempts >= most:
        return None
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    return max(error.after, pause) if error.after is not None else pause
