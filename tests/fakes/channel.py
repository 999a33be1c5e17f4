"""A channel without a platform: each address has a queue of outcomes, and what was sent is kept in order."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.channels.base import Abilities, Outgoing, Take, Wake
from handlers.message import Address

#: Seconds a test waits for something that should happen at once; long, because machines are busy.
DEADLINE = 20.0


class FakeChannel:
    """Implements bot.channels.base.Channel. What has no outcome in its queue is delivered.

    An outcome is an exception to raise, or the platform's id of the delivered message.
    """

    def __init__(self, name: str = "fake", account: str = "test", *, per_second: float = 10_000.0) -> None:
        self.name, self.account = name, account
        self.abilities = Abilities(buttons=4, label=40, text=4000, edits=True, per_second=per_second)
        #: Every message the sender tried, and those of them that were delivered.
        self.tried: list[Outgoing] = []
        self.sent: list[Outgoing] = []
        self.take: Take | None = None
        self.wake: Wake | None = None
        self.quiet_now = self.stopped = False
        self._outcomes: dict[Address, deque[Exception | str]] = defaultdict(deque)
        self._slow: dict[Address, asyncio.Event] = {}
        self._changed = asyncio.Condition()

    def outcomes(self, address: Address, *outcomes: Exception | str) -> None:
        """What the next sends to an address lead to, first in first out."""
        self._outcomes[address].extend(outcomes)

    @asynccontextmanager
    async def slow(self, address: Address) -> AsyncIterator[asyncio.Event]:
        """Sends to an address wait, after they were tried, until the block ends or its event is set."""
        event = self._slow[address] = asyncio.Event()
        try:
            yield event
        finally:
            event.set()
            del self._slow[address]

    @property
    def texts(self) -> list[str]:
        """The words of what was delivered."""
        return [message.reply.text for message in self.sent]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition about what was tried or sent. Raises TimeoutError."""
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(condition)

    async def start(self, take: Take, wake: Wake) -> None:
        """As Channel.start."""
        self.take, self.wake = take, wake

    async def quiet(self) -> None:
        """As Channel.quiet."""
        self.quiet_now = True

    async def stop(self) -> None:
        """As Channel.stop."""
        self.stopped = True

    async def send(self, message: Outgoing) -> str:
        """As Channel.send."""
        self.tried.append(message)
        await self._tell()
        if event := self._slow.get(message.address):
            await event.wait()
        waiting = self._outcomes[message.address]
        outcome = waiting.popleft() if waiting else f"m{message.message}"
        if isinstance(outcome, Exception):
            raise outcome
        self.sent.append(message)
        await self._tell()
        return outcome

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
