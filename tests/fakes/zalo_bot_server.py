"""Zalo's servers for bots in a test: a Bot API on loopback that refuses as Zalo does, and fails when it is told to."""

import asyncio
import base64
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.clock import Clock
from tests.fakes.zalo_bot_people import SECONDS, Json
from tests.fakes.zalo_bot_sends import Refused, Sends, word
from tests.fakes.zalo_bot_webhook import Webhook, refusal

#: Shaped as a real one, so that what should hide tokens is tried, and so that a log that holds it is found.
TOKEN = "123456789:not-a-real-zalo-token-abcdefghij"

#: What an nginx before the API says; it repeats the path, and with it the token.
PAGE = "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center>{path}<hr>nginx</body></html>"
#: One grey point.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Fault:
    """What goes wrong once. `late`: only after the call was carried out."""

    error_code: int
    description: str
    status: int
    html: str
    drop: bool
    late: bool


class ZaloBotServer(Sends):
    """`async with zalo_bot_server() as zalo:` and give the bot `zalo.url` and `zalo.token`.

    `calls` holds every call as (method, parameters). Application errors come with HTTP 200, unless `http_errors`.
    """

    def __init__(self, token: str = TOKEN, *, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.token = token
        self.calls: list[tuple[str, Json]] = []
        self.http_errors = False
        #: How often a day each may be called; how often Zalo lets one is not published.
        self.daily = {"testWebhook": 3, "setWebhook": 20}
        #: Polls that wait for an update now.
        self.polls = 0
        self.bot: Json = {
            "id": "1459232241454765289",
            "account_name": "bot.VDKyGxQvc",
            "account_type": "BASIC",
            "can_join_groups": False,
        }
        self._used: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._gates: dict[str, asyncio.Event] = {}
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._methods: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "testWebhook": self._test_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "deleteWebhook": self._delete_webhook,
            "sendMessage": self.send_message,
            "sendPhoto": self.send_photo,
            "sendSticker": self.send_sticker_to,
            "sendVoice": self.send_voice_to,
            "sendChatAction": self.send_chat_action,
        }

    @property
    def url(self) -> str:
        """The base URL of this Bot API."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen; after a stop on the same port again, with the memory it had."""
        app = web.Application()
        app.router.add_get("/photo.png", self._picture)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        # A poll whose bot went away must end: an update read for nobody would be lost.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        await self.start_deliveries()

    async def stop(self) -> None:
        """Hang up on everybody."""
        await self.stop_deliveries()
        if self._runner is not None:
            await self._runner.cleanup()

    def fail(
        self,
        method: str,
        error_code: int = 0,
        description: str = "",
        *,
        status: int = 0,
        html: str = "",
        drop: bool = False,
        late: bool = False,
        times: int = 1,
    ) -> None:
        """Let the next `times` calls of a method fail: by an error code (429 if nothing else is said), an HTTP status
        with a page that is no JSON, or a dropped connection.

        `late`: the call is carried out first, so only its answer is lost; by a dropped connection if nothing is said.
        """
        drop = drop or (late and not (error_code or status or html))
        fault = Fault(error_code or 429, description or f"Error {error_code or 429}", status, html, drop, late)
        self._faults[method].extend([fault] * times)

    def hold(self, method: str) -> asyncio.Event:
        """Keep every call of a method waiting until the event is set."""
        return self._gates.setdefault(method, asyncio.Event())

    async def called(self, method: str, times: int = 1, seconds: float = SECONDS) -> list[Json]:
        """The parameters of every call of a method, once there were so many."""

        def calls() -> list[Json]:
            return [parameters for name, parameters in self.calls if name == method]

        return await self.until(lambda: found if len(found := calls()) >= times else None, seconds)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return self._failure(401, "Unauthorized")
        try:
            given = await _parameters(request)
        except ValueError:
            return self._failure(400, "Bad request")
        self.calls.append((method, given))
        self.stir()
        if method in self._gates:
            await self._gates[method].wait()
        fault = self._faults[method].popleft() if self._faults[method] else None
        if fault and not fault.late:
            return self._fails(request, fault)
        try:
            if method not in self._methods:
                raise Refused(404, "Not found")
            self._count_day(method)
            result = await self._methods[method](given)
        except Refused as refused:
            return self._failure(refused.error_code, str(refused))
        if fault:
            return self._fails(request, fault)
        return web.json_response({"ok": True} if result is None else {"ok": True, "result": result})

    def _fails(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.drop:
            assert request.transport
            request.transport.close()
        if fault.html or fault.status:
            status = fault.status or 200
            page = fault.html or PAGE.format(status=status, path=request.path)
            return web.Response(status=status, text=page, content_type="text/html")
        return self._failure(fault.error_code, fault.description)

    def _failure(self, error_code: int, description: str) -> web.Response:
        # The one refusal whose code is spelled another way.
        spelled = "errorCode" if error_code == 426 else "error_code"
        body = {"ok": False, "description": description, spelled: error_code}
        return web.json_response(body, status=error_code if self.http_errors else 200)

    async def _picture(self, request: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="image/png")

    async def _get_me(self, given: Json) -> Json:
        return self.bot

    async def _get_updates(self, given: Json) -> Json:
        try:
            seconds = float(given.get("timeout", 30))
        except (TypeError, ValueError):
            raise Refused(400, "The timeout is invalid") from None
        self.polls += 1
        self.stir()
        try:
            await self.until(lambda: self.webhook.url or self.waiting, seconds)
        except TimeoutError:
            raise Refused(408, "Request timeout") from None
        finally:
            self.polls -= 1
            self.stir()
        if self.webhook.url:
            raise Refused(400, "Bad request: getUpdates is not available while a webhook is set")
        # Read is gone: there is no number by which the bot could ask for it again.
        return self.waiting.pop(0)

    async def _set_webhook(self, given: Json) -> Json:
        url, secret = word(given, "url"), word(given, "secret_token")
        if reason := refusal(url, secret):
            raise Refused(400, reason)
        # Kept also when nobody answers there, as Zalo does.
        self.webhook = Webhook(url, secret, self.now_ms())
        verification = await self.verify()
        self.stir()
        return {"url": url, "updated_at": self.webhook.updated_at, "verification": verification}

    async def _test_webhook(self, given: Json) -> Json:
        if not self.webhook.url:
            raise Refused(400, "Bad request: no webhook is set")
        found = await self.verify()
        return {name: found[name] for name in ("ok", "url", "outcome", "hint")}

    async def _get_webhook_info(self, given: Json) -> Json:
        return {"url": self.webhook.url, "updated_at": self.webhook.updated_at}

    async def _delete_webhook(self, given: Json) -> Json:
        self.webhook = Webhook(updated_at=self.now_ms())
        self.stir()
        return await self._get_webhook_info(given)

    def _count_day(self, method: str) -> None:
        day = f"{self.clock.now():%Y-%m-%d}"
        self._used[day, method] += 1
        if self._used[day, method] > self.daily.get(method, self._used[day, method]):
            code, description = (426, "Daily limit reached") if method == "testWebhook" else (429, "Quá số lần")
            raise Refused(code, description)


async def _parameters(request: web.Request) -> Json:
    """What a call was given: in JSON, in a form, in parts, in the address, or in several of them."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        body = json.loads(await request.text() or "{}")
        if not isinstance(body, dict):
            raise ValueError("a call's parameters have names")
        return given | body
    # A file is no value of any of the methods.
    return given | {name: part for name, part in (await request.post()).items() if isinstance(part, str)}


@asynccontextmanager
async def zalo_bot_server(token: str = TOKEN, *, clock: Clock | None = None) -> AsyncIterator[ZaloBotServer]:
    """The server, listening while the block runs."""
    server = ZaloBotServer(token, clock=clock)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
