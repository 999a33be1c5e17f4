"""The entries as the department keeps them: shipped ones load once, edits are published with their history."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.entry import Entry, from_mapping, to_mapping
from knowledge.shelf import LostUpdate, Shelf, Tables

#: The editor named in the history where a new version of the product changed an entry.
SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seed did, as ids: added, updated in place, or laid beside an edited entry as a draft."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    drafted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of one entry: who, when (aware), and the changed fields before and after, as in `to_mapping`.

    A field that is missing on one side was not there; `after` is empty where the entry was removed.
    """

    id: str
    number: int
    editor: str
    at: dt.datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Library:
    """The knowledge base over a shelf. Every change is one write of the shelf, or none."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        #: The shelf's version when this library last read or wrote it.
        self.version = 0

    def load(self) -> tuple[Entry, ...]:
        """The published entries in the order of their ids. Raises ShelfError, EntryError."""
        return self._entries("entry")

    def drafts(self) -> tuple[Entry, ...]:
        """Shipped entries newer than the one the department edited, waiting for its decision, by id."""
        return self._entries("draft")

    def revisions(self, id: str) -> tuple[Revision, ...]:
        """The history of an entry, oldest first; empty for one that was never changed since it was shipped."""
        return tuple(
            Revision(**{**row, "at": dt.datetime.fromisoformat(row["at"])})
            for row in Tables(self._shelf).of("revisions", id)
        )

    def seed(self, entries: Iterable[Entry], now: dt.datetime) -> Seeded:
        """Bring in the shipped entries. New ones are added, unedited ones follow; an edited one gets a draft beside it.

        An entry the department removed stays removed; one that is shipped no more stays. The same entries again
        write nothing. `now` is aware. Raises LostUpdate if somebody else wrote meanwhile: seed again.
        """
        tables = Tables(self._shelf)
        rows = {row["id"]: row for row in tables.all("entries")}
        added, updated, drafted = list[str](), list[str](), list[str]()
        for entry in entries:
            new, seed, row = to_mapping(entry), seed_hash(entry), rows.get(entry.id)
            if row is None:
                # No revision: the shipped words are the beginning of the history, and would double the document.
                row = {"id": entry.id, "entry": new, "edited": False, "changed": tables.version + 1}
                added.append(entry.id)
            elif row["seed_hash"] == seed or not row["entry"]:
                continue
            elif row["edited"]:
                row["draft"] = new
                drafted.append(entry.id)
            else:
                self._record(tables, row, new, SHIPPED, now)
                updated.append(entry.id)
            tables.put("entries", row | {"seed_hash": seed})
        if added or updated or drafted:
            tables.save()
        self.version = tables.version
        return Seeded(tuple(added), tuple(updated), tuple(drafted))

    def publish(self, entry: Entry, editor: str, now: dt.datetime, expected_version: int) -> int:
        """Make `entry` what people are told from now on; the new version of the shelf.

        `expected_version` is the version the editor read. Raises LostUpdate, changing nothing, if this entry was
        changed after it; changes of other entries do not matter. A draft of the same words is done with.
        """
        return self._change(entry.id, to_mapping(entry), editor, now, expected_version)

    def remove(self, id: str, editor: str, now: dt.datetime, expected_version: int) -> int:
        """Take an entry out of use; its history stays and no seed brings it back. Raises as `publish`, and KeyError."""
        if not Tables(self._shelf).of("entries", id):
            raise KeyError(id)
        return self._change(id, {}, editor, now, expected_version)

    def _change(self, id: str, new: dict[str, Any], editor: str, now: dt.datetime, expected_version: int) -> int:
        tables = Tables(self._shelf)
        nothing: dict[str, Any] = {"id": id, "entry": {}, "seed_hash": "", "changed": 0}
        row = next(iter(tables.of("entries", id)), nothing)
        if not row["changed"] <= expected_version <= tables.version:
            raise LostUpdate(f"entry '{id}' was changed after it was opened; open it again and repeat the edit")
        self._record(tables, row, new, editor, now)
        row["edited"] = _hash(new) != row["seed_hash"]
        if row.get("draft") == new:
            del row["draft"]
        tables.put("entries", row)
        self.version = tables.save()
        return self.version

    def _record(self, tables: Tables, row: dict[str, Any], new: dict[str, Any], editor: str, now: dt.datetime) -> None:
        """Put the new words into the row and append the revision."""
        old = row["entry"]
        changed = [field for field in sorted(old.keys() | new.keys()) if old.get(field) != new.get(field)]
        revision = {
            "id": row["id"],
            "number": len(tables.of("revisions", row["id"])) + 1,
            "editor": editor,
            "at": now.isoformat(),
            "before": {field: old[field] for field in changed if field in old},
            "after": {field: new[field] for field in changed if field in new},
        }
        tables.add("revisions", revision)
        row |= {"entry": new, "changed": tables.version + 1}

    def _entries(self, field: str) -> tuple[Entry, ...]:
        tables = Tables(self._shelf)
        self.version = tables.version
        rows = sorted(tables.all("entries"), key=lambda row: str(row["id"]))
        return tuple(from_mapping(row[field], f"knowledge base, {row['id']}") for row in rows if row.get(field))


def seed_hash(entry: Entry) -> str:
    """A stable name of an entry's content: the same for the same words, whatever fields a later release adds empty."""
    return _hash(to_mapping(entry))


def _hash(mapping: Mapping[str, Any]) -> str:
    text = json.dumps(mapping, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
