"""The clock: the one place that asks what time it is."""

import datetime as dt
import time
from typing import Protocol

#: Viet Nam's time; it has no summer time.
VIETNAM = dt.timezone(dt.timedelta(hours=7), "+07")


class Clock(Protocol):
    """Tells the time of day, and a steady count of seconds for waits."""

    def now(self) -> dt.datetime:
        """The time, aware, in UTC+7."""

    def steady(self) -> float:
        """Seconds that never jump."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """The time, aware, in UTC+7."""
        return dt.datetime.now(VIETNAM)

    def steady(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()


def to_ms(moment: dt.datetime) -> int:
    """An aware time as whole milliseconds since 1970, as the store keeps it."""
    return int(moment.timestamp() * 1000)


def from_ms(ms: int) -> dt.datetime:
    """A stored time, aware, in UTC+7."""
    return dt.datetime.fromtimestamp(ms / 1000, VIETNAM)
