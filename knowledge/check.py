"""What is wrong with the knowledge base: every problem at once, each with its mend. The rules are one list, RULES."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from knowledge.base import LANGUAGES, Base, Problem, References, at, texts
from knowledge.contacts import REFERENCE, filled
from knowledge.entry import Entry, Kind, from_file
from knowledge.fields import EntryError
from knowledge.figures import Language
from knowledge.grounding import (
    at_most,
    cautioned,
    held_figures,
    known_sources,
    no_promise,
    rests_on_something,
    sourced_criteria,
    told_as_history,
)
from knowledge.text import fold

#: Answer and caveat together, in characters: the first bubble also carries source and date.
LONGEST_FIRST = 330
#: A title is also a button on a phone.
LONGEST_TITLE = 48
FEWEST_PHRASINGS: Mapping[Language, int] = {"vi": 30, "en": 10}
#: Longest time from checking an entry to reviewing it, in days: what changes often is looked at often.
REVIEW_WITHIN: Mapping[Kind, int] = {
    "contact": 90, "scheme": 215, "procedure": 215, "law": 240, "fact": 240, "sector": 240, "assistant": 240,
}  # fmt: skip
#: Most entries to be reviewed on one day.
REVIEWS_A_DAY = 3


def read_folder(folder: Path) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
    """Every readable entry of a folder, in the order of the ids, and a problem for each that is not."""
    entries, found = list[Entry](), list[Problem]()
    if not folder.is_dir():
        found.append(Problem(str(folder), "(folder)", "is not there", "put the folder of the release back"))
    for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem):
        try:
            entries.append(from_file(path))
        except EntryError as error:
            found.append(Problem(error.place, error.field, "unreadable", error.mend))
    return tuple(entries), tuple(found)


def problems(entries: Iterable[Entry], references: References, today: dt.date) -> tuple[Problem, ...]:
    """Every problem of these entries, entry by entry, then those of the base as a whole."""
    shown = tuple(filled(entry, references.contacts) for entry in entries)
    base = Base(shown, references, today)
    found = [problem for entry in base.entries for rule in RULES for problem in rule(entry, base)]
    return (*found, *(problem for rule in BASE_RULES for problem in rule(base)))


def known_topic(entry: Entry, base: Base) -> Iterator[Problem]:
    """The id is one of topics.tsv."""
    if entry.id not in base.references.topics:
        yield at(entry, "id", f"'{entry.id}' is not in topics.tsv", "use an id of that file, or add its line there")


def english(entry: Entry, base: Base) -> Iterator[Problem]:
    """What is said in Vietnamese is said in English."""
    labels = ((f"actions[{n}].label", action.label) for n, action in enumerate(entry.actions, 1))
    forms = ((f"files[{n}].title", form.title) for n, form in enumerate(entry.files, 1))
    for field, text in (*texts(entry, "title", "answer", "more", "caveat"), *labels, *forms):
        if text.vi and not text.en:
            yield at(entry, f"{field}.en", "the English is missing", "translate the Vietnamese")


def short_enough(entry: Entry, base: Base) -> Iterator[Problem]:
    """The title fits a button and the first bubble a phone."""
    for language in LANGUAGES:
        if (length := len(entry.title.get(language))) > LONGEST_TITLE:
            text = f"{length} characters, more than {LONGEST_TITLE}"
            yield at(entry, f"title.{language}", text, "shorten it: it is a button on a phone")
        length = len(entry.answer.get(language)) + len(entry.caveat.get(language))
        if length > LONGEST_FIRST:
            text = f"answer and caveat have {length} characters, more than {LONGEST_FIRST}"
            yield at(entry, f"answer.{language}", text, "move what can wait to 'more'")


def enough_phrasings(entry: Entry, base: Base) -> Iterator[Problem]:
    """There are enough different ways to ask."""
    for language in LANGUAGES:
        ways = len({fold(phrasing) for phrasing in getattr(entry.phrasings, language)})
        if ways < FEWEST_PHRASINGS[language]:
            text = f"{ways} different ones, fewer than {FEWEST_PHRASINGS[language]}"
            yield at(entry, f"phrasings.{language}", text, "add ways people really ask")


def whole_links(entry: Entry, base: Base) -> Iterator[Problem]:
    """What the answer leads to exists, and it leads somewhere."""
    for id in entry.related:
        if id not in base.ids or id == entry.id:
            yield at(entry, "related", f"'{id}' is no other entry", "correct the id or take it out")
    for n, action in enumerate(entry.actions, 1):
        if action.kind == "entry" and action.target not in base.ids:
            yield at(entry, f"actions[{n}].target", f"'{action.target}' is no entry", "correct the id")
        if action.kind == "link" and not re.match(r"https?://\w", action.target):
            yield at(entry, f"actions[{n}].target", f"'{action.target}' is no link", "write it with https://")
    if entry.route and entry.route not in base.references.routes:
        yield at(entry, "route", f"'{entry.route}' is not in routes.toml", "correct it, or add the route there")
    for n, form in enumerate(entry.files, 1):
        if form.name not in base.references.forms:
            text = f"'{form.name}' is not in the folder of forms"
            yield at(entry, f"files[{n}].name", text, "put the file there, or correct its name")
    for field, words in texts(entry, "answer", "more", "caveat"):
        for unknown in {*REFERENCE.findall(f"{words.vi} {words.en}")} - base.references.contacts.keys():
            yield at(entry, field, f"'{{{unknown}}}' is no contact", f"use {', '.join(base.references.contacts)}")
    if not entry.actions and not entry.related:
        yield at(entry, "actions", "the answer is a dead end", "add an action or a related entry")


def honest_dates(entry: Entry, base: Base) -> Iterator[Problem]:
    """History is not reviewed, all else is in time; what has ended is not in force; nothing was checked tomorrow."""
    review = entry.review_by
    if entry.status == "history" and (review or entry.valid_to):
        field = "review_by" if review else "valid_to"
        yield at(entry, field, "history has no such date", "take it out, or correct the status")
    elif entry.status != "history" and review is None:
        yield at(entry, "review_by", "is missing", "write the day by which the entry is to be reviewed")
    elif review is not None and not 0 < (review - entry.checked_on).days <= REVIEW_WITHIN[entry.kind]:
        text = f"{(review - entry.checked_on).days} days after it was checked"
        yield at(entry, "review_by", text, f"a {entry.kind} is reviewed within {REVIEW_WITHIN[entry.kind]} days")
    if entry.expired(base.today) and entry.status in ("in force", "likely in force"):
        text = f"'{entry.status}', yet valid only to {entry.valid_to}"
        yield at(entry, "status", text, "set it to 'ended', or correct valid_to")
    if entry.valid_from and entry.valid_to and entry.valid_from > entry.valid_to:
        yield at(entry, "valid_to", f"{entry.valid_to} is before valid_from", "correct one of them")
    if bool(entry.confirmed_by) != bool(entry.confirmed_on):
        yield at(entry, "confirmed_by", "goes with confirmed_on", "write who confirmed it and when, or neither")
    if entry.checked_on > base.today and not base.clock_is_old:
        text = f"{entry.checked_on} is after today, {base.today}"
        yield at(entry, "checked_on", text, "write the day it was checked")


RULES: tuple[Callable[[Entry, Base], Iterator[Problem]], ...] = (
    known_topic,
    english,
    rests_on_something,
    held_figures,
    known_sources,
    told_as_history,
    cautioned,
    at_most,
    no_promise,
    sourced_criteria,
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


def crowded_days(base: Base) -> Iterator[Problem]:
    """Reviews are spread, so that an admin can do them."""
    days = defaultdict[dt.date, list[str]](list)
    for entry in base.entries:
        if entry.review_by:
            days[entry.review_by].append(entry.id)
    for day, ids in sorted(days.items()):
        if len(ids) > REVIEWS_A_DAY:
            text = f"{len(ids)} entries are to be reviewed on {day}: {', '.join(ids)}"
            yield Problem(f"{ids[-1]}.toml", "review_by", text, f"spread them, at most {REVIEWS_A_DAY} a day")


def whole_menu(base: Base) -> Iterator[Problem]:
    """Every entry but those about the assistant stands in one list of the menu, and nothing else does."""
    listed = [id for section in base.references.menu for id in section.entries]
    for id in sorted({id for id in listed if listed.count(id) > 1 or id not in base.references.topics}):
        yield Problem("menu.toml", id, "is no topic, or stands there twice", "keep one line with an id of topics.tsv")
    for entry in base.entries:
        if base.references.menu and entry.kind != "assistant" and entry.id not in listed:
            yield Problem("menu.toml", entry.id, "stands in no list", "add it where people would look for it")


def missing_entries(base: Base) -> Iterator[Problem]:
    """Every topic has its entry."""
    topics = base.references.topics
    if missing := [id for id in topics if id not in base.ids]:
        text = f"{len(missing)} of {len(topics)} topics have no entry: {', '.join(missing)}"
        yield Problem("topics.tsv", "id", text, "write entries/<id>.toml, or mend it where it is unreadable")


def old_clock(base: Base) -> Iterator[Problem]:
    """Today is not before the base was made."""
    if base.clock_is_old:
        newest = max(entry.checked_on for entry in base.entries)
        text = f"today is {base.today}, but the entries were checked up to {newest}"
        yield Problem("clock", "today", text, "set the clock of this machine, or the date that was given")


BASE_RULES: tuple[Callable[[Base], Iterator[Problem]], ...] = (
    shared_phrasings,
    crowded_days,
    whole_menu,
    missing_entries,
    old_clock,
)
