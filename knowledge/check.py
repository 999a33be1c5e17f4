"""What is wrong with the knowledge base: every problem at once, each with its mend. The rules are one list, RULES."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from knowledge.entry import Entry, EntryError, Text, from_file
from knowledge.facts import Fact, Topic, Use
from knowledge.figures import Figure, Known, Language, figures
from knowledge.text import fold

#: Answer and caveat together, in characters: the first bubble also carries source and date.
LONGEST_FIRST = 330
FEWEST_PHRASINGS: Mapping[Language, int] = {"vi": 30, "en": 10}
LANGUAGES: tuple[Language, ...] = ("vi", "en")
CEILING: Mapping[Language, re.Pattern[str]] = {
    "vi": re.compile(r"tối đa", re.IGNORECASE),
    "en": re.compile(r"up to|at most|maximum", re.IGNORECASE),
}
#: A figure after one of these is a threshold, not a rate.
THRESHOLD = re.compile(
    r"(?:tối thiểu|ít nhất|từ|trên|dưới|at least|minimum|over|above|below|under|more than|less than|from)\s$",
    re.IGNORECASE,
)
#: Where a fact speaks of a rate of support.
RATE = re.compile(r"tối đa|không quá|hỗ trợ tới", re.IGNORECASE)
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
class Base:
    """What the rules compare an entry with."""

    entries: tuple[Entry, ...]
    facts: Mapping[str, Fact]
    topics: Mapping[str, Topic]
    routes: frozenset[str]
    today: dt.date

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of all entries."""
        return frozenset(entry.id for entry in self.entries)

    @cached_property
    def figures(self) -> Mapping[str, tuple[Figure, ...]]:
        """What each fact states, in either language."""
        return {
            id: figures(f"{fact.topic}\n{fact.vi}\n{fact.status}", "vi") + figures(DENIED.sub("", fact.en), "en")
            for id, fact in self.facts.items()
        }

    def holders(self, figure: Figure) -> tuple[str, ...]:
        """The facts that hold a figure and may be stated."""
        may = (id for id, fact in self.facts.items() if fact.use not in ("REF", "INT"))
        return tuple(id for id in may if Known(self.figures[id]).holds(figure))

    @cached_property
    def clock_is_old(self) -> bool:
        """Whether most of the base was checked after today, so that the clock is wrong rather than an entry."""
        return sum(entry.checked_on > self.today for entry in self.entries) * 2 > len(self.entries)

    def listed(self, entry: Entry, *uses: Use) -> tuple[Fact, ...]:
        """The facts the entry lists that exist and have one of these uses."""
        facts = (self.facts[id] for id in entry.facts if id in self.facts)
        return tuple(fact for fact in facts if fact.use in uses)

    def stated(self, facts: Iterable[Fact]) -> Iterator[Figure]:
        """The figures of these facts."""
        return (figure for fact in facts for figure in self.figures[fact.id])


def read_folder(folder: Path) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
    """Every readable entry of a folder, in the order of the ids, and a problem for each that is not."""
    entries, problems = list[Entry](), list[Problem]()
    if not folder.is_dir():
        problems.append(Problem(str(folder), "(folder)", "is not there", "put the folder of the release back"))
    for path in sorted(folder.glob("*.toml")):
        try:
            entries.append(from_file(path))
        except EntryError as error:
            problems.append(Problem(error.place, error.field, "unreadable", error.mend))
    return tuple(entries), tuple(problems)


def problems(
    entries: Iterable[Entry],
    facts: Iterable[Fact],
    topics: Iterable[Topic],
    routes_keys: Collection[str],
    today: dt.date,
) -> tuple[Problem, ...]:
    """Every problem of these entries, entry by entry, then those of the base as a whole."""
    base = Base(
        entries=tuple(entries),
        facts={fact.id: fact for fact in facts},
        topics={topic.id: topic for topic in topics},
        routes=frozenset(routes_keys),
        today=today,
    )
    found = [problem for entry in base.entries for rule in RULES for problem in rule(entry, base)]
    return (*found, *shared_phrasings(base), *missing_entries(base), *old_clock(base))


def known_topic(entry: Entry, base: Base) -> Iterator[Problem]:
    """The id is one of topics.tsv."""
    if entry.id not in base.topics:
        yield _at(entry, "id", f"'{entry.id}' is not in topics.tsv", "use an id of that file, or add its line there")


