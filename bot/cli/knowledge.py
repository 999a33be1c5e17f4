"""`bot knowledge`: the entries as files: export, import, the list for the department to confirm; calibrate."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from bot.cli import calibrate
from bot.cli.failure import CommandError
from bot.cli.published import load, published
from bot.cli.settings import config_option, login, opened, settings_of
from bot.clock import SystemClock
from bot.config import Settings
from bot.forms import Forms
from bot.knowledge_base import FOLDER, references
from bot.store import publishing
from bot.store.connection import Connection
from knowledge import check, confirming, exchange, workbook
from knowledge.base import Problem
from knowledge.entry import Entry
from knowledge.exchange import Exchanged, ExchangeError
from knowledge.library import Change, Library
from knowledge.shelf import ShelfError
from knowledge.workbook import WorkbookError

LINES, BOOK = ".jsonl", ".xlsx"


@click.group("knowledge")
def command() -> None:
    """The entries as files: export, import, confirm-list; and calibrate, after many edits."""


command.add_command(calibrate.command)


@command.command("export")
@click.argument("file")
@config_option
def exported(file: str, config: str | None) -> None:
    """Write the published entries to FILE: .jsonl, .xlsx, or - for lines on standard output.

    Where there is no database yet they are the shipped ones.
    """
    with _told():
        items = published(settings_of(config))
        if file == "-":
            for line in exchange.to_lines(items):
                print(line)
            return
        path = _path(file)
        if path.suffix == BOOK:
            exchange.to_workbook(items, path)
        else:
            workbook.put(path, lambda draft: draft.write_text("\n".join((*exchange.to_lines(items), "")), "utf-8"))
    print(f"{len(items)} entries in {path}")


@command.command("import")
@click.argument("file")
@click.option("--by", metavar="NAME", help="Who publishes; otherwise the login name.")
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@click.option("--anyway", is_flag=True, help="Publish although the check complains, or over newer edits.")
@config_option
def imported(file: str, by: str | None, dry_run: bool, anyway: bool, config: str | None) -> None:
    """Publish the entries of FILE (.jsonl or .xlsx), all of them or, if anything is wrong, none.

    Entries that are not in FILE stay as they are; so does one in the same words.
    """
    settings = settings_of(config)
    with _told():
        items = _items(_path(file))
        editor, now = by or login(), SystemClock().now()
        with opened(settings) as store:
            library, entries = store.submit(load).result()
            before = {entry.id: entry for entry in entries}
            new = [item for item in items if before.get(item.entry.id) != item.entry]
            if not anyway:
                _refuse(_complaints(new, before, settings))
            expected = {item.entry.id: _expected(item, library, anyway=anyway) for item in new}
            ids = ", ".join(expected)
            if new and not dry_run:
                store.submit(lambda connection: _publish(connection, new, editor, now, expected)).result()
    done = "would be published" if dry_run else "published"
    print(f"{len(new)} entries {done}{': ' if ids else ''}{ids}; {len(items) - len(new)} unchanged")


@command.command("confirm-list")
@click.argument("file")
@config_option
def confirm_list(file: str, config: str | None) -> None:
    """Write FILE (.xlsx) for the department to confirm: answers, their figures with the facts, what is not known."""
    with _told():
        path = _path(file, BOOK)
        entries = [item.entry for item in published(settings_of(config))]
        sheets = confirming.sheets(entries, references(), confirming.unknowns_from(FOLDER / "unknowns.tsv"))
        workbook.write(path, sheets)
    print(f"{len(entries)} topics and {len(sheets[1].rows)} figures in {path}")


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a file or an edit, as the command line tells it."""
    try:
        yield
    except (ExchangeError, WorkbookError, ShelfError) as error:
        raise CommandError(str(error)) from error


def _path(file: str, *kinds: str) -> Path:
    path = Path(file)
    if path.suffix not in (kinds or (LINES, BOOK)):
        raise CommandError(f"{file}: name a file that ends in {' or '.join(kinds or (LINES, BOOK))}")
    return path


def _items(path: Path) -> tuple[Exchanged, ...]:
    if path.suffix == BOOK:
        return exchange.from_workbook(path)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{path}: cannot be read ({reason}); name a file that was exported") from error
    return exchange.from_lines(text, path.name)


def _expected(item: Exchanged, library: Library, *, anyway: bool) -> int:
    """The version an edit rests on: that of its export; for a new entry none."""
    now = library.changed.get(item.entry.id, 0)
    if anyway:
        return now
    if item.version is None and now:
        raise CommandError(f"{item.place}: '{item.entry.id}' has no version to tell newer edits by; export again")
    return item.version or 0


def _complaints(new: Sequence[Exchanged], before: dict[str, Entry], settings: Settings) -> list[str]:
    """What the check would say of the base afterwards and does not say of it now, by the rows of the file."""
    refer, today = references(Forms(settings.storage.forms).names), SystemClock().now().date()
    places = {f"{item.entry.id}.toml": item.place for item in new}
    after = before | {item.entry.id: item.entry for item in new}
    known = set(check.problems(before.values(), refer, today))
    found = (problem for problem in check.problems(after.values(), refer, today) if problem not in known)
    return [_at(problem, places) for problem in found]


def _at(problem: Problem, places: dict[str, str]) -> str:
    place = places.get(problem.place)
    return f"{place}: {problem}" if place else str(problem)


def _refuse(faults: list[str]) -> None:
    if faults:
        raise CommandError("\n".join((*faults, "nothing was changed; mend these, or publish with --anyway")))


def _publish(
    connection: Connection, new: Iterable[Exchanged], editor: str, now: dt.datetime, expected: dict[str, int]
) -> Change:
    return publishing.publish(connection, (item.entry for item in new), editor, now, expected)
