"""Empties the outbox into one channel: every address in the order of its lanes, at the channel's pace."""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.channels.base import Channel
from bot.clock import Clock, to_ms
from bot.errors import Ambiguous, Away, Gone, SendError, StoreError
from bot.pace import Pace, pause_after
from bot.store import leases, outbox, people, work
from bot.store.outbox import Row
from bot.store.store import Store
from handlers.message import Address, Lane
from handlers.turn import OpenTask

log = structlog.get_logger(__name__)

LANES: Final[tuple[Lane, ...]] = ("conversation", "notice", "bulk")
#: Seconds between looks for rows that no process holds; new rows are handed over in memory.
POLL = 0.5


class Sender:
    """The only sender of one channel account: it holds the account's lease, or waits for it."""

    def __init__(
        self, channel: Channel, store: Store, clock: Clock, holder: str, *, lease_seconds: float, attempts: int
    ) -> None:
        self.channel, self._store, self._clock, self._holder = channel, store, clock, holder
        self._lease_seconds, self._attempts = lease_seconds, attempts
        self._lease_name = f"send/{channel.name}/{channel.account}"
        self._pace = Pace(channel.abilities.per_second)
        self._lines: dict[int, dict[Lane, deque[Row]]] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._held: set[int] = set()
        #: How often each address with a worker came back; forgotten with the worker.
        self._wakes: dict[Address, int] = {}
        self.holds = False

    async def start(self) -> None:
        """Take the lease if it is free, and begin to send."""
        await self._renew()
        self._tasks = [asyncio.create_task(self._keep(), name=f"{self._lease_name}/lease")]
        if self.holds:
            await self._claim()
        self._tasks.append(asyncio.create_task(self._poll(), name=f"{self._lease_name}/poll"))

    async def stop(self, grace: float = 5.0) -> None:
        """Send what is in hand for at most `grace` seconds, then leave the rest written down."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        workers = list(self._workers.values())
        if workers:
            await asyncio.wait(workers, timeout=grace)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self.holds = False

    def add(self, rows: tuple[Row, ...]) -> None:
        """Rows just written, or claimed, that this process holds."""
        for row in rows:
            if row.id in self._held:
                continue
            self._held.add(row.id)
            line = self._lines.setdefault(row.address_id, {lane: deque() for lane in LANES})
            line[row.lane].append(row)
            if row.address_id not in self._workers:
                worker = asyncio.create_task(self._serve(row.address_id), name=f"send/{row.address_id}")
                self._workers[row.address_id] = worker

    def wake(self, address: Address) -> None:
        """The person is there again: try what waited for them."""
        if self.holds:
            self._wakes[address] = self._wakes.get(address, 0) + 1
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

    async def _serve(self, address_id: int) -> None:
        """Send all of one address, then go: conversation first, each lane in order behind its head."""
        lines = self._lines[address_id]
        try:
            while any(lines.values()) and self.holds:
                lane, wait = self._next(lines)
                if wait > 0:
                    await asyncio.sleep(wait)
                    continue
                row = lines[lane].popleft()
                again = await self._send(row)
                if again is not None:
                    lines[lane].appendleft(again)
                    continue
                self._held.discard(row.id)
        finally:
            for lane in LANES:
                self._held.difference_update(row.id for row in lines[lane])
            del self._lines[address_id], self._workers[address_id]
            if not self._workers:
                self._wakes.clear()

    def _next(self, lines: dict[Lane, deque[Row]]) -> tuple[Lane, float]:
        now = to_ms(self._clock.now())
        heads = [(lane, (lines[lane][0].not_before - now) / 1000) for lane in LANES if lines[lane]]
        due = [(lane, wait) for lane, wait in heads if wait <= 0]
        # Never longer than a second: a conversation row may arrive while a notice waits.
        return due[0] if due else min(((lane, min(wait, 1.0)) for lane, wait in heads), key=lambda pair: pair[1])

    async def _send(self, row: Row) -> Row | None:
        """Try one row; the row again if it stays at the head of its lane."""
        await self._pace.turn(row.lane)
        wakes = self._wakes.get(row.outgoing.address, 0)
        try:
            platform_id = await self.channel.send(row.outgoing)
        except SendError as error:
            return await self._failed(row, error, wakes)
        except Exception as error:
            log.exception("sender.channel_raised", outbox=row.id, channel=self.channel.name)
            return await self._failed(row, Ambiguous(type(error).__name__))
        now = to_ms(self._clock.now())
        await self._record(lambda connection: outbox.sent(connection, row.id, platform_id, now))
        return None

    async def _failed(self, row: Row, error: SendError, wakes: int = 0) -> Row | None:
        if isinstance(error, Away):
            # Out of memory before it is written: a wake in between must find the rows neither held nor lost.
            self._drop(row)
            await self._record(lambda connection: outbox.away(connection, row.address_id, self._holder))
            if self._wakes.get(row.outgoing.address, 0) != wakes:
                self.wake(row.outgoing.address)
            return None
        attempts, now = row.attempts + 1, to_ms(self._clock.now())
        pause = (
            None
            if row.lane == "bulk" and isinstance(error, Ambiguous)
            else pause_after(error, attempts, self._attempts)
        )
        if pause is not None:
            later = now + int(pause * 1000)
            log.info("sender.later", outbox=row.id, attempts=attempts, seconds=pause, why=type(error).__name__)
            why = str(error)[:200]
            await self._record(lambda connection: outbox.put_off(connection, row.id, attempts, later, why))
            return replace(row, attempts=attempts, not_before=later)
        await self._give_up(row, error, now)
        return None

    async def _give_up(self, row: Row, error: SendError, now: int) -> None:
        state = "unknown" if isinstance(error, Ambiguous) else "failed"
        why, key = str(error)[:200], f"not-sent:{row.outgoing.key}"
        log.warning("sender.gave_up", outbox=row.id, state=state, why=type(error).__name__)

        def store(connection: Connection) -> None:
            outbox.give_up(connection, row.id, state, why)
            if isinstance(error, Gone):
                people.block(connection, row.address_id, now)
                outbox.give_up_address(connection, row.address_id, why)
            if row.lane == "notice":
                # A notice tells staff of a lead, or an enterprise of its lead: somebody must learn that it did not.
                task = OpenTask("not-sent", key, f"{row.outgoing.key} ({row.outgoing.address.channel})")
                work.open_task(connection, task, now)

        await self._record(store)
        if isinstance(error, Gone):
            self._drop(row)

    def _drop(self, row: Row) -> None:
        """Let go of everything held in memory for the address of a row, the row included."""
        self._held.discard(row.id)
        for lane in LANES:
            self._held.difference_update(r.id for r in self._lines[row.address_id][lane])
            self._lines[row.address_id][lane].clear()

    async def _record(self, change: outbox.Change) -> None:
        """Write down what became of a row; while the store is unavailable nothing else of this address goes out."""
        while True:
            try:
                await self._store.write(change)
                return
            except StoreError as error:
                log.error("sender.not_recorded", error=str(error))
                await asyncio.sleep(1.0)

    async def _renew(self) -> None:
        seconds = self._lease_seconds

        def take(connection: Connection) -> bool:
            return leases.take(connection, self._lease_name, self._holder, seconds)

        held = await self._store.write(take, urgent=True)
        if held != self.holds:
            log.info("sender.lease", channel=self.channel.name, held=held)
        self.holds = held

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                await self._renew()
            except StoreError as error:
                log.error("sender.lease_not_renewed", error=str(error))

    async def _claim(self) -> None:
        now, channel = to_ms(self._clock.now()), self.channel
        self.add(
            await self._store.write(
                lambda connection: outbox.claim(connection, channel.name, channel.account, self._holder, now)
            )
        )

    async def _poll(self) -> None:
        channel = self.channel
        while True:
            await asyncio.sleep(POLL)
            if not self.holds:
                continue
            try:
                if await self._store.read(
                    lambda connection: outbox.orphans(connection, channel.name, channel.account, self._holder)
                ):
                    await self._claim()
            except StoreError as error:
                log.error("sender.poll_failed", error=str(error))
