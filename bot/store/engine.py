"""Opens the database: settings every connection needs, and errors said in one sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from bot.errors import StoreUnavailable

#: How long a writer waits for another process's transaction, in milliseconds.
BUSY_MS = 5000


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
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=size,
            max_overflow=2,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    raise StoreUnavailable(f"[storage] url '{parsed.get_backend_name()}': use sqlite:/// or postgresql://")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Autocommit: with the driver's own transactions a SELECT runs outside them and concurrent updates are lost.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def told_plainly(engine: Engine) -> Iterator[None]:
    """Turn the driver's trouble with the place (disk, server) into StoreUnavailable; other errors pass."""
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable(_sentence(engine, error)) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise StoreUnavailable(_sentence(engine, error)) from error


def _sentence(engine: Engine, error: DBAPIError) -> str:
    where = (
        engine.url.database if engine.dialect.name == "sqlite" else f"PostgreSQL at {engine.url.host or 'its socket'}"
    )
    cause = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    mend = {
        "database or disk is full": "free some space",
        "attempt to write a readonly database": "make the file and its folder writable",
        "unable to open database file": "check that the folder exists and is writable",
        "database is locked": "another program holds it; end that program or wait",
    }.get(cause, "check that it runs and can be reached")
    return f"The database {where} cannot be used ({cause}): {mend}."


def boot_id() -> str:
    """The name of this boot of the machine: a steady clock means nothing across two of them."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"pid-{os.getppid()}"
