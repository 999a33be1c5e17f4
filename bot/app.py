"""Puts the bot together: starts its rooms in order, stops them in reverse."""

import asyncio
import itertools
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from bot.channels.base import Abilities, Channel, Said
from bot.channels.web import WebChannel
from bot.channels.web_limits import WebLimits
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.forms import Forms
from bot.inbox import Inbox
from bot.jobs import Jobs
from bot.knowledge_base import KnowledgeBase, shipped
from bot.learning import apart, learner
from bot.platforms import Platforms, platforms
from bot.reading import Reader
from bot.sender import Sender
from bot.store import inbox, leases, messages, outbox, work
from bot.store.connection import Connection
from bot.store.outbox import Row
from bot.store.shelf import SqlShelf, version
from bot.store.store import Store
from bot.turns import Turns
from bot.web import desk_link, forms, health
from bot.web.chat import ChatPage, page_words
from bot.web.desk import Desk
from bot.web.server import Listener, site
from handlers.catalogue import wording
from handlers.context import Handler
from handlers.message import Address, Reply
from handlers.order import ORDER
from handlers.person import Language, Officer
from handlers.reminder import DUES
from handlers.welcome import greeting
from knowledge.entry import Entry
from knowledge.library import Library, Seeded
from knowledge.shelf import LostUpdate

log = structlog.get_logger(__name__)

#: Seconds between looks for a newly published knowledge base.
LOOK = 1.0
#: Looks between counts for the health page; counting reads whole indexes.
COUNT_EVERY = 10


@dataclass(frozen=True, slots=True)
class Parts:
    """What a test or a command puts in the place of the usual parts."""

    clock: Clock = field(default_factory=SystemClock)
    order: tuple[Handler, ...] = ORDER
    #: The entries that come with the program.
    shipped: Callable[[], tuple[Entry, ...]] = shipped
    #: Makes the base of the entries and their version; tests that start many bots give one they made before.
    knowledge: Callable[..., KnowledgeBase] = field(
        default_factory=lambda: partial(KnowledgeBase, learn=learner(apart))
    )
    #: Further channels, made with the store's history and the clock.
    channels: tuple[Channel, ...] = ()
    #: Whether to open the web pages and the configured platforms.
    serve: bool = True
    #: What this process is on a SQLite file, of which there is only one at a time.
    role: str = "run"


