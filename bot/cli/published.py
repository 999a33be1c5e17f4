"""The published entries, as a command works with them beside a running bot or before one ever ran."""

from bot.cli.settings import opened, sqlite_file
from bot.config import Settings
from bot.knowledge_base import shipped
from bot.store.connection import Connection
from bot.store.shelf import SqlShelf
from knowledge.entry import Entry
from knowledge.exchange import Exchanged
from knowledge.library import Library


def published(settings: Settings) -> tuple[Exchanged, ...]:
    """The published entries, each with the version it last changed at; without a database the shipped ones.

    Raises CommandError, ShelfError.
    """
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return _unpublished()
    with opened(settings) as store:
        library, entries = store.submit(load).result()
    # A database that no bot was started on yet has none.
    return tuple(Exchanged(entry, library.changed[entry.id]) for entry in entries) or _unpublished()


def load(connection: Connection) -> tuple[Library, tuple[Entry, ...]]:
    """The library of a store, and its entries."""
    library = Library(SqlShelf(connection))
    return library, library.load()


def _unpublished() -> tuple[Exchanged, ...]:
    return tuple(Exchanged(entry) for entry in shipped())
