"""Asks the Zalo Bot Platform for updates, one at a time: what was read there is gone, so it is never let go of here."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from bot.channels.door import Receive
from bot.channels.zalo_bot_api import ZaloBotApi, ZaloBotError
from bot.channels.zalo_bot_errors import TOKEN_REFUSED, mend
from bot.channels.zalo_bot_read import event_of
from bot.clock import Clock
from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)

#: Tells staff of something to mend: the kind of task, what happened, and the mend. Never raises.
Report = Callable[[str, str, str], Coroutine[Any, Any, None]]

#: How often an update is tried that the store would keep but something else fails on: it must not jam the channel.
MOST_TRIES = 5
#: An answer without an update that came sooner than this, in seconds, is no waiting: asking at once would be a storm.
TOO_SOON = 1.0


class Polling:
    """One poller. `seconds` is how long the platform holds a question open, `pauses` between tries after a failure."""

    def __init__(
        self,
        api: ZaloBotApi,
        receive: Receive,
        report: Report,
        clock: Clock,
        *,
        seconds: float,
        pauses: tuple[float, ...],
    ) -> None:
        self._api, self._receive, self._report, self._clock = api, receive, report, clock
        self._seconds, self._pauses = seconds, pauses
        self._ending = asyncio.Event()
        self._ended: asyncio.Task[Any] | None = None
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._ended = asyncio.create_task(self._ending.wait(), name="zalo-bot-ending")
        self._running = asyncio.create_task(self._run(), name="zalo-bot-poll")

    async def end(self) -> None:
        """Ask no more. A question that waits is broken off; an update in hand is taken to its end."""
        self._ending.set()
        if self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        failures, trouble, fresh = 0, "", True
        while not self._ending.is_set():
            asked = self._clock.steady()
            try:
                if fresh:
                    await self._remove_webhook()
                    fresh = False
                updates = await self._ask()
            except Exception as error:
                if isinstance(error, ZaloBotError) and error.code == TOKEN_REFUSED:
                    log.error("zalo_bot.token_refused", mend=mend(error))
                    await self._report("halted", "the token is refused", mend(error))
                    return
                # Another set-up may have set a webhook meanwhile.
                fresh = fresh or (isinstance(error, ZaloBotError) and error.code in (400, 409))
                trouble = self._failed(error, trouble)
                await self._pause(failures)
                failures += 1
                continue
            if trouble:
                log.info("zalo_bot.polling_again", failures=failures)
            failures, trouble = 0, ""
            for update in updates:
                await self._hand_over(update)
            if not updates and self._clock.steady() - asked < TOO_SOON:
                await self._pause(0)

    async def _remove_webhook(self) -> None:
        """A webhook left by another set-up keeps every update from us, without a word."""
        if (await self._api.get_webhook_info()).url:
            # Not which: a secret may stand in the address.
            log.warning("zalo_bot.webhook_removed", mend="this bot polls; whatever else used its webhook gets nothing")
            await self._api.delete_webhook()

    async def _ask(self) -> tuple[object, ...]:
        """What comes, unless polling ends before. What came at that very moment is kept."""
        assert self._ended is not None
        asking = asyncio.create_task(self._api.get_updates(self._seconds), name="zalo-bot-ask")
        try:
            await asyncio.wait({asking, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()
        await asyncio.wait({asking})
        return () if asking.cancelled() else asking.result()

    async def _hand_over(self, update: object) -> None:
        """Hand an update over until it is durable, before anything more is read."""
        tries, trouble = 0, ""
        while True:
            last = self._ending.is_set()
            try:
                await self._receive(update)
            except Exception as error:
                tries += 1
                away = isinstance(error, StoreUnavailable)
                if trouble != (trouble := type(error).__name__):
                    log.error("zalo_bot.take_failed", happened=event_of(update), error=trouble)
                if last or (not away and tries >= MOST_TRIES):
                    log.critical("zalo_bot.lost", happened=event_of(update), error=trouble)
                    await self._report("failed-update", "a message could not be kept and is lost", "the log tells why")
                    return
                await self._pause(tries - 1)
            else:
                return

    def _failed(self, error: Exception, trouble: str) -> str:
        """Log a failure once for as long as it stays the same; its name."""
        known = error if isinstance(error, ZaloBotError) else None
        now = f"{known.method} {known.code} {known.sent}" if known else type(error).__name__
        if now != trouble:
            what = mend(known) if known else "this is a mistake of ours: report it"
            log.warning("zalo_bot.polling_failed", error=str(error) if known else now, mend=what)
        return now

    async def _pause(self, failures: int) -> None:
        assert self._ended is not None
        await asyncio.wait({self._ended}, timeout=self._pauses[min(failures, len(self._pauses) - 1)])
