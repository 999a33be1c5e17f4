"""One question asked of the entries alone: the same handlers, with nothing stored and the conversation in memory."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from random import Random
from typing import Any

from handlers.answer import heard
from handlers.catalogue import Wording, wording
from handlers.context import Context, Invitation, Knowledge, Lead, Place
from handlers.intents import read
from handlers.leads import new_code
from handlers.message import LONGEST_TEXT, Address, Inbound
from handlers.person import Conversation, Language, Person
from handlers.reach import Reach
from handlers.reading import Reading
from handlers.turn import Turn
from knowledge.entry import Entry
from knowledge.search import Found

#: Decides about a message: bot/router.py's route.
Route = Callable[[Inbound, Person, Context], Turn]

#: Where a talk without a store begins: whoever asks by command knows that a program answers.
BEGINNING = Conversation(introduced=True)
NOWHERE = Address("ask", "", "")


@dataclass(frozen=True, slots=True)
class Alone:
    """A context with entries and no store: no leads, no officers, nothing remembered."""

    now: dt.datetime
    reading: Reading
    knowledge: Knowledge
    department: Mapping[str, str] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    leads: tuple[Lead, ...] = ()

    def wording(self, language: Language) -> Wording:
        """The shipped sentences."""
        return wording(language)

    def lead(self, code: str) -> Lead | None:
        """None: there are no leads."""
        return None

    def reach(self, address: Address) -> Reach:
        """At any time: nobody is written to."""
        return Reach()

    def open_leads(self) -> tuple[Lead, ...]:
        """Nothing: there are no leads."""
        return ()

    def new_code(self) -> str:
        """A code; no lead has it, for there are none."""
        return new_code(Random(self.reading.text))

    def invitation(self, code: str) -> Invitation | None:
        """None: nobody is invited here."""
        return None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was answered, JSON-ready as `asdict` gives it; the command line adds `ms`.

    `entry` is the entry that answered, also where a handler took a wish such as erasing; `choices` the ids of the
    entries offered; `route` the authority a near question belongs to; `stale` past the entry's review date; `score` the
    probability that the entry is right; `facts`, `sources`, `status`, `confirmed_on` are the entry's.
    """

    question: str
    outcome: str
    entry: str = ""
    also: str = ""
    choices: tuple[str, ...] = ()
    reply: str = ""
    route: str = ""
    stale: bool = False
    score: float = 0.0
    text: str = ""
    sources: tuple[dict[str, Any], ...] = ()
    facts: tuple[str, ...] = ()
    status: str = ""
    confirmed_on: str = ""


def ask(
    question: str,
    conversation: Conversation,
    knowledge: Knowledge,
    now: dt.datetime,
    route: Route,
    department: Mapping[str, str] | None = None,
) -> tuple[Asked, Conversation, Reading]:
    """(what was answered, the talk as it goes on, what the text said) for one text of a talk. Nothing is kept."""
    text = question[:LONGEST_TEXT]
    person = Person(0, NOWHERE, conversation)
    context = Alone(now, read(text, knowledge.search), knowledge, department or {})
    turn = route(Inbound("0", NOWHERE, "", "text", now, text), person, context)
    found = heard(text, person, context)[1]
    said = "\n\n".join(reply.text for reply in turn.replies)
    return _asked(question, turn, found, said, knowledge, now), turn.state, context.reading


def _asked(question: str, turn: Turn, found: Found, said: str, knowledge: Knowledge, now: dt.datetime) -> Asked:
    candidates = found.candidates
    top = candidates[0].score if candidates else 0.0
    if entry := turn.entry:
        searched = found.outcome == "answer" and candidates[0].entry == entry
        asked = Asked(question, "answer", entry, score=top if searched else 1.0, text=said)
        asked = replace(asked, also=found.also if searched else "")
        return _with_entry(asked, knowledge.entries.get(entry), now)
    offered = tuple(c.id.removeprefix("entry:") for r in turn.replies for c in r.offered if c.id.startswith("entry:"))
    if found.outcome == "choices" and set(offered) == {c.entry for c in candidates if c.entry in knowledge.entries}:
        return Asked(question, "choices", choices=offered, score=top, text=said)
    reply = found.reply or "unknown"
    return Asked(question, "unknown", reply=reply, route=found.route, score=top, text=said)


def _with_entry(asked: Asked, entry: Entry | None, now: dt.datetime) -> Asked:
    if entry is None:
        return asked
    return replace(
        asked,
        route=entry.route,
        stale=entry.stale(now.date()),
        sources=tuple(asdict(source) for source in entry.sources),
        facts=entry.facts,
        status=entry.status,
        confirmed_on=entry.confirmed_on.isoformat() if entry.confirmed_on else "",
    )
