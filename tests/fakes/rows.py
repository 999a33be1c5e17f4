"""Small pieces for tests of the store: an address, an update, a row count, a wait for PostgreSQL's locks."""

import datetime as dt
import time

from sqlalchemy import Connection, func, select, text
from sqlalchemy import Table as SqlTable

from bot.clock import VIETNAM
from handlers.message import Address, Inbound

#: A Monday morning in Viet Nam.
MORNING = dt.datetime(2026, 11, 23, 9, 0, tzinfo=VIETNAM)
#: Seconds to wait for what another thread is about to do.
DEADLINE = 20.0


def address(chat: str = "lan", channel: str = "fake", account: str = "test") -> Address:
    """Where somebody can be reached."""
    return Address(channel, account, chat)


def update(id: str = "1", chat: str = "lan", words: str = "xin chào") -> Inbound:
    """A text message from somebody."""
    return Inbound(id, address(chat), chat, "text", MORNING, words)


def count(connection: Connection, table: SqlTable) -> int:
    """How many rows a table has."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def until_another_waits(connection: Connection) -> None:
    """Return once another transaction waits for a lock of this one. On SQLite at once: there it waits by itself."""
    if connection.dialect.name == "sqlite":
        return
    deadline = time.monotonic() + DEADLINE
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not connection.execute(waits).scalar_one():
        assert time.monotonic() < deadline, "nobody waited"
        connection.execute(text("SELECT pg_sleep(0.005)"))
