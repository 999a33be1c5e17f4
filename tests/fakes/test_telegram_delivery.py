"""The fake Telegram brings updates to a webhook as the real one does: in order within a chat, until they are taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.fakes.telegram_caller import Caller
from tests.fakes.telegram_server import TelegramServer, telegram_server

HOA, BA = 7001, 7002
SECRET = "kh0ng-ai_biet"


@dataclass
class Hook:
    """A webhook; it answers the `statuses` one after another, then 200, and while a person's gate is shut nothing."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    came: list[tuple[str, Any]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    noticed: Callable[[], object] = bool

    async def take(self, request: web.Request) -> web.Response:
        """Take what comes."""
        update = await request.json()
        self.came.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""), update))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.noticed()
        try:
            if gate := self.gates.get(update["message"]["chat"]["id"]):
                await gate.wait()
        finally:
            self.at_once -= 1
        status = self.statuses.pop(0) if self.statuses else 200
        # Who followed it would be content with what is there.
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 301 else {})

    def texts(self, user: int = HOA) -> list[str]:
        """What was brought of a person, again and again."""
        return [update["message"]["text"] for _, update in self.came if update["message"]["chat"]["id"] == user]


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with telegram_server() as server:
        server.pauses = (0.01,)
        yield server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Caller]:
    async with Caller(server) as bot:
        yield bot


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.take)
    app.router.add_get("/elsewhere", nothing)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


async def nothing(request: web.Request) -> web.Response:
    """What stands elsewhere."""
    return web.Response()


async def delivered(server: TelegramServer) -> None:
    """Wait until everything was taken."""
    await server.until(lambda: not server.unconfirmed)


async def test_what_waits_and_what_comes_is_brought_with_the_secret(
    server: TelegramServer, bot: Caller, hook: Hook
) -> None:
    server.say(HOA, "trước")
    assert (await bot.call("setWebhook", url=hook.url, secret_token=SECRET)).result is True
    server.say(HOA, "sau")
    await delivered(server)
    assert hook.texts() == ["trước", "sau"]
    assert {secret for secret, _ in hook.came} == {SECRET}
    assert [status for _, status in server.deliveries] == [200, 200]


@pytest.mark.parametrize("status", [301, 403, 404, 500, 503])
async def test_anything_but_2xx_is_repeated_and_what_the_person_said_next_waits(
    server: TelegramServer, bot: Caller, hook: Hook, status: int
) -> None:
    hook.statuses = [status, status, 204]
    await bot.call("setWebhook", url=hook.url)
    server.say(HOA, "một")
    server.say(HOA, "hai")
    await delivered(server)
    assert hook.texts() == ["một", "một", "một", "hai"]
    first, second = 5001, 5002
    assert server.deliveries == [(first, status), (first, status), (first, 204), (second, 200)]


async def test_one_chat_that_waits_holds_up_no_other(server: TelegramServer, bot: Caller, hook: Hook) -> None:
    gate = hook.gates[HOA] = asyncio.Event()
    await bot.call("setWebhook", url=hook.url)
    for text in ("một", "hai", "ba"):
        server.say(HOA, text)
        server.say(BA, text)
    await server.until(lambda: len(server.unconfirmed) == 3)
    assert (hook.texts(HOA), hook.texts(BA)) == (["một"], ["một", "hai", "ba"])
    gate.set()
    await delivered(server)
    assert hook.texts(HOA) == ["một", "hai", "ba"]


async def test_only_so_many_are_brought_at_once(server: TelegramServer, bot: Caller, hook: Hook) -> None:
    gate = asyncio.Event()
    hook.gates = dict.fromkeys(range(7000, 7010), gate)
    await bot.call("setWebhook", url=hook.url, max_connections=3)
    for user in hook.gates:
        server.say(user, "chào")
    hook.noticed = server.stir
    await server.until(lambda: hook.at_once == 3)
    gate.set()
    await delivered(server)
    assert (hook.most_at_once, server.most_under_way, len(hook.came)) == (3, 3, 10)


async def test_an_answer_that_does_not_come_in_time_is_none(server: TelegramServer, bot: Caller, hook: Hook) -> None:
    hook.gates[HOA] = asyncio.Event()
    server.patience = 0.05
    await bot.call("setWebhook", url=hook.url)
    server.say(HOA, "một")
    await server.until(lambda: len(server.deliveries) >= 2)
    info = (await bot.call("getWebhookInfo")).result
    assert (info["pending_update_count"], info["last_error_message"]) == (1, "Read timeout expired")
    hook.gates[HOA].set()
    await delivered(server)
    assert [status for _, status in server.deliveries][:2] == [0, 0]


