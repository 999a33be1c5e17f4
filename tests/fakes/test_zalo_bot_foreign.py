"""Clients that others wrote talk to the fake Zalo Bot Platform: it is not only its author who understands it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import zalo_bot  # type: ignore[import-untyped]
from pyzalo.main import PyZALO  # type: ignore[import-untyped]
from zalo_bot import error

from tests.fakes.clock import FakeClock
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server

LAN = "6ede9afa66b88fe6d6a9"
PHOTO = "https://a.vn/b.png"
SECRET = "eight characters or more"
#: Nobody listens there; Zalo keeps such a webhook all the same.
HOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
async def zalo() -> AsyncIterator[ZaloBotServer]:
    """The server; somebody wrote to the bot."""
    async with zalo_bot_server(clock=FakeClock()) as server:
        server.say(LAN, "Xin chào")
        yield server


async def test_python_zalo_bot_reads_and_answers(zalo: ZaloBotServer) -> None:
    async with zalo_bot.Bot(zalo.token, base_url=zalo.url) as bot:
        assert (await bot.get_me()).account_name == zalo.bot["account_name"]
        update = await bot.get_update(timeout=5)
        message = update.message
        assert (message.text, message.from_user.id, message.chat.id) == ("Xin chào", LAN, LAN)
        assert (message.from_user.display_name, message.from_user.is_bot) == ("Ted", False)
        # It reads the milliseconds in the machine's own time.
        assert message.date.timestamp() == zalo.clock.now().timestamp()
        answer = await message.reply_text("Dạ, em nghe")
        picture = await bot.send_photo(LAN, "mẫu đơn", PHOTO)
        sticker = await bot.send_sticker(LAN, "0e078a2fb66a5f34067b")
        shown = zalo.fresh(LAN)
        assert [(one.text, one.photo, one.sticker) for one in shown] == [
            ("Dạ, em nghe", "", ""),
            ("mẫu đơn", PHOTO, ""),
            ("", "", "0e078a2fb66a5f34067b"),
        ]
        assert [one.message_id for one in shown] == [answer.message_id, picture.message_id, sticker.message_id]
        zalo.send_image(LAN, "máy cũ")
        assert (await bot.get_update(timeout=5)).message.photo_url == f"{zalo.url}/photo.png"


async def test_python_zalo_bot_is_refused_by_status(zalo: ZaloBotServer) -> None:
    zalo.http_errors = True
    async with zalo_bot.Bot(zalo.token, base_url=zalo.url) as bot:
        with pytest.raises(error.BadRequest, match="The text must have 1 to 2000 characters"):
            await bot.send_message(LAN, "a" * 2001)
        zalo.fail("sendMessage", status=502, html='{"description": "Bad Gateway"}')
        with pytest.raises(error.NetworkError, match="Bad Gateway"):
            await bot.send_message(LAN, "a")
    with pytest.raises(error.InvalidToken):
        await zalo_bot.Bot("1:wrong", base_url=zalo.url).initialize()


async def test_python_zalo_bot_sets_a_webhook(zalo: ZaloBotServer) -> None:
    # Each of these runs an event loop of its own to its end.
    def manage() -> list[object]:
        def bot() -> zalo_bot.Bot:
            return zalo_bot.Bot(zalo.token, base_url=zalo.url)

        done = bot().set_webhook(HOOK, SECRET)
        return [done, bot().get_webhook_info().url, bot().delete_webhook(), bot().get_webhook_info().url]

    assert await asyncio.to_thread(manage) == [True, HOOK, True, ""]


async def test_pyzalo_reads_and_answers(zalo: ZaloBotServer) -> None:
    zalo.fail("getMe", 403, "Internal server error")

    def talk() -> None:
        bot = PyZALO(zalo.token, base_url=zalo.url)
        try:
            assert bot.getMe() == {"ok": False, "description": "Internal server error", "error_code": 403}
            assert bot.getMe()["result"] == zalo.bot
            update = bot.getUpdates(timeout=5)["result"]
            assert (update["event_name"], update["message"]["text"]) == ("message.text.received", "Xin chào")
            idle = {"ok": False, "description": "Request timeout", "error_code": 408}
            assert bot.getUpdates(timeout=0) == idle
            assert set(bot.sendMessage(LAN, "Dạ")["result"]) == {"message_id", "date"}
            assert bot.sendPhoto(LAN, PHOTO, "mẫu đơn")["ok"]
            assert bot.sendVoice(LAN, "https://a.vn/b.aac")["ok"]
            assert bot.sendChatAction(LAN) == {"ok": True}
            # It sends stickers as photos, which Zalo cannot like.
            assert bot.sendSticker(LAN, "0e07")["description"] == "The photo must not be empty"
        finally:
            bot.session.close()

    await asyncio.to_thread(talk)
    assert [one.text or one.voice for one in zalo.shown(LAN)] == ["Dạ", "mẫu đơn", "https://a.vn/b.aac"]


async def test_pyzalo_sets_a_webhook(zalo: ZaloBotServer) -> None:
    def manage() -> None:
        bot = PyZALO(zalo.token, base_url=zalo.url)
        try:
            assert bot.setWebhook(HOOK)["description"] == "The secret_token must not be empty"
            verification = bot.setWebhook(HOOK, SECRET)["result"]["verification"]
            assert (verification["ok"], verification["outcome"]) == (False, "webhook.err.unreachable")
            assert bot.getUpdates(timeout=5)["error_code"] == 400
            assert bot.testWebhook()["result"]["outcome"] == "webhook.err.unreachable"
            assert bot.getWebhookInfo()["result"]["url"] == HOOK
            assert bot.deleteWebhook()["result"]["url"] == ""
        finally:
            bot.session.close()

    await asyncio.to_thread(manage)
