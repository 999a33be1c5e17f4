"""Asks Telegram for updates; Telegram's memory of them moves on only past what is durable here."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter

from bot.channels.telegram_errors import TOKEN_MEND, mend, seconds
from bot.channels.telegram_read import UPDATES
from bot.channels.telegram_request import Bot
from bot.errors import StoreUnavailable
from handlers.message import Inbound

log = structlog.get_logger(__name__)

#: Seconds Telegram holds a question for updates open while there are none.
POLL_SECONDS = 30
#: Failures in a row after which staff are told: with the usual pauses some ten minutes.
MANY = 20
#: The same for refusals because somebody else asks.
CONFLICTS = 3

#: An update as an Inbound (None: not for us), and the id Telegram waits to hear back if it is a tap. Never raises.
Read = Callable[[dict[str, Any]], tuple[Inbound | None, str]]
#: Takes in what was read; returns once it is durable. Raises StoreUnavailable.
Take = Callable[[Inbound | None, str], Coroutine[Any, Any, None]]
#: Tells staff of something to mend: the kind of task, what happened, and the mend. Never raises.
Report = Callable[[str, str, str], Coroutine[Any, Any, None]]


class Polling:
    """One poller; `pauses` are the seconds before the next question after so many failures in a row.

    The offset is kept by Telegram alone: asked from 0 after a start it hands out again what was not confirmed, which
    the store knows by its ids.
    """

    def __init__(self, bot: Bot, read: Read, take: Take, report: Report, pauses: tuple[float, ...]) -> None:
        self._bot, self._read, self._take, self._report, self._pauses = bot, read, take, report, pauses
        self._running: asyncio.Task[None] | None = None
        self._batch: asyncio.Task[int | None] | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._running = asyncio.create_task(self._run(), name="telegram-poll")

    async def end(self) -> None:
        """Ask no more; the batch in hand is taken to its end. What it leaves unconfirmed comes again next time."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._batch is not None:
            await asyncio.wait({self._batch})

    async def drop(self) -> None:
        """Ask no more and let go of the batch in hand: Telegram has it still."""
        if self._batch is not None:
            self._batch.cancel()
        await self.end()

    async def _run(self) -> None:
        offset, failures, trouble, fresh = 0, 0, "", True
        while True:
            try:
                if fresh:
                    # A webhook left by another set-up would keep every update from us.
                    await self._bot.delete_webhook()
                    fresh = False
                updates = await self._bot.raw_updates(offset, POLL_SECONDS, UPDATES)
                self._batch = asyncio.create_task(self._take_all(updates))
                # Shielded: whoever ends the polling does not end a turn half-way.
                stuck = await asyncio.shield(self._batch)
                if updates:
                    offset = updates[-1]["update_id"] + 1 if stuck is None else stuck
                if stuck is not None:
                    raise StoreUnavailable
            except InvalidToken:
                log.error("telegram.token_refused", mend=TOKEN_MEND)
                await self._report("halted", "the token is refused", TOKEN_MEND)
                return
            except Exception as error:
                if trouble != (trouble := type(error).__name__):
                    log.warning("telegram.polling_failed", error=trouble, mend=mend(error))
                await asyncio.sleep(self._pause(error, failures))
                failures += 1
                # Once it may be our own question from before a restart.
                if failures == CONFLICTS and isinstance(error, Conflict):
                    await self._report("telegram-conflict", "updates are read by somebody else", mend(error))
                if failures == MANY:
                    await self._report("telegram-away", f"no updates can be had ({trouble})", mend(error))
            else:
                if trouble:
                    log.info("telegram.polling_again", failures=failures)
                failures, trouble = 0, ""

    def _pause(self, error: Exception, failures: int) -> float:
        if isinstance(error, RetryAfter):
            return seconds(error)
        return self._pauses[-1 if isinstance(error, Conflict) else min(failures, len(self._pauses) - 1)]

    async def _take_all(self, updates: list[dict[str, Any]]) -> int | None:
        """Hand a batch over, chats beside each other, each in order; the first number that is not durable, if any."""
        lines: dict[str, list[tuple[Inbound | None, str, int]]] = {}
        for raw in updates:
            inbound, tap = self._read(raw)
            lines.setdefault(inbound.address.chat if inbound else "", []).append((inbound, tap, raw["update_id"]))
        stuck = await asyncio.gather(*(self._take_line(line) for line in lines.values()))
        return min((number for number in stuck if number is not None), default=None)

    async def _take_line(self, line: list[tuple[Inbound | None, str, int]]) -> int | None:
        """One chat's updates of a batch; the number of the first that is not durable, if any."""
        for inbound, tap, number in line:
            try:
                await self._take(inbound, tap)
            except Exception as error:
                if not isinstance(error, StoreUnavailable):
                    log.error("telegram.take_failed", error=type(error).__name__)
                return number
        return None
