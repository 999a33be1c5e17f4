"""Whom the Official Account may still write to: free, for money, by an approved template, by a number, not at all."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.channels.zalo_oa import ZaloOaChannel
from bot.errors import Ambiguous, Closed, Halted, TryLater
from handlers.message import Card, Choice, Lane, Reply
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_house import BY_PHONE, CS, HOA, TEMPLATE, ZaloOaHouse, opened, out
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
INFO = "/template/info/v2"
PHONE = "84912345678"
KEY = "lead:7F3K2Q:claimed:3"
NOTICE = out(Reply("Cán bộ đã nhận hồ sơ.", (Choice("a", "Xem"),)), lane="notice", key=KEY)
FIELDS = {"ma": "Hồ sơ {code}", "noi_dung": "{text}"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as zalo:
        zalo.echoes = zalo.receipts = False
        zalo.templates["7"] = {"params": {"ma": 30, "noi_dung": 60}, "text": "<ma>: <noi_dung>"}
        zalo.say(HOA, "chào")
        yield zalo


@pytest.fixture
def house(zalo: ZaloOaServer, clock: FakeClock) -> ZaloOaHouse:
    return ZaloOaHouse(zalo, clock)


@pytest.fixture
async def channel(zalo: ZaloOaServer, house: ZaloOaHouse) -> AsyncIterator[ZaloOaChannel]:
    async with opened(zalo, house, template="7", fields=FIELDS) as channel:
        yield channel


def shown(zalo: ZaloOaServer, user: str = HOA) -> list[tuple[str, str, int]]:
    """The messages somebody sees: their kind, text and price."""
    return [(message.kind, message.text, message.cost) for message in zalo.shown(user)]


def calls(zalo: ZaloOaServer, path: str) -> int:
    """How often a path was called."""
    return [call.path for call in zalo.calls].count(path)


async def test_within_two_days_it_is_free_and_within_seven_it_costs(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    await channel.send(out(Reply("một")))
    clock.advance(3 * DAY)
    await channel.send(NOTICE)
    assert [cost for _, _, cost in shown(zalo)] == [0, 55]
    assert zalo.charged == 55


async def test_what_an_officer_is_told_never_goes_by_the_template(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    clock.advance(8 * DAY)
    with pytest.raises(Closed):
        await channel.send(replace(NOTICE, key=f"lead:7F3K2Q:new:zalo-oa/{zalo.oa_id}/{HOA}/"))
    assert shown(zalo) == []
    assert zalo.charged == 0


async def test_after_seven_days_a_notice_goes_by_the_template(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    clock.advance(8 * DAY)
    number = await channel.send(NOTICE)
    assert shown(zalo) == [("template", "Hồ sơ 7F3K2Q: Cán bộ đã nhận hồ sơ.", 200)]
    assert zalo.shown(HOA)[0].message_id == number
    assert calls(zalo, INFO) == 1
    clock.advance(DAY)
    await channel.send(replace(NOTICE, key="lead:7F3K2Q:done:4"))
    assert len(shown(zalo)) == 2
    assert calls(zalo, INFO) == 1, "asked once"


async def test_what_fills_a_template_is_one_composed_line_of_the_length_it_takes(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    clock.advance(8 * DAY)
    card = Card("7F3K2Q", "Mua máy ép nhựa")
    long = Reply("Cán bộ đã nhận hồ sơ.\nGọi lại:", cards=(card,) * 3)
    await channel.send(out(long, lane="notice", key=KEY))
    (_, text, _), *_ = shown(zalo)
    filled = text.removeprefix("Hồ sơ 7F3K2Q: ")
    assert filled.startswith("Cán bộ đã nhận hồ sơ. Gọi lại: 7F3K2Q Mua")
    assert filled.endswith("…")
    assert len(filled) <= 60


async def test_a_long_notice_is_told_by_one_template_not_by_one_for_each_part(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    clock.advance(8 * DAY)
    await channel.send(out(Reply("Một tin dài. " * 400), lane="notice", key=KEY))
    assert len(shown(zalo)) == 1
    assert zalo.charged == 200


async def test_a_template_that_waits_is_tried_as_a_whole_again(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    clock.advance(8 * DAY)
    zalo.fail(TEMPLATE, -32, "rate limit")
    with pytest.raises(TryLater):
        await channel.send(NOTICE)
    zalo.fail(TEMPLATE, drop=True)
    with pytest.raises(Ambiguous):
        await channel.send(NOTICE)
    await channel.send(NOTICE)
    assert len(shown(zalo)) == 1


@pytest.mark.parametrize("lane", ["conversation", "bulk"])
async def test_what_is_no_notice_goes_by_no_template(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock, lane: Lane
) -> None:
    clock.advance(8 * DAY)
    with pytest.raises(Closed, match="-230"):
        await channel.send(out(Reply("Dạ."), lane=lane))
    assert calls(zalo, TEMPLATE) == 0
    assert not shown(zalo)


async def test_without_a_template_a_notice_is_closed(zalo: ZaloOaServer, house: ZaloOaHouse, clock: FakeClock) -> None:
    async with opened(zalo, house) as channel:
        clock.advance(8 * DAY)
        with pytest.raises(Closed, match="-230"):
            await channel.send(NOTICE)


async def test_a_template_not_for_ids_goes_by_the_agreed_number_under_a_key_that_stays(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    zalo.templates["7"]["by_uid"] = False
    house.phones[HOA] = f"+{PHONE}"
    clock.advance(8 * DAY)
    zalo.fail(BY_PHONE, late=True)
    with pytest.raises(Ambiguous):
        await channel.send(NOTICE)
    await channel.send(NOTICE)
    await channel.send(replace(NOTICE, key="lead:7F3K2Q:done:4"))
    keys = [call["tracking_id"] for call in await zalo.called(BY_PHONE)]
    assert keys[0] == keys[1] != keys[2]
    assert all(0 < len(key) <= 48 for key in keys)
    assert {kind for kind, _, _ in shown(zalo, PHONE)} == {"template"}
    assert not shown(zalo)


async def test_without_an_agreed_number_it_is_closed(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    zalo.templates["7"]["by_uid"] = False
    clock.advance(8 * DAY)
    with pytest.raises(Closed, match="-249"):
        await channel.send(NOTICE)
    assert calls(zalo, BY_PHONE) == 0
    house.phones[HOA] = f"+{PHONE}"
    zalo.without_zalo.add(PHONE)
    with pytest.raises(Closed, match="-118"):
        await channel.send(NOTICE)


async def test_a_number_is_used_for_nothing_but_that(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    house.phones[HOA] = f"+{PHONE}"
    zalo.restrict(HOA, -244)
    clock.advance(8 * DAY)
    with pytest.raises(Closed, match="-244"):
        await channel.send(NOTICE)
    assert calls(zalo, TEMPLATE) == calls(zalo, BY_PHONE) == 0, "who wants nothing gets nothing"


@pytest.mark.parametrize("hour", [22, 2])
async def test_what_the_night_forbids_waits_for_the_morning(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock, hour: int
) -> None:
    zalo.templates["7"]["tag"] = 3
    clock.advance(8 * DAY)
    clock.advance(((hour - 10) % 24) * HOUR + HOUR / 2)
    assert clock.now().hour == hour
    with pytest.raises(TryLater, match="-234") as caught:
        await channel.send(NOTICE)
    assert caught.value.after
    clock.advance(caught.value.after)
    assert dt.time(6, 5) <= clock.now().time() <= dt.time(6, 15)
    await channel.send(NOTICE)
    assert len(shown(zalo)) == 1


@pytest.mark.parametrize(
    ("path", "code"), [(INFO, -109), (INFO, -120), (TEMPLATE, -201), (TEMPLATE, -211), (TEMPLATE, -117)]
)
async def test_trouble_with_templates_closes_this_way_and_halts_no_talk(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock, path: str, code: int
) -> None:
    house.phones[HOA] = f"+{PHONE}"
    clock.advance(8 * DAY)
    zalo.fail(path, code, "no")
    with pytest.raises(Closed, match=str(code)):
        await channel.send(NOTICE)
    await channel.send(NOTICE)
    assert len(shown(zalo)) == 1, "what is mended works at once"
    assert calls(zalo, BY_PHONE) == 0


async def test_codes_of_templates_have_their_own_meaning(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    zalo.templates["7"]["by_uid"] = False
    house.phones[HOA] = f"+{PHONE}"
    zalo.zbs_per_day = 0
    clock.advance(8 * DAY)
    with pytest.raises(TryLater, match="-144"):
        await channel.send(NOTICE)


async def test_a_login_that_is_refused_halts_the_account_by_a_template_too(
    zalo: ZaloOaServer, channel: ZaloOaChannel
) -> None:
    zalo.fail(CS, -230)
    zalo.fail(TEMPLATE, -216, times=2)
    with pytest.raises(Halted):
        await channel.send(NOTICE)
