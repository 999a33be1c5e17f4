"""One curated entry: its fields, how to read it from TOML or JSON, and errors that name the place and the mend."""

import datetime as dt
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

Kind = Literal["sector", "scheme", "procedure", "contact", "law", "fact", "assistant"]
Status = Literal["in force", "likely in force", "ended", "history", "unknown"]
ActionKind = Literal["start profile", "ask a person", "menu", "entry", "link"]


class EntryError(ValueError):
    """An entry cannot be read: where it is, which field, and how to mend it."""

    def __init__(self, place: str, field: str, mend: str) -> None:
        super().__init__(f"{place}: field '{field}': {mend}")
        self.place, self.field, self.mend = place, field, mend


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in the two languages; an empty string where there are none."""

    vi: str = ""
    en: str = ""

    def get(self, language: str) -> str:
        """The text in `language` ("vi" or "en"); Vietnamese where English is missing."""
        return (self.en if language == "en" else self.vi) or self.vi

    def __bool__(self) -> bool:
        return bool(self.vi)


@dataclass(frozen=True, slots=True)
class Phrasings:
    """Ways people ask for this entry, by language."""

    vi: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A document an entry rests on. `issued` is an ISO date, `url` a public page."""

    document: str
    article: str = ""
    title: str = ""
    issued: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A next step offered under the answer. `target` is an entry id or a link; `label` overrides the usual words."""

    kind: ActionKind
    target: str = ""
    label: Text = Text()


@dataclass(frozen=True, slots=True)
class Entry:
    """One curated topic. Dates are the department's calendar days (UTC+7)."""

    id: str
    kind: Kind
    title: Text
    answer: Text
    status: Status
    checked_on: dt.date
    phrasings: Phrasings = Phrasings()
    more: Text = Text()
    caveat: Text = Text()
    facts: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    confirmed_by: str = ""
    confirmed_on: dt.date | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    review_by: dt.date | None = None
    owner: str = ""
    related: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    route: str = ""
    files: tuple[str, ...] = ()

    @property
    def confirmed(self) -> bool:
        """Whether the department signed this entry; ours is only checked against public sources."""
        return self.confirmed_on is not None

    def expired(self, today: dt.date) -> bool:
        """Past the date the law gives: it must not be stated as fact any more."""
        return self.valid_to is not None and today > self.valid_to

    def stale(self, today: dt.date) -> bool:
        """Past its own review date: still answered, with a remark, and the owner gets a task."""
        return self.status != "history" and self.review_by is not None and today > self.review_by


