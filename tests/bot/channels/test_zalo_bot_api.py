"""The client of the Zalo Bot Platform: what it makes of every answer, and that its token stays where it belongs."""

import json
import logging
import traceback
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels.base import Taken
from bot.channels.zalo_bot import ZaloBotChannel
from bot.channels.zalo_bot_api import Me, Sent, Verification, WebhookInfo, ZaloBotApi, ZaloBotError
from bot.errors import SendError
from bot.web.server import Listener, site
from handlers.message import Reply
from tests.fakes.zalo_bot_house import HOA, ZaloBotHouse, channel_of, doorstep_of, out
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server

SECRET = "not-a-real-zalo-token-abcdefghij"
TEXT = {"event_name": "message.text.received", "message": {"text": "chào"}}


@pytest.fixture
async def server() -> AsyncIterator[ZaloBotServer]:
    async with zalo_bot_server() as server:
        yield server


@pytest.fixture
async def api(server: ZaloBotServer) -> AsyncIterator[ZaloBotApi]:
    api = ZaloBotApi(server.token, f"{server.url}/", read_seconds=5)
    yield api
    await api.close()


async def test_every_call_as_the_platform_takes_it(server: ZaloBotServer, api: ZaloBotApi) -> None:
    assert await api.get_me() == Me("1459232241454765289", "bot.VDKyGxQvc")
    server.meet(HOA)
    sent = await api.send_message(HOA, "_chào_ & <b>")
    photo = await api.send_photo(HOA, f"{server.url}/photo.png")
    await api.send_chat_action(HOA)
    assert [shown.message_id for shown in server.shown(HOA)] == [sent.message_id, photo.message_id]
    assert server.shown(HOA)[0].text == "_chào_ & <b>"
    assert await api.get_webhook_info() == WebhookInfo()
    known = await api.set_webhook("http://127.0.0.1:9/hook", "eight letters")
    assert known.url == "http://127.0.0.1:9/hook"
    assert known.verification
    assert (known.verification.ok, known.verification.outcome) == (False, "webhook.err.unreachable")
    assert (await api.get_webhook_info()).url == known.url
    assert await api.delete_webhook() == WebhookInfo()
    server.say(HOA, "mua máy")
    (update,) = await api.get_updates(5)
    assert isinstance(update, dict)
    assert update["message"]["text"] == "mua máy"
    assert await api.get_updates(0) == ()
    assert dict(server.calls)["getMe"] == {}
    assert dict(server.calls)["getUpdates"] == {"timeout": 0}


@pytest.mark.parametrize(
    ("result", "updates"),
    [(TEXT, (TEXT,)), ([TEXT, TEXT], (TEXT, TEXT)), ([], ()), ({}, ()), (None, ()), ("x", ("x",))],
    ids=["object", "list", "empty list", "empty object", "null", "word"],
)
async def test_updates_come_in_any_form(
    server: ZaloBotServer, api: ZaloBotApi, result: object, updates: tuple[object, ...]
) -> None:
    server.fail("getUpdates", html=json.dumps({"ok": True, "result": result}))
    assert await api.get_updates(1) == updates


@pytest.mark.parametrize("result", [None, {}, [], "x", {"message_id": None}], ids=repr)
async def test_what_went_out_is_no_error_whatever_the_answer_looks_like(
    server: ZaloBotServer, api: ZaloBotApi, result: object
) -> None:
    server.fail("sendMessage", html=json.dumps({"ok": True, "result": result}))
    assert await api.send_message(HOA, "chào") == Sent()


async def test_a_webhook_without_a_verification_and_one_that_is_well(server: ZaloBotServer, api: ZaloBotApi) -> None:
    well = {"url": "https://a.vn", "verification": {"ok": True, "outcome": "webhook.ok", "hint": ""}}
    server.fail("setWebhook", html=json.dumps({"ok": True, "result": well}))
    assert await api.set_webhook("https://a.vn", "x") == WebhookInfo("https://a.vn", Verification(True, "webhook.ok"))
    server.fail("setWebhook", html=json.dumps({"ok": True}))
    assert await api.set_webhook("https://a.vn", "x") == WebhookInfo()