def english(entry: Entry, base: Base) -> Iterator[Problem]:
    """What is said in Vietnamese is said in English."""
    labels = ((f"actions[{n}].label", action.label) for n, action in enumerate(entry.actions, 1))
    for field, text in (*_texts(entry, "title", "answer", "more", "caveat"), *labels):
        if text.vi and not text.en:
            yield _at(entry, f"{field}.en", "the English is missing", "translate the Vietnamese")


def rests_on_something(entry: Entry, base: Base) -> Iterator[Problem]:
    """There is a source and a fact, and the facts exist."""
    if not entry.sources:
        yield _at(entry, "sources", "no source", "name the document the answer rests on")
    if not entry.facts:
        yield _at(entry, "facts", "no fact", "list the facts the answer rests on")
    for id in entry.facts:
        if id not in base.facts:
            yield _at(entry, "facts", f"'{id}' is not in facts.jsonl", "correct the id, or add the fact there")


def held_figures(entry: Entry, base: Base) -> Iterator[Problem]:
    """Every figure stands in a listed fact that may be stated; the others may only name documents."""
    uses: tuple[Use, ...] = ("OK", "CAV", "HIST", "INT") if entry.kind == "assistant" else ("OK", "CAV", "HIST")
    silent = base.listed(entry, "REF", "INT")
    # A document can be named where its content cannot be told, unless nobody could verify that it exists.
    documents = base.stated(fact for fact in silent if not fact.confidence.startswith("UNV"))
    named = (figure for figure in documents if figure.kind in ("document", "article"))
    allowed = Known((*base.stated(base.listed(entry, *uses)), *named, *_own(entry)))
    hidden = Known(base.stated(silent))
    for field, language, sentence in _sentences(entry):
        for figure in figures(sentence, language):
            if allowed.holds(figure):
                continue
            if hidden.holds(figure):
                text = f"'{figure.shown}' comes from a fact that gives no figures (REF or INT)"
                yield _at(entry, field, text, "take it out and name who knows")
            else:
                holders = ", ".join(base.holders(figure)[:3])
                mend = f"list the fact it comes from (perhaps {holders})" if holders else "take it out"
                yield _at(entry, field, f"no listed fact holds '{figure.shown}'", mend)


def at_most(entry: Entry, base: Base) -> Iterator[Problem]:
    """A rate of support is a ceiling and says so in its own sentence."""
    plain = Known(base.stated(base.listed(entry, "OK", "HIST")))
    clauses = (clause for fact in base.listed(entry, "CAV") for clause in re.split(r"[;:.]\s", fact.vi))
    rates = Known(figure for clause in clauses if RATE.search(clause) for figure in figures(clause, "vi"))
    for field, language, sentence in _sentences(entry):
        if CEILING[language].search(sentence):
            continue
        for figure in figures(sentence, language):
            if figure.kind not in ("amount", "percent") or THRESHOLD.search(sentence[: figure.start]):
                continue
            if rates.holds(figure) or (entry.kind == "scheme" and not plain.holds(figure)):
                words = '"tối đa"' if language == "vi" else '"up to" or "at most"'
                yield _at(entry, field, f"'{figure.shown}' without {words}", f"write {words} into the same sentence")


def short_enough(entry: Entry, base: Base) -> Iterator[Problem]:
    """The first bubble fits a phone."""
    for language in LANGUAGES:
        length = len(entry.answer.get(language)) + len(entry.caveat.get(language))
        if length > LONGEST_FIRST:
            text = f"answer and caveat have {length} characters, more than {LONGEST_FIRST}"
            yield _at(entry, f"answer.{language}", text, "move what can wait to 'more'")


def enough_phrasings(entry: Entry, base: Base) -> Iterator[Problem]:
    """There are enough different ways to ask."""
    for language in LANGUAGES:
        ways = len({fold(phrasing) for phrasing in getattr(entry.phrasings, language)})
        if ways < FEWEST_PHRASINGS[language]:
            text = f"{ways} different ones, fewer than {FEWEST_PHRASINGS[language]}"
            yield _at(entry, f"phrasings.{language}", text, "add ways people really ask")