class Reader:
    """Reads the fields of one entry and says which one is wrong; every field must be asked for once."""

    def __init__(self, raw: Mapping[str, Any], place: str) -> None:
        self.raw, self.place, self.asked = raw, place, set[str]()

    def fail(self, field: str, mend: str) -> EntryError:
        """The error for `field`, to be raised."""
        return EntryError(self.place, field, mend)

    def string(self, field: str, *, required: bool = False) -> str:
        """A string field, stripped."""
        self.asked.add(field)
        value = self.raw.get(field, "")
        if not isinstance(value, str):
            raise self.fail(field, "write it as text in quotes")
        if required and not value.strip():
            raise self.fail(field, "is missing or empty; write it")
        return value.strip()

    def choice(self, field: str, allowed: tuple[str, ...]) -> Any:
        """One word out of `allowed`."""
        value = self.string(field, required=True)
        if value not in allowed:
            raise self.fail(field, f"'{value}' is not known; use one of: {', '.join(allowed)}")
        return value

    def strings(self, field: str) -> tuple[str, ...]:
        """A list of non-empty strings."""
        self.asked.add(field)
        return self._strings(self.raw.get(field, []), field)

    def _strings(self, value: Any, field: str) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(x, str) and x.strip() for x in value):
            raise self.fail(field, 'write a list of texts: ["…", "…"]')
        return tuple(x.strip() for x in value)

    def text(self, field: str, *, required: bool = False) -> Text:
        """A table with vi and en."""
        self.asked.add(field)
        value = self.raw.get(field, {})
        return self._text(value, field, required=required)

    def _text(self, value: Any, field: str, *, required: bool = False) -> Text:
        if not isinstance(value, Mapping) or set(value) - {"vi", "en"}:
            raise self.fail(field, f'write {field}.vi = "…" and {field}.en = "…"')
        for language, words in value.items():
            if not isinstance(words, str):
                raise self.fail(f"{field}.{language}", "write it as text in quotes")
        if required and not str(value.get("vi", "")).strip():
            raise self.fail(f"{field}.vi", "is missing or empty; write it")
        return Text(str(value.get("vi", "")).strip(), str(value.get("en", "")).strip())

    def phrasings(self) -> Phrasings:
        """The phrasings by language."""
        self.asked.add("phrasings")
        value = self.raw.get("phrasings", {})
        if not isinstance(value, Mapping) or set(value) - {"vi", "en"}:
            raise self.fail("phrasings", 'write phrasings.vi = ["…"] and phrasings.en = ["…"]')
        return Phrasings(*(self._strings(value.get(x, []), f"phrasings.{x}") for x in ("vi", "en")))

    def date(self, field: str, *, required: bool = False) -> dt.date | None:
        """A calendar day: a TOML date, or ISO text in JSON."""
        self.asked.add(field)
        value = self.raw.get(field)
        if value in (None, ""):
            if required:
                raise self.fail(field, "is missing; write a day such as 2026-11-23")
            return None
        if isinstance(value, str):
            try:
                return dt.date.fromisoformat(value)
            except ValueError:
                raise self.fail(field, f"'{value}' is not a day such as 2026-11-23") from None
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        raise self.fail(field, "write a day such as 2026-11-23, without a time")

    def sources(self) -> tuple[Source, ...]:
        """The documents, as a list of tables."""
        self.asked.add("sources")
        known = set(Source.__dataclass_fields__)
        found: list[Source] = []
        for n, item in enumerate(self._tables("sources"), 1):
            field = f"sources[{n}]"
            if not isinstance(item, Mapping) or not item.get("document") or set(item) - known:
                raise self.fail(field, f"needs a document, and knows only: {', '.join(sorted(known))}")
            found.append(Source(**{key: str(value) for key, value in item.items()}))
        return tuple(found)

    def actions(self) -> tuple[Action, ...]:
        """Next steps: a word, or a table with kind, target and label."""
        self.asked.add("actions")
        found: list[Action] = []
        known = set(Action.__dataclass_fields__)
        for n, item in enumerate(self._tables("actions"), 1):
            field = f"actions[{n}]"
            table = {"kind": item} if isinstance(item, str) else item
            if not isinstance(table, Mapping) or table.get("kind") not in get_args(ActionKind):
                raise self.fail(field, f"use one of: {', '.join(get_args(ActionKind))}")
            if set(table) - known:
                raise self.fail(field, f"knows only: {', '.join(sorted(known))}")
            label = self._text(table.get("label", {}), f"{field}.label")
            kind: Any = table["kind"]
            found.append(Action(kind, str(table.get("target", "")), label))
        return tuple(found)

    def _tables(self, field: str) -> Sequence[Any]:
        value = self.raw.get(field, [])
        if not isinstance(value, list | tuple):
            raise self.fail(field, "write a list: [ … ]")
        return value

    def done(self) -> None:
        """Refuse fields nobody asked for: a typo must not hide a date."""
        for field in sorted(set(self.raw) - self.asked):
            raise self.fail(field, "is not a field of an entry; check the spelling")


def from_mapping(raw: Mapping[str, Any], place: str) -> Entry:
    """Read an entry from parsed TOML or JSON. Raises EntryError naming `place` and the field."""
    read = Reader(raw, place)
    checked_on = read.date("checked_on", required=True)
    assert checked_on is not None
    entry = Entry(
        id=read.string("id", required=True),
        kind=read.choice("kind", get_args(Kind)),
        title=read.text("title", required=True),
        answer=read.text("answer", required=True),
        status=read.choice("status", get_args(Status)),
        checked_on=checked_on,
        phrasings=read.phrasings(),
        more=read.text("more"),
        caveat=read.text("caveat"),
        facts=read.strings("facts"),
        sources=read.sources(),
        confirmed_by=read.string("confirmed_by"),
        confirmed_on=read.date("confirmed_on"),
        valid_from=read.date("valid_from"),
        valid_to=read.date("valid_to"),
        review_by=read.date("review_by"),
        owner=read.string("owner"),
        related=read.strings("related"),
        actions=read.actions(),
        route=read.string("route"),
        files=read.strings("files"),
    )
    read.done()
    return entry


def to_mapping(entry: Entry) -> dict[str, Any]:
    """The entry as JSON-ready data without empty fields; `from_mapping` reads it back unchanged."""
    plain: dict[str, Any] = _filled(json.loads(json.dumps(asdict(entry), default=str)))
    return plain


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: part for key, inner in value.items() if (part := _filled(inner)) not in (None, "", [], {})}
    return [_filled(inner) for inner in value] if isinstance(value, list) else value


def from_file(path: Path) -> Entry:
    """Read `entries/<id>.toml`. Raises EntryError for anything unreadable, also a name that is not the id."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EntryError(path.name, "(file)", f"cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise EntryError(path.name, "(file)", f"is not valid TOML: {error}") from error
    entry = from_mapping(raw, path.name)
    if entry.id != path.stem:
        raise EntryError(path.name, "id", f"is '{entry.id}' but the file is named '{path.stem}'; make them equal")
    return entry


def from_folder(folder: Path) -> tuple[Entry, ...]:
    """All entries of a folder, in the order of their ids."""
    return tuple(from_file(path) for path in sorted(folder.glob("*.toml")))
