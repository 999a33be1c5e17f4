"""The Zalo Bot channel by webhook, under a fake of the platform: who may deliver, what is answered, how it is set."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.channels.base import Taken
from bot.channels.door import LARGEST, Webhook
from bot.channels.zalo_bot_webhook import HEADER
from bot.errors import StoreUnavailable
from handlers.message import Reply
from tests.fakes.zalo_bot_house import BA, HOA, SECRET, Doorstep, ZaloBotHouse, channel_of, doorstep_of, logged, out
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server


@pytest.fixture
async def server() -> AsyncIterator[ZaloBotServer]:
    async with zalo_bot_server() as server:
        yield server


@pytest.fixture
def house(server: ZaloBotServer) -> ZaloBotHouse:
    return ZaloBotHouse(server)


@pytest.fixture
async def door(server: ZaloBotServer, house: ZaloBotHouse) -> AsyncIterator[Doorstep]:
    door = doorstep_of(server, house)
    with capture_logs() as lines:
        await door.open()
        await logged(lines, "zalo_bot.webhook_set")
    yield door
    await door.close()


async def post(door: Doorstep, body: bytes | str, **headers: str) -> int:
    """Deliver something by hand; the status."""
    async with aiohttp.ClientSession() as session, session.post(door.url, data=body, headers=headers) as answer:
        await answer.read()
        return answer.status


def secret(word: str = SECRET) -> dict[str, str]:
    """The header the platform sends."""
    return {HEADER: word}


def update(text: str, number: str = "m1") -> str:
    """A text of Hoa's."""
    message = {"from": {"id": HOA}, "chat": {"id": HOA}, "text": text, "message_id": number, "date": 1795401000123}
    return json.dumps({"event_name": "message.text.received", "message": message})


# What comes in.


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_text_is_taken_in_and_acknowledged(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep, wrapped: bool
) -> None:
    server.wrapped = wrapped
    number = server.say(HOA, "mua máy")
    await server.settled()
    (inbound,) = house.taken
    assert (inbound.id, inbound.kind, inbound.text) == (number, "text", "mua máy")
    assert not door.channel.abilities.once
    assert await door.channel.send(out(Reply("Đã nhận.")))
    assert [shown.text for shown in server.shown(HOA)] == ["Đã nhận."]


async def test_what_is_delivered_twice_is_taken_once(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep
) -> None:
    server.twice = True
    server.say(HOA, "mua máy")
    server.send_unsupported(BA)
    await server.settled()
    assert (len(house.offered), len(house.taken)) == (4, 2)


async def test_it_is_acknowledged_only_once_it_is_durable(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep
) -> None:
    house.gate.clear()
    server.say(HOA, "mua máy")
    await house.was_offered(1)
    assert not server.answers
    house.gate.set()
    await server.settled()
    assert server.answers == [200]


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is full"), RuntimeError("a bug")], ids=["store", "bug"])
async def test_what_was_not_stored_is_not_acknowledged_and_comes_again(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep, error: Exception
) -> None:
    house.broken = [error]
    server.say(HOA, "mua máy")
    await server.until(lambda: server.kept)
    assert server.answers == [503]
    await server.redeliver()
    await server.settled()
    assert [inbound.text for inbound in house.taken] == ["mua máy"]


async def test_a_platform_that_hangs_up_does_not_end_a_turn(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep
) -> None:
    server.patience = 0.05
    house.gate.clear()
    server.say(HOA, "mua máy")
    await server.until(lambda: server.answers == [0])
    house.gate.set()
    assert len(await house.has(1)) == 1


async def test_a_message_that_has_to_wait_shows_that_the_bot_is_typing(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep
) -> None:
    house.result = Taken.PENDING
    server.say(HOA, "mua máy")
    assert await server.called("sendChatAction") == [{"chat_id": HOA, "action": "typing"}]


async def test_what_comes_while_the_bot_stops_is_taken_to_the_end(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep
) -> None:
    await door.channel.quiet()
    house.gate.clear()
    server.say(HOA, "mua máy")
    await house.was_offered(1)
    assert await door.channel.send(out(Reply("Đã nhận."))), "sending still works"
    ending = asyncio.create_task(door.channel.stop())
    done, _ = await asyncio.wait({ending}, timeout=0.05)
    assert not done
    assert await post(door, update("quá muộn"), **secret()) == 503
    house.gate.set()
    await ending
    assert [inbound.text for inbound in house.taken] == ["mua máy"]


async def test_a_secret_that_was_changed_is_told_to_zalo_once(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep
) -> None:
    # As after a start with another secret in the settings: the address is the same, so nobody told Zalo.
    server.webhook = replace(server.webhook, secret_token="the-old-secret")
    before = len(server.calls)
    server.say(HOA, "mua máy")
    await server.until(lambda: server.webhook.secret_token == SECRET)
    assert await post(door, update("cũ"), **secret("the-old-secret")) == 403
    await server.redeliver()
    assert [inbound.text for inbound in await house.has(1)] == ["mua máy"]
    assert [name for name, _ in server.calls[before:]] == ["setWebhook"]


