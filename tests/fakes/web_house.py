"""A whole house in memory behind a real web chat: it takes in, remembers, answers by a rule, and delivers in order."""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.channels.base import Outgoing, Said, Taken
from bot.channels.web import WebChannel
from bot.channels.web_limits import WebLimits
from bot.clock import VIETNAM, Clock, SystemClock
from bot.errors import Away, StoreUnavailable
from bot.web import health
from bot.web.chat import ChatPage
from bot.web.server import Listener, site
from handlers.message import Address, Choice, Inbound, Reply
from handlers.person import Language

#: What the house answers to a message.
Rule = Callable[[Inbound], Sequence[Reply]]


def echo(inbound: Inbound) -> Sequence[Reply]:
    """The rule of a house nobody taught: it repeats, and offers two choices."""
    return [Reply(f"Anh/chị nói: {inbound.text}", (Choice("entry:a", "Mua máy"), Choice("entry:b", "Gặp cán bộ")))]


def greeting(language: Language) -> Reply:
    """What the page shows before the first message."""
    text = {"vi": "Chào anh/chị. Tôi là trợ lý tự động.", "en": "Hello. I am an automatic assistant."}[language]
    return Reply(text, (Choice("entry:a", {"vi": "Hỗ trợ mua máy", "en": "Support for machines"}[language]),))


#: What the channel itself says to a page.
KEYS = ("slow", "not_stored", "forgotten", "unreadable", "crowded", "away")


def keys(language: Language) -> Mapping[str, str]:
    """Sentences that tell which one was chosen, for tests that ask for no page."""
    return {key: f"{language}: {key}" for key in KEYS}


class SetClock:
    """A clock that is moved by hand: `seconds` is its steady count."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> dt.datetime:
        """The time of day that goes with the count."""
        return dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM) + dt.timedelta(seconds=self.seconds)

    def steady(self) -> float:
        """The count."""
        return self.seconds


class WebHouse:
    """`start` opens it on a free port of loopback, `restart` ends and begins the process while the memory stays.

    `full` makes the store refuse; `gate` holds every message back until it is set, `held` counts those that wait.
    """

    def __init__(
        self,
        words: Callable[[Language], Mapping[str, str]],
        *,
        rule: Rule = echo,
        greet: Callable[[Language], Reply] = greeting,
        clock: Clock | None = None,
        limits: WebLimits | None = None,
        allowed_origins: tuple[str, ...] = (),
        trust_forwarded_for: bool = False,
    ) -> None:
        self.rule = rule
        self.clock: Clock = clock or SystemClock()
        self.full = False
        self.broken: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.held = 0
        self.taken: dict[str, Inbound] = {}
        self.talks: dict[str, list[Said]] = defaultdict(list)
        self.unsent: dict[str, list[Outgoing]] = defaultdict(list)
        self.woken: list[Address] = []
        self.queries = 0
        self._number = 0
        self._senders: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._port = 0
        self._make: Callable[[], WebChannel] = lambda: WebChannel(
            clock=self.clock,
            history=self.history,
            words=words,
            greeting=greet,
            limits=limits,
            allowed_origins=allowed_origins,
            trust_forwarded_for=trust_forwarded_for,
        )
        self.channel = self._make()
        self.listener: Listener | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._port}/"

    async def start(self) -> None:
        """Open the doors, on the same port again after a stop."""
        self.channel = self._make()
        routes = (*self.channel.routes(), *ChatPage(self.channel).routes(), *health.routes(lambda: {"status": "ok"}))
        self.listener = Listener(site(routes), "127.0.0.1", self._port)
        await self.channel.start(self.take, self.wake)
        await self.listener.start()
        self._port = self.listener.port

    async def stop(self) -> None:
        """End as the bot ends: take in nothing more, close, stop listening."""
        await self.channel.quiet()
        await self.channel.stop()
        if self.listener:
            await self.listener.stop()
        await self.settled()

    async def restart(self) -> None:
        """A new process with the old memory."""
        await self.stop()
        await self.start()

    async def take(self, inbound: Inbound) -> Taken:
        """Remember a message and answer it, once."""
        self.held += 1
        await self.gate.wait()
        self.held -= 1
        if self.full:
            raise StoreUnavailable("the disk is full; free some space")
        if self.broken:
            raise self.broken
        if inbound.id in self.taken:
            return Taken.DUPLICATE
        self.taken[inbound.id] = inbound
        self._keep(inbound.address, Reply(inbound.text), update=inbound.id)
        for reply in self.rule(inbound):
            self.tell(inbound.address, reply)
        return Taken.ANSWERED

    def tell(self, address: Address, reply: Reply) -> Said:
        """Say something to a chat: it is stored, and delivered as soon as somebody is there."""
        said = self._keep(address, reply)
        out = Outgoing(said.message, f"key{said.message}", address, reply, "vi")
        self.unsent[address.chat].append(out)
        self._deliver(address.chat)
        return said

    async def settled(self) -> None:
        """Until every message told so far was shown, or waits for somebody to come back."""
        while self._senders:
            await asyncio.gather(*self._senders.values())

    async def history(self, address: Address, after: int, limit: int) -> tuple[Said, ...]:
        """The stored messages of a chat."""
        self.queries += 1
        if self.broken:
            raise self.broken
        return tuple(said for said in self.talks[address.chat] if said.message > after)[-limit:]

    def wake(self, address: Address) -> None:
        """Somebody is there again."""
        self.woken.append(address)
        self._deliver(address.chat)

    def _keep(self, address: Address, reply: Reply, update: str = "") -> Said:
        self._number += 1
        said = Said(self._number, not update, replace(reply), self.clock.now(), update)
        self.talks[address.chat].append(said)
        return said

    def _deliver(self, chat: str) -> None:
        self._again.add(chat)
        if chat not in self._senders:
            self._senders[chat] = asyncio.create_task(self._send(chat))

    async def _send(self, chat: str) -> None:
        """One chat's messages, the first until it is shown; away means: until it is woken."""
        while chat in self._again:
            self._again.discard(chat)
            try:
                while self.unsent[chat]:
                    await self.channel.send(self.unsent[chat][0])
                    del self.unsent[chat][0]
            except Away:
                continue
        del self._senders[chat]


@asynccontextmanager
async def open_house(house: WebHouse) -> AsyncIterator[WebHouse]:
    """The house, open while the block runs."""
    await house.start()
    try:
        yield house
    finally:
        await house.stop()
