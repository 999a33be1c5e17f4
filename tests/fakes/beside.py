"""A fake server that lives in a thread of its own, for commands that block the one they run in."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Beside(Generic[T]):
    """The server, and its loop: what is awaited there goes through `run`."""

    server: T
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Await something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)


@contextmanager
def beside(made: AbstractAsyncContextManager[T]) -> Iterator[Beside[T]]:
    """The server while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="beside")
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(made.__aenter__(), loop).result(20)
        try:
            yield Beside(server, loop)
        finally:
            asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
