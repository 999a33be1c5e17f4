"""Opens the database: settings every connection needs, and errors said in one sentence."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from bot.errors import StoreUnavailable

#: How long a writer waits for another process's transaction, in milliseconds.
BUSY_MS = 5000
#: Seconds to reach a PostgreSQL server, and milliseconds until a connection it went silent on is given up.
CONNECT_SECONDS, SILENT_MS = 5, 10_000
#: SQLite's trouble with the place rather than with the statement (its manual, "Result and Error Codes").
PLACE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
#: PostgreSQL's read_only_sql_transaction: a standby, which the driver does not count as trouble with the place.
STANDBY = "25006"


def create(url: str, *, size: int = 8) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…`. Raises StoreUnavailable for a folder it cannot make."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreUnavailable(f"[storage] url '{url}': name a file, for example sqlite:///data/cau-noi.db")
        folder = Path(parsed.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"[storage] url: the folder '{folder}' cannot be made: {error.strerror}") from error
        # Parameters are people's words: they stay out of error texts.
        # Each thread of ours keeps one connection for its whole life, so a pool would only hide who owns it.
        engine = create_engine(
            parsed, poolclass=NullPool, hide_parameters=True, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    if parsed.get_backend_name() == "postgresql":
        patience = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": SILENT_MS}
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=size,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={name: value for name, value in patience.items() if name not in parsed.query},
        )
    raise StoreUnavailable(f"[storage] url '{parsed.get_backend_name()}': use sqlite:/// or postgresql://")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Autocommit: with the driver's own transactions a SELECT runs outside them and concurrent updates are lost.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    _use_wal(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "cache_size = -16000"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: Any) -> None:
    """Of several who open a new file at once one switches it; for this SQLite lets nobody wait by itself."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _begin_immediate(connection: Connection) -> None:
    # SQLAlchemy tells of a beginning also where there is none: a reader in autocommit must not keep the write lock.
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def told_plainly(engine: Engine) -> Iterator[None]:
    """Turn the driver's trouble with the place (disk, server) into StoreUnavailable; other errors pass."""
    try:
        yield
    except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
        # After a full disk the way back to a savepoint fails as well: what matters is the error before that one.
        trouble: BaseException | None = error
        while trouble is not None and not _about_the_place(trouble):
            trouble = trouble.__context__
        if trouble is None:
            raise
        raise StoreUnavailable(_sentence(engine, trouble)) from trouble


def _about_the_place(error: BaseException) -> bool:
    if isinstance(error, PoolTimeout):
        return True
    # What a listener or the writer asks of the driver itself comes as it is, everything else wrapped by SQLAlchemy.
    own = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(own, sqlite3.Error):
        # The low byte: extended codes tell more of the same trouble.
        return getattr(own, "sqlite_errorcode", 0) & 0xFF in PLACE
    if getattr(own, "sqlstate", None) == STANDBY:
        return True
    return isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _sentence(engine: Engine, error: BaseException) -> str:
    sqlite = engine.dialect.name == "sqlite"
    where = engine.url.database if sqlite else f"PostgreSQL at {engine.url.host or 'its socket'}"
    own = error.orig if isinstance(error, DBAPIError) else error
    lines = str(own).strip().splitlines()
    cause = lines[0] if lines else type(own).__name__
    mend = {
        "database or disk is full": "free some space",
        "attempt to write a readonly database": "make the file and its folder writable",
        "unable to open database file": "check that the folder exists and is writable",
        "database is locked": "another program holds it; end that program or wait",
        "file is not a database": "name another file in [storage] url",
        "database disk image is malformed": "restore a backup",
    }.get(cause, "check the disk it lies on" if sqlite else "check that it runs, takes writes and can be reached")
    return f"The database {where} cannot be used ({cause}): {mend}."


def boot_id() -> str:
    """The name of this boot of the machine: a steady clock means nothing across two of them."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"pid-{os.getppid()}"
