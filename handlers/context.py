"""What a handler may ask while it decides; `bot/` answers from inside the transaction."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from handlers.catalogue import Wording
from handlers.message import Address, Inbound
from handlers.person import Language, Officer, Person, Profile
from handlers.reach import Reach
from handlers.reading import Reading
from handlers.turn import LeadState, Turn
from knowledge.entry import Entry
from knowledge.menu import Section
from knowledge.search import Found


@dataclass(frozen=True, slots=True)
class Lead:
    """A stored wish to be contacted. `language` is the one its person speaks at `address`."""

    code: str
    version: int
    state: LeadState
    need: str
    profile: Profile
    address: Address
    person: int
    topic: str
    opened_at: dt.datetime
    officer: Officer | None = None
    language: Language = "vi"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an officer is told; `shared` if others read there too, who see no more than code and topic."""

    officer: Officer
    address: Address
    language: Language = "vi"
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code that makes an address a place of an officer."""

    id: int
    officer: Officer
    expires_at: dt.datetime


class Knowledge(Protocol):
    """The curated base as it stands now."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by its id."""

    @property
    def routes(self) -> Mapping[str, tuple[str, str]]:
        """Who handles what we do not: key → (Vietnamese name, English name)."""

    @property
    def menu(self) -> tuple[Section, ...]:
        """What there is to ask, in lists."""

    @property
    def contacts(self) -> Mapping[str, str]:
        """The old contacts by the names of knowledge.contacts.LINES."""

    def search(self, text: str, topics: tuple[str, ...] = ()) -> Found:
        """What the base offers for a text, in a talk about these entries, latest first."""

    def explain(self, text: str, topics: tuple[str, ...] = ()) -> tuple[str, ...]:
        """How the base read and compared a text, in lines."""


class Context(Protocol):
    """What a decision may rest on. Reading it twice gives the same answer within one turn."""

    @property
    def now(self) -> dt.datetime:
        """The time of the turn, aware, in UTC+7."""

    @property
    def reading(self) -> Reading:
        """What the message says."""

    @property
    def knowledge(self) -> Knowledge:
        """The curated base."""

    @property
    def department(self) -> Mapping[str, str]:
        """The confirmed contacts: name address phone email hours centre confirmed_by confirmed_on; empty if none."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where officers are told."""

    @property
    def leads(self) -> tuple[Lead, ...]:
        """This person's leads, newest first."""

    def wording(self, language: Language) -> Wording:
        """Every sentence the bot says by itself."""

    def lead(self, code: str) -> Lead | None:
        """A lead by its code, whoever opened it; its row is locked until the turn ends."""

    def reach(self, address: Address) -> Reach:
        """How the person at an address can be written to now, and what it costs."""

    def open_leads(self) -> tuple[Lead, ...]:
        """Leads staff still work on, oldest first; for officers only."""

    def new_code(self) -> str:
        """A reference code no lead has."""

    def invitation(self, code: str) -> Invitation | None:
        """The unused, unexpired invitation with this code."""


@dataclass(frozen=True, slots=True)
class Handler:
    """One conversation. Its functions are synchronous and repeatable: a serialization error runs them again.

    `name` is what `waiting` stores. `handle` decides, or answers None: not mine. `resume` asks again for what it
    waits for, after another handler answered in between; None where it never waits. `steps` are those it may wait at:
    a stored state with another one is dropped.
    """

    name: str
    handle: Callable[[Inbound, Person, Context], Turn | None]
    resume: Callable[[Person, Context], Turn] | None = None
    steps: frozenset[str] = frozenset()
