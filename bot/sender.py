"""Empties the outbox into one channel: each lane of each address in order, at the channel's pace."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import structlog

from bot import fates
from bot.channels.base import Channel
from bot.clock import Clock, to_ms
from bot.errors import Ambiguous, Away, Closed, Gone, Halted, Moved, SendError, StoreError, UsedUp
from bot.pace import LANES, Pace, pause_after
from bot.store import leases, outbox
from bot.store.connection import Connection
from bot.store.outbox import Row
from bot.store.store import Store
from handlers.message import Address, Lane

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: Seconds between looks for rows that no process holds; new rows are handed over in memory.
POLL = 0.5
#: A row of ours that is not in memory this many milliseconds after it was written was lost on the way here.
LOST_MS = 10_000

#: One lane of one address: what is in it leaves in order.
Line = tuple[int, Lane]


class Sender:
    """The only sender of one channel account: it holds the account's lease, or waits for it."""

    def __init__(
        self,
        channel: Channel,
        store: Store,
        clock: Clock,
        holder: str,
        *,
        lease_seconds: float,
        attempts: int,
        alone: bool = False,
    ) -> None:
        self.channel, self._store, self._clock, self._holder, self._alone = channel, store, clock, holder, alone
        self._lease_seconds, self._attempts = lease_seconds, attempts
        self._lease_name = f"send/{channel.name}/{channel.account}"
        self._pace = Pace(channel.abilities.per_second, channel.abilities.bulk_per_second)
        self._lines: dict[Line, deque[Row]] = {}
        self._workers: dict[Line, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._held: set[int] = set()
        #: How often each address with a worker came back.
        self._wakes: dict[Address, int] = {}
        self._renewed = 0.0
        #: The account sends nothing before this time, in milliseconds.
        self._halted_until = 0
        self._stopping = False
        self.holds = False
        #: Who met a quota that is used up, since the last message that went out.
        self._refused: set[int] = set()

    async def start(self) -> None:
        """Take the lease if it is free, and begin to send."""
        await self._renew()
        self._tasks += [
            asyncio.create_task(self._keep(), name=f"{self._lease_name}/lease"),
            asyncio.create_task(self._poll(), name=f"{self._lease_name}/poll"),
        ]

    async def stop(self, grace: float = 5.0) -> None:
        """Send what is in hand for at most `grace` seconds, then leave the rest written down."""
        self._stopping = True
        await _end(self._tasks)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while self._workers:
                    await asyncio.wait(set(self._workers.values()))
        self.holds = False
        await _end(self._workers.values())

    def add(self, rows: tuple[Row, ...]) -> None:
        """Rows just written, or claimed, that this process holds."""
        for row in rows:
            if row.id in self._held:
                continue
            self._held.add(row.id)
            line = row.address_id, row.lane
            self._lines.setdefault(line, deque()).append(row)
            if line not in self._workers:
                address = row.outgoing.address
                self._wakes.setdefault(address, 0)
                self._workers[line] = asyncio.create_task(self._serve(line, address), name=f"send/{line}")

    def wake(self, address: Address) -> None:
        """The person is there again: try what waited for them."""
        if not self.holds or self._stopping:
            return
        if address in self._wakes:
            self._wakes[address] += 1
        task = asyncio.create_task(self._wake(address), name="send/wake")
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def _wake(self, address: Address) -> None:
        try:
            rows = await self._store.write(lambda connection: outbox.wake(connection, address, self._holder))
        except StoreError as error:
            log.error("sender.wake_failed", error=str(error))
        else:
            self.add(rows)

    async def _serve(self, line: Line, address: Address) -> None:
        """Send what stands in a line, in order, each behind the head; then go."""
        rows = self._lines[line]
        try:
            while rows and self.holds:
                row = rows[0]
                wait = (max(row.not_before, self._halted_until) - to_ms(self._clock.now())) / 1000
                if wait > 0:
                    if self._stopping:
                        break
                    # In short naps: the time of day may be set meanwhile.
                    await asyncio.sleep(min(wait, 1.0))
                    continue
                await self._pace.turn(row.lane)
                if not self._may_go(row, rows):
                    continue
                rows.popleft()
                if (again := await self._send(row)) is not None:
                    rows.appendleft(again)
        finally:
            self._held.difference_update(row.id for row in rows)
            del self._lines[line], self._workers[line]
            if not any((line[0], lane) in self._workers for lane in LANES):
                self._wakes.pop(address, None)

    def _may_go(self, row: Row, rows: deque[Row]) -> bool:
        """Not if the lease was lost, the account halted, or another lane found the person away or gone meanwhile."""
        halted = self._halted_until > to_ms(self._clock.now())
        return self.holds and not halted and row is next(iter(rows), None)

    @property
    def halted(self) -> bool:
        """Whether something waits because the whole account was refused."""
        return bool(self._workers) and self._halted_until > to_ms(self._clock.now())

    async def _send(self, row: Row) -> Row | None:
        """Try one row; the row again if it stays at the head of its line."""
        wakes, now = self._wakes.get(row.outgoing.address), self._clock.now()
        dear = fates.grown_dear(row, self.channel.abilities.windows, now)
        refused: bool = await self._record(dear) if dear else False
        if refused:
            await self._give_up(row, Closed("it waited, and by now it costs money"), to_ms(now))
            return None
        try:
            platform_id = await self.channel.send(row.outgoing)
        except (Away, Moved) as error:
            # Out of memory before it is written: a wake in between must find the rows neither held nor lost.
            self._drop(row)
            await self._record(fates.set_aside(row, error, self._holder, to_ms(now)))
            if self._wakes.get(row.outgoing.address) != wakes:
                self.wake(row.outgoing.address)
            return None
        except SendError as error:
            return await self._failed(row, error)
        except Exception as error:
            log.exception("sender.channel_raised", outbox=row.id, channel=self.channel.name)
            return await self._failed(row, Ambiguous(type(error).__name__))
        self._refused.clear()
        limit, ms = self.channel.abilities.quota, to_ms(self._clock.now())
        # Not what was on its way when the account was halted.
        after_halt = 0 < self._halted_until <= ms
        if after_halt:
            self._halted_until = 0
        await self._record(fates.sent(row, platform_id, limit, ms, after_halt=after_halt))
        self._held.discard(row.id)
        return None

    async def _failed(self, row: Row, error: SendError) -> Row | None:
        if isinstance(error, Halted):
            return await self._halt(row, error)
        ambiguous = isinstance(error, Ambiguous)
        attempts, doubts, now = row.attempts + 1, row.doubts + ambiguous, to_ms(self._clock.now())
        pause = pause_after(error, doubts if ambiguous else attempts, self._attempts)
        if pause is None or (ambiguous and row.lane == "bulk"):
            await self._give_up(row, error, now)
            return None
        later, why = now + int(pause * 1000), fates.why(error)
        log.info("sender.later", outbox=row.id, attempts=attempts, seconds=pause, why=type(error).__name__)
        await self._record(lambda connection: outbox.put_off(connection, row.id, attempts, later, why))
        return replace(row, attempts=attempts, not_before=later, doubts=doubts)

    async def _halt(self, row: Row, error: Halted) -> Row | None:
        """The account sends nothing until `error.after` is over: all lines wait with their rows, and staff are told."""
        now, ms, limit = self._clock.now(), to_ms(self._clock.now()), self.channel.abilities.quota
        if limit and isinstance(error, UsedUp):
            alone = self._refused <= {row.address_id}
            self._refused.add(row.address_id)
            if await self._record(fates.has_no_place(row, limit, alone=alone, now=ms)):
                await self._give_up(row, Closed(str(error)), ms, told=True)
                return None
        self._halted_until = ms + int(error.after * 1000)
        log.error("sender.halted", channel=self.channel.name, why=fates.why(error), mend=error.mend)
        if row.lane == "conversation" and ms - row.created_at > fates.STALE.total_seconds() * 1000:
            await self._give_up(row, error, ms)
            return None
        await self._record(fates.halted(row, error, now))
        return replace(row, not_before=self._halted_until)

    async def _give_up(self, row: Row, error: SendError, now: int, *, told: bool = False) -> None:
        log.warning("sender.gave_up", outbox=row.id, why=type(error).__name__)
        if isinstance(error, Gone):
            self._drop(row)
        await self._record(fates.given_up(row, error, now, told=told))
        self._held.discard(row.id)

    def _drop(self, row: Row) -> None:
        """Let go of a row, and of all that waits in memory for its address; what another lane has in hand is sent."""
        self._held.discard(row.id)
        for lane in LANES:
            rows = self._lines.get((row.address_id, lane), deque())
            self._held.difference_update(waiting.id for waiting in rows)
            rows.clear()

    async def _record(self, change: Callable[[Connection], T]) -> T:
        """Write down what became of a row; while the store is unavailable nothing else of this line goes out."""
        while True:
            try:
                # Before the turns that wait: what is not marked is sent again after a kill.
                return await self._store.write(change, urgent=True)
            except StoreError as error:
                log.error("sender.not_recorded", error=str(error))
            except Exception:  # unforeseen, but a line that died here would never be sent
                log.exception("sender.not_recorded")
            await asyncio.sleep(1.0)

    async def _renew(self) -> None:
        """Take or keep the lease. One that was lost is taken again only when what was in hand then is finished."""
        channel, holder, seconds = self.channel, self._holder, self._lease_seconds
        if not self.holds and self._workers:
            return
        began, now = asyncio.get_running_loop().time(), to_ms(self._clock.now())
        kept, before = (self._held, now - LOST_MS) if self.holds else (frozenset[int](), now)

        def take(connection: Connection) -> bool:
            held = leases.take(connection, self._lease_name, holder, seconds, alone=self._alone)
            if held:
                outbox.let_go(connection, channel.name, channel.account, holder, before, kept)
            return held

        held = await self._store.write(take, urgent=True)
        changed, self.holds, self._renewed = held != self.holds, held, began
        if changed:
            log.info("sender.lease", channel=channel.name, held=held)
        if changed and held:
            await self._claim()

    async def _keep(self) -> None:
        third = self._lease_seconds / 3
        while True:
            await asyncio.sleep(third)
            try:
                async with asyncio.timeout(third):
                    await self._renew()
            except Exception as error:
                log.error("sender.lease_not_renewed", error=str(error) or type(error).__name__)
                # Another process may take it before the next try is over.
                if asyncio.get_running_loop().time() - self._renewed >= 2 * third:
                    self.holds = False

    async def _claim(self) -> None:
        channel, holder = self.channel, self._holder
        self.add(await self._store.write(lambda c: outbox.claim(c, channel.name, channel.account, holder)))

    async def _poll(self) -> None:
        channel, holder = self.channel, self._holder
        while True:
            await asyncio.sleep(POLL)
            try:
                if self.holds and await self._store.read(
                    lambda c: outbox.orphans(c, channel.name, channel.account, holder)
                ):
                    await self._claim()
            except Exception as error:
                log.error("sender.poll_failed", error=str(error) or type(error).__name__)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    ended = tuple(tasks)
    for task in ended:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)
