"""An account that may send nothing for a while loses nothing, and staff learn of it; nobody else suffers for one."""

import asyncio
import datetime as dt
from functools import partial

from sqlalchemy import Connection, select

from bot.channels.base import Abilities, Quota
from bot.clock import to_ms
from bot.errors import Closed, Halted, UsedUp
from bot.store import people, quota, work
from bot.store.tables import tasks as tasks_table
from bot.store.work import Task
from handlers.message import Address
from handlers.reach import Windows
from tests.fakes.sender_house import LAN, NAM, House

GONE = Halted("401 Unauthorized", "copy the token again", 3600)
FULL = UsedUp("429 Quota exceeded", "wait for the next month, or take the larger plan", 3600)


async def tasks(house: House) -> tuple[Task, ...]:
    """What staff have to do."""
    return await house.store.read(work.open_tasks)


def limited(house: House, people: int = 50, per_month: int = 3000) -> None:
    """The channel has a quota."""
    house.channel.abilities = Abilities(4, 40, 4000, True, 10_000, quota=Quota(people, per_month))


async def test_a_halted_account_waits_and_then_everything_leaves_in_order(hurried: House) -> None:
    hurried.channel.outcomes(LAN, *([GONE] * 3))
    await hurried.start(attempts=2)
    await hurried.say("1", "2")
    await hurried.say("3", to=NAM, lane="notice")
    await hurried.channel.until(lambda: {"1", "2", "3"} <= set(hurried.channel.texts))
    assert [text for text in hurried.channel.texts if text != "3"] == ["1", "2"]


async def test_staff_are_told_with_the_mend(house: House) -> None:
    house.channel.outcomes(LAN, GONE)
    await house.start()
    await house.say("1")
    await house.channel.until(lambda: len(house.channel.tried) == 1)
    async with asyncio.timeout(10):
        while not (found := await tasks(house)):
            await asyncio.sleep(0.005)
    assert [task.kind for task in found] == ["halted"]
    assert found[0].about == "fake/test: 401 Unauthorized. copy the token again"
    assert await house.state("1") == "ready"


async def test_once_something_leaves_again_the_task_is_done(hurried: House) -> None:
    hurried.channel.outcomes(LAN, GONE)
    sender = await hurried.start()
    await hurried.say("1")
    await hurried.until("1", "sent")
    assert await tasks(hurried) == ()
    assert not sender.halted


async def test_a_task_that_was_done_does_not_hide_the_next_halt(hurried: House) -> None:
    hurried.channel.outcomes(LAN, GONE, "m1", GONE, GONE)
    await hurried.start()
    await hurried.say("1", "2")
    await hurried.channel.until(lambda: len(hurried.channel.tried) >= 4)
    await hurried.until("2", "sent")
    done = select(tasks_table.c.state).where(tasks_table.c.kind == "halted")
    assert await hurried.store.read(lambda c: c.execute(done).scalars().all()) == ["done"] * 3


async def test_while_it_is_halted_nobody_else_is_tried(house: House) -> None:
    house.channel.outcomes(LAN, GONE)
    sender = await house.start()
    await house.say("1")
    await house.channel.until(lambda: len(house.channel.tried) == 1)
    await house.say("2", to=NAM)
    await sender.stop()
    assert [message.reply.text for message in house.channel.tried] == ["1"]
    assert await house.state("2") == "ready"


async def test_a_reply_that_waited_for_a_day_is_given_up_and_told(hurried: House) -> None:
    hurried.channel.outcomes(LAN, *([Halted("no money", "pay", 1800)] * 80))
    await hurried.start()
    await hurried.say("1")
    await hurried.until("1", "failed")
    assert {task.kind for task in await tasks(hurried)} == {"halted", "not-sent"}


async def test_a_person_who_cannot_be_written_to_becomes_a_task_whatever_the_lane(house: House) -> None:
    house.channel.outcomes(LAN, Closed("-230: no word for 7 days"))
    await house.start()
    await house.say("talk/1", "2")
    await house.sent("2")
    (task,) = await tasks(house)
    assert (task.kind, task.about) == ("not-sent", "fake/test: lan: -230: no word for 7 days")


async def test_of_one_person_staff_hear_once_a_day(house: House) -> None:
    house.channel.outcomes(LAN, *([Closed("-211")] * 5))
    await house.start()
    await house.say("1", "2", "3", "4", "5", "6")
    await house.sent("6")
    assert len(await tasks(house)) == 1


