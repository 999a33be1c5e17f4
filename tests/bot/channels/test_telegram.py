"""Telegram's channel, the real telegram.Bot under a Bot API of its own: what comes in, and polling that fails."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.channels.base import Taken
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_polling import MANY
from bot.errors import Halted, StoreUnavailable
from handlers.message import Choice, Contact, Reply
from handlers.turn import OpenTask
from tests.fakes.telegram_house import BA, HOA, TelegramHouse, channel_of, out
from tests.fakes.telegram_server import TelegramServer, telegram_server


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with telegram_server() as server:
        yield server


@pytest.fixture
def house(server: TelegramServer) -> TelegramHouse:
    return TelegramHouse(server)


@pytest.fixture
async def channel(server: TelegramServer, house: TelegramHouse) -> AsyncIterator[TelegramChannel]:
    channel = channel_of(server)
    await channel.start(house.take, lambda address: None)
    yield channel
    await channel.quiet()
    await channel.stop()


# What comes in.


async def test_a_text_is_taken_in_and_then_confirmed(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    server.say(HOA, "mua máy")
    (inbound,) = await house.has(1)
    assert (inbound.kind, inbound.text, inbound.address) == ("text", "mua máy", out(Reply("")).address)
    await server.until(lambda: not server.unconfirmed)


async def test_a_tap_brings_its_choice_and_its_label_and_stops_spinning(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    server.meet(HOA)
    await channel.send(out(Reply("Việc nào?", (Choice("entry:a", "Mua máy"), Choice("bot.person", "Gặp cán bộ")))))
    server.tap(HOA, 2)
    (inbound,) = await house.has(1)
    assert (inbound.kind, inbound.choice, inbound.text) == ("choice", "bot.person", "Gặp cán bộ")
    await server.until(lambda: not server.spinning)


async def test_a_tap_stops_spinning_only_after_it_was_taken(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    server.meet(HOA)
    await channel.send(out(Reply("Việc nào?", (Choice("entry:a", "Mua máy"),))))
    house.gates[str(HOA)] = asyncio.Event()
    server.tap(HOA, 1)
    await house.was_offered(1)
    assert server.spinning
    house.gates[str(HOA)].set()
    await server.until(lambda: not server.spinning)


async def test_a_tap_in_a_group_stops_spinning_too_though_it_is_not_taken(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    server.spinning["in-a-group"] = HOA
    person, group = {"id": HOA, "is_bot": False, "first_name": "Hoa"}, {"id": -5, "type": "group", "title": "Phòng"}
    message = {"message_id": 1, "date": 1, "chat": group, "text": "Việc nào?"}
    server.push(
        {"callback_query": {"id": "in-a-group", "from": person, "message": message, "chat_instance": "1", "data": "a"}}
    )
    await server.until(lambda: not server.spinning)
    assert not house.offered


async def test_only_ones_own_contact_card_is_vouched_for(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    server.share_contact(HOA, "+84901234567", name="Hoa")
    server.share_contact(HOA, "+84907654321", name="Ba", own=False)
    assert [inbound.contact for inbound in await house.has(2)] == [
        Contact("+84901234567", "Hoa", own=True),
        Contact("+84907654321", "Ba", own=False),
    ]


async def test_edits_places_stickers_and_voices_arrive_in_order_and_a_block_last(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    server.say(HOA, "mua may")
    server.edit(HOA, "mua máy")
    server.share_location(HOA)
    server.send_file(HOA, "sticker")
    server.send_file(HOA, "voice")
    server.block(HOA)
    taken = await house.has(6)
    assert [inbound.kind for inbound in taken] == ["text", "edited", "location", "file", "file", "blocked"]
    assert [file.kind for inbound in taken for file in inbound.files] == ["sticker", "voice"]


async def test_what_cannot_be_read_or_is_not_for_us_holds_nobody_up(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    with capture_logs() as lines:
        server.push({"message": {"message_id": "?", "chat": {}}}, odd=True)
        server.push({"message": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "group"}, "text": "chào"}})
        server.say(HOA, "mua máy")
        assert [inbound.text for inbound in await house.has(1)] == ["mua máy"]
        await server.until(lambda: not server.unconfirmed)
    assert [line["event"] for line in lines] == ["telegram.unreadable"]


async def test_somebody_slow_does_not_hold_up_others_of_the_batch(server: TelegramServer, house: TelegramHouse) -> None:
    server.say(HOA, "một")
    server.say(HOA, "hai")
    server.say(BA, "ba")
    gate = house.gates[str(HOA)] = asyncio.Event()
    channel = channel_of(server)
    await channel.start(house.take, lambda address: None)
    assert [inbound.text for inbound in await house.has(1)] == ["ba"]
    assert len(server.unconfirmed) == 3
    gate.set()
    assert [inbound.text for inbound in await house.has(3)] == ["ba", "một", "hai"]
    await server.until(lambda: not server.unconfirmed)
    await channel.stop()


async def test_a_message_that_has_to_wait_shows_that_the_bot_is_typing(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    house.result = Taken.PENDING
    server.say(HOA, "mua máy")
    (call,) = await server.called("sendChatAction")
    assert call["chat_id"] == str(HOA)


async def test_nothing_is_confirmed_while_the_store_is_away(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    house.broken = [StoreUnavailable("the disk is full; free some space")] * 3
    server.say(HOA, "mua máy")
    await house.was_offered(3)
    assert server.unconfirmed
    (inbound,) = await house.has(1)
    assert [offered.id for offered in house.offered] == [inbound.id] * 4
    await server.until(lambda: not server.unconfirmed)


async def test_any_failure_to_take_one_in_leaves_it_and_what_the_person_said_after_it(
    server: TelegramServer, house: TelegramHouse
) -> None:
    house.broken = [RuntimeError("a bug")]
    server.say(HOA, "một")
    server.say(HOA, "hai")
    channel = channel_of(server)
    await channel.start(house.take, lambda address: None)
    assert [inbound.text for inbound in await house.has(2)] == ["một", "hai"]
    assert [inbound.text for inbound in house.offered] == ["một", "một", "hai"]
    await channel.stop()


async def test_what_was_not_confirmed_before_a_crash_comes_again(server: TelegramServer, house: TelegramHouse) -> None:
    gate = house.gates[str(HOA)] = asyncio.Event()
    first = channel_of(server)
    await first.start(house.take, lambda address: None)
    server.say(HOA, "mua máy")
    await house.was_offered(1)
    await first.stop()
    gate.set()
    second = channel_of(server)
    await second.start(house.take, lambda address: None)
    assert [inbound.text for inbound in await house.has(1)] == ["mua máy"]
    assert len({inbound.id for inbound in house.offered}) == 1
    await second.stop()


async def test_quiet_finishes_what_was_taken_and_takes_nothing_more(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    gate = house.gates[str(HOA)] = asyncio.Event()
    server.say(HOA, "mua máy")
    await house.was_offered(1)
    ending = asyncio.create_task(channel.quiet())
    server.say(BA, "quá muộn")
    done, _ = await asyncio.wait({ending}, timeout=0.05)
    assert not done
    gate.set()
    await ending
    assert [inbound.text for inbound in house.taken] == ["mua máy"]
    assert await channel.send(out(Reply("Đã nhận."))), "sending still works"


async def test_stop_is_safe_without_a_start(server: TelegramServer) -> None:
    channel = channel_of(server)
    await channel.quiet()
    await channel.stop()


# When Telegram, or the way to it, fails while we poll.


async def test_polling_goes_on_after_every_kind_of_failure(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    with capture_logs() as lines:
        server.fail("getUpdates", 502, html="<html>Bad Gateway</html>")
        server.fail("getUpdates", drop=True)
        server.fail("getUpdates", 500)
        server.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
        server.fail("getUpdates", 200, html="<html>not the Bot API</html>")
        server.say(HOA, "mua máy")  # Ends the poll that waits; the next five fail.
        await house.has(1)
        await server.called("getUpdates", 7)
        server.say(HOA, "và đào tạo")
        await house.has(2)
    assert [line["log_level"] for line in lines].count("error") == 0


async def test_staff_are_told_once_when_updates_stay_away(server: TelegramServer, house: TelegramHouse) -> None:
    told: list[OpenTask] = []

    async def alarm(task: OpenTask) -> None:
        told.append(task)
        server.stir()

    server.fail("getUpdates", 502, html="<html>Bad Gateway</html>", times=MANY + 3)
    server.say(HOA, "mua máy")
    channel = channel_of(server, alarm=alarm)
    await channel.start(house.take, lambda address: None)
    await house.has(1)
    await channel.quiet()
    await channel.stop()
    assert [task.kind for task in told] == ["telegram-away"]


async def test_another_poller_is_named_once_and_in_one_sentence(
    server: TelegramServer, house: TelegramHouse, channel: TelegramChannel
) -> None:
    with capture_logs() as lines:
        server.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=3)
        server.say(HOA, "mua máy")
        await server.called("getUpdates", 5)
        server.say(HOA, "và đào tạo")
        await house.has(2)
    (warning,) = [line for line in lines if line["event"] == "telegram.polling_failed"]
    assert "another program reads this bot's messages" in warning["mend"]


async def test_a_webhook_left_behind_is_removed(server: TelegramServer, house: TelegramHouse) -> None:
    server.webhook = "https://elsewhere.vn/hook"
    server.say(HOA, "mua máy")
    channel = channel_of(server)
    await channel.start(house.take, lambda address: None)
    await house.has(1)
    assert not server.webhook
    await channel.stop()


async def test_a_refused_token_is_told_once_and_leaves_the_bot_up(server: TelegramServer, house: TelegramHouse) -> None:
    told: list[OpenTask] = []

    async def alarm(task: OpenTask) -> None:
        told.append(task)

    channel = channel_of(server, token="4242:revoked", alarm=alarm)
    with capture_logs() as lines:
        await channel.start(house.take, lambda address: None)
        await logged(lines, "telegram.token_refused")
        with pytest.raises(Halted):
            await channel.send(out(Reply("chào")))
    await channel.quiet()
    await channel.stop()
    assert [line["event"] for line in lines].count("telegram.token_refused") == 1
    assert [task.kind for task in told] == ["halted"]


async def logged(lines: list[EventDict], event: str) -> None:
    """Wait for a log line; the channel has nothing else that tells it gave up."""
    async with asyncio.timeout(5):
        while event not in [line["event"] for line in lines]:
            await asyncio.sleep(0)