def whole_links(entry: Entry, base: Base) -> Iterator[Problem]:
    """What the answer leads to exists, and it leads somewhere."""
    for id in entry.related:
        if id not in base.ids or id == entry.id:
            yield _at(entry, "related", f"'{id}' is no other entry", "correct the id or take it out")
    for n, action in enumerate(entry.actions, 1):
        if action.kind == "entry" and action.target not in base.ids:
            yield _at(entry, f"actions[{n}].target", f"'{action.target}' is no entry", "correct the id")
        if action.kind == "link" and not re.match(r"https?://\w", action.target):
            yield _at(entry, f"actions[{n}].target", f"'{action.target}' is no link", "write it with https://")
    if entry.route and entry.route not in base.routes:
        yield _at(entry, "route", f"'{entry.route}' is not in routes.toml", "correct it, or add the route there")
    if not entry.actions and not entry.related:
        yield _at(entry, "actions", "the answer is a dead end", "add an action or a related entry")


def honest_dates(entry: Entry, base: Base) -> Iterator[Problem]:
    """History is not reviewed, all else is; what has ended is not in force; nothing was checked in the future."""
    history = entry.status == "history"
    if history and (entry.review_by or entry.valid_to):
        field = "review_by" if entry.review_by else "valid_to"
        yield _at(entry, field, "history has no such date", "take it out, or correct the status")
    if not history and entry.review_by is None:
        yield _at(entry, "review_by", "is missing", "write the day by which the entry is to be reviewed")
    if entry.expired(base.today) and entry.status in ("in force", "likely in force"):
        text = f"'{entry.status}', yet valid only to {entry.valid_to}"
        yield _at(entry, "status", text, "set it to 'ended', or correct valid_to")
    if entry.checked_on > base.today and not base.clock_is_old:
        yield _at(
            entry, "checked_on", f"{entry.checked_on} is after today, {base.today}", "write the day it was checked"
        )


RULES: tuple[Callable[[Entry, Base], Iterator[Problem]], ...] = (
    known_topic,
    english,
    rests_on_something,
    held_figures,
    at_most,
    short_enough,
    enough_phrasings,
    whole_links,
    honest_dates,
)


def shared_phrasings(base: Base) -> Iterator[Problem]:
    """A phrasing belongs to one entry."""
    owners: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry in base.entries:
        for phrasing in (*entry.phrasings.vi, *entry.phrasings.en):
            owners[fold(phrasing)].setdefault(entry.id, phrasing)
    for ways in owners.values():
        (first, phrasing), *others = ways.items()
        for other, _ in others:
            text = f"'{phrasing}' also stands in {other}.toml"
            yield Problem(f"{first}.toml", "phrasings", text, "keep it where it fits better")


def missing_entries(base: Base) -> Iterator[Problem]:
    """Every topic has its entry."""
    if missing := [id for id in base.topics if id not in base.ids]:
        text = f"{len(missing)} of {len(base.topics)} topics have no entry: {', '.join(missing)}"
        yield Problem("topics.tsv", "id", text, "write entries/<id>.toml, or mend it where it is unreadable")


def old_clock(base: Base) -> Iterator[Problem]:
    """Today is not before the base was made."""
    if base.clock_is_old:
        newest = max(entry.checked_on for entry in base.entries)
        text = f"today is {base.today}, but the entries were checked up to {newest}"
        yield Problem("clock", "today", text, "set the clock of this machine, or the date that was given")


def _at(entry: Entry, field: str, text: str, mend: str) -> Problem:
    return Problem(f"{entry.id}.toml", field, text, mend)


def _texts(entry: Entry, *fields: str) -> Iterator[tuple[str, Text]]:
    return ((field, getattr(entry, field)) for field in fields)


def _sentences(entry: Entry) -> Iterator[tuple[str, Language, str]]:
    """What the entry states, as (field, language, sentence); a line is a sentence of its own."""
    for field, text in _texts(entry, "answer", "more", "caveat"):
        for language in LANGUAGES:
            for sentence in re.split(r"(?<=[.!?…])\s+|\n+", getattr(text, language)):
                yield f"{field}.{language}", language, sentence


def _own(entry: Entry) -> Iterator[Figure]:
    """What the entry may name without a fact: its documents, their articles and days, and the day it was checked."""
    for source in entry.sources:
        words = figures(f"{source.document}\n{source.article}\n{source.title}", "vi")
        yield from (figure for figure in words if figure.kind in ("document", "article"))
        yield from figures(source.issued, "vi")
    yield from figures(entry.checked_on.isoformat(), "vi")
