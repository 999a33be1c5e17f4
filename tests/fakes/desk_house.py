"""A real store, real turns and a real desk on a port of loopback; leads come in as a turn would write them."""

import asyncio
import datetime as dt

from bot.channels.base import Abilities
from bot.clock import Clock, SystemClock, to_ms
from bot.store import leads, messages, officers, people, work
from bot.store.connection import Connection
from bot.store.outbox import Row
from bot.store.store import Store
from bot.turns import Turns
from bot.web.desk import Desk
from bot.web.server import Listener
from handlers.message import Address, Inbound
from handlers.person import Officer, Profile
from handlers.reach import Windows
from handlers.turn import ChangeLead, OpenLead, OpenTask
from tests.fakes.context import FakeKnowledge

LAN = Profile("Cơ sở Dừa Xanh", "chị Lan", "+84912345678")


class DeskHouse:
    """`start` opens the desk; `left` holds every outbox row it handed to the senders.

    `windows`: until when people of the account the leads come from can be written to for nothing.
    """

    def __init__(
        self, url: str, *, clock: Clock | None = None, public_url: str = "", windows: Windows | None = None
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.store = Store(url, size=4)
        self.left: list[Row] = []
        can = Abilities(4, 100, 2000, edits=False, per_second=1, windows=windows)
        turns = Turns(
            FakeKnowledge(),
            self.clock,
            {},
            lambda channel, account: "here",
            abilities_of=lambda channel, account: can if channel == "web" else None,
        )
        self.desk = Desk(self.store, turns, self.left.extend, self.clock, public_url)
        self.listener = Listener(self.desk.app(), "127.0.0.1", 0)

    @property
    def url(self) -> str:
        """Where the desk is, without a last slash."""
        return f"http://127.0.0.1:{self.listener.port}"

    @property
    def now(self) -> int:
        """The time as the store keeps it."""
        return to_ms(self.clock.now())

    async def start(self) -> None:
        """Open the door."""
        await self.listener.start()

    async def stop(self) -> None:
        """Close everything."""
        await self.listener.stop()
        await asyncio.to_thread(self.store.close)

    async def officer(self, name: str, *, told_at: str = "") -> Officer:
        """A new officer; `told_at`: a chat where they are told."""

        def add(connection: Connection) -> Officer:
            officer = officers.add(connection, name, "", self.now)
            if told_at:
                place = people.arrive(connection, Address("telegram", "bot", told_at), self.now)
                officers.place(connection, place.address_id, officer.id, self.now)
            return officer

        return await self.store.write(add)

    async def code(self, officer: Officer, minutes: int = 15) -> str:
        """A one-time code for the desk."""
        code = f"code-{officer.id}-{self.now}"
        until = to_ms(self.clock.now() + dt.timedelta(minutes=minutes))
        await self.store.write(lambda connection: officers.issue(connection, "desk", code, officer.id, until))
        return code

    async def lead(self, code: str, need: str = "Mua máy sấy dừa", profile: Profile = LAN) -> None:
        """A lead comes in from the web page's chat `code`."""

        def open_lead(connection: Connection) -> None:
            who = people.arrive(connection, Address("web", "page", code), self.now)
            leads.open_lead(connection, who.address_id, who.person, OpenLead(code, need, profile), self.now)

        await self.store.write(open_lead)

    async def heard(self, code: str, words: str = "chào") -> None:
        """The person of a lead says something now."""

        def hear(connection: Connection) -> None:
            there, now = Address("web", "page", code), self.clock.now()
            who = people.arrive(connection, there, self.now)
            said = Inbound(f"{code}-{self.now}", there, code, "text", now, words)
            messages.heard(connection, who.address_id, said, words, self.now)

        await self.store.write(hear)

    async def claim(self, code: str, officer: Officer) -> None:
        """An officer takes a new lead elsewhere."""
        wish = ChangeLead(code, 1, "claimed", officer.id)
        await self.store.write(lambda connection: leads.change(connection, wish, self.now))

    async def task(self, kind: str, key: str, about: str) -> None:
        """Something to do for staff."""
        await self.store.write(lambda connection: work.open_task(connection, OpenTask(kind, key, about), self.now))

    async def told(self, chat: str) -> list[str]:
        """What was said to a chat, oldest first."""
        return [row.outgoing.reply.text for row in self.left if row.outgoing.address.chat == chat]
