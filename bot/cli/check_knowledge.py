"""What `bot check` looks at in the knowledge base: the shipped entries, and those the department edited."""

import datetime as dt

from bot.cli.check_machine import Told
from bot.cli.settings import sqlite_file
from bot.config import Settings
from bot.errors import StoreUnavailable
from bot.forms import Forms
from bot.knowledge_base import FOLDER, references
from bot.knowledge_base import shipped as shipped_entries
from bot.store import engine
from bot.store.shelf import SqlShelf, is_made
from knowledge import check
from knowledge.facts import FactsError
from knowledge.fields import EntryError
from knowledge.library import Library
from knowledge.shelf import ShelfError


def shipped(settings: Settings, today: dt.date) -> Told:
    """Every problem of the entries that came with the program."""
    entries, unreadable = check.read_folder(FOLDER / "entries")
    yield from ((True, str(problem)) for problem in unreadable)
    try:
        found = check.problems(entries, references(Forms(settings.storage.forms).names), today)
    except (FactsError, EntryError) as error:
        yield from ((True, line) for line in str(error).splitlines())
        return
    yield from ((True, str(problem)) for problem in found)
    if unconfirmed := sum(not entry.confirmed for entry in entries):
        yield (
            False,
            f"{unconfirmed} of {len(entries)} entries are not confirmed by the department yet; each answer says so",
        )


def edited(settings: Settings, today: dt.date) -> Told:
    """Every problem of the entries in the store that are not as they were shipped; drafts that wait."""
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return
    opened = engine.create(settings.storage.url, size=1)
    try:
        with engine.told_plainly(opened), opened.connect() as connection:
            if not is_made(connection):
                return
            library = Library(SqlShelf(connection))
            entries, drafts = library.load(), library.drafts()
    except StoreUnavailable:
        return  # `storage` tells it
    except (ShelfError, EntryError) as error:
        yield True, str(error)
        return
    finally:
        opened.dispose()
    ours = {entry.id: entry for entry in shipped_entries()}
    changed = {f"{entry.id}.toml" for entry in entries if ours.get(entry.id) != entry}
    if changed:
        for problem in check.problems(entries, references(Forms(settings.storage.forms).names), today):
            if problem.place in changed:
                yield True, f"as edited: {problem}"
    if drafts:
        yield False, f"drafts wait to be published or discarded: {', '.join(draft.id for draft in drafts)}"
