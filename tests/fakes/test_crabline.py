"""The foreign Zalo server can be started, written to, and asked what it saw."""

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.crabline import Crabline, crabline

LAN = "6ede9afa66b88fe6d6a9"


async def call(foreign: Crabline, method: str, **given: str) -> tuple[int, dict[str, object]]:
    """Call a method; status and body of the answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{foreign.base_url}/bot{foreign.token}/{method}", json=given) as answer,
    ):
        return answer.status, await answer.json()


async def test_a_text_in_and_a_text_out() -> None:
    async with crabline() as foreign:
        id = await foreign.say(LAN, "xin chào")
        status, answer = await call(foreign, "getUpdates", timeout="5")
        assert (status, answer["ok"]) == (200, True)
        assert f"'message_id': '{id}'" in str(answer["result"])
        assert (await call(foreign, "sendMessage", chat_id=LAN, text="dạ"))[0] == 200
        assert (await call(foreign, "sendMessage", chat_id=LAN, text=""))[0] == 400
        assert foreign.sent() == [{"chat_id": LAN, "text": "dạ"}]
        assert [method for method, _ in foreign.calls()] == ["getUpdates", "sendMessage", "sendMessage"]
        foreign.token = "1:wrong"
        assert (await call(foreign, "getMe"))[0] == 401


async def test_a_webhook_is_brought_what_people_say() -> None:
    came: list[tuple[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        came.append((request.headers["X-Bot-Api-Secret-Token"], (await request.json())["message"]["text"]))
        return web.Response(status=200 if len(came) == 1 else 503)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        async with crabline() as foreign:
            assert (await call(foreign, "setWebhook", url=url, secret_token="a secret of words"))[0] == 200
            await foreign.say(LAN, "một")
            with pytest.raises(AssertionError, match="could not pass on 'hai'"):
                await foreign.say(LAN, "hai")
            assert (await call(foreign, "getUpdates", timeout="5"))[0] == 400
    finally:
        await runner.cleanup()
    assert came == [("a secret of words", "một"), ("a secret of words", "hai")]


async def test_it_ends_with_its_block_also_when_that_fails() -> None:
    started: list[Crabline] = []
    with pytest.raises(ZeroDivisionError):
        async with crabline() as foreign:
            started.append(foreign)
            raise ZeroDivisionError
    with pytest.raises(aiohttp.ClientConnectorError):
        await call(started[0], "getMe")
