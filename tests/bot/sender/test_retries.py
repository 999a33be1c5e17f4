"""How often a message is tried, and what becomes of one that does not arrive."""

import asyncio

from sqlalchemy import select

from bot.errors import Ambiguous, Gone, Refused, TryLater
from bot.store import work
from bot.store.tables import addresses
from bot.store.tables import outbox as rows_table
from tests.fakes.channel import DEADLINE
from tests.fakes.sender_house import LAN, NAM, House


async def test_patience_ends_after_the_attempts_and_the_next_goes(hurried: House) -> None:
    hurried.channel.outcomes(LAN, *(TryLater(f"busy {number}") for number in range(3)))
    await hurried.start(attempts=3)
    await hurried.say("1", "2")
    await hurried.sent("2")
    assert await hurried.state("1") == "failed"
    assert len(hurried.channel.tried) == 4


async def test_what_the_platform_never_takes_is_given_up_and_the_next_goes(house: House) -> None:
    house.channel.outcomes(LAN, Refused("message is too long"))
    await house.start()
    await house.say("1", "2")
    await house.sent("2")
    row = await house.store.read(lambda c: c.execute(select(rows_table).where(rows_table.c.key == "1")).one())
    assert (row.state, row.error, row.lease) == ("failed", "message is too long", "")
    assert await house.store.read(work.open_tasks) == ()


async def test_what_may_have_arrived_is_repeated_once_and_then_unknown(hurried: House) -> None:
    hurried.channel.outcomes(LAN, Ambiguous("time-out"), Ambiguous("time-out"))
    await hurried.start()
    await hurried.say("1", "2")
    await hurried.sent("2")
    assert await hurried.state("1") == "unknown"
    assert [message.reply.text for message in hurried.channel.tried] == ["1", "1", "2"]


async def test_patience_before_does_not_count_against_the_repetition(hurried: House) -> None:
    hurried.channel.outcomes(LAN, TryLater("busy"), TryLater("busy"), Ambiguous("time-out"), TryLater("busy"))
    await hurried.start()
    await hurried.say("1")
    await hurried.sent("1")
    assert len(hurried.channel.tried) == 5


async def test_outreach_that_may_have_arrived_is_not_repeated(hurried: House) -> None:
    hurried.channel.outcomes(LAN, Ambiguous("time-out"))
    await hurried.start()
    await hurried.say("news", lane="bulk")
    await hurried.until("news", "unknown")
    assert len(hurried.channel.tried) == 1


async def test_a_channel_that_raises_what_it_should_not_is_treated_as_ambiguous(hurried: House) -> None:
    hurried.channel.outcomes(LAN, KeyError("message_id"), KeyError("message_id"))
    await hurried.start()
    await hurried.say("1", "2")
    await hurried.sent("2")
    assert await hurried.state("1") == "unknown"


async def test_a_notice_that_did_not_arrive_becomes_a_task(house: House) -> None:
    house.channel.outcomes(LAN, Refused("chat not found"))
    await house.start()
    await house.say("lead:7F3K2Q:new", lane="notice")
    await house.until("lead:7F3K2Q:new", "failed")
    (task,) = await house.store.read(work.open_tasks)
    assert (task.kind, task.about) == ("not-sent", "lead:7F3K2Q:new (fake)")


async def test_who_left_is_sent_nothing_more_and_every_notice_becomes_a_task(house: House) -> None:
    house.channel.outcomes(LAN, Gone("blocked by the user"))
    await house.start()
    async with house.channel.slow(LAN):
        await house.say("reply 1")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await house.write("notice 1", lane="notice", lease="")
        await house.say("reply 2")
        await house.say("notice 2", lane="notice")
        await house.say("to somebody else", to=NAM)
    await house.until("reply 1", "failed")
    assert [await house.state(text) for text in ("reply 2", "notice 1", "notice 2")] == ["failed"] * 3
    assert [task.about for task in await house.store.read(work.open_tasks)] == ["notice 1 (fake)", "notice 2 (fake)"]
    assert house.channel.texts == ["to somebody else"]
    blocked = select(addresses.c.blocked_at.is_not(None)).where(addresses.c.chat == "lan")
    assert await house.store.read(lambda c: c.execute(blocked).scalar_one())


async def test_stopping_sends_what_is_in_hand(house: House) -> None:
    sender = await house.start()
    async with house.channel.slow(LAN) as over:
        await house.say("1", "2", "3")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        stopping = asyncio.create_task(sender.stop(grace=DEADLINE))
        over.set()
        await stopping
    assert house.channel.texts == ["1", "2", "3"]
    assert [await house.state(text) for text in "123"] == ["sent"] * 3
    assert not sender.holds


async def test_stopping_does_not_wait_for_a_head_whose_time_has_not_come(house: House) -> None:
    house.channel.outcomes(LAN, TryLater("flood", after=600))
    sender = await house.start()
    await house.say("1", "2")
    await house.channel.until(lambda: len(house.channel.tried) == 1)
    async with asyncio.timeout(DEADLINE):
        await sender.stop(grace=10 * DEADLINE)
    assert [await house.state(text) for text in "12"] == ["ready"] * 2


async def test_stopping_leaves_a_hopeless_one_written_down(house: House) -> None:
    sender = await house.start()
    async with house.channel.slow(LAN):
        await house.say("1")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await sender.stop(grace=0.01)
        assert await house.state("1") == "ready"
