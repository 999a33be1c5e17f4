"""SQLite's writer: one thread, many turns a commit, each in its own savepoint."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from bot.errors import StoreUnavailable
from bot.store.engine import told_plainly

Work = Callable[[Connection], Any]

#: A batch takes in further work for at most this long, in seconds; the commit's fsync comes on top.
BATCH_SECONDS = 0.005
BATCH_SIZE = 200


class Piece(NamedTuple):
    """One piece of work, who waits for it, and the line it stands in ("": none)."""

    work: Work
    future: Future[Any]
    urgent: bool
    key: str


class Queue:
    """First in, first out; urgent pieces before the rest, in their own order."""

    def __init__(self) -> None:
        self._urgent: deque[Piece] = deque()
        self._rest: deque[Piece] = deque()

    def __bool__(self) -> bool:
        return bool(self._urgent or self._rest)

    def put(self, piece: Piece) -> None:
        """Add at the end."""
        (self._urgent if piece.urgent else self._rest).append(piece)

    def take(self) -> Piece:
        """Remove the first. Raises IndexError if there is none."""
        return (self._urgent or self._rest).popleft()


class GroupWriter:
    """Runs work in the order it came (urgent work before the rest) and resolves its futures after the commit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = Queue()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work, *, urgent: bool = False, key: str = "") -> Future[Any]:
        """Queue `work`; the future holds its result once committed. Cancelling it works until it is begun."""
        future: Future[Any] = Future()
        with self._wake:
            if self._closing:
                raise StoreUnavailable("The store is closed: the bot is stopping.")
            self._queue.put(Piece(work, future, urgent, key))  # one thread: the order of a key is kept anyway
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
                    self._refuse_all(error)
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
                    piece = self._queue.take()
                future = piece.future
                if not future.set_running_or_notify_cancel():
                    continue
                batch.append((future, None, None))
                driver.execute("SAVEPOINT turn")
                try:
                    with told_plainly(self._engine):
                        batch[-1] = (future, piece.work(connection), None)
                except Exception as error:  # it belongs to the one who asked
                    # A full or broken disk can end the whole transaction by itself: nothing of the batch is stored.
                    if not driver.in_transaction:
                        raise
                    batch[-1] = (future, None, error)
                    driver.execute("ROLLBACK TO turn")
                driver.execute("RELEASE turn")

    def _refuse_all(self, error: Exception) -> None:
        """The transaction could not even begin: say so to all who wait, rather than let each wait for its own try."""
        with self._wake:
            refused = []
            while self._queue:
                refused.append(self._queue.take().future)
        for future in refused:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
