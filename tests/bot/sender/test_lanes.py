"""What leaves in which order: within a lane, between lanes, between addresses."""

from sqlalchemy import select

from bot.errors import TryLater
from bot.pace import LANES
from bot.store.outbox import Row
from bot.store.tables import outbox as rows_table
from handlers.message import Address
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.sender_house import LAN, NAM, House


async def test_a_message_is_delivered_and_noted_with_the_platforms_id(house: House) -> None:
    house.channel.outcomes(LAN, "m77")
    await house.start()
    await house.say("chào")
    await house.until("chào", "sent")
    row = await house.store.read(lambda c: c.execute(select(rows_table)).one())
    assert (row.platform_id, row.lease, row.attempts) == ("m77", "", 0)
    assert house.channel.texts == ["chào"]


async def test_messages_to_one_address_leave_in_order(house: House) -> None:
    await house.start()
    texts = [str(number) for number in range(20)]
    await house.say(*texts)
    await house.sent(*texts)


async def test_the_head_of_a_lane_is_repeated_before_the_next_goes(hurried: House) -> None:
    hurried.channel.outcomes(LAN, TryLater("busy"), TryLater("busy"))
    await hurried.start()
    await hurried.say("1", "2")
    await hurried.sent("1", "2")
    assert [message.reply.text for message in hurried.channel.tried] == ["1", "1", "1", "2"]


async def test_a_head_that_waits_for_its_time_keeps_its_lane_waiting_but_no_other(house: House) -> None:
    house.channel.outcomes(LAN, TryLater("flood", after=600))
    await house.start()
    await house.say("notice 1", "notice 2", lane="notice")
    await house.channel.until(lambda: len(house.channel.tried) == 1)
    await house.say("reply")
    await house.say("to somebody else", to=NAM, lane="notice")
    await house.sent("reply", "to somebody else")
    assert isinstance(house.clock, FakeClock)
    house.clock.advance(600)
    await house.sent("reply", "to somebody else", "notice 1", "notice 2")


async def test_conversation_overtakes_notice_and_bulk(house: House) -> None:
    house.channel = FakeChannel(per_second=50)
    sender, rows = await house.start(), list[Row | None]()
    for lane in reversed(LANES):
        for number in range(3):
            rows.append(await house.write(f"{lane} {number}", Address("fake", "test", f"{lane} {number}"), lane))
    sender.add(tuple(row for row in rows if row))
    # The very first found nobody else waiting.
    await house.sent("bulk 0", *(f"{lane} {number}" for lane in LANES for number in range(lane == "bulk", 3)))


async def test_a_long_bulk_keeps_nobody_waiting_for_a_reply_not_even_its_own_addresses(house: House) -> None:
    house.channel = FakeChannel(per_second=10)
    await house.start()
    everybody = [Address("fake", "test", str(number)) for number in range(30)]
    rows = [await house.write(f"news for {to.chat}", to, "bulk") for to in everybody]
    house.senders[0].add(tuple(row for row in rows if row))
    await house.channel.until(lambda: len(house.channel.sent) == 1)
    await house.say("reply", to=everybody[29])
    await house.channel.until(lambda: "reply" in house.channel.texts)
    # Three seconds of bulk were before it; it shared the pace with a message or two of it.
    assert len(house.channel.sent) <= 5


async def test_a_slow_address_keeps_no_other_waiting(house: House) -> None:
    await house.start()
    async with house.channel.slow(LAN):
        await house.say("slow", "behind it")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await house.say("1", "2", "3", to=NAM)
        await house.sent("1", "2", "3")
    await house.sent("1", "2", "3", "slow", "behind it")


async def test_a_slow_notice_keeps_no_reply_waiting(house: House) -> None:
    await house.start()
    async with house.channel.slow(LAN) as over:
        await house.say("notice", lane="notice")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await house.say("reply")
        await house.channel.until(lambda: len(house.channel.tried) == 2)
        over.set()
    await house.channel.until(lambda: len(house.channel.sent) == 2)


async def test_a_row_handed_over_twice_is_sent_once(house: House) -> None:
    await house.start()
    async with house.channel.slow(LAN):
        rows = [row for row in [await house.write("1"), await house.write("2")] if row]
        house.senders[0].add((*rows, *rows))
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        house.senders[0].add(tuple(rows))
    await house.until("2", "sent")
    assert house.channel.texts == ["1", "2"]
