"""The fake Zalo Bot Platform takes, refuses and loses what the real one does."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server

LAN = "6ede9afa66b88fe6d6a9"


class Bot:
    """Calls methods, and tells the status and the JSON of each answer."""

    def __init__(self, zalo: ZaloBotServer, session: aiohttp.ClientSession) -> None:
        self.zalo, self.session = zalo, session

    async def call(self, method: str, **given: Any) -> Any:
        """Call with JSON; the body of the answer."""
        async with self.session.post(f"{self.zalo.url}/bot{self.zalo.token}/{method}", json=given) as answer:
            return await answer.json()

    async def post(self, method: str, **how: Any) -> tuple[int, Any]:
        """Call in any way; status and body."""
        async with self.session.post(f"{self.zalo.url}/bot{self.zalo.token}/{method}", **how) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloBotServer]:
    """The server."""
    async with zalo_bot_server(clock=clock) as server:
        yield server


@pytest.fixture
def clock() -> FakeClock:
    """Its clock."""
    return FakeClock()


@pytest.fixture
async def bot(zalo: ZaloBotServer) -> AsyncIterator[Bot]:
    """A bot of it."""
    async with aiohttp.ClientSession() as session:
        yield Bot(zalo, session)


async def test_an_update_is_one_object_handed_out_once(zalo: ZaloBotServer, bot: Bot) -> None:
    zalo.say(LAN, "Xin chào")
    zalo.say(LAN, "mua máy")
    first = await bot.call("getUpdates", timeout="1")
    assert first["result"] == {
        "event_name": "message.text.received",
        "message": {
            "from": {"id": LAN, "display_name": "Ted", "is_bot": False},
            "chat": {"id": LAN, "chat_type": "PRIVATE"},
            "text": "Xin chào",
            "message_id": "2d758cb5e22200000001",
            "date": 1795401000000,
        },
    }
    assert (await bot.call("getUpdates", timeout=1))["result"]["message"]["text"] == "mua máy"
    assert zalo.waiting == []
    idle = await bot.call("getUpdates", timeout="0.01")
    assert idle == {"ok": False, "description": "Request timeout", "error_code": 408}


async def test_a_poll_ends_early_for_an_update_and_for_a_bot_that_hangs_up(zalo: ZaloBotServer, bot: Bot) -> None:
    gone = asyncio.create_task(bot.call("getUpdates", timeout=60))
    await zalo.until(lambda: zalo.polls == 1)
    gone.cancel()
    await zalo.until(lambda: zalo.polls == 0)
    poll = asyncio.create_task(bot.call("getUpdates", timeout=60))
    await zalo.until(lambda: zalo.polls == 1)
    zalo.say(LAN, "còn đây")
    assert (await poll)["result"]["message"]["text"] == "còn đây"


async def test_every_kind_of_event_has_its_fields(zalo: ZaloBotServer, bot: Bot) -> None:
    zalo.send_image(LAN, "máy cũ")
    zalo.send_sticker(LAN)
    zalo.send_voice(LAN)
    zalo.send_unsupported(LAN)
    zalo.group_says("g1", LAN, "@bot chào")
    zalo.event({"event_name": "user.follow"})
    found = [(await bot.call("getUpdates", timeout=1))["result"] for _ in range(6)]
    fields = [set(update.get("message", ())) - {"from", "chat", "message_id", "date"} for update in found]
    assert fields == [{"photo_url", "caption"}, {"sticker", "url"}, {"voice_url"}, set(), {"text"}, set()]
    assert found[4]["message"]["chat"] == {"id": "g1", "chat_type": "GROUP"}
    async with bot.session.get(found[0]["message"]["photo_url"]) as picture:
        assert (await picture.read())[:4] == b"\x89PNG"


@pytest.mark.parametrize("how", ["json", "data", "params", "parts"])
async def test_a_call_may_be_written_in_every_way(zalo: ZaloBotServer, bot: Bot, how: str) -> None:
    zalo.meet(LAN)
    given: Any = {"chat_id": LAN, "text": "Dạ, em nghe"}
    if how == "parts":
        given, how = aiohttp.FormData(given, default_to_multipart=True), "data"
    status, answer = await bot.post("sendMessage", **{how: given})
    assert (status, answer["ok"], set(answer["result"])) == (200, True, {"message_id", "date"})
    assert [shown.text for shown in zalo.shown(LAN)] == ["Dạ, em nghe"]
    assert zalo.calls == [("sendMessage", {"chat_id": LAN, "text": "Dạ, em nghe"})]


@pytest.mark.parametrize(
    ("method", "given", "description"),
    [
        ("sendMessage", {"chat_id": "", "text": "a"}, "The chat_id must not be empty"),
        ("sendMessage", {"chat_id": "never wrote", "text": "a"}, "chat not found"),
        ("sendMessage", {"chat_id": LAN, "text": " "}, "The text must not be empty"),
        ("sendMessage", {"chat_id": LAN, "text": "🙂" * 1001}, "The text must have 1 to 2000 characters"),
        ("sendPhoto", {"chat_id": LAN}, "The photo must not be empty"),
        ("sendPhoto", {"chat_id": LAN, "photo": "data:x"}, "The photo must start with http:// or https://"),
        ("sendPhoto", {"chat_id": LAN, "photo": "https://upload.wikimedia.org/x.png"}, "The photo URL is invalid"),
        ("sendPhoto", {"chat_id": LAN, "photo": "https://a.vn/b", "caption": ""}, "The caption must not be empty"),
        ("sendSticker", {"chat_id": LAN}, "The sticker must not be empty"),
        ("sendChatAction", {"chat_id": LAN, "action": "dance"}, "The action is invalid"),
        ("getUpdates", {"timeout": "soon"}, "The timeout is invalid"),
    ],
)
async def test_what_is_not_right_is_refused(
    zalo: ZaloBotServer, bot: Bot, method: str, given: dict[str, str], description: str
) -> None:
    zalo.meet(LAN)
    refused = {"ok": False, "description": description, "error_code": 400}
    assert await bot.post(method, json=given) == (200, refused)
    zalo.http_errors = True
    assert await bot.post(method, json=given) == (400, refused)
    assert zalo.shown(LAN) == []


async def test_what_is_right_is_shown(zalo: ZaloBotServer, bot: Bot) -> None:
    zalo.say(LAN, "chào")
    zalo.group_says("g1", LAN, "@bot chào")
    assert await bot.call("sendChatAction", chat_id=LAN, action="typing") == {"ok": True}
    await bot.call("sendMessage", chat_id=LAN, text="🙂" * 1000)
    await bot.call("sendPhoto", chat_id=LAN, photo="https://a.vn/b.png", caption="mẫu đơn")
    await bot.call("sendVoice", chat_id="g1", voice_url="https://a.vn/b.aac")
    assert [(shown.text[:7], shown.photo) for shown in zalo.fresh(LAN)] == [
        ("🙂" * 7, ""),
        ("mẫu đơn", "https://a.vn/b.png"),
    ]
    assert zalo.shown("g1") == []
    zalo.say(LAN, "cảm ơn")
    assert zalo.fresh(LAN) == []
    with pytest.raises(AssertionError, match=r"waited 0\.01 s"):
        await zalo.wait_for(LAN, "mẫu đơn", seconds=0.01)


async def test_token_and_method_must_be_known(zalo: ZaloBotServer, bot: Bot) -> None:
    assert (await bot.call("getMe"))["result"]["id"] == "1459232241454765289"
    assert await bot.call("editMessage") == {"ok": False, "description": "Not found", "error_code": 404}
    async with bot.session.post(f"{zalo.url}/bot1:wrong/getMe") as answer:
        assert (await answer.json())["error_code"] == 401
    status, body = await bot.post("getMe", data=b"{", headers={"Content-Type": "application/json"})
    assert (status, body["error_code"]) == (200, 400)


async def test_the_plan_ends_at_so_many_messages_a_month_and_so_many_people(
    zalo: ZaloBotServer, bot: Bot, clock: FakeClock
) -> None:
    zalo.quota.messages, zalo.quota.people = 3, 2
    for user in "abc":
        zalo.meet(user)
    exceeded = {"ok": False, "description": "Quota exceeded", "error_code": 429}
    assert (await bot.call("sendMessage", chat_id="a", text="1"))["ok"]
    assert (await bot.call("sendMessage", chat_id="b", text="2"))["ok"]
    assert await bot.call("sendMessage", chat_id="c", text="3") == exceeded
    assert (await bot.call("sendMessage", chat_id="a", text="3"))["ok"]
    assert await bot.call("sendMessage", chat_id="a", text="4") == exceeded
    clock.advance(dt.timedelta(days=8))
    assert zalo.sent_this_month == 0
    assert (await bot.call("sendMessage", chat_id="a", text="5"))["ok"]
    assert await bot.call("sendMessage", chat_id="c", text="6") == exceeded


async def test_failures_as_ordered(zalo: ZaloBotServer, bot: Bot) -> None:
    zalo.meet(LAN)
    zalo.fail("sendMessage")
    assert (await bot.call("sendMessage", chat_id=LAN, text="a"))["error_code"] == 429
    zalo.fail("sendMessage", 403, "Internal server error", times=2)
    refused = {"ok": False, "description": "Internal server error", "error_code": 403}
    assert [await bot.call("sendMessage", chat_id=LAN, text="b") for _ in "12"] == [refused, refused]
    zalo.fail("sendMessage", drop=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await bot.call("sendMessage", chat_id=LAN, text="c")
    assert zalo.shown(LAN) == []
    zalo.fail("sendMessage", late=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await bot.call("sendMessage", chat_id=LAN, text="d")
    assert [shown.text for shown in zalo.shown(LAN)] == ["d"]
    zalo.fail("sendMessage", status=502)
    async with bot.session.post(f"{zalo.url}/bot{zalo.token}/sendMessage") as answer:
        # What hides tokens must hide them here too.
        assert (answer.status, answer.content_type, zalo.token in await answer.text()) == (502, "text/html", True)


async def test_a_held_call_waits(zalo: ZaloBotServer, bot: Bot) -> None:
    zalo.meet(LAN)
    gate = zalo.hold("sendMessage")
    call = asyncio.create_task(bot.call("sendMessage", chat_id=LAN, text="a"))
    assert await zalo.called("sendMessage") == [{"chat_id": LAN, "text": "a"}]
    assert zalo.shown(LAN) == []
    gate.set()
    await call
    assert (await zalo.wait_for(LAN, "a")).message_id


async def test_an_update_may_come_twice(zalo: ZaloBotServer, bot: Bot) -> None:
    zalo.twice = True
    id = zalo.say(LAN, "a")
    found = [(await bot.call("getUpdates", timeout=1))["result"]["message"]["message_id"] for _ in "12"]
    assert found == [id, id]
