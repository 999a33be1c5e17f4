"""What the rules of the check look at: the entries, what they refer to, and the problems found."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from knowledge.contacts import contacts_from
from knowledge.entry import Entry
from knowledge.facts import Fact, Topic, Use, facts_from, topics_from
from knowledge.fields import Text
from knowledge.figures import Figure, Known, Language, figures
from knowledge.menu import Section, menu_from

LANGUAGES: tuple[Language, ...] = ("vi", "en")
#: A warning inside a fact about a wrong figure, which must not make that figure right.
DENIED = re.compile(r"\bNOT [^;)]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: the file or place, the field, what is wrong, and how to mend it. It prints as one line."""

    place: str
    field: str
    text: str
    mend: str

    def __str__(self) -> str:
        return " ".join(f"{self.place}: {self.field}: {self.text}; {self.mend}".split())


@dataclass(frozen=True)
class References:
    """What entries refer to: facts and topics by id, keys of routes, old contacts, the menu, names of the forms."""

    facts: Mapping[str, Fact]
    topics: Mapping[str, Topic]
    routes: frozenset[str]
    contacts: Mapping[str, str]
    menu: tuple[Section, ...] = ()
    forms: frozenset[str] = frozenset()

    @cached_property
    def figures(self) -> Mapping[str, tuple[Figure, ...]]:
        """What each fact states, in either language."""
        return {
            id: figures(f"{fact.topic}\n{fact.vi}\n{fact.status}", "vi") + figures(DENIED.sub("", fact.en), "en")
            for id, fact in self.facts.items()
        }

    @cached_property
    def documented(self) -> Known:
        """The figures of all facts, whatever their use."""
        return Known(self.stated(self.facts.values()))

    def holders(self, figure: Figure) -> tuple[str, ...]:
        """The facts that hold a figure and may be stated."""
        may = (id for id, fact in self.facts.items() if fact.use not in ("REF", "INT"))
        return tuple(id for id in may if Known(self.figures[id]).holds(figure))

    def stated(self, facts: Iterable[Fact]) -> Iterator[Figure]:
        """The figures of these facts."""
        return (figure for fact in facts for figure in self.figures[fact.id])

    def listed(self, entry: Entry, *uses: Use) -> tuple[Fact, ...]:
        """The facts the entry lists that exist and have one of these uses."""
        facts = (self.facts[id] for id in entry.facts if id in self.facts)
        return tuple(fact for fact in facts if fact.use in uses)


@dataclass(frozen=True)
class Base:
    """All entries as people read them, what they refer to, and the day on which they are looked at."""

    entries: tuple[Entry, ...]
    references: References
    today: dt.date

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of all entries."""
        return frozenset(entry.id for entry in self.entries)

    @cached_property
    def clock_is_old(self) -> bool:
        """Whether most of the base was checked after today, so that the clock is wrong rather than an entry."""
        return sum(entry.checked_on > self.today for entry in self.entries) * 2 > len(self.entries)


def references_from(folder: Path, routes: Iterable[str], forms: Iterable[str] = ()) -> References:
    """Read facts.jsonl, topics.tsv, contacts.toml and menu.toml of a folder. Raises FactsError, EntryError."""
    return References(
        facts={fact.id: fact for fact in facts_from(folder / "facts.jsonl")},
        topics={topic.id: topic for topic in topics_from(folder / "topics.tsv")},
        routes=frozenset(routes),
        contacts=contacts_from(folder / "contacts.toml"),
        menu=menu_from(folder / "menu.toml"),
        forms=frozenset(forms),
    )


def at(entry: Entry, field: str, text: str, mend: str) -> Problem:
    """A problem of an entry."""
    return Problem(f"{entry.id}.toml", field, text, mend)


def texts(entry: Entry, *fields: str) -> Iterator[tuple[str, Text]]:
    """These texts of an entry with the names of their fields."""
    return ((field, getattr(entry, field)) for field in fields)


def sentences(entry: Entry) -> Iterator[tuple[str, Language, str]]:
    """What the entry states, as (field, language, sentence); a line is a sentence of its own."""
    for field, text in texts(entry, "answer", "more", "caveat"):
        for language in LANGUAGES:
            for sentence in re.split(r"(?<=[.!?…])\s+|\n+", getattr(text, language)):
                yield f"{field}.{language}", language, sentence
