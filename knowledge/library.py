"""The entries as the department keeps them: shipped ones load once, edits are drafted and published, with history."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.entry import Entry, from_mapping, to_mapping
from knowledge.shelf import LostUpdate, Shelf, Tables

#: The editor named in the history, and of a draft, where a new version of the product brought the words.
SHIPPED = "shipped"
#: Where the row of an entry keeps what is not published: an editor's words, and an upgrade's beside them.
DRAFTS = ("draft", "shipped")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seed did, as ids: added, updated in place, or laid beside an edited entry as a draft."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    drafted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit did: the shelf's version after it, and the ids of the entries whose published words it changed."""

    version: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is not published yet: whose words, since when (aware), and the version they were kept at.

    To publish it expect `version`: that is refused if the entry was changed after the draft was written.
    """

    entry: Entry
    editor: str
    at: dt.datetime
    version: int

    @property
    def id(self) -> str:
        """The id of the entry."""
        return self.entry.id


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of one entry: who, when (aware), and the changed fields before and after, as in `to_mapping`.

    A field that is missing on one side was not there; `after` is empty where the entry was removed. `version` is the
    shelf's version the change made; the revisions of one version were one change.
    """

    id: str
    number: int
    version: int
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
        #: The version at which each entry last changed, as of `version`; also of entries that were removed.
        self.changed: Mapping[str, int] = {}

    def load(self) -> tuple[Entry, ...]:
        """The published entries in the order of their ids. Raises ShelfError, EntryError."""
        return tuple(_entry(row["entry"], row) for row in self._rows() if row["entry"])

    def drafts(self) -> tuple[Draft, ...]:
        """What waits to be published, by id; of one entry an editor's before the shipped one. Raises as `load`."""
        return tuple(
            Draft(_entry(kept["entry"], row), kept["editor"], dt.datetime.fromisoformat(kept["at"]), kept["version"])
            for row in self._rows()
            for field in DRAFTS
            if (kept := row.get(field))
        )

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
        added, updated, drafted = list[str](), list[str](), list[str]()
        for entry in entries:
            new, row = to_mapping(entry), _row(tables, entry.id)
            seed = _hash(new)
            if row["seed_hash"] == seed or (row["changed"] and not row["entry"]):
                continue
            if not row["changed"]:
                # No revision: the shipped words are the beginning of the history, and would double the document.
                row |= {"entry": new, "changed": tables.version + 1}
                added.append(entry.id)
            elif row["entry"] == new:  # the department had written the same
                row["edited"] = False
                row.pop("shipped", None)
            elif row["edited"]:
                row["shipped"] = _kept(tables, new, SHIPPED, now)
                drafted.append(entry.id)
            else:
                _record(tables, row, new, SHIPPED, now)
                updated.append(entry.id)
            tables.put("entries", row | {"seed_hash": seed})
        self._save(tables)
        return Seeded(tuple(added), tuple(updated), tuple(drafted))

    def draft(self, entry: Entry, editor: str, now: dt.datetime, expected_version: int) -> int:
        """Keep an edit that people are not told yet; the shelf's version. An entry has one such draft, of one editor.

        Raises LostUpdate, changing nothing, if the entry or its draft was changed after `expected_version`, the version
        this editor read; EntryError for words that cannot be read back.
        """
        tables, new = Tables(self._shelf), _readable(entry)
        row = _row(tables, entry.id)
        before = row.get("draft", {"entry": {}, "editor": "", "version": 0})
        if (before["entry"], before["editor"]) != (new, editor):
            _refuse(tables, {entry.id: max(row["changed"], before["version"])}, expected_version)
            tables.put("entries", row | {"draft": _kept(tables, new, editor, now)})
        return self._save(tables)

    def discard(self, id: str, editor: str, expected_version: int) -> int:
        """Take away the draft of `editor` (SHIPPED: the one an upgrade left); the shelf's version.

        Raises KeyError where there is none, LostUpdate if it was changed after `expected_version`.
        """
        tables, field = Tables(self._shelf), "shipped" if editor == SHIPPED else "draft"
        row = _row(tables, id)
        kept = row.pop(field, None)
        if kept is None or kept["editor"] != editor:
            raise KeyError(id)
        _refuse(tables, {id: kept["version"]}, expected_version)
        tables.put("entries", row)
        return self._save(tables)

    def publish(
        self, entries: Iterable[Entry], editor: str, now: dt.datetime, expected: int | Mapping[str, int]
    ) -> Change:
        """Make `entries` what people are told from now on, all of them or none.

        `expected` is the version the editor read, or one per id (0 or none: it was not there). Raises LostUpdate naming
        every entry that was changed after it; changes of other entries do not matter. An entry that is published in
        these very words is left as it is. Drafts of just these words, and this editor's of the entries that change, are
        done with. Raises ValueError if an id is there twice, EntryError for words that cannot be read back.
        """
        new = dict[str, dict[str, Any]]()
        for entry in entries:
            if entry.id in new:
                raise ValueError(f"entry '{entry.id}' is there twice; keep one of them")
            new[entry.id] = _readable(entry)
        return self._change(Tables(self._shelf), new, editor, now, expected)

    def remove(self, id: str, editor: str, now: dt.datetime, expected_version: int) -> Change:
        """Take an entry out of use; its history stays and no seed brings it back. Raises LostUpdate, KeyError."""
        tables = Tables(self._shelf)
        if not _row(tables, id)["changed"]:
            raise KeyError(id)
        return self._change(tables, {id: {}}, editor, now, expected_version)

    def _change(
        self,
        tables: Tables,
        new: Mapping[str, dict[str, Any]],
        editor: str,
        now: dt.datetime,
        expected: int | Mapping[str, int],
    ) -> Change:
        rows = {id: _row(tables, id) for id in new}
        # What already is as it shall be is no conflict: a change sent again because its answer was lost finds itself.
        changed = {id: row["changed"] for id, row in rows.items() if row["entry"] != new[id]}
        _refuse(tables, changed, expected)
        for id, row in rows.items():
            done = set[str]()
            if id in changed:
                _record(tables, row, new[id], editor, now)
                row["edited"] = _hash(new[id]) != row["seed_hash"]
                # What an upgrade offers to an entry is offered no more once the entry is removed.
                done = {editor} if new[id] else {editor, SHIPPED}
            for field in DRAFTS:
                if (kept := row.get(field)) and (kept["editor"] in done or kept["entry"] == new[id]):
                    del row[field]
            tables.put("entries", row)
        return Change(self._save(tables), tuple(changed))

    def _rows(self) -> list[dict[str, Any]]:
        """The rows of the entries by id, read now."""
        return sorted(self._note(Tables(self._shelf)), key=lambda row: str(row["id"]))

    def _save(self, tables: Tables) -> int:
        tables.save()
        self._note(tables)
        return self.version

    def _note(self, tables: Tables) -> list[dict[str, Any]]:
        """Keep in mind which versions were read or written last; the rows of the entries."""
        rows = tables.all("entries")
        self.version = tables.version
        self.changed = {row["id"]: row["changed"] for row in rows if row["changed"]}
        return rows


