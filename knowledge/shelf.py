"""Where the knowledge base's document lies, and TinyDB over it; the only room that knows TinyDB."""

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from tinydb import TinyDB
from tinydb.storages import Storage

#: All tables as TinyDB holds them: table → document number (as text) → JSON-ready document.
Document = dict[str, dict[str, Any]]
Table = Literal["entries", "revisions"]


class ShelfError(Exception):
    """The document cannot be read or written; the message names the place and the mend."""


class LostUpdate(ShelfError):
    """Somebody wrote after this writer had read; nothing was changed. `ids` names the entries in conflict, if any."""

    def __init__(self, text: str, ids: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.ids = ids


class Shelf(Protocol):
    """One versioned JSON document. Versions start at 0 (empty) and grow by one with every write."""

    def read(self) -> tuple[Document, int]:
        """The document and its version; ({}, 0) while nothing was written. The caller may change what it gets."""

    def write(self, document: Document, expected: int) -> int:
        """Replace the whole document if its version is still `expected`; the new version. Raises LostUpdate."""


class MemoryShelf:
    """A shelf that lasts as long as its process. It keeps JSON text, so it refuses what a file would refuse."""

    def __init__(self) -> None:
        self._text, self._version, self._lock = "{}", 0, threading.Lock()

    def read(self) -> tuple[Document, int]:
        """As Shelf.read."""
        with self._lock:
            return json.loads(self._text), self._version

    def write(self, document: Document, expected: int) -> int:
        """As Shelf.write."""
        text = json.dumps(document, ensure_ascii=False)
        with self._lock:
            refuse_lost_update("the knowledge base in memory", expected, self._version)
            self._text, self._version = text, self._version + 1
            return self._version


class FileShelf:
    """A shelf in one JSON file, replaced whole: a crash leaves the old file or the new one, never half of one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Document, int]:
        """As Shelf.read. Raises ShelfError for a file that is there but is not a shelf."""
        try:
            content = json.loads(self.path.read_text("utf-8"))
            document, version = content["document"], content["version"]
        except FileNotFoundError:
            return {}, 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unreadable(f"{type(error).__name__}: {error}") from error
        if not isinstance(document, dict) or type(version) is not int or version < 1:
            raise self._unreadable("it holds no document with a version")
        return document, version

    def write(self, document: Document, expected: int) -> int:
        """As Shelf.write; durable when it returns. Raises ShelfError where the folder cannot be written."""
        text = f'{{"version": {expected + 1}, "document": {{{_lines(document)}}}}}\n'
        try:
            with self._locked():
                refuse_lost_update(str(self.path), expected, self.read()[1])
                self._replace(text)
        except OSError as error:
            raise ShelfError(f"{self.path}: cannot be written ({error}); check its folder, rights and space") from error
        return expected + 1

    def _unreadable(self, why: str) -> ShelfError:
        mend = "restore it from a backup, or move it away and the shipped entries load again"
        return ShelfError(f"{self.path}: cannot be read as a knowledge base ({why}); {mend}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock has a file of its own: os.replace gives the document a new inode, which a waiting lock would miss.
        with self.path.with_name(f"{self.path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _replace(self, text: str) -> None:
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lines(document: Document) -> str:
    """The tables with a line per document, so that two files can be compared. Json's `indent` is four times slower."""
    json_of = json.JSONEncoder(ensure_ascii=False).encode
    tables = []
    for name, rows in document.items():
        lines = (f"\n {json_of(number)}: {json_of(row)}" for number, row in rows.items())
        tables.append(f"\n{json_of(name)}: {{{','.join(lines)}}}")
    return ",".join(tables)


def refuse_lost_update(place: str, expected: int, stored: int) -> None:
    """The check every shelf makes between reading and replacing, its lock held. Raises LostUpdate."""
    if stored != expected:
        raise LostUpdate(f"{place}: is at version {stored}, not {expected}; read it again and repeat the change")


class ShelfStorage(Storage):
    """TinyDB's storage over any shelf. It reads once and gathers what TinyDB writes until `save`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._document, self.version = shelf.read()

    def read(self) -> Document | None:
        """What TinyDB works on; None while there is nothing."""
        return self._document or None

    def write(self, data: Document) -> None:
        """Take the tables from TinyDB; they reach the shelf with `save`."""
        self._document = data

    def save(self) -> int:
        """Put everything on the shelf in one write; the new version. Raises LostUpdate."""
        self.version = self._shelf.write(self._document, self.version)
        return self.version


class Tables:
    """The tables of the knowledge base, read at one version and saved in one write.

    Documents are JSON-ready and have an `id`; in "entries" it is unique, in "revisions" one id has many. TinyDB goes
    through a whole table at every operation, so it is asked once to read a table and once to replace it.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._storage = ShelfStorage(shelf)
        self._db = TinyDB(storage=lambda: self._storage)
        self._documents: dict[Table, list[dict[str, Any]]] = {}
        #: Where the documents of an id stand in those lists.
        self._places: dict[Table, dict[str, list[int]]] = {}
        self._changed: set[Table] = set()

    @property
    def version(self) -> int:
        """The version that was read, or the new one after `save`."""
        return self._storage.version

    def all(self, table: Table) -> list[dict[str, Any]]:
        """Every document of a table, oldest first."""
        return [dict(document) for document in self._read(table)]

    def of(self, table: Table, id: str) -> list[dict[str, Any]]:
        """The documents of one id, oldest first."""
        documents = self._read(table)
        return [dict(documents[place]) for place in self._places[table].get(id, ())]

    def put(self, table: Table, document: Mapping[str, Any]) -> None:
        """Replace the document with this id, all of it, or add it. The same document again is no change."""
        documents = self._read(table)
        places = self._places[table].get(document["id"])
        if not places:
            self.add(table, document)
        elif documents[places[0]] != document:
            documents[places[0]] = dict(document)
            self._changed.add(table)

    def add(self, table: Table, document: Mapping[str, Any]) -> None:
        """Append a document."""
        documents = self._read(table)
        self._places[table].setdefault(document["id"], []).append(len(documents))
        documents.append(dict(document))
        self._changed.add(table)

    def save(self) -> int:
        """Put every change on the shelf in one write, or none if there is none; the version. Raises LostUpdate."""
        if not self._changed:
            return self.version
        for name in self._changed:
            table = self._db.table(name)
            table.truncate()
            table.insert_multiple(self._documents[name])
        self._changed.clear()
        return self._storage.save()

    def _read(self, table: Table) -> list[dict[str, Any]]:
        if table not in self._documents:
            # Plain, without TinyDB's numbers: it would give those again to documents that have none yet.
            self._documents[table] = [dict(document) for document in self._db.table(table).all()]
            places = self._places[table] = {}
            for place, document in enumerate(self._documents[table]):
                places.setdefault(document["id"], []).append(place)
        return self._documents[table]
