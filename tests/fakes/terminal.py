"""A terminal in a test: a keyboard that is a pipe, and a screen one can wait for."""

import asyncio
import io
import itertools
import os
import threading
from typing import TextIO

from bot.channels.terminal import Reader, TerminalChannel
from tests.fakes.clock import FakeClock

#: What the terminal says by itself.
WORDS = {"prompt": "> ", "hint": "Gõ số để chọn.", "not_stored": "Chưa ghi được.", "opening": ""}


class Screen(io.StringIO):
    """What stands on the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def write(self, text: str) -> int:
        """Show a text."""
        self._written.set()
        return super().write(text)

    async def until(self, words: str, patience: float = 10) -> None:
        """Wait until the words stand there. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while words not in self.getvalue():
                self._written.clear()
                await self._written.wait()


class Keyboard:
    """Types into `reader`, a pipe; whoever makes one puts it away in the end."""

    def __init__(self) -> None:
        out, self._in = os.pipe()
        self.reader = os.fdopen(out, "rb", buffering=0)

    def type(self, text: str | bytes) -> None:
        """Press keys; blocks while more than a pipe holds was not read."""
        os.write(self._in, text.encode() if isinstance(text, str) else text)

    def end(self) -> None:
        """End the input."""
        if self._in >= 0:
            os.close(self._in)
        self._in = -1

    def put_away(self) -> None:
        """End the input, and close it once no thread reads it any more."""
        self.end()
        for thread in threading.enumerate():
            if thread.name == "terminal":
                thread.join(10)
        self.reader.close()


def terminal(reader: Reader, screen: TextIO, *, colour: bool = False) -> TerminalChannel:
    """A channel of the user "lan" whose ids count: line1, line2."""
    count = itertools.count(1)
    return TerminalChannel(
        reader,
        screen,
        chat="lan",
        clock=FakeClock(),
        ids=lambda: f"line{next(count)}",
        words=WORDS,
        colour=colour,
    )
