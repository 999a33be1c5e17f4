"""The Official Account's API when the token is refused, when nobody answers, and when somebody else does."""

import json
import logging
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels.zalo_oa_api import ZaloOaApi, ZaloOaError, ZaloOaUnreachable
from bot.errors import Halted
from bot.web.server import Listener, site
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

HOA = "246845883529197922"
CS, GETOA, INFO, UPLOAD = "/v3.0/oa/message/cs", "/v2.0/oa/getoa", "/template/info/v2", "/v2.0/oa/upload/file"


class Purse:
    """Gives access tokens in turn, each after the one before was refused, and keeps what was asked."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)
        self.asked: list[str] = []

    async def token(self, refused: str = "") -> str:
        """The first of them that was not refused."""
        self.asked.append(refused)
        if refused == self._tokens[0]:
            self._tokens.pop(0)
        if not self._tokens:
            raise Halted("the login is lost", "bot zalo login")
        return self._tokens[0]


@pytest.fixture
async def zalo() -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=FakeClock()) as server:
        server.say(HOA, "chào")
        server.templates["12"] = {"params": {}}
        yield server


Opened = Callable[..., ZaloOaApi]


@pytest.fixture
async def opened(zalo: ZaloOaServer) -> AsyncIterator[Opened]:
    """Makes clients, and closes them."""
    made: list[ZaloOaApi] = []

    def open(purse: Purse, read_seconds: float = 5.0, url: str = "") -> ZaloOaApi:
        url = url or zalo.url
        made.append(ZaloOaApi(purse.token, openapi_url=url, business_url=url, read_seconds=read_seconds))
        return made[-1]

    yield open
    for api in made:
        await api.close()


CALLS: dict[str, tuple[str, Callable[[ZaloOaApi], Awaitable[object]]]] = {
    "JSON": (CS, lambda api: api.send_cs(HOA, {"text": "chào"})),
    "query": (GETOA, lambda api: api.get_oa()),
    "business": (INFO, lambda api: api.template_info("12")),
    "form": (UPLOAD, lambda api: api.upload_file(b"%PDF", "a.pdf")),
}


@pytest.mark.parametrize("kind", CALLS)
async def test_a_refused_token_is_replaced_and_the_call_repeated(zalo: ZaloOaServer, opened: Opened, kind: str) -> None:
    path, call = CALLS[kind]
    good = zalo.grant()[0]
    purse = Purse("ended", good)
    await call(opened(purse))
    assert purse.asked == ["", "ended"]
    assert [(made.path, made.headers["access_token"]) for made in zalo.calls] == [(path, "ended"), (path, good)]
    assert zalo.calls[0].body == zalo.calls[1].body


@pytest.mark.parametrize("code", [-216, -220, -124, 216, 220, 124, 401])
async def test_it_is_replaced_once_and_never_in_a_circle(zalo: ZaloOaServer, opened: Opened, code: int) -> None:
    zalo.fail(CS, code=code, message="Access token is invalid", times=100)
    purse = Purse("one", "two", "three")
    with pytest.raises(ZaloOaError) as told:
        await opened(purse).send_cs(HOA, {"text": "chào"})
    assert told.value.code == code
    assert purse.asked == ["", "one"]
    assert len(zalo.calls) == 2


async def test_any_other_code_leaves_the_token_alone(zalo: ZaloOaServer, opened: Opened) -> None:
    for code in (-32, -213, -242, -403, 404):
        purse = Purse("one", "two")
        zalo.fail(CS, code=code)
        with pytest.raises(ZaloOaError):
            await opened(purse).send_cs(HOA, {"text": "chào"})
        assert purse.asked == [""]


async def test_without_another_token_its_own_error_is_told(zalo: ZaloOaServer, opened: Opened) -> None:
    with pytest.raises(Halted, match="the login is lost"):
        await opened(Purse("ended")).send_cs(HOA, {"text": "chào"})
    assert len(zalo.calls) == 1


@pytest.mark.parametrize(
    ("status", "body", "sent"),
    [
        (502, "<h1>502 Bad Gateway</h1>", False),
        (503, '{"message": "away"}', False),
        # It had handed the call on, and waited.
        (504, "<h1>504 Gateway Time-out</h1>", True),
        (403, "<h1>Forbidden</h1>", False),
        (200, "<h1>Log in</h1>", True),
        (200, "", True),
        (200, "[1]", True),
        (200, '{"data": {}}', True),
        (200, "[" * 100_000, True),
    ],
)
async def test_somebody_else_than_zalo_answers(
    zalo: ZaloOaServer, opened: Opened, status: int, body: str, sent: bool
) -> None:
    good = zalo.grant()[0]
    page = body or " "
    zalo.fail(CS, status=status, html=page)
    with pytest.raises(ZaloOaUnreachable) as told:
        await opened(Purse(good)).send_cs(HOA, {"text": "chào"})
    assert str(told.value) == f"{CS}: HTTP {status} from somebody else than Zalo"
    assert told.value.sent is sent


@pytest.mark.parametrize("late", [False, True])
async def test_a_connection_that_breaks_leaves_it_open_what_was_done(
    zalo: ZaloOaServer, opened: Opened, late: bool
) -> None:
    zalo.fail(CS, drop=True, late=late)
    with pytest.raises(ZaloOaUnreachable) as told:
        await opened(Purse(zalo.grant()[0])).send_cs(HOA, {"text": "chào"})
    assert told.value.sent
    assert len(zalo.shown(HOA)) == late
    assert len(zalo.calls) == 1


async def test_an_answer_that_does_not_come(zalo: ZaloOaServer, opened: Opened) -> None:
    gate = zalo.hold(CS)
    with pytest.raises(ZaloOaUnreachable, match="no answer") as told:
        await opened(Purse(zalo.grant()[0]), read_seconds=0.1).send_cs(HOA, {"text": "chào"})
    assert told.value.sent
    gate.set()


async def test_a_connection_that_was_never_made(zalo: ZaloOaServer, opened: Opened) -> None:
    api = opened(Purse(zalo.grant()[0]))
    await zalo.stop()
    for client in (api, opened(Purse("t"), url="not an address")):
        with pytest.raises(ZaloOaUnreachable) as told:
            await client.send_cs(HOA, {"text": "chào"})
        assert not told.value.sent
        # Of the library's error only the kind, for its text may hold the address.
        assert re.fullmatch(rf"{CS}: no answer \(\w+\)", str(told.value))


async def test_closed_it_opens_again(zalo: ZaloOaServer, opened: Opened) -> None:
    api = opened(Purse(zalo.grant()[0]))
    await api.get_oa()
    await api.close()
    await api.close()
    assert (await api.get_oa()).oa_id == zalo.oa_id


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_the_token_goes_nowhere_else(opened: Opened, status: int) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    listener = Listener(site((web.route("*", "/{path:.*}", elsewhere),)), "127.0.0.1", 0)
    await listener.start()
    api = opened(Purse("token"), url=f"http://127.0.0.1:{listener.port}")
    for _, call in CALLS.values():
        with pytest.raises(ZaloOaUnreachable):
            await call(api)
    await listener.stop()
    assert asked == [path for path, _ in CALLS.values()]


def whole(error: BaseException | None) -> str:
    """Everything an error can tell, of what lies beneath it too, whether it is shown or not."""
    texts = []
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


async def test_the_token_is_in_no_error_and_no_log_line(
    zalo: ZaloOaServer, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good = zalo.grant()[0]
    told = []
    with capture_logs() as lines:
        api = opened(Purse(good), read_seconds=0.2)
        for path, call in CALLS.values():
            for fault in (
                {"html": json.dumps({"error": -201, "message": f"access_token {good} is odd"})},
                {"html": f"<p>{good}</p>", "status": 502},
                {"html": f"access_token: {good}"},
                {"drop": True, "times": 9},  # a GET is asked again by itself
            ):
                zalo.fail(path, **fault)
                with pytest.raises((ZaloOaError, ZaloOaUnreachable)) as caught:
                    await call(api)
                told.append(whole(caught.value))
        zalo.hold(GETOA)
        odd = "a\ntoken\x00"
        for client in (api, opened(Purse(odd)), opened(Purse(good), url="http://127.0.0.1:9")):
            with pytest.raises(ZaloOaUnreachable) as caught:
                await client.get_oa()
            told.append(whole(caught.value))
    assert len(told) == 19
    assert "access_token *** is odd" in told[0]
    everything = "\n".join([*told, repr(lines), repr(api), caplog.text])
    assert good not in everything
    assert "token\x00" not in everything
    assert "token\\x00" not in everything
