"""The Official Account's channel under a fake of Zalo: what people do arrives, what is asked beside it, how it ends."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.channels.base import Remaining
from bot.channels.zalo_oa import ZaloOaChannel
from bot.errors import Halted, SendError, StoreUnavailable
from handlers.message import Address, Choice, Contact, Reply
from handlers.reach import Windows
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_delivery import OA_ID, WEBHOOK_KEY
from tests.fakes.zalo_oa_house import BA, CS, HOA, QUOTA, ZaloOaHouse, channel_of, opened, out, surroundings_of
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

HOURS = dt.timedelta(hours=1)
AWAY = StoreUnavailable("the disk is full; free some space")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as zalo:
        yield zalo


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    """What is logged."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def house(zalo: ZaloOaServer, clock: FakeClock) -> ZaloOaHouse:
    return ZaloOaHouse(zalo, clock)


@pytest.fixture
async def channel(zalo: ZaloOaServer, house: ZaloOaHouse) -> AsyncIterator[ZaloOaChannel]:
    async with opened(zalo, house) as channel:
        yield channel


def calls(zalo: ZaloOaServer, path: str) -> int:
    """How often a path was called."""
    return [call.path for call in zalo.calls].count(path)


def running() -> int:
    """How many tasks of the channel run."""
    return [task.get_name() for task in asyncio.all_tasks()].count("zalo-oa")


def test_its_abilities_are_those_of_the_settings(house: ZaloOaHouse, zalo: ZaloOaServer) -> None:
    plain = channel_of(zalo, surroundings_of(house))
    assert (plain.name, plain.account) == ("zalo-oa", OA_ID)
    assert plain.abilities.windows == Windows(48 * HOURS, 168 * HOURS, 55, 0)
    assert not plain.abilities.once
    chosen = channel_of(zalo, surroundings_of(house), template="7", template_price=120, price=60, per_minute=30)
    assert chosen.abilities.windows == Windows(48 * HOURS, 168 * HOURS, 60, 120)
    assert chosen.abilities.per_second == 0.5


# What people do.