class App:
    """The whole bot over one store. `start` and `stop` once each."""

    def __init__(self, settings: Settings, parts: Parts | None = None) -> None:
        self.settings, self.parts = settings, parts or Parts()
        self.clock = self.parts.clock
        self.holder = secrets.token_hex(8)
        self.senders: dict[tuple[str, str], Sender] = {}
        self.desk_listener: Listener | None = None
        self.public_listener: Listener | None = None
        self._undo: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._counts: dict[str, object] = {}
        self._looked_at = 0.0

    async def start(self) -> None:
        """Start everything in order; if a part fails, what was started is stopped and the error raised."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop in reverse order of starting. A part that fails to stop does not keep the others."""
        while self._undo:
            name, undo = self._undo.pop()
            try:
                await undo()
            except Exception:
                log.exception("app.stop_failed", part=name)

    async def _start(self) -> None:
        # Turns run in other threads; with Python's usual 5 ms slice they would starve the event loop.
        sys.setswitchinterval(0.0005)
        settings, clock = self.settings, self.clock
        self.store = await asyncio.to_thread(Store, settings.storage.url, size=settings.storage.pool_size)
        self._later("store", self._close_store)
        self._alone = self.store.claim_file(self.parts.role)
        await self._load_knowledge()
        self.reader = Reader(self.base)
        department = {key: value for key, value in settings.department.model_dump().items() if value}
        self.turns = Turns(self.base, clock, department, self.lease_of, self.parts.order, self.abilities_of)
        self.inbox = Inbox(self.store, self.reader, self.turns, clock, self.leave)
        channels = self.parts.channels
        if self.parts.serve:
            self.web = self._web()
            opened = platforms(settings, self.store, clock, self.holder)
            channels += (self.web, *opened.channels)
            await self._listen(opened)
        self._later("leases", lambda: self.store.write(lambda c: leases.give_back(c, self.holder)))
        for channel in channels:
            await self._start_sender(channel)
        await self.inbox.start()
        self._later("inbox", self.inbox.stop)
        if self.parts.serve:
            await self._work()
        for channel in channels:
            door = self.inbox.keep if channel.abilities.once else self.inbox.take
            await channel.start(door, self.senders[channel.name, channel.account].wake)
            self._later(f"channel {channel.name}", channel.quiet)

    async def _start_sender(self, channel: Channel) -> None:
        sender = Sender(
            channel,
            self.store,
            self.clock,
            self.holder,
            lease_seconds=self.settings.sender.lease_seconds,
            attempts=self.settings.sender.attempts,
            alone=self._alone,
        )
        self.senders[channel.name, channel.account] = sender
        # In reverse: nothing more is taken in (quiet, registered last), what is in hand is sent, then it closes.
        self._later(f"channel {channel.name}", channel.stop)
        self._later(f"sender {channel.name}", sender.stop)
        await sender.start()

    def _web(self) -> WebChannel:
        settings = self.settings
        limits = WebLimits(
            burst=settings.limits.burst,
            per_minute=settings.limits.per_minute,
            address_per_minute=settings.limits.per_address_per_minute,
            address_sockets=settings.limits.sockets_per_address,
        )
        return WebChannel(
            clock=self.clock,
            history=self.history,
            words=lambda language: page_words(wording(language)),
            greeting=self.greeting,
            limits=limits,
            allowed_origins=settings.web.allowed_origins,
            trust_forwarded_for=settings.web.trust_forwarded_for,
        )

    async def _listen(self, opened: Platforms) -> None:
        """Open the pages. Before the channels, so that they close after them: what is in hand still reaches a page."""
        settings = self.settings
        pages = (*ChatPage(self.web).routes(), *forms.routes(Forms(settings.storage.forms)))
        public = (*self.web.routes(), *opened.routes, *pages, *health.routes(self.health))
        self.public_listener = Listener(site(public), settings.web.host, settings.web.port)
        await self.public_listener.start()
        self._later("public pages", self.public_listener.stop)
        desk = Desk(self.store, self.turns, self.leave, self.clock, settings.desk.public_url)
        self.desk_listener = Listener(desk.app(), settings.desk.host, settings.desk.port)
        await self.desk_listener.start()
        self._later("desk", self.desk_listener.stop)

    async def _work(self) -> None:
        jobs = Jobs(
            self.store,
            self.reader,
            self.turns,
            self.clock,
            self.leave,
            DUES,
            self.settings.retention.messages_days,
        )
        await jobs.start()
        self._later("jobs", jobs.stop)
        # Counted from here: a monitor that asks in the first second must not hear of a bot that fell behind.
        self._looked_at = self.clock.steady()
        look = asyncio.create_task(self._look(), name="app-look")
        self._later("look", lambda: _end(look))

    async def _load_knowledge(self) -> None:
        now = self.clock.now()

        def seed(connection: Connection) -> tuple[tuple[Entry, ...], int, Seeded]:
            library = Library(SqlShelf(connection))
            seeded = library.seed(self.parts.shipped(), now)
            return library.load(), library.version, seeded

        try:
            entries, number, seeded = await self.store.write(seed)
        except LostUpdate:  # another process started at the same moment and was faster; now there is nothing to seed
            entries, number, seeded = await self.store.write(seed)
        if seeded.added or seeded.updated or seeded.drafted:
            log.info("app.seeded", added=seeded.added, updated=seeded.updated, drafted=seeded.drafted)
        hold = self.settings.answers.hold_unconfirmed
        confidence = Path(self.settings.storage.confidence)
        self.base = await asyncio.to_thread(
            self.parts.knowledge, entries, number, hold_unconfirmed=hold, confidence=confidence
        )

    async def _look(self) -> None:
        """Notice a newly published base or calibration, and count what waits for the health page."""
        for look in itertools.count():
            await asyncio.sleep(LOOK)
            try:
                if await self.store.read(version) != self.base.version or self.base.recalibrated:
                    await self._reload()
                if look % COUNT_EVERY == 0:
                    self._counts = await self.store.read(_counts)
                self._looked_at = self.clock.steady()
            except Exception:
                log.exception("app.look_failed")

    async def _reload(self) -> None:
        def load(connection: Connection) -> tuple[tuple[Entry, ...], int]:
            library = Library(SqlShelf(connection))
            return library.load(), library.version

        entries, number = await self.store.read(load)
        if await asyncio.to_thread(self.base.replace, entries, number):
            log.info("app.knowledge_reloaded", version=number)

    def lease_of(self, channel: str, account: str) -> str:
        """The lease a new outbox row is born with: ours while we send for that account."""
        sender = self.senders.get((channel, account))
        return self.holder if sender is not None and sender.holds else ""

    def abilities_of(self, channel: str, account: str) -> Abilities | None:
        """What a channel account can do, None for one that is not open here."""
        sender = self.senders.get((channel, account))
        return sender.channel.abilities if sender else None

    def leave(self, rows: tuple[Row, ...]) -> None:
        """Hand rows just committed to the senders of this process; others find theirs by looking."""
        for row in rows:
            address = row.outgoing.address
            sender = self.senders.get((address.channel, address.account))
            if sender is not None and sender.holds:
                sender.add((row,))

    async def history(self, address: Address, after: int, limit: int) -> tuple[Said, ...]:
        """The stored messages of an address, as the web page shows them again."""
        return await self.store.read(lambda connection: messages.history(connection, address, after, limit))

    def greeting(self, language: Language) -> Reply:
        """What the page shows before the first message."""
        return greeting(wording(language), self.base.menu)

    async def desk_link(self, officer: Officer) -> str:
        """A one-time link to the desk."""
        desk = self.settings.desk
        port = self.desk_listener.port if self.desk_listener else desk.port
        return await self.store.write(lambda connection: desk_link.issue(connection, self.clock, desk, port, officer))

    def health(self) -> Mapping[str, object]:
        """How the bot is, for a monitor: of channels their names alone, for whoever asks is not known."""
        late = self.clock.steady() - self._looked_at > 10 * LOOK
        halted = sorted({sender.channel.name for sender in self.senders.values() if sender.halted})
        status = "degraded" if late or halted else "ok"
        return {"status": status, "knowledge": self.base.version, "halted": halted, **self._counts}

    async def _close_store(self) -> None:
        await asyncio.to_thread(self.store.close)

    def _later(self, name: str, undo: Callable[[], Awaitable[None]]) -> None:
        self._undo.append((name, undo))


def _counts(connection: Connection) -> dict[str, object]:
    pending, failed = inbox.waiting(connection)
    return {
        "inbox": {"pending": pending, "failed": failed},
        "outbox": outbox.waiting(connection),
        "tasks": work.open_task_count(connection),
    }


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
