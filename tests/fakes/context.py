"""A house without a bot: what handlers may ask, in memory, with a small store that keeps what their turns decide."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from bot.router import route
from handlers.catalogue import Wording, wording
from handlers.context import Invitation, Lead, Place
from handlers.intents import read
from handlers.leads import new_code
from handlers.message import Address, Contact, File, Inbound, InboundKind
from handlers.person import Conversation, Language, Officer, Person
from handlers.reach import Reach
from handlers.reading import Reading
from handlers.turn import (
    Audit,
    BecomeOfficer,
    CancelLater,
    ChangeLead,
    Later,
    OpenLead,
    OpenTask,
    RecordConsent,
    SetProfile,
    StoreQuestion,
    Tell,
    Turn,
)
from knowledge.entry import Entry
from knowledge.menu import Section
from knowledge.search import Candidate, Found
from knowledge.text import clean, fold

#: A Monday morning in Viet Nam.
MORNING = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))


@dataclass
class FakeKnowledge:
    """Entries, and a search that knows only the texts it was taught; all others are not understood."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    routes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(
        default_factory=lambda: {"email": "old@example.vn", "phones": "0275.3822 365", "centre_phones": "0275.6281888"}
    )
    menu: tuple[Section, ...] = ()
    taught: dict[str, Found] = field(default_factory=dict)

    def teach(self, text: str, *entries: str, also: str = "", score: float = 0.95) -> None:
        """From now on `text` is answered by the only one of `entries`, or offers several."""
        candidates = tuple(Candidate(entry, score) for entry in entries)
        self.taught[fold(clean(text))] = Found("answer" if len(entries) == 1 else "choices", candidates, also)

    def search(self, text: str, topics: tuple[str, ...] = ()) -> Found:
        """What it was taught about a text, best as said after the latest topic."""
        after = self.taught.get(f"{topics[0]} > {fold(clean(text))}") if topics else None
        return after or self.taught.get(fold(clean(text)), Found("unknown", reply="unknown"))

    def explain(self, text: str, topics: tuple[str, ...] = ()) -> tuple[str, ...]:
        """What it was asked."""
        return (text, *topics)


@dataclass
class Store:
    """What is kept of all talks; time moves only when a test moves it."""

    knowledge: FakeKnowledge = field(default_factory=FakeKnowledge)
    now: dt.datetime = MORNING
    department: dict[str, str] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    leads: dict[str, Lead] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    officers: dict[int, Officer] = field(default_factory=dict)
    consents: list[RecordConsent] = field(default_factory=list)
    questions: list[StoreQuestion] = field(default_factory=list)
    tasks: dict[str, OpenTask] = field(default_factory=dict)
    jobs: dict[str, Later] = field(default_factory=dict)
    told: dict[str, Tell] = field(default_factory=dict)
    audits: list[Audit] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(7))
    reaches: dict[Address, Reach] = field(default_factory=dict)
    persons: int = 0

    def invite(self, officer: Officer, code: str) -> None:
        """A one-time invitation of an officer, good for a day."""
        self.officers[officer.id] = officer
        self.invitations[code] = Invitation(len(self.invitations) + 1, officer, self.now + dt.timedelta(days=1))

    def told_at(self, address: Address) -> list[str]:
        """What was said at an address by other people's turns."""
        return [tell.reply.text for tell in self.told.values() if tell.address == address]