async def test_what_people_write_and_tap_arrives(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    said = zalo.say(HOA, "mua máy")
    await zalo.settled()
    await channel.send(out(Reply("Việc nào?", (Choice("entry:a", "Mua máy"), Choice("entry:b", "Khác")))))
    zalo.tap(HOA, "Khác")
    zalo.say(HOA, "cái này", quote="m7")
    await zalo.settled()
    text, tap, quote = house.taken
    assert text.id == said["message"]["msg_id"]
    assert (text.address, text.author, text.kind) == (Address("zalo-oa", OA_ID, HOA), HOA, "text")
    assert text.sent_at == clock.now()
    assert (tap.kind, tap.choice) == ("choice", "entry:b")
    assert (quote.text, quote.reply_to) == ("cái này", "m7")


async def test_everything_else_people_do_arrives(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel
) -> None:
    zalo.follow(HOA)
    zalo.click_chatnow(HOA)
    zalo.send_image(HOA, "máy này")
    zalo.send_file(HOA)
    zalo.send_audio(HOA)
    zalo.send_sticker(HOA)
    zalo.send_location(HOA)
    zalo.send_link(HOA, "https://vidu.vn", "xem")
    zalo.send_card(HOA)
    zalo.submit_info(HOA, "Lan", "84912345678")
    zalo.staff_says(HOA, "Tôi là cán bộ")
    zalo.unfollow(HOA)
    zalo.withdraw(HOA)
    await zalo.settled()
    kinds = ["joined"] * 2 + ["file"] * 4 + ["location", "text", "contact", "contact"]
    assert [inbound.kind for inbound in house.taken] == [*kinds, "staff_echo", "blocked", "withdrawn"]
    files = [file for inbound in house.taken for file in inbound.files]
    assert [file.kind for file in files] == ["photo", "document", "voice", "sticker"]
    assert (house.taken[2].text, files[1].name) == ("máy này", "báo cáo.pdf")
    assert house.taken[7].text == "xem Một trang https://vidu.vn"
    contacts = [inbound.contact for inbound in house.taken if inbound.contact]
    assert contacts == [Contact("84912345678", "Trần Văn Ba"), Contact("84912345678", "Lan", own=True)]
    assert house.taken[10].text == "Tôi là cán bộ"
    assert len({inbound.id for inbound in house.taken}) == len(house.taken) == 13


async def test_receipts_and_echoes_of_our_own_messages_are_left(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel
) -> None:
    zalo.say(HOA, "chào")
    await channel.send(out(Reply("Chào anh/chị.")))
    await zalo.settled()
    assert {"oa_send_text", "user_received_message"} <= {name for name, _, _ in zalo.deliveries}
    assert [inbound.text for inbound in house.offered] == ["chào"]


# How many free messages are left.


async def test_how_many_free_messages_are_left_is_asked_once_in_six_hours(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    began = clock.now()
    for _ in range(3):
        zalo.say(HOA, "chào")
        await zalo.settled()
    zalo.say(BA, "chào")
    await house.has_noted(2)
    clock.advance(6 * HOURS)
    zalo.say(HOA, "chào")
    noted = await house.has_noted(3)
    assert noted[0] == (Address("zalo-oa", OA_ID, HOA), Remaining(began, 8))
    assert noted[1] == (Address("zalo-oa", OA_ID, BA), Remaining(began, 8))
    assert noted[2] == (Address("zalo-oa", OA_ID, HOA), Remaining(clock.now(), 8))
    assert calls(zalo, QUOTA) == 3


async def test_it_is_not_asked_for_what_officers_do_and_those_who_leave(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel
) -> None:
    zalo.staff_says(HOA, "Tôi là cán bộ")
    zalo.unfollow(HOA)
    zalo.withdraw(HOA)
    await zalo.settled()
    zalo.follow(BA)
    assert [address.chat for address, _ in await house.has_noted(1)] == [BA]
    zalo.say(HOA, "chào")
    assert [address.chat for address, _ in await house.has_noted(2)] == [BA, HOA]


async def test_that_nobody_tells_how_many_are_left_does_no_harm(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, lines: list[EventDict]
) -> None:
    zalo.fail(QUOTA, -32, "rate limit")
    zalo.say(HOA, "chào")
    await zalo.called(QUOTA)
    house.deaf = AWAY
    zalo.say(BA, "chào")
    await zalo.called(QUOTA, 2)
    zalo.say(HOA, "mua máy")
    await zalo.settled()
    assert len(house.taken) == 3
    await channel.send(out(Reply("Chào anh/chị.")))


async def test_what_could_not_be_kept_is_not_asked_about(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    house.broken = [AWAY]
    zalo.say(HOA, "chào")
    await zalo.until(lambda: zalo.waiting)
    assert calls(zalo, QUOTA) == 0
    clock.advance(30)
    await zalo.tick()
    await house.has_noted(1)


# Silence, and the end.


async def test_staff_learn_once_that_nothing_comes_any_more(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    limit = 72 * HOURS
    clock.advance(limit)
    await channel.look_for_silence(limit)
    assert house.tasks, "it counts from the start"
    house.tasks.clear()
    zalo.event({"event_name": "user_seen_message", "sender": {"id": HOA}, "recipient": {"id": OA_ID}})
    await zalo.settled()
    clock.advance(limit - HOURS)
    await channel.look_for_silence(limit)
    assert not house.tasks, "any signed event is a sign of life"
    clock.advance(HOURS)
    house.deaf = AWAY
    await channel.look_for_silence(limit)
    house.deaf = None
    for _ in range(2):
        await channel.look_for_silence(limit)
        clock.advance(HOURS)
    assert [task.kind for task in house.tasks] == ["channel-silent"] * 2
    assert len({task.key for task in house.tasks}) == 1, "one task for one silence"
    assert f"zalo-oa/{OA_ID}" in house.tasks[0].about


async def test_stopping_twice_does_no_harm_and_leaves_nothing_running(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel
) -> None:
    gate = zalo.hold(QUOTA)
    zalo.say(HOA, "chào")
    await zalo.until(lambda: zalo.held[QUOTA])
    await channel.quiet()
    await channel.stop()
    await channel.stop()
    gate.set()
    assert not house.noted
    assert not running()


async def test_what_is_in_hand_at_the_end_is_taken_and_asks_nothing_more(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel
) -> None:
    house.gate.clear()
    zalo.say(HOA, "chào")
    await house.was_offered(1)
    await channel.quiet()
    await channel.stop()
    house.gate.set()
    await zalo.settled()
    assert [inbound.text for inbound in house.taken] == ["chào"]
    assert (calls(zalo, QUOTA), running()) == (0, 0)


async def test_no_token_no_key_and_nobodys_words_stand_in_the_log(
    zalo: ZaloOaServer, house: ZaloOaHouse, clock: FakeClock, lines: list[EventDict]
) -> None:
    async with opened(zalo, house, silent_hours=1) as channel:
        zalo.say(HOA, "lời của tôi")
        await zalo.settled()
        zalo.fail(CS, -200, "Send message failed")
        zalo.fail(CS, drop=True)
        zalo.fail(CS, html="<html>nginx</html>", status=502)
        zalo.buttons_supported = False
        offer = out(Reply("lời của em", (Choice("a", "nhãn nút"),)))
        for _ in range(3):
            with pytest.raises(SendError):
                await channel.send(offer)
        await channel.send(offer)
        house.broken = [RuntimeError("lời của tôi")]
        zalo.say(HOA, "lời của tôi nữa")
        await zalo.until(lambda: zalo.waiting)
        zalo.revoke()
        with pytest.raises(Halted, match="login"):
            await channel.send(out(Reply("lời của em")))
    logged = str(lines)
    assert len(lines) > 2
    tokens = {call.headers["access_token"] for call in zalo.calls if "access_token" in call.headers}
    for secret in (*tokens, "refresh-", zalo.app_secret, WEBHOOK_KEY, "lời của", "nhãn nút"):
        assert secret not in logged
