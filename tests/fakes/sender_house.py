"""A channel, its senders, a store that can be made to fail, and what is written for them."""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, select, update

from bot.clock import Clock, to_ms
from bot.errors import StoreUnavailable
from bot.sender import Sender
from bot.store import outbox, people
from bot.store.outbox import Row
from bot.store.store import Store
from bot.store.tables import leases as leases_table
from bot.store.tables import outbox as rows_table
from handlers.message import Address, Lane, Reply
from tests.fakes.channel import DEADLINE, FakeChannel
from tests.fakes.clock import FakeClock

T = TypeVar("T")
LAN, NAM = Address("fake", "test", "lan"), Address("fake", "test", "nam")


class HurriedClock(FakeClock):
    """An hour passes whenever somebody looks at it, so that nobody has to wait for a later try."""

    def now(self) -> dt.datetime:
        """The time, aware, in UTC+7."""
        self.advance(3600.0)
        return super().now()


class TroubledStore(Store):
    """A store whose writes can be made to fail, or to wait at the door."""

    down = False
    wrote = 0

    def __init__(self, url: str) -> None:
        super().__init__(url, size=6)
        self.door: asyncio.Event | None = None

    async def write(self, work: Callable[[Connection], T], *, key: str = "", urgent: bool = False) -> T:
        """As Store.write, if it is not down."""
        if self.down:
            self.refused.set()
            raise StoreUnavailable("The disk is full: free some space.")
        if door := self.door:
            self.door = None
            self.waits.set()
            await door.wait()
        return await super().write(work, key=key, urgent=urgent)

    def hold_next(self) -> asyncio.Event:
        """The next write waits until this event is set; `waits` tells that it does."""
        self.waits = asyncio.Event()
        self.door = asyncio.Event()
        return self.door

    def fail(self) -> asyncio.Event:
        """From now on nothing can be written; the event tells that somebody tried."""
        self.down, self.refused = True, asyncio.Event()
        return self.refused


@dataclass
class House:
    """A channel, its senders, and what is written for them."""

    store: TroubledStore
    clock: Clock = field(default_factory=FakeClock)
    channel: FakeChannel = field(default_factory=FakeChannel)
    senders: list[Sender] = field(default_factory=list)
    keys: int = 0

    def sender(
        self, holder: str = "a", *, channel: FakeChannel | None = None, lease: float = 60, attempts: int = 8
    ) -> Sender:
        """A sender that is stopped with the house."""
        made = Sender(channel or self.channel, self.store, self.clock, holder, lease_seconds=lease, attempts=attempts)
        self.senders.append(made)
        return made

    async def start(self, holder: str = "a", *, attempts: int = 8) -> Sender:
        """A started sender that holds the account."""
        sender = self.sender(holder, attempts=attempts)
        await sender.start()
        assert sender.holds
        return sender

    async def write(self, text: str, to: Address = LAN, lane: Lane = "conversation", lease: str = "a") -> Row | None:
        """A message to leave, keyed by its text."""

        def run(connection: Connection) -> Row | None:
            now = to_ms(self.clock.now())
            there = people.arrive(connection, to, now).address_id
            return outbox.put(
                connection, there, to, Reply(text), key=text, lane=lane, language="vi", lease=lease, now=now
            )

        return await self.store.write(run)

    async def say(self, *texts: str, to: Address = LAN, lane: Lane = "conversation") -> None:
        """Messages to leave, handed over in memory as after a turn."""
        for text in texts:
            row = await self.write(text, to, lane)
            if row:
                self.senders[0].add((row,))

    async def state(self, text: str) -> str:
        """What became of a message."""
        found = select(rows_table.c.state).where(rows_table.c.key == text)
        return str(await self.store.read(lambda connection: connection.execute(found).scalar_one()))

    async def until(self, text: str, state: str) -> None:
        """Wait until a message is in a state."""
        async with asyncio.timeout(DEADLINE):
            while await self.state(text) != state:
                await asyncio.sleep(0.005)

    async def sent(self, *texts: str) -> None:
        """Wait until so many messages are delivered, and compare them."""
        await self.channel.until(lambda: len(self.channel.sent) >= len(texts))
        assert self.channel.texts == list(texts)


async def rob(store: Store) -> None:
    """Somebody else takes the lease, as after a stand-still longer than it."""
    taken = update(leases_table).values(holder="robber", until=leases_table.c.until + 10_000_000)
    await store.write(lambda connection: connection.execute(taken).close())
