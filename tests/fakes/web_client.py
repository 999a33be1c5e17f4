"""A visitor of the web chat without a browser: it does over the WebSocket what the page does."""

import asyncio
import json
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from handlers.person import Language

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as the visitor sees it. `number` is None for an own one that the server has not numbered yet."""

    ours: bool
    text: str
    number: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    id: str = ""


class Lost(ConnectionError):
    """The connection ended before what was waited for came; `code` is the WebSocket's."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the connection ended with {code}")
        self.code = code


class WebVisitor:
    """Opens with `open`, talks with `say`, `tap` and `choose`, reads with `next` and `bubbles`; a context manager.

    It keeps its token, its cursor and what is not stored yet over `drop` and `open`, sends that again with the same
    ids, shows every number once, acknowledges what it shows (unless `acks` is False), and waits when told to slow down.
    """

    def __init__(self, url: str, *, language: Language = "vi", token: str | None = None, acks: bool = True) -> None:
        self.url, self.language, self.token, self.acks = url.rstrip("/"), language, token, acks
        self.cursor = 0
        self.bubbles: list[Bubble] = []
        #: Every frame that came, oldest first.
        self.frames: list[Frame] = []
        self.unsent: dict[str, Frame] = {}
        #: The code the last connection ended with.
        self.code: int | None = None
        self._read = 0
        self._changed = asyncio.Condition()
        self._ready = False
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "WebVisitor":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, *, headers: dict[str, str] | None = None, patience: float = 10) -> None:
        """Connect and say hello; returns when the server has shown what is stored. Raises Lost."""
        await self.close()
        self._ready, self.code = False, None
        self._session = aiohttp.ClientSession()
        try:
            # The server may close without reading to the end, so its own patience is not waited for.
            self._socket = await self._session.ws_connect(
                f"{self.url}/chat/socket",
                headers={"Origin": self.url, **(headers or {})},
                max_msg_size=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=2),
            )
        except BaseException:
            await self._session.close()
            raise
        self._reader = asyncio.create_task(self._listen(self._socket))
        hello = {"type": "hello", "token": self.token, "cursor": self.cursor, "language": self.language}
        await self.send(hello)
        await self.until(lambda: self._ready, patience)
        for frame in tuple(self.unsent.values()):
            await self._deliver(frame)

    async def close(self) -> None:
        """Leave politely."""
        if self._socket and not self._socket.closed:
            await self._socket.close()
        if self._reader:
            await self._reader
        if self._session:
            await self._session.close()
        self._session = self._socket = self._reader = None

    async def drop(self) -> None:
        """Lose the network: the connection breaks without a word, whatever was under way."""
        wire = self._socket.get_extra_info("socket") if self._socket else None
        if wire is not None:
            wire.shutdown(socket.SHUT_RDWR)
        await self.close()

    async def say(self, text: str, *, id: str | None = None, patience: float = 10) -> str:
        """Write a message; returns "stored" or "refused". Raises Lost, and the next `open` sends it again."""
        return await self._put({"type": "say", "id": id or uuid.uuid4().hex, "text": text}, patience)

    async def choose(self, choice: str, label: str = "", *, id: str | None = None, patience: float = 10) -> str:
        """Tap a choice by its id; as `say`."""
        frame = {"type": "choose", "id": id or uuid.uuid4().hex, "choice": choice, "label": label or choice}
        return await self._put(frame, patience)

    async def tap(self, which: int | str, *, patience: float = 10) -> str:
        """Tap a choice of the latest offer by its place (from 1) or its label; as `say`."""
        offered = next((bubble.choices for bubble in reversed(self.bubbles) if bubble.choices), ())
        wanted = [c for n, c in enumerate(offered, 1) if which in (n, c[1])]
        if not wanted:
            raise LookupError(f"no choice '{which}' among {[label for _, label in offered]}")
        return await self.choose(*wanted[0], patience=patience)

    async def next(self, patience: float = 10) -> Bubble:
        """The next message of ours that was not read yet, in the order they came. Raises Lost, TimeoutError."""
        unread: list[Bubble] = []

        def found() -> bool:
            unread[:] = self.bubbles[self._read :]
            return any(bubble.ours for bubble in unread)

        await self.until(found, patience)
        place = next(n for n, bubble in enumerate(unread) if bubble.ours)
        self._read += place + 1
        return unread[place]

    async def frame(self, kind: str, patience: float = 10) -> Frame:
        """The first frame of a kind that came, or will come. Raises Lost, TimeoutError."""
        await self.until(lambda: any(frame["type"] == kind for frame in self.frames), patience)
        return next(frame for frame in self.frames if frame["type"] == kind)

    async def until(self, true: Callable[[], bool], patience: float = 10) -> None:
        """Wait until something is true of what came. Raises Lost if the connection ended first, TimeoutError."""
        async with asyncio.timeout(patience), self._changed:
            await self._changed.wait_for(lambda: true() or self.code is not None)
        if not true():
            raise Lost(self.code)

    async def ended(self, patience: float = 10) -> int:
        """The code the server closes the connection with."""
        await self.until(lambda: self.code is not None, patience)
        assert self.code is not None
        return self.code

    async def send(self, frame: Frame | str | bytes) -> None:
        """Send one frame as it is: JSON for a dict, else raw."""
        if self._socket is None:
            raise Lost(self.code)
        if isinstance(frame, bytes):
            await self._socket.send_bytes(frame)
        elif isinstance(frame, str):
            await self._socket.send_str(frame)
        else:
            await self._socket.send_str(json.dumps(frame, ensure_ascii=False))

    async def _put(self, frame: Frame, patience: float) -> str:
        self.unsent[frame["id"]] = frame
        if all(bubble.id != frame["id"] for bubble in self.bubbles):
            self.bubbles.append(Bubble(False, frame.get("text") or frame["label"], id=frame["id"]))
        async with asyncio.timeout(patience):
            if self.token is None:
                await self.send({"type": "begin"})
                await self.until(lambda: self.token is not None, patience)
            return await self._deliver(frame)

    async def _deliver(self, frame: Frame) -> str:
        while True:
            seen = len(self.frames)
            await self.send(frame)

            def answers(seen: int = seen) -> list[Frame]:
                kinds = ("stored", "refused", "slow")
                return [x for x in self.frames[seen:] if x["type"] in kinds and x["id"] == frame["id"]]

            await self.until(lambda: bool(answers()), 3600)
            answer = answers()[0]
            if answer["type"] != "slow":
                return str(answer["type"])
            await asyncio.sleep(answer["after"])

    async def _listen(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in connection:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._took(message.json())
        except ConnectionError:
            pass
        async with self._changed:
            self.code = connection.close_code or 1006
            self._changed.notify_all()

    async def _took(self, frame: Frame) -> None:
        async with self._changed:
            self.frames.append(frame)
            match frame["type"]:
                case "ready":
                    self._ready = True
                case "again":
                    self.token, self._ready = None, True
                case "token":
                    self.token = frame["token"]
                case "stored" | "refused":
                    self.unsent.pop(frame["id"], None)
                case "said":
                    self.unsent.pop(frame["id"], None)
                    self._show(Bubble(False, frame["text"], frame["message"], id=frame["id"]))
                case "message":
                    parts = [frame, *frame.get("cards", ())]
                    choices = tuple(
                        (c["id"], c["label"]) for part in parts[1:] + parts[:1] for c in part.get("choices", ())
                    )
                    links = tuple((link["label"], link["url"]) for link in frame.get("links", ()))
                    self._show(Bubble(True, frame["text"], frame["message"], choices, links))
            self._changed.notify_all()
        if frame["type"] == "message" and self.acks:
            await self.send({"type": "ack", "message": frame["message"]})

    def _show(self, bubble: Bubble) -> None:
        """Every number once; an own message gets its number when it comes back."""
        assert bubble.number is not None
        self.cursor = max(self.cursor, bubble.number)
        for place, shown in enumerate(self.bubbles):
            if shown.number == bubble.number:
                return
            if bubble.id and shown.id == bubble.id:
                self.bubbles[place] = bubble
                return
        self.bubbles.append(bubble)
