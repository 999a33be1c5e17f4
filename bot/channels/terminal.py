"""The terminal: one person at the keyboard, or a pipe; every line is a message."""

import asyncio
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TextIO

import structlog

from bot.channels.base import Abilities, Outgoing, Take, Taken, Wake
from bot.channels.render import block, numbered
from bot.clock import Clock
from bot.errors import Away, StoreUnavailable
from handlers.message import LONGEST_TEXT, Address, Inbound

log = structlog.get_logger(__name__)

#: Most bytes kept of one line: room for LONGEST_TEXT characters of any script; the rest of the line is dropped.
LONGEST_LINE = 4 * LONGEST_TEXT
#: Bytes asked for at once.
CHUNK = 1 << 16
#: Seconds without a further reply after which a turn counts as shown.
STILL = 0.15
#: Seconds after which the prompt comes again though no reply came.
PATIENCE = 3.0
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


class Reader(Protocol):
    """Where lines come from: `read` waits for at least one byte and gives what is there; b"" at the end."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes."""


def unbuffered(stream: TextIO) -> Reader:
    """The Reader below a stream such as sys.stdin. A buffer's lock, held while it waits, would crash the exit."""
    reader: Reader = getattr(stream.buffer, "raw", stream.buffer)
    return reader


def lines(reader: Reader) -> Iterator[str]:
    """Every line, without its end; broken UTF-8 is replaced, a long line cut to LONGEST_LINE bytes."""
    kept = bytearray()
    while piece := _piece(reader):
        *ended, rest = piece.split(b"\n")
        for part in ended:
            yield _decoded(kept + part[: LONGEST_LINE - len(kept)])
            kept.clear()
        kept += rest[: LONGEST_LINE - len(kept)]
    if kept:
        yield _decoded(kept)


class TerminalChannel:
    """The channel "terminal", account "local"; `chat` is the user's login name.

    `ids` makes a new id for every line. `words` holds "prompt" ("" on a pipe), "hint" (below numbered choices),
    "not_stored" (a line could not be kept; it is shown again below) and "opening" ("" for none). `colour`: bold first
    lines. `ended` is set at the end of input, when every line was taken, or when nothing can be shown any more.
    """

    name = "terminal"
    account = "local"
    abilities = Abilities(buttons=0, label=200, text=1_000_000, edits=False, per_second=1000)

    def __init__(
        self,
        reader: Reader,
        writer: TextIO,
        *,
        chat: str,
        clock: Clock,
        ids: Callable[[], str],
        words: Mapping[str, str],
        colour: bool,
    ) -> None:
        self.address = Address(self.name, self.account, chat)
        self.ended = asyncio.Event()
        self._reader, self._writer, self._clock, self._ids = reader, writer, clock, ids
        self._words, self._colour = words, colour
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._taking = asyncio.Lock()
        self._worker: asyncio.Task[None] | None = None
        #: The ids of the lines whose answer was not shown yet.
        self._owed: set[str] = set()
        self._answered = asyncio.Event()
        self._answered.set()
        self._timer: asyncio.TimerHandle | None = None
        self._prompted = self._quiet = self._stopped = False

    async def start(self, take: Take, wake: Wake) -> None:
        """Begin to read. What waited for the person is shown before the first prompt."""
        if opening := self._words["opening"]:
            self._show(opening + "\n\n")
        self._worker = asyncio.create_task(self._work(take), name="terminal")
        # A thread that waits for a key cannot be stopped; as a daemon it keeps nobody from leaving.
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), name="terminal", daemon=True).start()
        wake(self.address)
        self._stir()

    async def quiet(self) -> None:
        """Take in no further line; the one in hand is finished."""
        self._quiet = True
        async with self._taking:
            return

    async def stop(self) -> None:
        """Let go of the terminal; a thread that still waits for a line is left behind."""
        self._quiet = self._stopped = True
        if self._timer:
            self._timer.cancel()
        if self._worker:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        if self._prompted:
            self._prompted = False
            self._show("\n")

    async def send(self, message: Outgoing) -> str:
        """Show a message. Raises Away for somebody else's, and where the terminal is gone."""
        if message.address != self.address or self._stopped:
            raise Away(f"terminal: {message.address.chat} is not at this terminal")
        text = numbered(message.reply, self._words["hint"]) if message.numbered else block(message.reply)
        first, *rest = _harmless(text).split("\n")
        head = f"{BOLD}{first}{PLAIN}" if self._colour and first else first
        # A prompt that waits is left behind on its line.
        before = "\n" if self._prompted else ""
        self._prompted = False
        if not self._show(before + "\n".join((head, *rest)) + "\n\n"):
            raise Away("terminal: the window or pipe was closed")
        self._owed.difference_update(message.key.split("/"))
        self._stir()
        return ""

    async def answered(self, patience: float = 10.0) -> bool:
        """Wait until every line taken so far was answered and nothing more comes; False after `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._answered.wait()
        except TimeoutError:
            return False
        return True

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own: hand every line to the loop, then None."""
        try:
            for line in lines(self._reader):
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
            loop.call_soon_threadsafe(self._lines.put_nowait, None)
        except RuntimeError:
            return  # The loop was closed while we waited for a key.

    async def _work(self, take: Take) -> None:
        """Take in the lines one after the other."""
        while (line := await self._lines.get()) is not None:
            async with self._taking:
                if not self._quiet:
                    await self._take_one(take, line)
        self.ended.set()

    async def _take_one(self, take: Take, line: str) -> None:
        self._prompted = False
        if line:
            id = self._ids()
            # Before it is taken: the answer may be shown before take() returns.
            self._owed.add(id)
            self._stir()
            try:
                taken = await take(Inbound(id, self.address, self.address.chat, "text", self._clock.now(), line))
            except Exception as error:
                if not isinstance(error, StoreUnavailable):
                    # The error's own text may quote the message, so only its kind is logged.
                    log.error("terminal.take_failed", error=type(error).__name__)
                self._owed.discard(id)
                self._show(f"{self._words['not_stored']}\n{_harmless(line)}\n\n")
            else:
                if taken is Taken.DUPLICATE:
                    self._owed.discard(id)
        self._stir()

    def _stir(self) -> None:
        """Something happened: the prompt, and the end of answered(), wait a while from now."""
        self._answered.clear()
        if self._timer:
            self._timer.cancel()
        if not self._stopped:
            pause = PATIENCE if self._owed else STILL
            self._timer = asyncio.get_running_loop().call_later(pause, self._rest)

    def _rest(self) -> None:
        if not self._owed:
            self._answered.set()
        if not (self._quiet or self._prompted or self.ended.is_set()) and self._words["prompt"]:
            self._prompted = self._show(self._words["prompt"])

    def _show(self, text: str) -> bool:
        """Write at once; False, and the end, if nobody can read it any more."""
        encoding = self._writer.encoding or "utf-8"
        try:
            self._writer.write(text.encode(encoding, "replace").decode(encoding))
            self._writer.flush()
        except (OSError, ValueError) as error:
            log.warning("terminal.closed", error=type(error).__name__)
            self.ended.set()
            return False
        return True


def _piece(reader: Reader) -> bytes:
    try:
        return reader.read(CHUNK) or b""
    except (OSError, ValueError):
        return b""  # The terminal hung up, or the stream was closed.


def _decoded(line: bytes | bytearray) -> str:
    return line.decode("utf-8", "replace").replace("\0", "").strip()


def _harmless(text: str) -> str:
    """Without the control characters with which a text from elsewhere could steer the terminal."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")