async def test_what_nobody_takes_is_told_and_kept_for_a_poller(
    server: TelegramServer, bot: Caller, unused_tcp_port: int
) -> None:
    await bot.call("setWebhook", url=f"http://127.0.0.1:{unused_tcp_port}/", allowed_updates=["message"])
    server.say(HOA, "một")
    await server.until(lambda: server.last_error)
    info = (await bot.call("getWebhookInfo")).result
    told = {"url": f"http://127.0.0.1:{unused_tcp_port}/", "pending_update_count": 1, "max_connections": 40}
    assert {**info, **told, "allowed_updates": ["message"], "last_error_message": "Connection refused"} == info
    refused = await bot.call("getUpdates")
    assert (refused.status, "webhook is active" in refused.why) == (409, True)
    assert (await bot.call("deleteWebhook")).result is True
    (update,) = (await bot.call("getUpdates")).result
    assert update["message"]["text"] == "một"
    assert (await bot.call("getWebhookInfo")).result["url"] == ""


async def test_kinds_of_updates_nobody_asked_for_do_not_come(server: TelegramServer, bot: Caller, hook: Hook) -> None:
    await bot.call("setWebhook", url=hook.url, allowed_updates=["message"])
    server.block(HOA)
    server.unblock(HOA)
    server.say(HOA, "một")
    await delivered(server)
    assert hook.texts() == ["một"]
    assert len(server.deliveries) == 1


async def test_pending_updates_can_be_dropped_and_an_empty_url_ends_it(
    server: TelegramServer, bot: Caller, hook: Hook
) -> None:
    server.say(HOA, "cũ")
    await bot.call("setWebhook", url=hook.url, drop_pending_updates=True)
    server.say(HOA, "mới")
    await delivered(server)
    await bot.call("setWebhook", url="")
    server.say(HOA, "để lại")
    assert [update["message"]["text"] for update in (await bot.call("getUpdates")).result] == ["để lại"]
    assert hook.texts() == ["mới"]


async def test_another_address_while_one_is_called_gets_the_rest_once(
    server: TelegramServer, bot: Caller, hook: Hook
) -> None:
    gate = hook.gates[HOA] = asyncio.Event()
    hook.noticed = server.stir
    await bot.call("setWebhook", url=hook.url)
    for text in ("một", "hai", "ba"):
        server.say(HOA, text)
    await server.until(lambda: hook.at_once)
    await bot.call("setWebhook", url=hook.url, secret_token=SECRET)
    gate.set()
    await delivered(server)
    server.say(HOA, "bốn")
    await delivered(server)
    assert hook.texts() == ["một", "hai", "ba", "bốn"]
    assert [secret for secret, _ in hook.came] == ["", SECRET, SECRET, SECRET]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"url": "http://vidu.vn/hook"}, "HTTPS url must be provided"),
        ({"url": "https://vidu.vn:8000/hook"}, "only on ports"),
        ({"url": "https://vidu.vn/hook", "secret_token": "có dấu"}, "unallowed characters"),
        ({"url": "https://vidu.vn/hook", "secret_token": "a" * 257}, "unallowed characters"),
        ({"url": "https://vidu.vn/hook", "secret_token": ""}, "unallowed characters"),
        ({"url": "https://vidu.vn/hook", "max_connections": 101}, "max_connections"),
    ],
)
async def test_a_webhook_telegram_would_not_take_is_refused(
    server: TelegramServer, bot: Caller, given: dict[str, Any], why: str
) -> None:
    answer = await bot.call("setWebhook", **given)
    assert (answer.status, why in answer.why, server.webhook) == (400, True, "")


async def test_an_address_elsewhere_is_never_called(server: TelegramServer, bot: Caller) -> None:
    assert (await bot.call("setWebhook", url="https://vidu.vn/hook", secret_token=SECRET)).result is True
    server.say(HOA, "một")
    assert (await bot.call("getWebhookInfo")).result["pending_update_count"] == 1
    assert not server.deliveries


async def test_telegram_that_was_away_goes_on_where_it_was(server: TelegramServer, bot: Caller, hook: Hook) -> None:
    await bot.call("setWebhook", url=hook.url)
    await server.stop()
    server.say(HOA, "một")
    await server.start()
    await delivered(server)
    assert hook.texts() == ["một"]
