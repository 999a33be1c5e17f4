"""Telegram by webhook: who may deliver, when it is acknowledged, and how Telegram is told of the door."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from structlog.testing import capture_logs

from bot.channels.base import Taken
from bot.channels.door import LARGEST, Webhook
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_webhook import HEADER, PATH
from bot.errors import StoreUnavailable
from bot.web.server import Listener, site
from handlers.message import Reply
from handlers.turn import OpenTask
from tests.fakes.telegram_house import BA, HOA, TelegramHouse, channel_of, out
from tests.fakes.telegram_server import TelegramServer, telegram_server

SECRET = "kh0ng-ai_biet"


class Doorstep:
    """Our public site on loopback with the webhook of a channel, and what staff were told."""

    def __init__(self, server: TelegramServer, house: TelegramHouse) -> None:
        self._server, self._house = server, house
        self._listener = Listener(site((web.post(PATH, self._post),)), "127.0.0.1", 0)
        self.tasks: list[OpenTask] = []
        self.channel: TelegramChannel

    async def open(self, *, started: bool = True) -> None:
        """Listen, then start the channel, as the bot does."""
        await self._listener.start()
        self.url = f"http://127.0.0.1:{self._listener.port}{PATH}"
        self.channel = channel_of(self._server, webhook=Webhook(self.url, SECRET), alarm=self._alarm)
        if started:
            await self.channel.start(self._house.take, lambda address: None)

    async def close(self) -> None:
        """End as the bot does."""
        await self.channel.quiet()
        await self.channel.stop()
        await self._listener.stop()

    async def post(self, body: bytes | str, **headers: str) -> int:
        """Deliver something by hand; the status."""
        async with aiohttp.ClientSession() as session, session.post(self.url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def _alarm(self, task: OpenTask) -> None:
        self.tasks.append(task)
        self._server.stir()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        (route,) = self.channel.routes()
        handler: Handler = route.handler
        return await handler(request)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with telegram_server() as server:
        server.pauses = (0.01,)
        yield server


@pytest.fixture
def house(server: TelegramServer) -> TelegramHouse:
    return TelegramHouse(server)


@pytest.fixture
async def door(server: TelegramServer, house: TelegramHouse) -> AsyncIterator[Doorstep]:
    door = Doorstep(server, house)
    await door.open()
    await server.until(lambda: server.webhook or None)
    yield door
    await door.close()


def update(text: str, number: int = 9001) -> str:
    """A text of Hoa's."""
    person = {"id": HOA, "is_bot": False, "first_name": "Hoa"}
    chat = {"id": HOA, "type": "private", "first_name": "Hoa"}
    message = {"message_id": 5, "date": 1795401000, "chat": chat, "from": person, "text": text}
    return json.dumps({"update_id": number, "message": message})


async def test_telegram_is_told_where_to_deliver_and_with_which_secret(server: TelegramServer, door: Doorstep) -> None:
    (call,) = await server.called("setWebhook")
    assert (call["url"], call["secret_token"]) == (door.url, SECRET)
    assert json.loads(call["allowed_updates"]) == ["message", "edited_message", "callback_query", "my_chat_member"]
    assert "drop_pending_updates" not in call, "what waits there is for us"


async def test_what_people_write_is_delivered_and_answered(
    server: TelegramServer, house: TelegramHouse, door: Doorstep
) -> None:
    server.say(HOA, "mua máy")
    server.say(BA, "cần vốn")
    server.say(HOA, "máy ép")
    await house.has(3)
    assert [inbound.text for inbound in house.taken if inbound.address.chat == str(HOA)] == ["mua máy", "máy ép"]
    assert await door.channel.send(out(Reply("Đã nhận.")))
    await server.until(lambda: not server.unconfirmed)
    assert {status for _, status in server.deliveries} == {200}


