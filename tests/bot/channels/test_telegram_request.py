"""The token stays where it belongs: in no log line, no error, no traceback."""

import asyncio
import logging
import traceback

import pytest
from structlog.testing import capture_logs
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict

from bot.channels.base import Outgoing, Taken
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_request import Bot, TelegramRequest
from bot.clock import SystemClock
from bot.errors import SendError
from handlers.message import Address, Inbound, Reply
from tests.fakes.telegram_server import telegram_server

SECRET = "not-a-real-one"
HOA = Address("telegram", "4242", "7001")


def whole(error: BaseException | None) -> str:
    """Everything an error can tell, of what lies beneath it too, whether it is shown or not."""
    texts = []
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


async def test_the_token_is_in_no_log_line_error_or_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    taken: list[str] = []

    async def take(inbound: Inbound) -> Taken:
        taken.append(inbound.text)
        server.stir()
        return Taken.PENDING

    page = f"<html>https://api.telegram.org/bot4242:{SECRET}/sendMessage</html>"
    told: list[str] = []
    with capture_logs() as lines:
        async with telegram_server() as server:
            server.meet(7001)
            request = TelegramRequest(server.url, server.token, read_seconds=0.2)
            channel = TelegramChannel(
                server.token, clock=SystemClock(), base_url=server.url, request=request, pauses=(0.01,)
            )
            for method in ("getUpdates", "sendMessage", "sendChatAction", "deleteWebhook"):
                server.fail(method, 500)
                server.fail(method, 502, html=page)
                server.fail(method, 400, f"Bad Request: /bot4242:{SECRET}/{method}")
                server.fail(method, drop=True)
            await channel.start(take, lambda address: None)
            server.say(7001, "mua máy")
            await server.until(lambda: taken)
            told += [await failing(channel) for _ in range(4)]
            server.hold("sendMessage")
            told.append(await failing(channel))
            await server.called("sendChatAction")
            await server.stop()
            told.append(await failing(channel))
            await channel.quiet()
            await channel.stop()
    everything = "\n".join([*told, repr(lines), caplog.text, *map(str, vars(channel).values()), repr(channel)])
    assert "telegram.polling_failed" in everything
    assert "telegram.signal_failed" in everything
    assert "/bot***/sendmessage" in everything, "the errors were looked at"
    assert SECRET not in everything


async def failing(channel: TelegramChannel) -> str:
    """All that a failed send tells."""
    with pytest.raises(SendError) as caught:
        await channel.send(Outgoing(1, "key", HOA, Reply("chào"), "vi"))
    return whole(caught.value)


async def test_the_proxy_carries_every_call() -> None:
    async with telegram_server() as proxy:
        proxy.meet(7001)
        request = TelegramRequest("http://127.0.0.1:9", proxy.token, proxy.url)
        channel = TelegramChannel(proxy.token, clock=SystemClock(), request=request)
        # A web proxy is asked for the whole address; this server answers whatever host is named.
        assert await channel.send(Outgoing(1, "key", HOA, Reply("chào"), "vi"))
        await channel.stop()


async def test_the_server_of_these_tests_refuses_what_telegram_refuses() -> None:
    async with telegram_server() as server:
        server.meet(7001)
        request = TelegramRequest(server.url, server.token)
        bot = Bot(request, "4242")
        button = InlineKeyboardMarkup([[InlineKeyboardButton("a", callback_data="ấ" * 22)]])
        for refused, why in (
            (bot.send_message(7001, "a" * 4097), "Message is too long"),
            (bot.send_message(7001, "🌾" * 2049), "Message is too long"),
            (bot.send_message(7001, " "), "Message text is empty"),
            (bot.send_message(7001, "a", reply_markup=button), "Button_data_invalid"),
            (bot.send_message(7002, "a"), "Chat not found"),
            (bot.edit_message_text("a", 7001, 5), "Message to edit not found"),
            (bot.answer_callback_query("x"), "Query is too old"),
        ):
            with pytest.raises(BadRequest, match=why):
                await refused
        await request.shutdown()


async def test_the_newer_of_two_pollers_wins() -> None:
    async with telegram_server() as server:
        request = TelegramRequest(server.url, server.token)
        bot = Bot(request, "4242")
        older = asyncio.create_task(bot.raw_updates(0, 30, ("message",)))
        await server.called("getUpdates")
        newer = asyncio.create_task(bot.raw_updates(0, 30, ("message",)))
        with pytest.raises(Conflict):
            await older
        server.say(7001, "mua máy")
        (update,) = await newer
        assert update["message"]["text"] == "mua máy"
        await request.shutdown()