async def test_a_notice_that_waited_until_it_costs_money_is_not_sent_unasked(hurried: House) -> None:
    windows = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55)
    hurried.channel.abilities = Abilities(4, 40, 4000, True, 10_000, windows=windows)
    hurried.channel.outcomes(LAN, Halted("the login is lost", "bot zalo login", 60 * 3600))
    await hurried.start()
    await hurried.say("lead:7F3K2Q:claimed:1", lane="notice")
    await hurried.until("lead:7F3K2Q:claimed:1", "failed")
    assert len(hurried.channel.tried) <= 1
    assert "by now it costs money" in (await tasks(hurried))[-1].about


async def test_one_person_too_many_halts_nobody_else(house: House) -> None:
    limited(house, people=1)
    house.channel.outcomes(NAM, FULL)
    await house.start()
    await house.say("1")
    await house.sent("1")
    await house.say("2", to=NAM)
    await house.say("3")
    await house.sent("1", "3")
    await house.until("2", "failed")
    assert [task.kind for task in await tasks(house)] == ["quota-person"]


async def test_one_refused_alone_is_one_too_many_also_where_we_counted_nobody(house: House) -> None:
    limited(house)
    house.channel.outcomes(NAM, FULL, FULL)
    await house.start()
    await house.say("1", "2", to=NAM)
    await house.until("2", "failed")
    await house.say("3")
    await house.sent("3")
    assert [task.kind for task in await tasks(house)] == ["quota-person"]


async def test_two_refused_one_after_the_other_are_the_end_of_the_month(house: House) -> None:
    limited(house)
    house.channel.outcomes(NAM, FULL)
    house.channel.outcomes(LAN, FULL)
    sender = await house.start()
    await house.say("1", to=NAM)
    await house.until("1", "failed")
    await house.say("2")
    await house.channel.until(lambda: len(house.channel.tried) == 2)
    async with asyncio.timeout(10):
        while not sender.halted:
            await asyncio.sleep(0.005)
    assert await house.state("2") == "ready"


async def test_a_wrong_token_is_nobodys_place(house: House) -> None:
    limited(house, people=1)
    await house.start()
    await house.say("1")
    await house.sent("1")
    house.channel.outcomes(NAM, GONE)
    await house.say("2", to=NAM)
    await house.channel.until(lambda: len(house.channel.tried) == 2)
    async with asyncio.timeout(10):
        while not await tasks(house):
            await asyncio.sleep(0.005)
    assert [task.kind for task in await tasks(house)] == ["halted"]


async def test_a_store_that_is_away_loses_no_row_of_a_full_account(house: House) -> None:
    limited(house)
    house.channel.outcomes(LAN, FULL)
    sender = await house.start()
    row = await house.write("1")
    assert row
    refused = house.store.fail()
    sender.add((row,))
    await refused.wait()
    house.store.down = False
    await house.until("1", "failed")
    await house.say("2")
    await house.sent("2")


async def test_the_months_messages_are_counted_and_told_near_the_end_and_at_it(house: House) -> None:
    limited(house, per_month=10)
    await house.start()
    for number in range(12):
        await house.say(str(number))
    await house.channel.until(lambda: len(house.channel.sent) == 12)
    await house.until("11", "sent")
    assert [task.about for task in await tasks(house)] == ["fake/test: 9/10", "fake/test: 10/10"]
    now = house.clock.now()
    assert await house.store.read(lambda c: quota.in_month(c, "fake/test", now)) == 12
    assert await house.store.read(lambda c: quota.in_month(c, "fake/test", now + dt.timedelta(days=31))) == 0


async def test_who_takes_the_last_place_and_who_has_none_are_tasks(house: House) -> None:
    now = to_ms(house.clock.now())

    def come(connection: Connection, number: int) -> None:
        address = Address("fake", "test", str(number))
        people.arrive(connection, address, now)
        quota.arrived(connection, Quota(3, 10), address, now)

    for number in range(1, 5):
        await house.store.write(partial(come, number=number))
    found = await tasks(house)
    assert [task.about for task in found] == ["fake/test: 3/3", "fake/test: 4 (#4)"]
    assert [task.kind for task in found] == ["quota-people", "quota-person"]
