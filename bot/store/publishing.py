"""Edits of the knowledge base with all that follows from them, in the caller's transaction."""

import datetime as dt
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select, update

from bot.clock import to_ms
from bot.store.shelf import KNOWLEDGE, SqlShelf
from bot.store.tables import shelf, tasks
from bot.store.work import note
from knowledge.entry import Entry
from knowledge.library import Change, Library


def opened(connection: Connection) -> Library:
    """The library, for an edit: until the transaction ends nobody else writes it.

    Without the lock PostgreSQL lets two editors of different entries read the same version, and refuses the slower.
    """
    connection.execute(select(shelf.c.version).where(shelf.c.name == KNOWLEDGE).with_for_update())
    return Library(SqlShelf(connection))


def publish(
    connection: Connection,
    entries: Iterable[Entry],
    editor: str,
    now: dt.datetime,
    expected: int | Mapping[str, int],
) -> Change:
    """Publish entries as `Library.publish` does, with a line of the audit; reviews they were waiting for are done.

    A review stays open for an entry published with the same date of review, for people still hear that it is overdue.
    `editor` is named in the history and in the audit ("officer:3"). Raises as `Library.publish`.
    """
    entries = tuple(entries)
    change = opened(connection).publish(entries, editor, now, expected)
    due = {entry.id: {str(entry.valid_to), str(entry.review_by)} for entry in entries if entry.id in change.ids}
    _follow(connection, editor, "knowledge.publish", due, now)
    return change


def remove(connection: Connection, id: str, editor: str, now: dt.datetime, expected_version: int) -> Change:
    """Remove an entry as `Library.remove` does, with a line of the audit; nothing of it waits for review."""
    change = opened(connection).remove(id, editor, now, expected_version)
    _follow(connection, editor, "knowledge.remove", {id: set() for id in change.ids}, now)
    return change


def discard(
    connection: Connection, id: str, drafted_by: str, editor: str, now: dt.datetime, expected_version: int
) -> int:
    """Take a draft away as `Library.discard` does, with a line of the audit; the shelf's version."""
    version = opened(connection).discard(id, drafted_by, expected_version)
    note(connection, editor, "knowledge.discard", id, to_ms(now))
    return version


def _follow(connection: Connection, editor: str, action: str, due: Mapping[str, set[str]], now: dt.datetime) -> None:
    """Note what was changed and close the reviews of these entries, but for those of the dates that are still `due`."""
    if not due:
        return
    note(connection, editor, action, " ".join(due), to_ms(now))
    waiting = connection.execute(
        select(tasks.c.id, tasks.c.key).where(tasks.c.kind == "review", tasks.c.state == "open")
    )
    done = []
    for task, key in waiting:
        id, _, date = key.removeprefix("review:").rpartition(":")
        if id in due and date not in due[id]:
            done.append(task)
    if done:
        connection.execute(update(tasks).where(tasks.c.id.in_(done)).values(state="done", done_at=to_ms(now)))