# Who may deliver.


@pytest.mark.parametrize("headers", [{}, secret(""), secret("wrong"), secret(SECRET + "x"), secret("sở")], ids=str)
async def test_without_the_secret_nothing_is_taken(
    house: ZaloBotHouse, door: Doorstep, headers: dict[str, str]
) -> None:
    with capture_logs() as lines:
        assert await post(door, update("giả"), **headers) == 403
        assert await post(door, b"", **headers) == 403
    assert not house.offered
    refused = [line for line in lines if line["event"] == "zalo_bot.secret_refused"]
    assert len(refused) == 1, "told once"
    assert SECRET not in repr(lines)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "{}", '{"event_name":"user.follow"}', "[" * 100_000])
async def test_with_the_secret_anything_is_acknowledged(house: ZaloBotHouse, door: Doorstep, body: str) -> None:
    with capture_logs() as lines:
        assert await post(door, body, **secret()) == 200
    assert not house.offered
    (line,) = lines
    assert line["event"] in ("zalo_bot.not_an_update", "zalo_bot.ignored")
    assert line.get("happened", "?") == ("user.follow" if "follow" in body else "?")


async def test_a_body_too_large_is_refused(house: ZaloBotHouse, door: Doorstep) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(LARGEST // 1024 + 1):
            yield b" " * 1024

    assert await post(door, " " * (LARGEST + 1), **secret()) == 413
    async with aiohttp.ClientSession() as session, session.post(door.url, data=in_pieces(), headers=secret()) as answer:
        assert answer.status == 413
    assert await post(door, update("vừa") + " " * (LARGEST - 1000), **secret()) == 200
    assert len(house.taken) == 1


# How it is set.


async def test_the_platform_is_told_once_and_not_again_at_the_next_start(
    server: ZaloBotServer, house: ZaloBotHouse, door: Doorstep
) -> None:
    assert server.webhook.url == door.url
    assert server.webhook.secret_token == SECRET
    again = channel_of(server, house, webhook=Webhook(door.url, SECRET))
    with capture_logs() as lines:
        await again.start(house.take, lambda address: None)
        await logged(lines, "zalo_bot.webhook_known")
        await again.stop()
    assert [line["event"] for line in lines] == ["zalo_bot.webhook_known"]
    assert len(await server.called("setWebhook")) == 1
    assert not house.tasks


async def test_a_failure_on_the_way_is_tried_again(server: ZaloBotServer, house: ZaloBotHouse) -> None:
    server.fail("getWebhookInfo", status=502)
    server.fail("setWebhook", 403)
    server.fail("setWebhook", late=True)  # it knows us, and we do not know that it does
    door = doorstep_of(server, house)
    await door.open()
    await server.called("getWebhookInfo", 4)
    server.say(HOA, "mua máy")
    await server.settled()
    await door.close()
    assert len(await server.called("setWebhook")) == 2
    assert len(house.taken) == 1
    assert not house.tasks


@pytest.mark.parametrize("code", [400, 401, 404, 426, 429])
async def test_a_refusal_is_told_to_staff_and_stops_nothing(
    server: ZaloBotServer, house: ZaloBotHouse, code: int
) -> None:
    server.fail("setWebhook", code, "Không được")
    door = doorstep_of(server, house)
    await door.open()
    task = await house.was_told()
    server.meet(HOA)
    assert await door.channel.send(out(Reply("chào")))
    assert await post(door, update("mua máy"), **secret()) == 200
    await door.close()
    assert (task.kind, "Không được" in task.about) == ("zalo-webhook", True)
    assert len(await server.called("setWebhook")) == 1


async def test_a_webhook_that_zalo_cannot_reach_is_told_with_its_hint(
    server: ZaloBotServer, house: ZaloBotHouse
) -> None:
    server.probe_has_secret = False  # then our own door says 403
    door = doorstep_of(server, house)
    with capture_logs() as lines:
        await door.open()
        task = await house.was_told()
        await door.close()
    (line,) = [line for line in lines if line["event"] == "zalo_bot.webhook_not_reached"]
    assert line["outcome"] == "webhook.http.403"
    assert line["hint"]
    assert "webhook.http.403" in task.about


async def test_an_alarm_that_fails_is_only_logged(server: ZaloBotServer, house: ZaloBotHouse) -> None:
    async def fail(task: object) -> None:
        raise StoreUnavailable("the disk is full")

    house.alarm = fail  # type: ignore[method-assign]
    server.fail("setWebhook", 400)
    door = doorstep_of(server, house)
    with capture_logs() as lines:
        await door.open()
        await logged(lines, "zalo_bot.alarm_failed")
        await door.close()
