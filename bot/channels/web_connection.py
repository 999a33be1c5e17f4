"""One open chat page: what was shown on it, what waits to be written to it, what it said that waits to be taken in."""

import asyncio
import json

from aiohttp import web

from bot.channels.base import Said
from bot.channels.web_frames import Frame, Say, shown
from bot.channels.web_limits import WebLimits
from handlers.person import Language


class Connection:
    """A WebSocket with its two queues. Nothing here waits for the page except `write`, which is a task of its own."""

    def __init__(self, socket: web.WebSocketResponse, remote: str, limits: WebLimits) -> None:
        self.socket, self.remote = socket, remote
        self.language: Language = "vi"
        self.greeted = False
        #: The chat it belongs to; "" until it showed a token or got one.
        self.chat = ""
        self.mistakes = 0
        #: The highest message number written to it.
        self.cursor = 0
        #: Numbers written to it, and those it acknowledged. A number goes over one connection at most once.
        self.written: set[int] = set()
        self.acked: set[int] = set()
        self.said: asyncio.Queue[Say | None] = asyncio.Queue(limits.waiting)
        #: The code it is being closed with.
        self.code: int | None = None
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._unread = limits.unread

    def push(self, frame: Frame) -> None:
        """Write a frame soon. A page that reads too slowly is disconnected; it comes back and catches up."""
        if self.code is not None:
            return
        self._frames.put_nowait(frame)
        if self._frames.qsize() > self._unread:
            self.close(1013)

    def show(self, said: Said, language: Language | None = None) -> None:
        """Write a stored message, unless it went over this connection before."""
        if said.message in self.written:
            return
        self.written.add(said.message)
        self.cursor = max(self.cursor, said.message)
        self.push(shown(said, self.chat, language))

    def close(self, code: int) -> None:
        """Close after what was pushed so far is written."""
        if self.code is None:
            self.code = code
            self._frames.put_nowait(None)

    async def write(self) -> None:
        """Write what was pushed until the connection is closed by either side."""
        try:
            while (frame := await self._frames.get()) is not None:
                await self.socket.send_str(json.dumps(frame, ensure_ascii=False, separators=(",", ":")))
            await self.socket.close(code=self.code or 1000)
        except ConnectionError:
            # The page went away. What it did not acknowledge is shown when it is back.
            self.code = self.code or 1006


class Room:
    """The open pages of one chat, and the messages that wait until one of them shows them."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.waiting: dict[int, asyncio.Future[bool]] = {}
        #: Numbers that were given up after `ack_seconds`: a late acknowledgement is news for the sender.
        self.overdue: set[int] = set()

    def acked(self, message: int) -> bool:
        """Whether one of the pages shows the message."""
        return any(message in connection.acked for connection in self.connections)

    def leave(self, connection: Connection) -> bool:
        """A page is gone. True with the last one: then nobody can show what waits, and the room is empty."""
        self.connections.discard(connection)
        if self.connections:
            return False
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_result(False)
        return True
