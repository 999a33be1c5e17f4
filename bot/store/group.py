"""SQLite's writer: one thread, many turns a commit, each in its own savepoint."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from bot.errors import StoreUnavailable
from bot.store.engine import told_plainly

Work = Callable[[Connection], Any]

#: A batch takes in further work for at most this long, in seconds; the commit's fsync comes on top.
BATCH_SECONDS = 0.005
BATCH_SIZE = 200


class GroupWriter:
    """Runs work in the order it came (urgent work before the rest) and resolves its futures after the commit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: deque[tuple[Work, Future[Any]]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, *, urgent: bool = False, key: str = "") -> Future[Any]:
        """Queue `work`; the future holds its result once committed. Cancelling it works until it is begun."""
        del key  # one thread: everybody's order is kept anyway
        future: Future[Any] = Future()
        with self._wake:
            if self._closing:
                raise StoreUnavailable("The store is closed: the bot is stopping.")
            (self._queue.appendleft if urgent else self._queue.append)((work, future))
            self._wake.notify()
        return future

    def close(self) -> None:
        """Finish what was queued, then end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        connection: Connection | None = None
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    break
            batch: list[tuple[Future[Any], Any, BaseException | None]] = []
            try:
                with told_plainly(self._engine):
                    connection = connection or self._engine.connect()
                    self._transaction(connection, batch)
            except Exception as error:  # whatever it was, somebody waits for it
                for future, _, own in batch:
                    future.set_exception(own or error)
                if not batch:
                    self._refuse_one(error)
                if connection is not None:
                    connection.close()
                    connection = None
            else:
                for future, result, own in batch:
                    if own is None:
                        future.set_result(result)
                    else:
                        future.set_exception(own)
        if connection is not None:
            connection.close()

    def _transaction(self, connection: Connection, batch: list[tuple[Future[Any], Any, BaseException | None]]) -> None:
        driver: Any = connection.connection.driver_connection
        with connection.begin():
            began = time.monotonic()
            while len(batch) < BATCH_SIZE and time.monotonic() - began < BATCH_SECONDS:
                with self._wake:
                    if not self._queue:
                        break
                    work, future = self._queue.popleft()
                if not future.set_running_or_notify_cancel():
                    continue
                batch.append((future, None, None))
                driver.execute("SAVEPOINT turn")
                try:
                    batch[-1] = (future, work(connection), None)
                except DBAPIError as error:
                    # A full or read-only disk ends the whole transaction by itself: nothing of the batch is stored.
                    if not driver.in_transaction:
                        raise
                    batch[-1] = (future, None, error)
                    driver.execute("ROLLBACK TO turn")
                except Exception as error:  # it belongs to the one who asked
                    batch[-1] = (future, None, error)
                    driver.execute("ROLLBACK TO turn")
                driver.execute("RELEASE turn")

    def _refuse_one(self, error: Exception) -> None:
        """The transaction could not even begin: say so to the head of the queue, so that nobody waits for ever."""
        with self._wake:
            if not self._queue:
                return
            _, future = self._queue.popleft()
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
