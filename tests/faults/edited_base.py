"""A knowledge base that editors change until they are killed: how it stands, and what is wrong with it."""

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy

from bot.store import engine as engines
from bot.store import publishing
from bot.store.connection import Connection
from bot.store.shelf import SqlShelf
from bot.store.tables import audit
from knowledge.entry import Entry, to_mapping
from knowledge.fields import Text
from knowledge.library import DRAFTS, SHIPPED, Library
from knowledge.shelf import FileShelf, Shelf, Tables

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
#: Entries that are shipped, and entries that editors write themselves.
SHIPPED_IDS = tuple(f"shipped.{number}" for number in range(10))
IDS = (*SHIPPED_IDS, *(f"own.{number}" for number in range(5)))


class Seen(NamedTuple):
    """An entry as it stands: its published words, how many revisions it has, the drafts beside it."""

    words: str
    revisions: int
    drafts: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What a child told last: the version, every entry as it stood then, and which it was about to change."""

    version: int
    seen: Mapping[str, Seen]
    about: frozenset[str] = frozenset()


class Base:
    """The knowledge base at `file:<path>` or in a database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: Connection | None = None

    @contextmanager
    def opened(self) -> Iterator[tuple[Shelf, Connection | None]]:
        """The shelf, in a database with its transaction: locked, which waits for a commit that is still on its way."""
        if self.url.startswith("file:"):
            yield FileShelf(Path(self.url.removeprefix("file:"))), None
            return
        # One connection for a life, as the bot's writer has: a kill then leaves a write-ahead log to recover.
        self._connection = self._connection or engines.create(self.url, size=1).connect()
        with self._connection.begin():
            publishing.opened(self._connection)
            yield SqlShelf(self._connection), self._connection

    def told(self) -> "Told":
        """The base as it is now."""
        with self.opened() as (shelf, _):
            tables = Tables(shelf)
            return Told(tables.version, look(tables))

    def close(self) -> None:
        """Let go of the database: a child must not use its parent's connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection.engine.dispose()
            self._connection = None


def entry(id: str, words: str) -> Entry:
    """An entry that says `words`; every other one has a caveat, so that fields come and go."""
    return Entry(id, "fact", Text(id), Text(words), "in force", NOW.date(), caveat=Text("Tùy." * (len(words) % 2)))


def release(number: int) -> list[Entry]:
    """What a release ships: some entries in its own words, the rest as in the first, which is 0."""
    chance = random.Random(number)
    return [entry(id, f"release {number if chance.random() < 0.3 else 0}") for id in SHIPPED_IDS]


def look(tables: Tables) -> dict[str, Seen]:
    """Every entry as it stands."""
    rows = {row["id"]: row for row in tables.all("entries")}
    revisions = Counter(row["id"] for row in tables.all("revisions"))
    found = {}
    for id in IDS:
        row = rows.get(id, {"entry": {}})
        drafts = [row[field] for field in DRAFTS if field in row]
        said = tuple(f"{draft['editor']}: {draft['entry']['answer']['vi']}" for draft in drafts)
        found[id] = Seen(row["entry"].get("answer", {}).get("vi", ""), revisions[id], said)
    return found


def begin(base: Base) -> Told:
    """The first release, in a base that was empty."""
    with base.opened() as (shelf, _):
        Library(shelf).seed(release(0), NOW)
    return base.told()


def problems(base: Base, told: Told) -> list[str]:
    """What is wrong with a base, of which `told` was told."""
    try:
        with base.opened() as (shelf, connection):
            library, tables = Library(shelf), Tables(shelf)
            library.load()
            library.drafts()
            version, seen = tables.version, look(tables)
            published = {row["id"]: row["entry"] for row in tables.all("entries")}
            revisions = tables.all("revisions")
            noted = None if connection is None else lines(connection)
    except Exception as error:  # whatever a reader gets instead of the base
        return [f"it cannot be read: {type(error).__name__}: {error}"]
    found = []
    if version not in (told.version, told.version + 1):
        found.append(f"it is at version {version}, told was {told.version}")
    about = told.about if version > told.version else frozenset()
    found += [
        f"{id}: told was {told.seen[id]}, it is {seen[id]}"
        for id in IDS
        if seen[id] != told.seen[id] and id not in about
    ]
    for id in IDS:
        found += history(id, published.get(id, {}), [row for row in revisions if row["id"] == id], version)
    changes = defaultdict[int, list[str]](list)
    for row in revisions:
        if row["editor"] != SHIPPED:
            changes[row["version"]].append(row["id"])
    edits = [sorted(changes[version]) for version in sorted(changes)]
    if noted is not None and noted != edits:
        found.append(f"the audit notes {len(noted)} changes, the history {len(edits)}, or they are not the same")
    return found


def lines(connection: Connection) -> list[list[str]]:
    """The ids of each change of what is published, as the audit has them, oldest first."""
    actions = audit.c.action.in_(("knowledge.publish", "knowledge.remove"))
    found = connection.execute(sqlalchemy.select(audit.c.about).where(actions).order_by(audit.c.id))
    return [sorted(about.split()) for about in found.scalars()]


def history(id: str, published: Mapping[str, Any], revisions: Sequence[Mapping[str, Any]], version: int) -> list[str]:
    """Undo the revisions of an entry from what is published back to where it began; what does not fit."""
    if [row["number"] for row in revisions] != list(range(1, len(revisions) + 1)):
        return [f"{id}: its revisions are numbered {[row['number'] for row in revisions]}"]
    versions = [row["version"] for row in revisions]
    if sorted({*versions}) != versions or max(versions, default=0) > version:
        return [f"{id}: its revisions are of versions {versions}, the base of {version}"]
    state = dict(published)
    for row in reversed(revisions):
        gone = row["before"].keys() - row["after"].keys()
        if gone & state.keys() or any(state.get(name) != value for name, value in row["after"].items()):
            return [f"{id}: revision {row['number']} does not lead to what follows it"]
        state = {name: value for name, value in state.items() if name not in row["after"]} | row["before"]
    words = state.get("answer", {}).get("vi", "")
    # What is shipped comes without a revision, what editors write begins with nothing.
    shipped = id in SHIPPED_IDS and words.startswith("release ") and state == to_mapping(entry(id, words))
    return [] if shipped or (id not in SHIPPED_IDS and not state) else [f"{id}: its history begins with {state}"]