@dataclass(frozen=True)
class FakeContext:
    """One person's view of the store while one message is decided."""

    store: Store
    person: Person
    reading: Reading

    @property
    def now(self) -> dt.datetime:
        """The store's time."""
        return self.store.now

    @property
    def knowledge(self) -> FakeKnowledge:
        """The store's entries."""
        return self.store.knowledge

    @property
    def department(self) -> Mapping[str, str]:
        """The confirmed contacts."""
        return self.store.department

    @property
    def places(self) -> tuple[Place, ...]:
        """Where officers are told."""
        return tuple(self.store.places)

    @property
    def leads(self) -> tuple[Lead, ...]:
        """The person's leads, newest first."""
        own = [lead for lead in self.store.leads.values() if lead.person == self.person.id]
        return tuple(sorted(own, key=lambda lead: lead.opened_at, reverse=True))

    def reach(self, address: Address) -> Reach:
        """As the test set it for an address; any time otherwise."""
        return self.store.reaches.get(address, Reach())

    def wording(self, language: Language) -> Wording:
        """The shipped sentences."""
        return wording(language)

    def lead(self, code: str) -> Lead | None:
        """A lead by its code."""
        return self.store.leads.get(code)

    def open_leads(self) -> tuple[Lead, ...]:
        """Those staff still work on."""
        return tuple(lead for lead in self.store.leads.values() if lead.state not in ("done", "dropped"))

    def new_code(self) -> str:
        """A code no lead has."""
        while (code := new_code(self.store.random)) in self.store.leads:
            continue
        return code

    def invitation(self, code: str) -> Invitation | None:
        """An invitation nobody used, in time."""
        found = self.store.invitations.get(code)
        return found if found and found.expires_at > self.now else None

    def apply(self, turn: Turn) -> Person:
        """Keep what a turn decided; the person as the next message finds them. Refuses what a store would refuse."""
        person = replace(self.person, conversation=Conversation.load(turn.state.dump()))
        for effect in turn.effects:
            person = self._apply(effect, person)
        return person

    def _apply(self, effect: object, person: Person) -> Person:
        store = self.store
        match effect:
            case SetProfile(profile):
                return replace(person, profile=profile)
            case RecordConsent(purpose, given, _):
                store.consents.append(effect)
                kept = person.consents | {purpose} if given else person.consents - {purpose}
                return replace(person, consents=kept)
            case OpenLead(code, need, profile, topic):
                assert code not in store.leads, f"code {code} is taken"
                store.leads[code] = Lead(
                    code, 1, "new", need, profile, person.address, person.id, topic, store.now, language=person.language
                )
            case ChangeLead(code, version, to, officer, _):
                lead = store.leads[code]
                assert lead.version == version, f"lead {code} has changed meanwhile"
                holder = store.officers[officer] if officer is not None else None
                store.leads[code] = replace(lead, state=to, version=version + 1, officer=holder)
            case BecomeOfficer(officer, invitation, shared):
                store.invitations = {code: i for code, i in store.invitations.items() if i.id != invitation}
                store.places.append(Place(store.officers[officer], person.address, person.language, shared))
                return person if shared else replace(person, officer=store.officers[officer])
            case Tell(key=key):
                store.told.setdefault(key, effect)
            case OpenTask(key=key):
                store.tasks.setdefault(key, effect)
            case Later(key=key):
                store.jobs[key] = effect
            case CancelLater(key):
                store.jobs.pop(key, None)
            case StoreQuestion():
                store.questions.append(effect)
            case Audit():
                store.audits.append(effect)
            case _:
                raise AssertionError(f"no store for {effect}")
        return person


class Talk:
    """One person talking: each message is read, routed and kept, as the bot does it. `shared`: a group does."""

    def __init__(self, store: Store, chat: str = "lan", channel: str = "web", *, shared: bool = False) -> None:
        store.persons += 1
        self.shared = shared
        self.store = store
        self.person = Person(store.persons, Address(channel, "main", chat))
        self.turn = Turn(self.person.conversation)
        self.messages = 0

    @property
    def said(self) -> str:
        """All that was answered to the last message."""
        return "\n\n".join(
            "\n".join((reply.text, *(f"{card.title}\n{card.text}" for card in reply.cards)))
            for reply in self.turn.replies
        )

    @property
    def offered(self) -> list[str]:
        """The ids of the choices now open, in the order of their numbers."""
        return list(self.person.conversation.offered.ids)

    @property
    def step(self) -> str:
        """What the talk waits for: "handler:step", or ""."""
        waiting = self.person.conversation.waiting
        return f"{waiting.handler}:{waiting.step}" if waiting else ""

    def say(self, text: str) -> Turn:
        """Type a text."""
        return self.send("text", text=text)

    def tap(self, choice: str) -> Turn:
        """Tap a choice."""
        return self.send("choice", choice=choice)

    def send(
        self,
        kind: InboundKind,
        *,
        text: str = "",
        choice: str = "",
        files: tuple[File, ...] = (),
        contact: Contact | None = None,
    ) -> Turn:
        """Send a message of any kind."""
        self.messages += 1
        address, id = self.person.address, f"{self.person.address.chat}-{self.messages}"
        now, shared = self.store.now, self.shared
        message = Inbound(id, address, address.chat, kind, now, text, choice, files, contact, shared=shared)
        context = FakeContext(self.store, self.person, read(text, self.store.knowledge.search))
        self.turn = route(message, self.person, context)
        self.person = context.apply(self.turn)
        return self.turn

    def wait(self, **time: float) -> None:
        """Let time pass: `wait(seconds=5)`."""
        self.store.now += dt.timedelta(**time)
