"""One curated entry: its fields, how to read it from TOML or JSON, and errors that name the place and the mend."""

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from knowledge.eligibility import Criterion, criterion
from knowledge.fields import EntryError, Fields, Text

Kind = Literal["sector", "scheme", "procedure", "contact", "law", "fact", "assistant"]
Status = Literal["in force", "likely in force", "ended", "history", "unknown"]
ActionKind = Literal["start profile", "ask a person", "menu", "entry", "link"]

#: A form's file name: inert on every system, and one of the kinds people can open on a phone.
FORM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.(?:pdf|docx?|xlsx?|odt|ods|csv)")


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
class Form:
    """A file to fill in: its name in the folder of forms, and the title people are shown."""

    name: str
    title: Text


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
    files: tuple[Form, ...] = ()
    eligibility: tuple[Criterion, ...] = ()

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


def from_mapping(raw: Mapping[str, Any], place: str) -> Entry:
    """Read an entry from parsed TOML or JSON. Raises EntryError naming `place` and the field."""
    read = Fields(raw, place)
    entry = Entry(
        id=read.string("id", required=True),
        kind=read.choice("kind", get_args(Kind)),
        title=read.text("title", required=True),
        answer=read.text("answer", required=True),
        status=read.choice("status", get_args(Status)),
        checked_on=read.day("checked_on"),
        phrasings=_phrasings(read),
        more=read.text("more"),
        caveat=read.text("caveat"),
        facts=read.strings("facts"),
        sources=tuple(_source(table) for table in read.tables("sources")),
        confirmed_by=read.string("confirmed_by"),
        confirmed_on=read.date("confirmed_on"),
        valid_from=read.date("valid_from"),
        valid_to=read.date("valid_to"),
        review_by=read.date("review_by"),
        owner=read.string("owner"),
        related=read.strings("related"),
        actions=tuple(_action(table) for table in read.tables("actions", word="kind")),
        route=read.string("route"),
        files=tuple(_form(table) for table in read.tables("files")),
        eligibility=tuple(criterion(table) for table in read.tables("eligibility")),
    )
    read.done()
    return entry


def _phrasings(read: Fields) -> Phrasings:
    inner = read.table("phrasings")
    found = Phrasings(inner.strings("vi"), inner.strings("en"))
    inner.done()
    return found


def _source(read: Fields) -> Source:
    issued = read.date("issued")
    found = Source(
        document=read.string("document", required=True),
        article=read.string("article"),
        title=read.string("title"),
        issued=issued.isoformat() if issued else "",
        url=read.string("url"),
    )
    read.done()
    return found


def _action(read: Fields) -> Action:
    found = Action(read.choice("kind", get_args(ActionKind)), read.string("target"), read.text("label"))
    read.done()
    return found


def _form(read: Fields) -> Form:
    name = read.string("name", required=True)
    if not FORM_NAME.fullmatch(name):
        raise read.fail("name", f"'{name}': use letters without marks, digits, - and _, ending as in mau-don.docx")
    found = Form(name, read.text("title", required=True))
    read.done()
    return found


def to_mapping(entry: Entry) -> dict[str, Any]:
    """The entry as JSON-ready data without empty fields; `from_mapping` reads it back unchanged."""
    plain: dict[str, Any] = _plain(entry)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    parts = ((field.name, _plain(getattr(value, field.name))) for field in fields(value))
    return {name: part for name, part in parts if part not in (None, "", [], {})}


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
    return tuple(from_file(path) for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem))