def seed_hash(entry: Entry) -> str:
    """A stable name of an entry's content: the same for the same words, whatever fields a later release adds empty."""
    return _hash(to_mapping(entry))


def _hash(mapping: Mapping[str, Any]) -> str:
    text = json.dumps(mapping, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _entry(mapping: Mapping[str, Any], row: Mapping[str, Any]) -> Entry:
    return from_mapping(mapping, f"knowledge base, {row['id']}")


def _readable(entry: Entry) -> dict[str, Any]:
    """The entry as it is kept. One that could not be read back would keep the whole base from loading."""
    mapping = to_mapping(entry)
    from_mapping(mapping, f"entry '{entry.id}'")
    return mapping


def _row(tables: Tables, id: str) -> dict[str, Any]:
    """The row of an entry; `changed` is 0 for one that never was published, `entry` is empty for a removed one."""
    nothing: dict[str, Any] = {"id": id, "entry": {}, "seed_hash": "", "edited": False, "changed": 0}
    return next(iter(tables.of("entries", id)), nothing)


def _refuse(tables: Tables, changed: Mapping[str, int], expected: int | Mapping[str, int]) -> None:
    """Raise LostUpdate for what was changed after the version that was expected, or expected at one yet to come."""
    each = dict.fromkeys(changed, expected) if isinstance(expected, int) else expected
    lost = tuple(id for id, version in changed.items() if not version <= each.get(id, 0) <= tables.version)
    if len(lost) == 1:
        raise LostUpdate(f"entry '{lost[0]}' was changed after it was opened; open it again and repeat the edit", lost)
    if lost:
        names = ", ".join(f"'{id}'" for id in lost)
        raise LostUpdate(f"entries {names} were changed after they were opened; open them again and repeat", lost)


def _kept(tables: Tables, mapping: dict[str, Any], editor: str, now: dt.datetime) -> dict[str, Any]:
    return {"entry": mapping, "editor": editor, "at": now.isoformat(), "version": tables.version + 1}


def _record(tables: Tables, row: dict[str, Any], new: dict[str, Any], editor: str, now: dt.datetime) -> None:
    """Put the new words into the row and append the revision."""
    old = row["entry"]
    changed = [field for field in sorted(old.keys() | new.keys()) if old.get(field) != new.get(field)]
    revision = {
        "id": row["id"],
        "number": len(tables.of("revisions", row["id"])) + 1,
        "version": tables.version + 1,
        "editor": editor,
        "at": now.isoformat(),
        "before": {field: old[field] for field in changed if field in old},
        "after": {field: new[field] for field in changed if field in new},
    }
    tables.add("revisions", revision)
    row |= {"entry": new, "changed": tables.version + 1}
