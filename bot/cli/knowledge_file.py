"""The entries `bot ask` answers from: the shipped ones, or those of a file."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli.failure import CommandError
from bot.knowledge_base import FOLDER, KnowledgeBase, route_names, shipped
from bot.learning import learner
from handlers.context import Knowledge
from knowledge.contacts import contacts_from
from knowledge.entry import Entry, Phrasings, from_mapping
from knowledge.fields import Text
from knowledge.library import Library
from knowledge.menu import Section
from knowledge.outside import read_outside
from knowledge.search import Found, Index
from knowledge.shelf import FileShelf, ShelfError

MEND = "write lines of {id, questions}, a list of whole entries, or name a file of a knowledge base"


@dataclass(frozen=True)
class Questions:
    """A handlers.context.Knowledge of questions alone; every answer only names its entry."""

    entries: Mapping[str, Entry]
    routes: Mapping[str, tuple[str, str]]
    contacts: Mapping[str, str]
    index: Index
    #: There is nothing to tap through.
    menu: tuple[Section, ...] = ()

    def search(self, text: str, topics: tuple[str, ...] = ()) -> Found:
        """What the questions offer for a text, in a talk about these entries, latest first."""
        return self.index.search(text, topics)

    def explain(self, text: str, topics: tuple[str, ...] = ()) -> tuple[str, ...]:
        """How the questions were compared with a text."""
        return self.index.explain(text, topics)


def opened(path: Path | None, today: dt.date) -> Knowledge:
    """The base of a file (None: the shipped one). Raises CommandError, EntryError."""
    if path is None:
        return KnowledgeBase(shipped())
    found = _read(path)
    if isinstance(found, Mapping) and {"document", "version"} <= set(found):
        try:
            return _base(Library(FileShelf(path)).load(), path)
        except ShelfError as error:
            raise CommandError(str(error)) from error
    items = found.get("entries", [found]) if isinstance(found, Mapping) else found
    if not isinstance(items, Sequence) or not all(isinstance(item, Mapping) for item in items):
        raise CommandError(f"{path}: is no list of entries; {MEND}")
    if any("questions" in item for item in items):
        return _questions(items, path, today)
    # Exported entries carry the version they last changed at, which says nothing here.
    plain = ({key: value for key, value in item.items() if key != "version"} for item in items)
    return _base([from_mapping(item, f"{path}, entry {number}") for number, item in enumerate(plain, 1)], path)


def _read(path: Path) -> Any:
    """The JSON of a file: one value, or the values of its lines."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{path}: cannot be read ({reason}); {MEND}") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    values = list[Any]()
    for number, line in lines:
        try:
            values.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{path}, line {number}: is no JSON ({error}); {MEND}") from error
    return values


def _base(entries: Sequence[Entry], path: Path) -> KnowledgeBase:
    ids = [entry.id for entry in entries]
    if twice := next((id for id in ids if ids.count(id) > 1), ""):
        raise CommandError(f"{path}: '{twice}' stands there twice; keep one of them")
    if not entries:
        raise CommandError(f"{path}: holds no entry; {MEND}")
    return KnowledgeBase(tuple(entries))


def _questions(items: Sequence[Mapping[str, Any]], path: Path, today: dt.date) -> Questions:
    questions: defaultdict[str, list[str]] = defaultdict(list)
    for number, item in enumerate(items, 1):
        id, asked = item.get("id"), item.get("questions")
        if not (isinstance(id, str) and id and isinstance(asked, list) and all(isinstance(x, str) for x in asked)):
            raise CommandError(f'{path}, entry {number}: write {{"id": "…", "questions": ["…", "…"]}}')
        questions[id] += asked
    entries = {id: _entry(id, tuple(asked), today) for id, asked in questions.items()}
    texts = {id: tuple(asked) for id, asked in questions.items()}
    index = Index.from_questions(texts, read_outside(FOLDER / "outside.tsv"), learner=learner())
    return Questions(entries, route_names(FOLDER / "routes.toml"), contacts_from(FOLDER / "contacts.toml"), index)


def _entry(id: str, questions: tuple[str, ...], today: dt.date) -> Entry:
    """An entry without knowledge: it stands for its id."""
    title = Text(questions[0] if questions else id)
    return Entry(id, "fact", title, Text(f"[{id}]"), "unknown", today, phrasings=Phrasings(questions))
