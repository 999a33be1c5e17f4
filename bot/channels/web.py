"""The web chat: visitors of the department's own page, over a WebSocket."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import structlog
from aiohttp import WSMsgType, web

from bot.channels.base import Abilities, History, Outgoing, Said, Take, Wake
from bot.channels.web_connection import Connection, Room
from bot.channels.web_frames import Ack, Begin, FrameError, Hello, Ping, Say, chat_of, parse, read
from bot.channels.web_limits import Buckets, WebLimits, from_our_page, remote_of
from bot.clock import Clock
from bot.errors import Away, StoreUnavailable
from handlers.message import Address, Reply
from handlers.person import Language

log = structlog.get_logger(__name__)

#: The path of the WebSocket below the public site.
SOCKET_PATH = "/chat/socket"

Words = Callable[[Language], Mapping[str, str]]
Greeting = Callable[[Language], Reply]


def new_token() -> str:
    """A visitor's secret: 128 random bits as 22 characters."""
    return secrets.token_urlsafe(16)


class WebChannel:
    """The channel "web". It collects its route; the public site mounts it (bot/web/server.py).

    Nobody is known by name here: a visitor is the hash of a token that their browser keeps, made with their first
    message, so a mere look at the page leaves no trace. `words` gives the page's sentences by their short keys
    ("slow", "not_stored", …), `greeting` what the page shows before the first message. `allowed_origins` are other
    sites ("https://site.vn") that may embed the page; a proxy in front must pass on the Host header, or the site's
    own origin must stand there too. `trust_forwarded_for` only behind a proxy that writes X-Forwarded-For.
    """

    name = "web"
    abilities = Abilities(buttons=12, label=80, text=8000, edits=False, per_second=200)

    def __init__(
        self,
        *,
        clock: Clock,
        history: History,
        words: Words,
        greeting: Greeting,
        account: str = "site",
        limits: WebLimits | None = None,
        allowed_origins: tuple[str, ...] = (),
        trust_forwarded_for: bool = False,
        token: Callable[[], str] = new_token,
    ) -> None:
        self.account, self.words, self.greeting = account, words, greeting
        self.allowed_origins = tuple(origin.rstrip("/").lower() for origin in allowed_origins)
        self.limits = limits or WebLimits()
        self._clock, self._history, self._token, self._trust = clock, history, token, trust_forwarded_for
        self._by_chat = Buckets(self.limits.burst, self.limits.per_minute, clock.steady)
        self._by_remote = Buckets(self.limits.address_per_minute, self.limits.address_per_minute, clock.steady)
        self._sockets = Counter[str]()
        self._rooms: dict[str, Room] = {}
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._take: Take | None = None
        self._wake: Wake | None = None
        self._quiet = False

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts for us."""
        return (web.get(SOCKET_PATH, self._socket),)

    async def start(self, take: Take, wake: Wake) -> None:
        """Begin to take in what pages send."""
        self._take, self._wake, self._quiet = take, wake, False

    async def quiet(self) -> None:
        """Take in nothing more: pages keep new messages and try again. Those taken are finished."""
        self._quiet = True
        await asyncio.gather(*(connection.said.join() for connection in self._open))

    async def stop(self) -> None:
        """Close every connection ("going away": the pages connect again by themselves)."""
        self._quiet, self._take, tasks = True, None, tuple(self._open.values())
        for connection in tuple(self._open):
            connection.close(1001)
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=2 * self.limits.close_seconds)
            for task in stuck:
                task.cancel()

    async def send(self, message: Outgoing) -> str:
        """Show a message on every open page of its chat; returns when one of them shows it. Raises Away."""
        chat, number = message.address.chat, message.message
        if (room := self._rooms.get(chat)) and len(room.connections) > 1:
            # What was said on one page belongs above the reply on the others.
            await self._catch_up(room.connections)
        if (room := self._rooms.get(chat)) is None:
            raise Away("web: nobody has the chat page open")
        if room.acked(number):
            return ""
        shown = room.waiting.setdefault(number, asyncio.get_running_loop().create_future())
        for connection in room.connections:
            connection.show(Said(number, True, message.reply, self._clock.now()), message.language)
        try:
            done, _ = await asyncio.wait({shown}, timeout=self.limits.ack_seconds)
        finally:
            room.waiting.pop(number, None)
        if done and shown.result():
            return ""
        if done:
            raise Away("web: the chat page was closed")
        room.overdue.add(number)
        raise Away(f"web: no page showed the message within {self.limits.ack_seconds:g} s")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not from_our_page(request, self.allowed_origins):
            log.warning("web.foreign_origin", host=request.host[:100], mend="add the site to allowed_origins")
            raise web.HTTPForbidden
        if self._take is None:
            raise web.HTTPServiceUnavailable
        limits, remote = self.limits, remote_of(request, trust_forwarded_for=self._trust)
        beat, patience = limits.heartbeat_seconds, limits.close_seconds
        socket = web.WebSocketResponse(heartbeat=beat, timeout=patience, max_msg_size=limits.frame, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, remote, limits)
        self._sockets[remote] += 1
        self._open[connection] = asyncio.create_task(self._serve(connection))
        try:
            await self._open[connection]
        finally:
            del self._open[connection]
            self._sockets[remote] -= 1
            if not self._sockets[remote]:
                del self._sockets[remote]
        return socket

    async def _serve(self, connection: Connection) -> None:
        """One connection from its first frame to its last."""
        writer = asyncio.create_task(connection.write())
        worker = asyncio.create_task(self._take_in(connection))
        try:
            if self._sockets[connection.remote] > self.limits.address_sockets:
                self._turn_away(connection, "crowded")
            while connection.code is None:
                frame = await connection.socket.receive()
                if frame.type is WSMsgType.TEXT:
                    await self._frame(connection, frame.data)
                elif frame.type is WSMsgType.BINARY:
                    self._mistake(connection, "binary")
                else:
                    break
        finally:
            self._leave(connection)
            connection.close(1000)
            # What was received is taken in even though the page is gone: it will ask again with the same id.
            await connection.said.put(None)
            await worker
            await asyncio.wait({writer}, timeout=2 * self.limits.close_seconds)
            if not writer.done():
                writer.cancel()
                await asyncio.wait({writer})

    async def _frame(self, connection: Connection, raw: str) -> None:
        try:
            frame = parse(raw)
        except FrameError as error:
            return self._mistake(connection, str(error))
        match frame:
            case Ack():
                self._acknowledged(connection, frame.message)
            case Say() if connection.chat:
                self._queue(connection, frame)
            case Hello() if not connection.greeted:
                await self._hello(connection, frame)
            case Begin() if not connection.chat:
                self._begin(connection)
            case Ping():
                connection.push({"type": "pong"})
            case _:
                return self._mistake(connection, f"{type(frame).__name__} out of order")
        connection.mistakes = 0
        return None

    async def _hello(self, connection: Connection, hello: Hello) -> None:
        """Greet a page: show it what it does not show yet, then let the sender try what waits."""
        connection.language, connection.greeted = hello.language, True
        if self._by_remote.wait(connection.remote):
            return self._turn_away(connection, "crowded")
        if hello.token is not None:
            chat = chat_of(hello.token)
            if chat is None:
                return self._tell(connection, "forgotten", type="again")
            connection.cursor = hello.cursor
            self._join(connection, chat)
            if not await self._catch_up({connection}):
                return self._turn_away(connection, "away")
        connection.push({"type": "ready"})
        if connection.chat and self._wake:
            self._wake(self._address(connection.chat))
        return None

    def _begin(self, connection: Connection) -> None:
        if self._by_remote.wait(connection.remote):
            return self._turn_away(connection, "crowded")
        token = self._token()
        chat = chat_of(token)
        assert chat is not None
        self._join(connection, chat)
        return connection.push({"type": "token", "token": token})

    def _queue(self, connection: Connection, say: Say) -> None:
        after = self._by_chat.wait(connection.chat) or self._by_remote.wait(connection.remote)
        if self._quiet or connection.said.full():
            after = max(after, 2)
        if after:
            return self._tell(connection, "slow", type="slow", id=say.id, after=round(after, 1))
        return connection.said.put_nowait(say)

    async def _take_in(self, connection: Connection) -> None:
        """Hand over one connection's messages, one after the other; its acknowledgements do not wait for them."""
        while (say := await connection.said.get()) is not None:
            try:
                await self._take_one(connection, say)
            finally:
                connection.said.task_done()
        connection.said.task_done()

    async def _take_one(self, connection: Connection, say: Say) -> None:
        take, room = self._take, self._rooms.get(connection.chat, Room())
        if take is None:
            return
        for page in room.connections:
            page.push({"type": "typing"})
        try:
            await take(read(say, self._address(connection.chat), self._clock.now()))
        except Exception as error:
            if not isinstance(error, StoreUnavailable):
                # The error's own text may quote the message, so only its kind is logged.
                log.error("web.take_failed", error=type(error).__name__)
            self._tell(connection, "not_stored", type="refused", id=say.id)
        else:
            connection.push({"type": "stored", "id": say.id})
            await self._catch_up(room.connections - {connection})

    def _acknowledged(self, connection: Connection, message: int) -> None:
        room = self._rooms.get(connection.chat)
        # Only what was written here counts: the set must not grow by made-up numbers.
        if room is None or message not in connection.written:
            return
        connection.acked.add(message)
        if (waiting := room.waiting.get(message)) and not waiting.done():
            waiting.set_result(True)
        if message in room.overdue:
            room.overdue.discard(message)
            if self._wake:
                self._wake(self._address(connection.chat))

    async def _catch_up(self, connections: Iterable[Connection]) -> bool:
        """Show pages the stored messages above what they show; whether the store could be read."""
        for connection in tuple(connections):
            try:
                missed = await self._history(self._address(connection.chat), connection.cursor, self.limits.history)
            except Exception as error:
                log.error("web.history_failed", error=type(error).__name__)
                return False
            for said in missed:
                connection.show(said)
        return True

    def _join(self, connection: Connection, chat: str) -> None:
        connection.chat = chat
        self._rooms.setdefault(chat, Room()).connections.add(connection)

    def _leave(self, connection: Connection) -> None:
        room = self._rooms.get(connection.chat)
        if room and room.leave(connection):
            del self._rooms[connection.chat]

    def _mistake(self, connection: Connection, reason: str) -> None:
        connection.mistakes += 1
        self._tell(connection, "unreadable")
        if connection.mistakes >= self.limits.mistakes:
            log.warning("web.closed_after_mistakes", reason=reason)
            connection.close(1008)

    def _tell(self, connection: Connection, sentence: str, **frame: object) -> None:
        """A polite sentence to one page, by its key among the page's words."""
        connection.push({"type": "error", **frame, "text": self.words(connection.language)[sentence]})

    def _turn_away(self, connection: Connection, sentence: str) -> None:
        self._tell(connection, sentence)
        connection.close(1013)

    def _address(self, chat: str) -> Address:
        return Address(self.name, self.account, chat)
