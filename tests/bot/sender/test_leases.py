"""Who sends for an account: after a crash, beside another sender, without the lease."""

import asyncio

from bot.clock import to_ms
from bot.store import leases, outbox
from tests.fakes.channel import DEADLINE, FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.sender_house import LAN, NAM, House, rob


async def test_after_a_crash_another_process_sends_all_in_order(house: House) -> None:
    for text in ("1", "2", "3"):
        assert await house.write(text, lease="crashed")
    assert await house.write("notice", lane="notice", lease="crashed")
    await house.start("b")
    await house.channel.until(lambda: len(house.channel.sent) == 4)
    assert [text for text in house.channel.texts if text != "notice"] == ["1", "2", "3"]


async def test_after_a_crash_a_head_that_waits_for_its_time_is_not_overtaken(house: House) -> None:
    head = await house.write("1", lease="crashed")
    assert head
    at = to_ms(house.clock.now()) + 600_000
    await house.store.write(lambda connection: outbox.put_off(connection, head.id, 2, at, "flood"))
    await house.write("2", lease="crashed")
    await house.write("reply to somebody else", NAM, lease="crashed")
    await house.start("b")
    await house.sent("reply to somebody else")
    assert isinstance(house.clock, FakeClock)
    house.clock.advance(600)
    await house.sent("reply to somebody else", "1", "2")


async def test_a_message_on_its_way_when_the_process_ended_is_sent_again(house: House) -> None:
    crashed = await house.start("a")
    async with house.channel.slow(LAN):
        await house.say("1", "2")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await crashed.stop(grace=0)
    await house.store.write(lambda connection: leases.give_back(connection, "a"))
    await house.start("b")
    await house.sent("1", "2")


async def test_rows_that_another_process_wrote_are_found_while_running(house: House) -> None:
    await house.start()
    assert await house.write("1", lease="") is None
    await house.say("2")  # must not overtake it
    await house.sent("1", "2")


async def test_of_two_senders_of_an_account_one_sends_and_the_other_follows(house: House) -> None:
    second = FakeChannel()
    # Long enough that a busy machine renews it in time; the other takes it when it ends.
    one, two = house.sender("a", lease=2), house.sender("b", channel=second, lease=2)
    await asyncio.gather(one.start(), two.start())
    assert (one.holds, two.holds) in ((True, False), (False, True))
    holder, other = (house.channel, second) if one.holds else (second, house.channel)
    for number in range(20):
        await house.write(str(number), lease="")
    await holder.until(lambda: len(holder.sent) == 20)
    assert holder.texts == [str(number) for number in range(20)]
    assert other.tried == []
    first = one if one.holds else two
    await first.stop()
    await house.write("after it stopped", lease="")
    await other.until(lambda: other.texts == ["after it stopped"])
    assert not first.holds


async def test_who_lost_the_lease_stops_sending_and_leaves_the_rest_to_the_holder(house: House) -> None:
    sender = house.sender("a", lease=0.3)
    await sender.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2", "3")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await rob(house.store)
        async with asyncio.timeout(DEADLINE):
            while sender.holds:
                await asyncio.sleep(0.005)
    await house.until("1", "sent")
    assert house.channel.texts == ["1"]
    other = FakeChannel()
    await house.sender("robber", channel=other).start()
    await other.until(lambda: other.texts == ["2", "3"])
    assert house.channel.texts == ["1"]


async def test_who_gets_the_lease_back_finds_its_own_rows_again(house: House) -> None:
    sender = house.sender("a", lease=0.3)
    await sender.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await rob(house.store)
        async with asyncio.timeout(DEADLINE):
            while sender.holds:
                await asyncio.sleep(0.005)
        await house.store.write(lambda connection: leases.give_back(connection, "robber"))
    await house.sent("1", "2")
    await house.until("2", "sent")
    assert house.channel.texts == ["1", "2"]


async def test_who_gets_the_lease_back_does_not_repeat_what_the_other_sent_meanwhile(house: House) -> None:
    sender, other = house.sender("a", lease=0.3), FakeChannel()
    await sender.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2", "3")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        await rob(house.store)
        async with asyncio.timeout(DEADLINE):
            while sender.holds:
                await asyncio.sleep(0.005)
        robber = house.sender("robber", channel=other)
        await robber.start()
        await other.until(lambda: other.texts == ["1", "2", "3"])
        await robber.stop()
        await house.store.write(lambda connection: leases.give_back(connection, "robber"))
        tries = asyncio.Event()  # the first sender asks for the lease three times a second at least
        asyncio.get_running_loop().call_later(0.5, tries.set)
        await tries.wait()
        assert not sender.holds
    async with asyncio.timeout(DEADLINE):
        while not sender.holds:
            await asyncio.sleep(0.005)
    await house.say("4")
    await house.sent("1", "4")  # of the first nobody could know


async def test_who_lost_the_lease_while_it_waited_for_its_turn_does_not_send(house: House) -> None:
    house.channel = FakeChannel(per_second=1)
    sender = house.sender("a", lease=0.3)
    await sender.start()
    await house.say("1", to=NAM)
    await house.sent("1")
    await house.say("2")
    await rob(house.store)
    async with asyncio.timeout(DEADLINE):
        while sender.holds:
            await asyncio.sleep(0.005)
    await sender.stop(grace=DEADLINE)
    assert house.channel.texts == ["1"]
    assert await house.state("2") == "ready"


async def test_a_store_that_stays_away_ends_the_sending_before_another_may_begin(house: House) -> None:
    sender = house.sender("a", lease=0.3)
    await sender.start()
    house.store.fail()
    async with asyncio.timeout(DEADLINE):
        while sender.holds:
            await asyncio.sleep(0.005)
    house.store.down = False
    async with asyncio.timeout(DEADLINE):
        while not sender.holds:
            await asyncio.sleep(0.005)
    await house.say("1")
    await house.sent("1")


async def test_what_could_not_be_noted_is_noted_later_and_not_sent_twice(house: House) -> None:
    await house.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2")
        await house.channel.until(lambda: len(house.channel.tried) == 1)
        tried = house.store.fail()
    async with asyncio.timeout(DEADLINE):
        await tried.wait()
    assert house.channel.texts == ["1"]
    house.store.down = False
    await house.until("2", "sent")
    assert await house.state("1") == "sent"
    assert house.channel.texts == ["1", "2"]


async def test_a_row_that_was_never_handed_over_is_found_in_time(house: House) -> None:
    sender = house.sender("a", lease=0.3)
    await sender.start()
    assert await house.write("1")  # committed, and then whoever wrote it was cancelled
    assert isinstance(house.clock, FakeClock)
    house.clock.advance(60)
    await house.sent("1")


async def test_a_sender_without_the_lease_sends_nothing(house: House) -> None:
    await house.store.write(lambda connection: leases.take(connection, "send/fake/test", "other", 60))
    sender = house.sender("a")
    await sender.start()
    assert not sender.holds
    row = await house.write("1")
    assert row
    sender.add((row,))
    sender.wake(LAN)
    await sender.stop()
    assert house.channel.tried == []
    assert await house.state("1") == "ready"
