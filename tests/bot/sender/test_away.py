"""Who is away gets everything in order when they are back."""

import asyncio

from sqlalchemy import select

from bot.errors import Away
from bot.store.tables import outbox as rows_table
from tests.fakes.channel import DEADLINE, FakeChannel
from tests.fakes.sender_house import LAN, NAM, House


async def test_who_is_away_gets_everything_in_order_when_they_are_back(house: House) -> None:
    house.channel.outcomes(LAN, Away("no page is open"))
    sender = await house.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2", "3")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
    await house.until("3", "away")
    assert [await house.state(text) for text in "12"] == ["away"] * 2
    assert len(house.channel.tried) == 1
    sender.wake(LAN)
    await house.sent("1", "2", "3")
    row = await house.store.read(lambda c: c.execute(select(rows_table).where(rows_table.c.key == "1")).one())
    assert row.attempts == 0


async def test_coming_back_before_the_absence_is_written_down_loses_nothing(house: House) -> None:
    house.channel.outcomes(LAN, Away("no page is open"))
    sender = await house.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        door = house.store.hold_next()
    async with asyncio.timeout(DEADLINE):
        await house.store.waits.wait()
    sender.wake(LAN)
    await house.store.write(lambda connection: None)  # after the wake's own look, which finds nobody away
    door.set()
    await house.sent("1", "2")


async def test_coming_back_while_the_message_is_on_its_way_loses_nothing(house: House) -> None:
    house.channel.outcomes(LAN, Away("the page was just closed"))
    sender = await house.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        sender.wake(LAN)
    await house.sent("1", "2")


async def test_many_wakes_send_once(house: House) -> None:
    house.channel.outcomes(LAN, Away("no page is open"))
    sender = await house.start()
    await house.say("1")
    await house.until("1", "away")
    for _ in range(10):
        sender.wake(LAN)
    await house.until("1", "sent")
    await house.say("2")
    await house.until("2", "sent")
    assert house.channel.texts == ["1", "2"]


async def test_what_is_written_for_somebody_away_leaves_behind_what_waits(house: House) -> None:
    house.channel.outcomes(LAN, Away("no page is open"))
    await house.start()
    await house.say("1")
    await house.until("1", "away")
    await house.say("2")  # found by the next look, and tried together with what is older
    await house.sent("1", "2")


async def test_absence_seen_in_one_lane_stops_what_waits_for_its_turn_in_another(house: House) -> None:
    house.channel = FakeChannel(per_second=5)
    house.channel.outcomes(LAN, Away("no page is open"))
    sender = await house.start()
    rows = [
        await house.write("news 1", NAM, "bulk"),
        await house.write("reply"),
        await house.write("news 2", lane="bulk"),
    ]
    sender.add(tuple(row for row in rows if row))
    await house.until("news 2", "away")
    sender.wake(LAN)
    await house.channel.until(lambda: len(house.channel.sent) == 3)
    assert sorted(message.reply.text for message in house.channel.tried) == ["news 1", "news 2", "reply", "reply"]
