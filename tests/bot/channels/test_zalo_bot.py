"""The Zalo Bot channel by polling, under a fake of the platform: what comes in, and what is left when it ends."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.channels.base import Quota, Taken
from bot.channels.zalo_bot import ZaloBotChannel
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.errors import StoreUnavailable
from handlers.message import Reply
from tests.fakes.zalo_bot_house import BA, HOA, ZaloBotHouse, channel_of, out
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server

AWAY = StoreUnavailable("the disk is full; free some space")


@pytest.fixture
async def server() -> AsyncIterator[ZaloBotServer]:
    async with zalo_bot_server() as server:
        yield server


@pytest.fixture
def house(server: ZaloBotServer) -> ZaloBotHouse:
    return ZaloBotHouse(server)


@pytest.fixture
async def channel(server: ZaloBotServer, house: ZaloBotHouse) -> AsyncIterator[ZaloBotChannel]:
    channel = channel_of(server, house)
    await channel.start(house.take, lambda address: None)
    yield channel
    await channel.quiet()
    await channel.stop()


def polls(server: ZaloBotServer) -> int:
    """How often updates were asked for."""
    return [method for method, _ in server.calls].count("getUpdates")


async def test_a_text_is_taken_in(server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel) -> None:
    number = server.say(HOA, "mua máy")
    (inbound,) = await house.has(1)
    assert (inbound.id, inbound.kind, inbound.text, inbound.author) == (number, "text", "mua máy", HOA)
    assert inbound.address == out(Reply("")).address
    assert channel.abilities.once
    assert channel.abilities.quota == Quota(50, 3000)


async def test_everything_people_send_arrives_in_order(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    server.say(HOA, "chào")
    server.send_image(HOA, "máy này")
    server.send_sticker(BA)
    server.send_voice(HOA)
    server.send_unsupported(BA)
    taken = await house.has(5)
    assert [inbound.text for inbound in taken] == ["chào", "máy này", "", "", ""]
    kinds = [file.kind for inbound in taken for file in inbound.files]
    assert kinds == ["photo", "sticker", "voice", "other"]
    assert taken[1].files[0].reference == f"{server.url}/photo.png"


async def test_nothing_more_is_read_before_the_last_one_is_durable(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    house.gate.clear()
    server.say(HOA, "một")
    await house.was_offered(1)
    server.say(BA, "hai")
    asked = polls(server)
    done, _ = await asyncio.wait({asyncio.create_task(house.was_offered(2))}, timeout=0.05)
    assert not done
    assert polls(server) == asked
    assert len(server.waiting) == 1
    house.gate.set()
    assert [inbound.text for inbound in await house.has(2)] == ["một", "hai"]


async def test_what_is_not_for_us_is_left_and_only_its_event_is_logged(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    with capture_logs() as lines:
        server.group_says("g1", HOA, "chào cả nhà")
        server.event({"event_name": "user.follow", "follower": {"id": HOA}})
        server.event({"event_name": ["chị Hoa"]})
        server.say(HOA, "mua máy")
        assert [inbound.text for inbound in await house.has(1)] == ["mua máy"]
    told = [line["happened"] for line in lines if line["event"] == "zalo_bot.ignored"]
    assert told == ["message.text.received", "user.follow", "?"]
    assert "chào cả nhà" not in repr(lines)
    assert HOA not in repr(lines)


async def test_a_message_that_has_to_wait_shows_that_the_bot_is_typing(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    server.fail("sendChatAction")
    house.result = Taken.PENDING
    server.say(HOA, "mua máy")
    server.say(HOA, "máy ép")
    calls = await server.called("sendChatAction", 2)
    assert calls[0] == {"chat_id": HOA, "action": "typing"}
    assert len(await house.has(2)) == 2, "a signal may fail"


async def test_while_the_store_is_away_the_message_is_kept_and_nothing_more_is_read(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    house.broken = [AWAY] * 12
    with capture_logs() as lines:
        server.say(HOA, "một")
        server.say(BA, "hai")
        await house.was_offered(12)
        assert len(server.waiting) == 1
        assert [inbound.text for inbound in await house.has(2)] == ["một", "hai"]
    assert len({inbound.id for inbound in house.offered}) == 2
    assert [line["event"] for line in lines] == ["zalo_bot.take_failed"], "told once"


async def test_what_can_never_be_kept_does_not_jam_the_channel_and_staff_learn_of_it(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    house.broken = [RuntimeError("a bug")] * 5
    server.say(HOA, "một")
    server.say(BA, "hai")
    assert [inbound.text for inbound in await house.has(1)] == ["hai"]
    assert [inbound.text for inbound in house.offered] == ["một"] * 5 + ["hai"]
    task = await house.was_told()
    assert task.kind == "failed-update"
    assert "một" not in task.about


async def test_quiet_finishes_what_was_read_and_reads_nothing_more(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    house.gate.clear()
    server.say(HOA, "mua máy")
    await house.was_offered(1)
    server.say(BA, "quá muộn")
    ending = asyncio.create_task(channel.quiet())
    done, _ = await asyncio.wait({ending}, timeout=0.05)
    assert not done
    house.gate.set()
    await ending
    assert [inbound.text for inbound in house.taken] == ["mua máy"]
    assert len(server.waiting) == 1
    assert await channel.send(out(Reply("Đã nhận."))), "sending still works"


async def test_quiet_breaks_off_a_question_that_waits(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    await server.until(lambda: server.polls == 1)
    await channel.quiet()
    await server.until(lambda: server.polls == 0, 2)
    server.say(HOA, "quá muộn")
    assert len(server.waiting) == 1


async def test_what_comes_at_the_moment_of_quiet_is_taken(server: ZaloBotServer, house: ZaloBotHouse) -> None:
    gate, message = asyncio.Event(), {"from": {"id": HOA}, "text": "mua máy", "message_id": "m1"}

    asked = asyncio.Event()

    class Answering(ZaloBotApi):
        async def get_updates(self, seconds: float) -> tuple[object, ...]:
            asked.set()
            await gate.wait()
            return ({"event_name": "message.text.received", "message": message},)

    channel = channel_of(server, house, api=Answering(server.token, server.url))
    await channel.start(house.take, lambda address: None)
    await asked.wait()
    gate.set()
    await channel.quiet()
    await channel.stop()
    assert [inbound.text for inbound in house.taken] == ["mua máy"]


async def test_quiet_tries_once_more_what_the_store_did_not_take(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    house.gate.clear()
    house.broken = [AWAY]
    server.say(HOA, "mua máy")
    await house.was_offered(1)
    ending = asyncio.create_task(channel.quiet())
    house.gate.set()
    await ending
    assert [inbound.text for inbound in house.taken] == ["mua máy"]


async def test_what_quiet_cannot_save_is_told_as_lost(
    server: ZaloBotServer, house: ZaloBotHouse, channel: ZaloBotChannel
) -> None:
    house.broken = [AWAY] * 1000
    server.say(HOA, "mua máy")
    await house.was_offered(2)
    with capture_logs() as lines:
        await channel.quiet()
    assert [line["event"] for line in lines if line["log_level"] == "critical"] == ["zalo_bot.lost"]


async def test_stop_is_safe_without_a_start_and_twice(server: ZaloBotServer) -> None:
    channel = channel_of(server)
    await channel.stop()
    await channel.stop()
