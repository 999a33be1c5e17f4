"""PostgreSQL's writers: a pool of threads, one person's work in order, repeated after a serialization error."""

import threading
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from bot.errors import StoreUnavailable
from bot.store.engine import told_plainly
from bot.store.group import Piece, Queue, Work

#: How often a transaction is repeated after PostgreSQL asked for it.
REPEATS = 8
#: serialization_failure, deadlock_detected (PostgreSQL manual, appendix A).
REPEATABLE = frozenset({"40001", "40P01"})


class PoolWriter:
    """Runs work in `size` threads; work of one key runs one at a time, in the order it came."""

    def __init__(self, engine: Engine, size: int) -> None:
        self._engine = engine
        self._wake = threading.Condition()
        #: What the next free thread takes, at most one piece of each key; the others of a key wait in its line.
        self._queue = Queue()
        self._lines: dict[str, Queue] = {}
        self._closing = False
        self._threads = [
            threading.Thread(target=self._run, name=f"store-writer-{number}", daemon=True) for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Work, *, urgent: bool = False, key: str = "") -> Future[Any]:
        """Queue `work`; the future holds its result once committed. Cancelling it works until it is begun."""
        future: Future[Any] = Future()
        piece = Piece(work, future, urgent, key)
        with self._wake:
            if self._closing:
                raise StoreUnavailable("The store is closed: the bot is stopping.")
            if key and key in self._lines:
                self._lines[key].put(piece)
                return future
            if key:
                self._lines[key] = Queue()
            self._queue.put(piece)
            self._wake.notify()
        return future

    def close(self) -> None:
        """Finish what was queued, then end the threads."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    return
                piece = self._queue.take()
            if piece.future.set_running_or_notify_cancel():
                try:
                    piece.future.set_result(self._transaction(piece.work))
                except Exception as error:  # it belongs to the one who asked
                    piece.future.set_exception(error)
            if piece.key:
                self._next_of(piece.key)

    def _next_of(self, key: str) -> None:
        with self._wake:
            if line := self._lines[key]:
                # At the end of the queue: one person who writes much does not keep a thread from the others.
                self._queue.put(line.take())
                self._wake.notify()
            else:
                del self._lines[key]

    def _transaction(self, work: Work) -> Any:
        for left in reversed(range(REPEATS)):
            try:
                with told_plainly(self._engine), self._engine.begin() as connection:
                    return work(connection)
            except StoreUnavailable as error:
                if not _repeatable(error.__cause__) or not left:
                    raise
            except DBAPIError as error:
                if not _repeatable(error) or not left:
                    raise
        raise AssertionError("the last repeat raises or returns")


def _repeatable(error: BaseException | None) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in REPEATABLE