ANSWERS: dict[str, tuple[int, str, tuple[int, str, bool]]] = {
    "as documented": (200, '{"ok":false,"description":"Not found","error_code":404}', (404, "Not found", False)),
    "with its status": (404, '{"ok":false,"description":"Not found","error_code":404}', (404, "Not found", False)),
    "code as text": (200, '{"ok":false,"description":"Đầy","error_code":"429"}', (429, "Đầy", False)),
    "other spelling": (200, '{"ok":false,"errorCode":426,"message":"enough"}', (426, "enough", False)),
    "only an error": (400, '{"ok":false,"error":"bad"}', (400, "bad", False)),
    "no code": (200, '{"ok":false}', (0, "no reason", False)),
    "odd code": (200, '{"ok":false,"error_code":true,"description":["x"],"error":"y"}', (0, "y", False)),
    "not quite ok": (200, '{"ok":"true","result":{}}', (0, "no reason", False)),
    "timed out": (200, '{"ok":false,"description":"Request timeout","error_code":408}', (408, "Request timeout", True)),
    "page": (502, "<html>Bad\n Gateway</html>", (0, "HTTP 502 from somebody else than Zalo: <html>Bad Gateway", False)),
    "somebody else's": (401, '{"message":"login"}', (0, 'HTTP 401 from somebody else than Zalo: {"message"', False)),
    "a list": (200, "[1]", (0, "HTTP 200 from somebody else than Zalo: [1]", False)),
    "moved": (302, '{"ok":true,"result":{}}', (0, "HTTP 302 from somebody else than Zalo:", False)),
    "too deep": (200, "[" * 100_000, (0, "HTTP 200 from somebody else than Zalo: [[[", False)),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_every_kind_of_refusal(server: ZaloBotServer, api: ZaloBotApi, answer: str) -> None:
    status, body, (code, words, sent) = ANSWERS[answer]
    server.fail("sendMessage", status=status, html=body)
    with pytest.raises(ZaloBotError) as caught:
        await api.send_message(HOA, "chào")
    error = caught.value
    assert (error.method, error.code, error.sent) == ("sendMessage", code, sent)
    assert error.description.startswith(words)
    assert len(error.description) <= 200


async def test_a_connection_that_was_never_made_and_one_that_broke(server: ZaloBotServer, api: ZaloBotApi) -> None:
    server.fail("sendMessage", drop=True)
    with pytest.raises(ZaloBotError) as broke:
        await api.send_message(HOA, "chào")
    await server.stop()
    with pytest.raises(ZaloBotError) as never:
        await api.send_message(HOA, "chào")
    assert (broke.value.sent, never.value.sent) == (True, False)
    nowhere = ZaloBotApi(server.token, "not an address")
    with pytest.raises(ZaloBotError):
        await nowhere.get_me()
    await nowhere.close()


async def test_the_token_goes_nowhere_else() -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    listener = Listener(site((web.post("/{path:.*}", elsewhere),)), "127.0.0.1", 0)
    await listener.start()
    api = ZaloBotApi("123456789:a/b?c#d%", f"http://127.0.0.1:{listener.port}")
    with pytest.raises(ZaloBotError):
        await api.get_me()
    await api.close()
    await listener.stop()
    assert asked == ["/bot123456789:a/b?c#d%/getMe"]


def whole(error: BaseException | None) -> str:
    """Everything an error can tell, of what lies beneath it too, whether it is shown or not."""
    texts = []
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


@pytest.mark.parametrize("token", [f"123456789:{SECRET}", SECRET], ids=["usual", "without a colon"])
async def test_the_token_is_in_no_log_line_error_or_task(token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    with capture_logs() as lines:
        async with zalo_bot_server(token) as server:
            house = ZaloBotHouse(server)
            house.result = Taken.PENDING
            server.meet(HOA)
            for method in ("getWebhookInfo", "getUpdates", "sendMessage", "sendChatAction", "setWebhook"):
                server.fail(method, status=502)  # nginx shows the path, token and all
                server.fail(method, 403, f"Internal server error: /bot{server.token}/{method}")
                server.fail(method, drop=True)
                server.fail(method, 400, f"Bad request: BOT{server.token.upper()}")
            channel = channel_of(server, house, read_seconds=0.2)
            await channel.start(house.take, lambda address: None)
            for _ in range(4):
                server.say(HOA, "mua máy")
                told.append(await failing(channel))
            await house.has(4)
            await server.called("sendChatAction", 4)
            await channel.quiet()
            door = doorstep_of(server, house)
            await door.open()
            told.append(repr(await house.was_told()))
            await door.close()
            server.hold("sendMessage")
            told.append(await failing(channel))
            await server.stop()
            told.append(await failing(channel))
            await channel.stop()
            told += map(repr, (channel, door.channel, channel.account))
    everything = "\n".join([*told, repr(lines), caplog.text])
    for words in ("polling_failed", "signal_failed", "webhook_later", "webhook_refused", "***"):
        assert words in everything
    assert SECRET not in everything.lower()


async def failing(channel: ZaloBotChannel) -> str:
    """All that a failed send tells."""
    with pytest.raises(SendError) as caught:
        await channel.send(out(Reply("chào")))
    return whole(caught.value)
