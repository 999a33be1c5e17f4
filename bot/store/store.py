"""The store's door: work in a transaction, reads beside it, both off the event loop."""

import asyncio
import fcntl
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from sqlalchemy import Connection, Engine

from bot.errors import AlreadyRunning, StoreError, StoreUnavailable
from bot.store import engine as engines
from bot.store.group import GroupWriter
from bot.store.migrate import upgrade
from bot.store.pool import PoolWriter

T = TypeVar("T")

#: Threads that read beside the writers.
READERS = 2


class Store:
    """An open database. `write` and `read` take a function of a connection, repeatable because it may be run again."""

    def __init__(self, url: str, *, size: int = 8) -> None:
        """Open, with at most `size` connections to PostgreSQL, and migrate. Raises StoreUnavailable with the mend."""
        self.engine: Engine = engines.create(url, size=size)
        self.dialect = self.engine.dialect.name
        try:
            with engines.told_plainly(self.engine):
                upgrade(self.engine)
        except BaseException:
            self.engine.dispose()
            raise
        # Of the connections of a pool the readers keep theirs, so that nobody waits for the other kind.
        writers = max(1, size - READERS)
        self._writer = GroupWriter(self.engine) if self.dialect == "sqlite" else PoolWriter(self.engine, writers)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._own = threading.local()
        self._opened: list[Connection] = []
        self._lock: IO[bytes] | None = None

    def submit(self, work: Callable[[Connection], T], *, key: str = "", urgent: bool = False) -> Future[T]:
        """Queue work for one transaction; see `write`. The future can be cancelled until the work is begun."""
        return self._writer.submit(work, key=key, urgent=urgent)

    async def write(self, work: Callable[[Connection], T], *, key: str = "", urgent: bool = False) -> T:
        """Run `work` in one transaction; returns once it is committed. Work of one `key` keeps its order.

        Raises what `work` raised (then nothing of it is stored) or StoreUnavailable.
        """
        return await asyncio.wrap_future(self.submit(work, key=key, urgent=urgent))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads, beside the writers. Raises as `write`."""
        try:
            waits = self._readers.submit(self._read, work)
        except RuntimeError as error:  # what a pool of threads says after its shutdown
            raise StoreUnavailable("The store is closed: the bot is stopping.") from error
        return await asyncio.wrap_future(waits)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with engines.told_plainly(self.engine):
            if self.dialect != "sqlite":
                with self.engine.connect() as connection:
                    return work(connection)
            connection = getattr(self._own, "connection", None) or self._open_reader()
            return work(connection)

    def _open_reader(self) -> Connection:
        # Autocommit, so that a read takes no write lock (BEGIN IMMEDIATE) and always sees the newest commit.
        connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._own.connection = connection
        self._opened.append(connection)
        return connection

    def claim_file(self, role: str = "run") -> bool:
        """Be the only `bot <role>` of a SQLite file: True, or AlreadyRunning is raised. False on PostgreSQL."""
        if self.dialect != "sqlite" or not self.engine.url.database:
            return False
        path = Path(f"{self.engine.url.database}.{role}.lock")
        try:
            lock = path.open("ab")
        except OSError as error:
            raise StoreError(
                f"The lock file '{path}' cannot be made ({error.strerror}): make its folder writable."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise AlreadyRunning(
                f"Another `bot {role}` uses the database '{self.engine.url.database}': stop it, "
                "or give this one its own file in [storage] url."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()
        self._lock = lock
        return True

    def close(self) -> None:
        """Finish what was queued, then close every connection."""
        self._writer.close()
        self._readers.shutdown(wait=True)
        for connection in self._opened:
            connection.close()
        self.engine.dispose()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
