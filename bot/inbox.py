"""Takes in every update once: the whole turn in one transaction, or the raw update written down for later."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakValueDictionary

import structlog

from bot.channels.base import Taken
from bot.clock import Clock, to_ms
from bot.errors import StoreError, StoreUnavailable
from bot.reading import Reader
from bot.store import inbox
from bot.store.outbox import Row
from bot.store.people import order_key
from bot.store.store import Store
from bot.turns import FIRST_PAUSE, Stored, Turns
from handlers.message import LONGEST_TEXT, Inbound
from knowledge.text import clean

log = structlog.get_logger(__name__)

#: A turn not begun within this many seconds is written down raw, so that the channel is not kept waiting.
PATIENCE = 1.0
#: Milliseconds before a turn that raised is tried again, by how often it raised; then it is given up.
PAUSES = (FIRST_PAUSE, 10_000)


class Inbox:
    """The one door for updates of every channel. `leave` hands new outbox rows to the senders."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        turns: Turns,
        clock: Clock,
        leave: Callable[[tuple[Row, ...]], None],
        patience: float = PATIENCE,
    ) -> None:
        self._store, self._reader, self._turns, self._clock, self._leave = store, reader, turns, clock, leave
        self._patience = patience
        self._stirred = asyncio.Event()
        self._raws: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._recovery: asyncio.Task[None] | None = None

    async def take(self, inbound: Inbound) -> Taken:
        """Take in an update; returns once it is durable. Raises StoreUnavailable: then nothing was stored."""
        inbound = cleaned(inbound)
        line = order_key(inbound.address)
        try:
            reading = self._reader.read(inbound.text)
            stored = await self._patiently(inbound, self._turns.message(inbound, reading), line)
        except StoreUnavailable:
            log.error("inbox.unavailable", channel=inbound.address.channel)
            raise
        except Exception as error:
            # Whatever a turn raises must not jam the channel: the update is kept and tried again in its line.
            log.exception("inbox.turn_raised", channel=inbound.address.channel, kind=inbound.kind)
            raw = self._turns.raw(inbound, type(error).__name__, PAUSES[0])
            stored = await self._store.write(raw, key=line, urgent=True)
        if stored.taken is Taken.PENDING:
            self._stirred.set()
        self._leave(stored.rows)
        return stored.taken

    async def keep(self, inbound: Inbound) -> Taken:
        """Only write an update down; its turn follows at once from there. For what is handed to us only once.

        Raises StoreUnavailable: then nothing was stored, and whoever has it must not let go of it.
        """
        inbound = cleaned(inbound)
        line = order_key(inbound.address)
        # One after the other, so that what one person sent is tried in the order it came.
        async with self._raws.setdefault(line, asyncio.Lock()):
            stored = await self._store.write(self._turns.raw(inbound, "", 0), urgent=True)
        self._stirred.set()
        return stored.taken

    async def _patiently(self, inbound: Inbound, work: Callable[..., Stored], line: str) -> Stored:
        future = self._store.submit(work, key=line)
        waited = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waited}, timeout=self._patience)
        if not done and future.cancel():
            log.warning("inbox.slow", channel=inbound.address.channel)
            # Not in the store's line, which is what is slow; but what one person sent is written down as it came.
            async with self._raws.setdefault(line, asyncio.Lock()):
                return await self._store.write(self._turns.raw(inbound, "", 0), urgent=True)
        return await waited

    async def start(self) -> None:
        """Begin to try pending updates again."""
        self._recovery = asyncio.create_task(self._recover(), name="inbox-recovery")

    async def stop(self) -> None:
        """End trying again; what is pending stays written down."""
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.gather(self._recovery, return_exceptions=True)

    async def _recover(self) -> None:
        while True:
            # Before the look: what is written down while we look must not wait for the next one.
            self._stirred.clear()
            try:
                more = await self.recover_due()
            except StoreError as error:
                log.error("inbox.recovery_unavailable", error=str(error))
                more = False
            except Exception:  # the loop must live on, or what is pending would stay so
                log.exception("inbox.recovery_failed")
                more = False
            if not more:
                with_pause = asyncio.wait_for(self._stirred.wait(), 0.5)
                await asyncio.gather(with_pause, return_exceptions=True)

    async def recover_due(self) -> bool:
        """Try every pending update that is due and heads its line; whether there were any."""
        now = to_ms(self._clock.now())
        found = await self._store.read(lambda connection: inbox.due(connection, now))
        await asyncio.gather(*(self._try_again(pending) for pending in found))
        return bool(found)

    async def _try_again(self, pending: inbox.Pending) -> None:
        reading = self._reader.read(pending.inbound.text)
        try:
            stored = await self._store.write(self._turns.again(pending, reading), key=pending.line)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("inbox.turn_raised_again", inbox=pending.id, attempts=pending.attempts + 1)
            name, attempts = type(error).__name__, pending.attempts
            if attempts >= len(PAUSES):
                stored = await self._store.write(self._turns.give_up(pending, name), key=pending.line)
            else:
                now, wait = to_ms(self._clock.now()), PAUSES[attempts]
                await self._store.write(lambda c: inbox.failed_again(c, pending, now, name, wait), key=pending.line)
                return
        self._leave(stored.rows)


def cleaned(inbound: Inbound) -> Inbound:
    """The update with readable text of at most LONGEST_TEXT characters: no control or direction characters."""
    text = inbound.text[: 4 * LONGEST_TEXT]
    return replace(inbound, text=clean(text)[:LONGEST_TEXT])
