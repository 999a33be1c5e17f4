"""What a channel does beside taking in and sending: calls that may fail, and telling staff of what they must mend."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from bot.channels.base import Alarm
from bot.clock import Clock
from handlers.turn import OpenTask

log = structlog.get_logger(__name__)


class Aside:
    """Of one channel account; the channel's name with "_" for "-" stands before the events in the log."""

    def __init__(self, channel: str, account: str, clock: Clock, alarm: Alarm) -> None:
        self._channel, self._account, self._clock, self._alarm = channel, account, clock, alarm
        self._log = channel.replace("-", "_")
        self._signals: set[asyncio.Task[object]] = set()

    def signal(self, call: Coroutine[Any, Any, object]) -> None:
        """Make a call beside everything else; it may fail."""
        task = asyncio.create_task(call, name=f"{self._channel}-signal")
        self._signals.add(task)
        task.add_done_callback(self._signalled)

    def _signalled(self, task: asyncio.Task[object]) -> None:
        self._signals.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.debug(f"{self._log}.signal_failed", error=type(error).__name__)

    async def report(self, kind: str, what: str, mend: str) -> None:
        """Put something on the staff's list, once a day; the log has it already, so it may fail."""
        name = f"{self._channel}:{self._account}"
        task = OpenTask(
            kind, f"{kind}:{name}:{self._clock.now():%Y-%m-%d}", f"{name.replace(':', '/')}: {what}. {mend}"
        )
        try:
            await self._alarm(task)
        except Exception as error:
            log.error(f"{self._log}.alarm_failed", error=type(error).__name__)

    async def stop(self) -> None:
        """End the calls that are under way."""
        for signal in tuple(self._signals):
            signal.cancel()
        await asyncio.gather(*self._signals, return_exceptions=True)
