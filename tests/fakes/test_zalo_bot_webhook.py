"""The fake Zalo brings updates to a webhook as the real one does, and keeps what was not taken."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fakes.clock import FakeClock
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server

LAN = "6ede9afa66b88fe6d6a9"
SECRET = "eight characters or more"


@dataclass
class Hook:
    """A webhook that answers `status` once it is `open`; `came` holds what was brought: header fields and JSON."""

    status: int = 200
    open: asyncio.Event | None = None
    url: str = ""
    came: list[tuple[dict[str, str], Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Take what comes."""
        self.came.append((dict(request.headers), await request.json()))
        if self.open:
            await self.open.wait()
        # Who followed it would find nothing there, which is another outcome.
        elsewhere = {"Location": "/elsewhere"} if self.status == 301 else {}
        return web.Response(status=self.status, headers=elsewhere)

    def texts(self) -> list[str]:
        """The words that were brought, flat bodies only."""
        return [body["message"]["text"] for _, body in self.came if "message" in body]


@pytest.fixture
async def zalo() -> AsyncIterator[ZaloBotServer]:
    """The server."""
    async with zalo_bot_server(clock=FakeClock()) as server:
        yield server


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """The webhook, listening."""
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


async def call(zalo: ZaloBotServer, method: str, **given: Any) -> Any:
    """Call a method; the body of the answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{zalo.url}/bot{zalo.token}/{method}", json=given) as answer,
    ):
        return await answer.json()


async def test_an_update_is_brought_flat_with_the_secret(zalo: ZaloBotServer, hook: Hook) -> None:
    set_up = await call(zalo, "setWebhook", url=hook.url, secret_token=SECRET)
    assert set_up["result"] == {
        "url": hook.url,
        "updated_at": 1795401000000,
        "verification": {
            "ok": True,
            "url": hook.url,
            "outcome": "webhook.ok",
            "status_code": 200,
            "latency_ms": 0,
            "hint": "The webhook answered.",
        },
    }
    zalo.say(LAN, "Xin chào")
    await zalo.settled()
    headers, body = hook.came[-1]
    assert (headers["X-Bot-Api-Secret-Token"], headers["User-Agent"]) == (SECRET, "Java/1.8.0_192")
    assert body["event_name"] == "message.text.received"
    assert hook.texts() == ["Xin chào"]
    zalo.wrapped = True
    zalo.say(LAN, "nữa")
    await zalo.settled()
    assert hook.came[-1][1]["ok"] is True
    assert hook.came[-1][1]["result"]["message"]["text"] == "nữa"


async def test_what_came_before_the_webhook_is_brought_and_polling_is_refused_while_it_is_set(
    zalo: ZaloBotServer, hook: Hook
) -> None:
    poll = asyncio.create_task(call(zalo, "getUpdates", timeout=60))
    await zalo.until(lambda: zalo.polls == 1)
    await call(zalo, "setWebhook", url=hook.url, secret_token=SECRET)
    assert (await poll)["error_code"] == 400
    assert (await call(zalo, "getUpdates", timeout=1))["error_code"] == 400
    assert (await call(zalo, "getWebhookInfo"))["result"]["url"] == hook.url
    assert (await call(zalo, "deleteWebhook"))["result"]["url"] == ""
    zalo.say(LAN, "chờ")
    assert (await call(zalo, "getUpdates", timeout=1))["result"]["message"]["text"] == "chờ"
    zalo.say(LAN, "chờ nữa")
    await call(zalo, "setWebhook", url=hook.url, secret_token=SECRET)
    await zalo.settled()
    assert hook.texts() == ["chờ nữa"]


async def test_what_was_not_taken_is_kept_and_brought_again(zalo: ZaloBotServer, hook: Hook) -> None:
    await call(zalo, "setWebhook", url=hook.url, secret_token=SECRET)
    hook.status = 503
    for text in ("một", "hai"):
        zalo.say(LAN, text)
    await zalo.until(lambda: len(zalo.kept) == 2)
    with pytest.raises(AssertionError, match=r"2 failed; the webhook answered \[503, 503\]"):
        await zalo.settled(0.01)
    hook.status = 200
    await zalo.redeliver()
    await zalo.settled()
    assert hook.texts() == ["một", "hai", "một", "hai"]
    assert zalo.answers == [503, 503, 200, 200]


async def test_a_webhook_that_is_too_slow_or_away_took_nothing(zalo: ZaloBotServer, hook: Hook) -> None:
    await call(zalo, "setWebhook", url="http://127.0.0.1:9/hook", secret_token=SECRET)
    zalo.say(LAN, "một")
    await zalo.until(lambda: zalo.kept)
    assert zalo.answers == [0]
    zalo.patience, hook.open = 0.05, asyncio.Event()
    assert (await call(zalo, "setWebhook", url=hook.url, secret_token=SECRET))["result"]["verification"][
        "outcome"
    ] == "webhook.err.timeout"
    await zalo.redeliver()
    assert (zalo.answers, len(zalo.kept)) == ([0, 0], 1)
    hook.open.set()


@pytest.mark.parametrize(
    ("url", "secret", "description"),
    [
        ("", SECRET, "The url must not be empty"),
        ("http://a.vn/hook", SECRET, "The url must start with https://"),
        ("https://a.vn/hook", "", "The secret_token must not be empty"),
        ("https://a.vn/hook", "short", "The secret_token must have 8 to 256 characters"),
    ],
)
async def test_a_webhook_that_is_not_right_is_refused(
    zalo: ZaloBotServer, url: str, secret: str, description: str
) -> None:
    answer = await call(zalo, "setWebhook", url=url, secret_token=secret)
    assert answer == {"ok": False, "description": description, "error_code": 400}
    assert (await call(zalo, "getWebhookInfo"))["result"]["url"] == ""


@pytest.mark.parametrize(
    ("status", "outcome"), [(403, "http.403"), (404, "http.404"), (500, "http.5xx"), (301, "http.other")]
)
async def test_the_webhook_is_kept_though_it_did_not_answer_well(
    zalo: ZaloBotServer, hook: Hook, status: int, outcome: str
) -> None:
    hook.status, zalo.probe_has_secret = status, False
    set_up = (await call(zalo, "setWebhook", url=hook.url, secret_token=SECRET))["result"]["verification"]
    assert (set_up["ok"], set_up["outcome"], set_up["status_code"]) == (False, f"webhook.{outcome}", status)
    assert "X-Bot-Api-Secret-Token" not in hook.came[0][0]
    assert (await call(zalo, "getWebhookInfo"))["result"]["url"] == hook.url


async def test_testing_is_allowed_a_few_times_a_day(zalo: ZaloBotServer, hook: Hook) -> None:
    assert (await call(zalo, "testWebhook"))["error_code"] == 400
    await call(zalo, "setWebhook", url="http://127.0.0.1:9/hook", secret_token=SECRET)
    tested = (await call(zalo, "testWebhook"))["result"]
    assert (tested["ok"], tested["outcome"], set(tested)) == (
        False,
        "webhook.err.unreachable",
        {"ok", "url", "outcome", "hint"},
    )
    await call(zalo, "testWebhook")
    assert (await call(zalo, "testWebhook"))["errorCode"] == 426