async def test_it_is_acknowledged_only_once_it_is_durable(
    server: TelegramServer, house: TelegramHouse, door: Doorstep
) -> None:
    gate = house.gates[str(HOA)] = asyncio.Event()
    server.say(HOA, "mua máy")
    await house.was_offered(1)
    assert server.unconfirmed
    gate.set()
    await server.until(lambda: not server.unconfirmed)


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is full"), RuntimeError("a bug")], ids=["store", "bug"])
async def test_what_was_not_stored_comes_again(
    server: TelegramServer, house: TelegramHouse, door: Doorstep, error: Exception
) -> None:
    house.broken = [error]
    server.say(HOA, "mua máy")
    await house.has(1)
    await server.until(lambda: not server.unconfirmed)
    assert [status for _, status in server.deliveries] == [503, 200]
    assert len(house.taken) == 1


async def test_somebody_who_hangs_up_does_not_end_a_turn(
    server: TelegramServer, house: TelegramHouse, door: Doorstep
) -> None:
    gate = house.gates[str(HOA)] = asyncio.Event()
    posting = asyncio.create_task(door.post(update("mua máy"), **{HEADER: SECRET}))
    await house.was_offered(1)
    posting.cancel()
    await asyncio.gather(posting, return_exceptions=True)
    gate.set()
    assert len(await house.has(1)) == 1


@pytest.mark.parametrize("headers", [{}, {HEADER: "x"}, {HEADER: SECRET + "x"}, {HEADER: "é"}], ids=str)
async def test_without_the_secret_nobody_delivers(
    house: TelegramHouse, door: Doorstep, headers: dict[str, str]
) -> None:
    with capture_logs() as lines:
        assert [await door.post(update("mua máy"), **headers) for _ in range(2)] == [403, 403]
    assert not house.offered
    told = [line["event"] for line in lines if line["event"] != "telegram.webhook_set"]
    assert told == ["telegram.secret_refused"], "told once"
    assert SECRET not in repr(lines)


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "7", "{}", '{"update_id": 1, "poll": 5}', "[" * 100_000, update("").replace("{", "[", 1)],
)
async def test_with_the_secret_anything_is_acknowledged(house: TelegramHouse, door: Doorstep, body: str) -> None:
    assert await door.post(body, **{HEADER: SECRET}) == 200
    assert not house.offered


async def test_a_body_too_large_is_refused(house: TelegramHouse, door: Doorstep) -> None:
    assert await door.post("x" * (LARGEST + 1), **{HEADER: SECRET}) == 413
    assert not house.offered


async def test_before_it_is_open_and_after_it_was_closed_telegram_is_to_come_again(
    server: TelegramServer, house: TelegramHouse
) -> None:
    door = Doorstep(server, house)
    await door.open(started=False)
    assert await door.post(update("sớm quá"), **{HEADER: SECRET}) == 503
    await door.channel.start(house.take, lambda address: None)
    await door.channel.quiet()
    assert await door.post(update("muộn quá"), **{HEADER: SECRET}) == 503
    assert await door.channel.send(out(Reply("Hẹn gặp lại."), server.meet(HOA).id)), "sending still works"
    await door.close()
    assert not house.offered


async def test_telegram_is_told_again_until_it_listens(server: TelegramServer, house: TelegramHouse) -> None:
    server.fail("setWebhook", 502, html="<html>Bad Gateway</html>")
    server.fail("setWebhook", drop=True)
    server.fail("setWebhook", 500)
    door = Doorstep(server, house)
    await door.open()
    calls = await server.called("setWebhook", 4)
    server.say(HOA, "mua máy")
    await house.has(1)
    await door.close()
    assert len(calls) == 4


async def test_an_address_telegram_refuses_is_a_task(server: TelegramServer, house: TelegramHouse) -> None:
    server.fail("setWebhook", 400, "Bad Request: bad webhook: HTTPS url must be provided for webhook")
    door = Doorstep(server, house)
    await door.open()
    (task,) = await server.until(lambda: door.tasks)
    await door.close()
    assert task.kind == "telegram-webhook"
    assert "https url must be provided" in task.about
    assert SECRET not in task.about
    assert len(await server.called("setWebhook")) == 1, "it is not asked again and again"


async def test_one_that_has_to_wait_shows_that_the_bot_is_typing(
    server: TelegramServer, house: TelegramHouse, door: Doorstep
) -> None:
    house.result = Taken.PENDING
    server.say(HOA, "mua máy")
    (call,) = await server.called("sendChatAction")
    assert (call["chat_id"], call["action"]) == (str(HOA), "typing")
