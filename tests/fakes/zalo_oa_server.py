"""Zalo's servers for Official Accounts in a test: one address stands for openapi, business.openapi and oauth."""

import asyncio
import json
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiohttp import web

from bot.clock import Clock
from tests.fakes.zalo_oa_delivery import SECONDS, Json
from tests.fakes.zalo_oa_records import Records, Upload
from tests.fakes.zalo_oa_shapes import Refused
from tests.fakes.zalo_oa_tokens import GrantRefused, Tokens

OAUTH = "/v4/oa/access_token"
#: Headers of a call that are kept.
KEPT = ("access_token", "authorization", "secret_key", "appsecret_proof", "content-type", "user-agent")
#: The smallest picture, for whoever follows a link in an event.
PIXEL = b"\x89PNG\r\n\x1a\n"


class Call(NamedTuple):
    """A call as it came: `body` is the JSON, the `data=` of a GET, a form, or of an upload its name and size."""

    path: str
    headers: dict[str, str]
    body: Json


@dataclass(frozen=True)
class Fault:
    """What goes wrong once. `late`: only after the call was carried out."""

    code: int
    message: str
    status: int
    html: str
    drop: bool
    late: bool


class ZaloOaServer(Records):
    """`async with zalo_oa_server(clock=clock) as zalo:` and give the client `zalo.url` for all three hosts.

    `calls` holds every call of the API.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.tokens = Tokens(self.clock)
        self.calls: list[Call] = []
        #: How many calls of a path wait at its `hold` now.
        self.held: Counter[str] = Counter()
        #: Calls a minute, by the clock; more are answered -32.
        self.api_per_minute = 4000
        #: The app demands the header appsecret_proof.
        self.proof_required = False
        self._minute: deque[float] = deque()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._gates: dict[str, tuple[asyncio.Event, bool]] = {}
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._methods: dict[tuple[str, str], Callable[[Json], Any]] = {
            ("POST", "/v3.0/oa/message/cs"): self.send_cs,
            ("POST", "/v3.0/oa/message/template"): self.send_template,
            ("POST", "/v3.0/oa/message/transaction"): self.shut,
            ("POST", "/v3.0/oa/message/promotion"): self.shut,
            ("POST", "/v2.0/oa/message"): self.send_old,
            ("POST", "/v3.0/oa/quota/message"): self.quota,
            ("GET", "/v3.0/oa/user/detail"): self.detail,
            ("GET", "/v3.0/oa/user/getlist"): self.list_people,
            ("GET", "/v2.0/oa/getoa"): self.about,
            ("GET", "/v2.0/oa/listrecentchat"): self.recent,
            ("GET", "/v2.0/oa/conversation"): self.conversation,
            ("POST", "/v2.0/oa/tag/tagfollower"): self.tag,
            ("POST", "/v2.0/oa/tag/rmfollowerfromtag"): self.untag,
            ("POST", "/v2.0/oa/tag/rmtag"): self.drop_tag,
            ("GET", "/v2.0/oa/tag/gettagsofoa"): self.list_tags,
            ("POST", "/v2.0/oa/upload/image"): self.upload("image"),
            ("POST", "/v2.0/oa/upload/gif"): self.upload("gif"),
            ("POST", "/v2.0/oa/upload/file"): self.upload("file"),
            ("POST", "/message/template"): self.send_template_by_phone,
            ("GET", "/message/status"): self.message_status,
            ("GET", "/message/quota"): self.message_quota,
            ("GET", "/template/all"): self.list_templates,
            ("GET", "/template/info/v2"): self.template_info,
        }

    @property
    def app_secret(self) -> str:
        """The app's secret, header `secret_key` of the OAuth calls."""
        return self.tokens.app_secret

    @property
    def verifier(self) -> str:
        """The PKCE verifier whose challenge is saved in the console; settable."""
        return self.tokens.verifier

    @verifier.setter
    def verifier(self, verifier: str) -> None:
        self.tokens.verifier = verifier

    @property
    def challenge(self) -> str:
        """The challenge saved in the console; settable, to one that does not fit the verifier."""
        return self.tokens.challenge

    @challenge.setter
    def challenge(self, challenge: str) -> None:
        self.tokens.saved_challenge = challenge

    @property
    def refreshes(self) -> int:
        """How often a pair of tokens was exchanged for a new one."""
        return self.tokens.refreshes

    def grant(self) -> tuple[str, str]:
        """A good pair (access, refresh) of tokens, as the console's API Explorer gives it, valid from now."""
        return self.tokens.grant()

    def consent(self) -> str:
        """A code for a pair of tokens, as an admin's consent gives it: 10 minutes, single use."""
        return self.tokens.consent()

    def revoke(self) -> None:
        """An admin takes the consent back: no token is good any more."""
        self.tokens.revoke()

    async def start(self) -> None:
        """Listen; after a stop on the same port again, with the memory it had."""
        app = web.Application(client_max_size=20_000_000)
        app.router.add_get("/media/{name}", self._media)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # A call held back whose caller went away is not carried out.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Hang up on everybody."""
        await self.hang_up()
        if self._runner is not None:
            await self._runner.cleanup()

    def fail(
        self,
        path: str,
        code: int = -200,
        message: str = "Send message failed",
        *,
        status: int = 200,
        html: str = "",
        drop: bool = False,
        late: bool = False,
        times: int = 1,
    ) -> None:
        """Let the next `times` calls of a path fail: by a code, a page that is no JSON, or a dropped connection.

        `late`: the call is carried out, only its answer is lost (the connection drops, unless a page is given).
        """
        self._faults[path].extend([Fault(code, message, status, html, drop or (late and not html), late)] * times)

    def hold(self, path: str, *, late: bool = False) -> asyncio.Event:
        """Keep every call of a path waiting until the event is set; `late`: after it was carried out.

        A call whose caller hangs up before is not carried out, if it is not `late`.
        """
        gate = asyncio.Event()
        self._gates[path] = (gate, late)
        return gate

    async def called(self, path: str, times: int = 1, seconds: float = SECONDS) -> list[Json]:
        """The bodies of every call of a path, once there were so many."""

        def bodies() -> list[Json]:
            return [call.body for call in self.calls if call.path == path]

        return await self.until(lambda: found if len(found := bodies()) >= times else None, seconds)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path, headers = request.path, {name.lower(): value for name, value in request.headers.items()}
        given, broken = await _given(request)
        kept = {name: headers[name] for name in KEPT if name in headers}
        self.calls.append(Call(path, kept, {name: _noted(value) for name, value in given.items()}))
        self.stir()
        gate, late = self._gates.get(path, (None, False))
        if gate and not late:
            await self._wait(path, gate)
        fault = self._faults[path].popleft() if self._faults[path] else None
        if fault and not fault.late:
            return self._fails(request, fault)
        answer = self._granted(headers, given) if path == OAUTH else self._answer(request, headers, given, broken)
        self.stir()
        if gate and late:
            await self._wait(path, gate)
        return self._fails(request, fault) if fault else answer

    async def _wait(self, path: str, gate: asyncio.Event) -> None:
        self.held[path] += 1
        self.stir()
        try:
            await gate.wait()
        finally:
            self.held[path] -= 1
            self.stir()

    def _granted(self, headers: dict[str, str], given: Json) -> web.Response:
        try:
            return web.json_response(self.tokens.answer(headers, given))
        except GrantRefused as refused:
            return web.json_response(refused.answer)

    def _answer(self, request: web.Request, headers: dict[str, str], given: Json, broken: bool) -> web.Response:
        carry_out = self._methods.get((request.method, request.path))
        if carry_out is None:
            return web.json_response({"error": 404, "message": "Empty api"}, status=404)
        try:
            self._admit(request.path, headers)
            if broken:
                raise Refused(-201, "body is invalid")
            data = carry_out(given)
        except Refused as refused:
            return web.json_response({"error": refused.code, "message": str(refused)}, headers=self._rates())
        more = {"metadata": {"total": len(self.templates)}} if request.path == "/template/all" else {}
        answer = {"data": data, "error": 0, "message": "Success", **more}
        return web.json_response(answer, headers=self._rates())

    def _admit(self, path: str, headers: dict[str, str]) -> None:
        now = self.clock.now().timestamp()
        while self._minute and self._minute[0] <= now - 60:
            self._minute.popleft()
        if len(self._minute) >= self.api_per_minute:
            raise Refused(-32, "The OA has exceeded the API rate limit of a minute")
        self._minute.append(now)
        refusal = self.tokens.refusal(headers, proof_required=self.proof_required)
        if refusal:
            # The business host has a code of its own for the same.
            business = path.startswith(("/message/", "/template/"))
            raise Refused(-124 if business and refusal[0] == -216 else refusal[0], refusal[1])
        if self.package == "standard" and path != "/v2.0/oa/getoa":
            raise Refused(-224, "The OA needs a higher package to use this API")

    def _rates(self) -> dict[str, str]:
        left = max(0, self.api_per_minute - len(self._minute))
        return {"X-RateLimit-Limit": str(self.api_per_minute), "X-RateLimit-Remain": str(left)}

    def _fails(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.drop:
            assert request.transport
            request.transport.close()
        if fault.html or fault.status != 200:
            return web.Response(status=fault.status, text=fault.html, content_type="text/html")
        if request.path == OAUTH:
            return web.json_response(GrantRefused(fault.code, fault.message, fault.message).answer)
        return web.json_response({"error": fault.code, "message": fault.message}, headers=self._rates())

    async def _media(self, request: web.Request) -> web.Response:
        return web.Response(body=PIXEL, content_type="application/octet-stream")


async def _given(request: web.Request) -> tuple[Json, bool]:
    """The parameters of a call, and whether they could not be read."""
    given: Json = dict(request.query)
    if request.method == "GET":
        text = given.pop("data", "{}")
    elif request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return {**given, **{name: _file(part) for name, part in (await request.post()).items()}}, False
    else:
        text = await request.text()
    try:
        data = json.loads(text)
    except ValueError:
        return given, True
    return ({**given, **data}, False) if isinstance(data, dict) else (given, True)


def _file(part: str | bytes | bytearray | web.FileField) -> Any:
    return Upload(part.filename, part.file.read()) if isinstance(part, web.FileField) else part


def _noted(value: Any) -> Any:
    return {"name": value.name, "size": len(value.content)} if isinstance(value, Upload) else value


@asynccontextmanager
async def zalo_oa_server(*, clock: Clock | None = None) -> AsyncIterator[ZaloOaServer]:
    """The server, listening while the block runs."""
    server = ZaloOaServer(clock)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
