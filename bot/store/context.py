"""What a handler may ask, answered from inside the transaction."""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from bot.clock import to_ms
from bot.store import leads, officers
from bot.store.reach import reach_of
from handlers.catalogue import Wording, wording
from handlers.context import Invitation, Knowledge, Lead, Place
from handlers.leads import new_code
from handlers.message import Address
from handlers.person import Language
from handlers.reach import Reach, Windows
from handlers.reading import Reading

#: The windows of (channel, account): None where a person can be written to at any time.
WindowsOf = Callable[[str, str], Windows | None]


@dataclass
class StoreContext:
    """A handlers.context.Context over one transaction."""

    connection: Connection
    now: dt.datetime
    reading: Reading
    knowledge: Knowledge
    department: Mapping[str, str]
    person: int
    windows_of: WindowsOf

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where officers are told."""
        return officers.all_places(self.connection)

    @cached_property
    def leads(self) -> tuple[Lead, ...]:
        """This person's leads, newest first."""
        return leads.of_person(self.connection, self.person)

    def wording(self, language: Language) -> Wording:
        """Every sentence the bot says by itself."""
        return wording(language)

    def lead(self, code: str) -> Lead | None:
        """A lead by its code, locked until the turn ends."""
        return leads.by_code(self.connection, code)

    def reach(self, address: Address) -> Reach:
        """How the person at an address can be written to now."""
        return reach_of(self.connection, self.windows_of(address.channel, address.account), address, self.now)

    def open_leads(self) -> tuple[Lead, ...]:
        """Leads staff still work on, oldest first."""
        return leads.in_states(self.connection)

    def new_code(self) -> str:
        """A reference code no lead has."""
        random = secrets.SystemRandom()
        while leads.has_code(self.connection, code := new_code(random)):
            continue
        return code

    def invitation(self, code: str) -> Invitation | None:
        """The unused, unexpired invitation with this code."""
        return officers.invitation(self.connection, code, to_ms(self.now))
