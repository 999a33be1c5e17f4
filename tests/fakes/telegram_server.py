"""Telegram's servers in a test: a Bot API on loopback that refuses as Telegram does, and fails when it is told to."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.clock import Clock
from tests.fakes.telegram_people import SECONDS, Json, People, Person, Shown, bot

#: A token no pattern takes for one, so a test that looks for it in a log finds it unless nobody wrote it.
TOKEN = "4242:not-a-real-one"


@dataclass(frozen=True)
class Fault:
    """What goes wrong once. `late`: only after the call was carried out."""

    status: int
    description: str
    retry_after: int
    html: str
    drop: bool
    late: bool


class Refused(Exception):
    """The server's answer to a call it does not take."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.parameters = status, parameters


class TelegramServer(People):
    """`async with telegram_server() as server:` and give the bot `server.url` and `server.token`.

    `calls` holds every call as (method, parameters). `webhook`, if set, refuses polling until it is deleted.
    """

    def __init__(self, token: str = TOKEN, *, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.token = token
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.webhook = ""
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._gates: dict[str, asyncio.Event] = {}
        self._poller, self._port = 0, 0
        self._runner: web.AppRunner | None = None
        self._methods: dict[str, Callable[[dict[str, str]], Awaitable[Any]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "deleteWebhook": self._delete_webhook,
            "sendMessage": self._send_message,
            "sendDocument": self._send_document,
            "editMessageText": self._edit_message,
            "answerCallbackQuery": self._answer_callback,
            "sendChatAction": self._nod_to_chat,
            "setMyCommands": self._nod,
        }

    @property
    def url(self) -> str:
        """The base URL of this Bot API."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen; after a stop on the same port again, with the memory it had."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        # A poll whose bot went away must end, as it does at Telegram.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._runner is not None:
            await self._runner.cleanup()

    def fail(
        self,
        method: str,
        status: int = 500,
        description: str = "Internal Server Error",
        *,
        retry_after: int = 0,
        html: str = "",
        drop: bool = False,
        late: bool = False,
        times: int = 1,
    ) -> None:
        """Let the next `times` calls of a method fail: by a status, a page that is no JSON, or a dropped connection.

        `late`: the call is carried out first, so only its answer is lost.
        """
        if retry_after:
            status, description = 429, f"Too Many Requests: retry after {retry_after}"
        self._faults[method].extend([Fault(status, description, retry_after, html, drop, late)] * times)

    def hold(self, method: str) -> asyncio.Event:
        """Keep every call of a method waiting until the event is set."""
        return self._gates.setdefault(method, asyncio.Event())

    async def called(self, method: str, times: int = 1, seconds: float = SECONDS) -> list[dict[str, str]]:
        """The parameters of every call of a method, once there were so many."""

        def calls() -> list[dict[str, str]]:
            return [parameters for name, parameters in self.calls if name == method]

        return await self.until(lambda: found if len(found := calls()) >= times else None, seconds)

    @property
    def unconfirmed(self) -> list[int]:
        """The numbers of the updates that would be handed out again."""
        return [update["update_id"] for update in self.updates]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        parameters = {**request.query, **{key: _value(part) for key, part in (await request.post()).items()}}
        if request.match_info["token"] != self.token:
            known = ":" in request.match_info["token"]
            return _failure(401, "Unauthorized") if known else _failure(404, "Not Found")
        self.calls.append((method, parameters))
        self.stir()
        if method in self._gates:
            await self._gates[method].wait()
        fault = self._faults[method].popleft() if self._faults[method] else None
        if fault and not fault.late:
            return self._fails(request, fault)
        try:
            if method not in self._methods:
                raise Refused(404, "Not Found")
            result = await self._methods[method](parameters)
        except Refused as refused:
            return _failure(refused.status, str(refused), **refused.parameters)
        return self._fails(request, fault) if fault else web.json_response({"ok": True, "result": result})

    def _fails(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.drop:
            assert request.transport
            request.transport.close()
        if fault.html:
            return web.Response(status=fault.status, text=fault.html, content_type="text/html")
        more = {"retry_after": fault.retry_after} if fault.retry_after else {}
        return _failure(fault.status, fault.description, **more)

    async def _get_updates(self, given: dict[str, str]) -> list[Json]:
        offset, limit = int(given.get("offset", 0)), int(given.get("limit", 100))
        allowed = json.loads(given.get("allowed_updates", "[]"))
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        self._poller += 1
        mine = self._poller
        self.stir()

        def waiting() -> list[Json]:
            fit = [update for update in self.updates if not allowed or any(kind in update for kind in allowed)]
            return fit[:limit]

        try:
            await self.until(lambda: self._poller != mine or waiting() or None, float(given.get("timeout", 0)))
        except TimeoutError:
            return []
        if self._poller != mine:
            raise Refused(409, "Conflict: terminated by other getUpdates request")
        return waiting()

    async def _send_message(self, given: dict[str, str]) -> Json:
        person, text = self._reached(given), _text(given)
        shown = Shown(self.next_number(), text, _buttons(given), change=self.stir())
        person.shown.append(shown)
        return self.stored(person.id, shown.number)

    async def _send_document(self, given: dict[str, str]) -> Json:
        person, document = self._reached(given), given.get("document", "")
        if not document:
            raise Refused(400, "Bad Request: there is no document in the request")
        shown = Shown(self.next_number(), document, change=self.stir())
        person.shown.append(shown)
        return self.stored(person.id, shown.number)

    async def _edit_message(self, given: dict[str, str]) -> Json:
        person, text, buttons = self._reached(given), _text(given), _buttons(given)
        number = int(given["message_id"])
        shown = next((shown for shown in person.shown if shown.number == number), None)
        if shown is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if (shown.text, shown.buttons) == (text, buttons):
            raise Refused(400, "Bad Request: message is not modified: the new content is exactly the same")
        shown.text, shown.buttons, shown.edited, shown.change = text, buttons, True, self.stir()
        return self.stored(person.id, number)

    async def _answer_callback(self, given: dict[str, str]) -> bool:
        if self.spinning.pop(given["callback_query_id"], None) is None:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.stir()
        return True

    async def _get_me(self, given: dict[str, str]) -> Json:
        return {**bot(), "can_join_groups": True, "can_read_all_group_messages": False}

    async def _delete_webhook(self, given: dict[str, str]) -> bool:
        self.webhook = ""
        if given.get("drop_pending_updates") == "true":
            self.updates.clear()
        return True

    async def _nod_to_chat(self, given: dict[str, str]) -> bool:
        return bool(self._reached(given))

    async def _nod(self, given: dict[str, str]) -> bool:
        return True

    def _reached(self, given: dict[str, str]) -> Person:
        person = self.people.get(int(given["chat_id"]))
        if person is None:
            raise Refused(400, "Bad Request: chat not found")
        if person.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return person


def _value(part: str | bytes | bytearray | web.FileField) -> str:
    """A parameter; of a file its name and what stands in it."""
    return f"{part.filename}: {part.file.read().decode()}" if isinstance(part, web.FileField) else str(part)


def _failure(status: int, description: str, **parameters: int) -> web.Response:
    more = {"parameters": parameters} if parameters else {}
    return web.json_response({"ok": False, "error_code": status, "description": description, **more}, status=status)


def _text(given: dict[str, str]) -> str:
    text = given.get("text", "").strip()
    if not text:
        raise Refused(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) > 2 * 4096:
        raise Refused(400, "Bad Request: message is too long")
    return text


def _buttons(given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    rows = json.loads(given.get("reply_markup", "{}")).get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    for button in buttons:
        if not button.get("text", "").strip():
            raise Refused(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
        if set(button) != {"text", "callback_data"} or not 1 <= len(button["callback_data"].encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return tuple((button["text"], button["callback_data"]) for button in buttons)


@asynccontextmanager
async def telegram_server(token: str = TOKEN, *, clock: Clock | None = None) -> AsyncIterator[TelegramServer]:
    """The server, listening while the block runs."""
    server = TelegramServer(token, clock=clock)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
