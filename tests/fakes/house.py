"""A whole house in memory behind any channel: it takes in once, answers by a rule, and delivers in order."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence

from bot.channels.base import Channel, Outgoing, Taken
from bot.errors import Away, StoreUnavailable
from handlers.message import Address, Choice, Inbound, Reply

#: What the house answers to a message.
Rule = Callable[[Inbound], Sequence[Reply]]


def echo(inbound: Inbound) -> Sequence[Reply]:
    """It repeats what it heard, and offers two choices."""
    return [Reply(f"Anh/chị nói: {inbound.text}", (Choice("entry:a", "Mua máy"), Choice("entry:b", "Gặp cán bộ")))]


class House:
    """`full` makes the store refuse, `broken` raises instead; `gate` holds every message back until it is set."""

    def __init__(self, rule: Rule = echo) -> None:
        self.rule = rule
        self.full = False
        self.broken: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        #: Every update offered, the refused and the repeated too, in order.
        self.offered: list[Inbound] = []
        self.taken: dict[str, Inbound] = {}
        self.woken: list[Address] = []
        self._changed = asyncio.Condition()
        self._unsent: dict[Address, list[Outgoing]] = defaultdict(list)
        self._senders: dict[Address, asyncio.Task[None]] = {}
        self._again: set[Address] = set()
        self._number = 0
        self._channel: Channel | None = None

    async def open(self, channel: Channel) -> None:
        """Start a channel before this house."""
        self._channel = channel
        await channel.start(self.take, self.wake)

    async def take(self, inbound: Inbound) -> Taken:
        """Remember a message and answer it, once."""
        await self.gate.wait()
        async with self._changed:
            self.offered.append(inbound)
            self._changed.notify_all()
        if self.full:
            raise StoreUnavailable("the disk is full; free some space")
        if self.broken:
            raise self.broken
        if inbound.id in self.taken:
            return Taken.DUPLICATE
        self.taken[inbound.id] = inbound
        async with self._changed:
            self._changed.notify_all()
        where = inbound.address
        for number, reply in enumerate(self.rule(inbound)):
            self.tell(where, reply, key=f"{where.channel}/{where.account}/{inbound.id}/{number}")
        return Taken.ANSWERED

    def tell(self, address: Address, reply: Reply, key: str = "") -> None:
        """Say something to a chat as soon as somebody is there."""
        self._number += 1
        self._unsent[address].append(Outgoing(self._number, key or f"told/{self._number}", address, reply, "vi"))
        self._deliver(address)

    def wake(self, address: Address) -> None:
        """Somebody is there again."""
        self.woken.append(address)
        self._deliver(address)

    async def until(self, true: Callable[[], bool], patience: float = 10) -> None:
        """Wait until something is true of what was offered and taken. Raises TimeoutError."""
        async with asyncio.timeout(patience), self._changed:
            await self._changed.wait_for(true)

    async def settled(self) -> None:
        """Until every message told so far was shown, or waits for somebody to come back."""
        while self._senders:
            await asyncio.gather(*self._senders.values())

    def _deliver(self, address: Address) -> None:
        self._again.add(address)
        if address not in self._senders:
            self._senders[address] = asyncio.create_task(self._send(address))

    async def _send(self, address: Address) -> None:
        """One chat's messages, the first until it is shown; away means: until it is woken."""
        assert self._channel is not None
        waiting = self._unsent[address]
        try:
            while address in self._again:
                self._again.discard(address)
                try:
                    while waiting:
                        await self._channel.send(waiting[0])
                        del waiting[0]
                except Away:
                    continue
        finally:
            del self._senders[address]
