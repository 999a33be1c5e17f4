"""PostgreSQL's writers: a pool of threads, one person's work in order, repeated after a serialization error."""

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from bot.errors import StoreUnavailable
from bot.store.engine import told_plainly
from bot.store.group import Work

#: How often a transaction is repeated after PostgreSQL asked for it.
REPEATS = 8
#: serialization_failure, deadlock_detected (PostgreSQL manual, appendix A).
REPEATABLE = frozenset({"40001", "40P01"})


class PoolWriter:
    """Runs work in threads; work of one key runs one at a time, in the order it came."""

    def __init__(self, engine: Engine, size: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="store-writer")
        self._lock = threading.Lock()
        self._lines: dict[str, deque[tuple[Work, Future[Any]]]] = {}
        self._closing = False

    def submit(self, work: Work, *, urgent: bool = False, key: str = "") -> Future[Any]:
        """Queue `work`; the future holds its result once committed. Cancelling it works until it is begun."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closing:
                raise StoreUnavailable("The store is closed: the bot is stopping.")
            if key and (line := self._lines.get(key)) is not None:
                (line.appendleft if urgent else line.append)((work, future))
                return future
            if key:
                self._lines[key] = deque()
            self._threads.submit(self._serve, key, work, future)
        return future

    def close(self) -> None:
        """Finish what was queued, then end the threads."""
        with self._lock:
            self._closing = True
        # A line's next piece is run by the thread that finished the one before, so all ends with the threads.
        self._threads.shutdown(wait=True)

    def _serve(self, key: str, work: Work, future: Future[Any]) -> None:
        while True:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._transaction(work))
                except Exception as error:  # it belongs to the one who asked
                    future.set_exception(error)
            with self._lock:
                line = self._lines.get(key)
                if not line:
                    self._lines.pop(key, None)
                    return
                work, future = line.popleft()

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
