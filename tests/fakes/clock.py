"""A clock that stands still until a test moves it."""

import datetime as dt

from bot.clock import VIETNAM


class FakeClock:
    """Both the time of day and the steady count move by `advance` alone."""

    def __init__(self, now: dt.datetime = dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM)) -> None:
        self._now = now.astimezone(VIETNAM)
        self._steady = 1000.0

    def now(self) -> dt.datetime:
        """The time, aware, in UTC+7."""
        return self._now

    def steady(self) -> float:
        """Seconds that never jump."""
        return self._steady

    def advance(self, by: float | dt.timedelta) -> None:
        """Let time pass: seconds, or a timedelta."""
        passed = by if isinstance(by, dt.timedelta) else dt.timedelta(seconds=by)
        self._now += passed
        self._steady += passed.total_seconds()
