"""Telegram's servers in a test: a Bot API on loopback that refuses as Telegram does, and fails when it is told to."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.clock import Clock
from tests.fakes.telegram_methods import Methods
from tests.fakes.telegram_people import SECONDS
from tests.fakes.telegram_schema import FILE, call_problems, result_problems
from tests.fakes.telegram_sending import Refused
from tests.fakes.telegram_text import Json

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


class TelegramServer(Methods):
    """`async with telegram_server() as server:` and give the bot `server.url` and `server.token`.

    `calls` holds every call as (method, parameters). A call the client does not wait for is carried out all the same.
    """

    def __init__(self, token: str = TOKEN, *, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.token = token
        self.calls: list[tuple[str, dict[str, str]]] = []
        #: Seconds each call but getUpdates takes before it is carried out.
        self.latency = 0.0
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._gates: dict[str, asyncio.Event] = {}
        self._poller, self._port = 0, 0
        self._runner: web.AppRunner | None = None
        self._calling: set[asyncio.Task[Any]] = set()
        self.methods["getUpdates"] = self._get_updates

    @property
    def url(self) -> str:
        """The base URL of this Bot API."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen; after a stop on the same port again, with the memory it had."""
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/files/{id}", self._serve_file)
        # A poll whose bot went away must end, as it does at Telegram.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        await self.start_deliveries()

    async def stop(self) -> None:
        """Hang up on everybody; what is half-way is not carried out any more."""
        await self.stop_deliveries()
        for task in self._calling:
            task.cancel()
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

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method, (parameters, uploads) = request.match_info["method"], await _given(request)
        if request.match_info["token"] != self.token:
            known = ":" in request.match_info["token"]
            return _failure(401, "Unauthorized") if known else _failure(404, "Not Found")
        self.calls.append((method, parameters))
        problems = call_problems(method, {**parameters, **dict.fromkeys(uploads, FILE)})
        if method == "getUpdates":
            self.unfit += problems
            self.stir()
            return await self._answer(request, method, parameters)
        task = asyncio.create_task(self._judged(request, method, parameters, problems))
        self._calling.add(task)
        task.add_done_callback(self._calling.discard)
        # Only now, so that whoever waited for the call finds it at its gate.
        self.stir()
        # Telegram has the call: it carries it out, also for one who has hung up meanwhile.
        return await asyncio.shield(task)

    async def _judged(
        self, request: web.Request, method: str, parameters: dict[str, str], problems: list[str]
    ) -> web.StreamResponse:
        answer = await self._answer(request, method, parameters)
        # Of a bad call that is refused for being bad the bot learns enough.
        self.unfit += problems if answer.status != 400 else []
        return answer

    async def _answer(self, request: web.Request, method: str, parameters: dict[str, str]) -> web.StreamResponse:
        if method in self._gates:
            await self._gates[method].wait()
        if self.latency and method != "getUpdates":
            await asyncio.sleep(self.latency)
        fault = self._faults[method].popleft() if self._faults[method] else None
        if fault and not fault.late:
            return self._fails(request, fault)
        try:
            if method not in self.methods:
                raise Refused(404, "Not Found")
            result = await self.methods[method](parameters)
        except Refused as refused:
            return _failure(refused.status, str(refused), **refused.parameters)
        except (KeyError, TypeError, ValueError) as error:
            self.unfit.append(f"{method}: cannot be carried out: {error!r}")
            return _failure(400, "Bad Request: a parameter is missing or cannot be read")
        # Updates were looked at when they came, those that are odd on purpose too.
        self.unfit += result_problems(method, result) if method != "getUpdates" else []
        return self._fails(request, fault) if fault else web.json_response({"ok": True, "result": result})

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        file = self.files.get(request.match_info["id"])
        if request.match_info["token"] != self.token or file is None:
            return _failure(404, "Not Found")
        return web.Response(body=b"x" * file["file_size"], content_type="application/octet-stream")

    def _fails(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.drop and request.transport is not None:
            request.transport.close()
        if fault.html:
            return web.Response(status=fault.status, text=fault.html, content_type="text/html")
        more = {"retry_after": fault.retry_after} if fault.retry_after else {}
        return _failure(fault.status, fault.description, **more)

    async def _get_updates(self, given: dict[str, str]) -> list[Json]:
        offset, limit = int(given.get("offset", 0)), int(given.get("limit", 100))
        allowed = json.loads(given.get("allowed_updates", "[]"))
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active; delete it first")
        # Below zero it counts from the end.
        kept = self.updates[offset:] if offset < 0 else self.updates
        self.updates = [update for update in kept if update["update_id"] >= offset]
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


async def _given(request: web.Request) -> tuple[dict[str, str], list[str]]:
    """The parameters of a call, of a file its name and what stands in it; and which of them are files."""
    if request.content_type == "application/json":
        sent = await request.json()
        return {key: one if isinstance(one, str) else json.dumps(one) for key, one in sent.items()}, []
    form = await request.post()
    uploads = [key for key, part in form.items() if isinstance(part, web.FileField)]
    return {**request.query, **{key: _value(part) for key, part in form.items()}}, uploads


def _value(part: str | bytes | bytearray | web.FileField) -> str:
    """A parameter; of a file its name and what stands in it."""
    return (
        f"{part.filename}: {part.file.read().decode('utf-8', 'replace')}"
        if isinstance(part, web.FileField)
        else str(part)
    )


def _failure(status: int, description: str, **parameters: int) -> web.Response:
    more = {"parameters": parameters} if parameters else {}
    return web.json_response({"ok": False, "error_code": status, "description": description, **more}, status=status)


@asynccontextmanager
async def telegram_server(token: str = TOKEN, *, clock: Clock | None = None) -> AsyncIterator[TelegramServer]:
    """The server, listening while the block runs. At its end everything that went over the wire must have fitted."""
    server = TelegramServer(token, clock=clock)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    told = "; if it is meant so: push(..., odd=True), or clear unfit"
    assert not server.unfit, f"not as aiogram's models have it{told}: {server.unfit}"
