"""What leaves, in which order, how often, and who sends it, whatever breaks on the way."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select, update

from bot.clock import Clock, to_ms
from bot.errors import Ambiguous, Away, Gone, Refused, StoreUnavailable, TryLater
from bot.pace import LANES
from bot.sender import Sender
from bot.store import leases, outbox, people, work
from bot.store.outbox import Row
from bot.store.store import Store
from bot.store.tables import addresses
from bot.store.tables import leases as leases_table
from bot.store.tables import outbox as rows_table
from handlers.message import Address, Lane, Reply
from tests.fakes.channel import DEADLINE, FakeChannel
from tests.fakes.clock import FakeClock

T = TypeVar("T")
LAN, NAM = Address("fake", "test", "lan"), Address("fake", "test", "nam")


class HurriedClock(FakeClock):
    """An hour passes whenever somebody looks at it, so that nobody has to wait for a later try."""

    def now(self) -> dt.datetime:
        """The time, aware, in UTC+7."""
        self.advance(3600.0)
        return super().now()


class TroubledStore(Store):
    """A store whose writes can be made to fail, or to wait at the door."""

    down = False
    wrote = 0

    def __init__(self, url: str) -> None:
        super().__init__(url, size=6)
        self.door: asyncio.Event | None = None

    async def write(self, work: Callable[[Connection], T], *, key: str = "", urgent: bool = False) -> T:
        """As Store.write, if it is not down."""
        if self.down:
            self.refused.set()
            raise StoreUnavailable("The disk is full: free some space.")
        if door := self.door:
            self.door = None
            self.waits.set()
            await door.wait()
        return await super().write(work, key=key, urgent=urgent)

    def hold_next(self) -> asyncio.Event:
        """The next write waits until this event is set; `waits` tells that it does."""
        self.waits = asyncio.Event()
        self.door = asyncio.Event()
        return self.door

    def fail(self) -> asyncio.Event:
        """From now on nothing can be written; the event tells that somebody tried."""
        self.down, self.refused = True, asyncio.Event()
        return self.refused


@dataclass
class House:
    """A channel, its senders, and what is written for them."""

    store: TroubledStore
    clock: Clock = field(default_factory=FakeClock)
    channel: FakeChannel = field(default_factory=FakeChannel)
    senders: list[Sender] = field(default_factory=list)
    keys: int = 0

    def sender(
        self, holder: str = "a", *, channel: FakeChannel | None = None, lease: float = 60, attempts: int = 8
    ) -> Sender:
        """A sender that is stopped with the house."""
        made = Sender(channel or self.channel, self.store, self.clock, holder, lease_seconds=lease, attempts=attempts)
        self.senders.append(made)
        return made

    async def start(self, holder: str = "a", *, attempts: int = 8) -> Sender:
        """A started sender that holds the account."""
        sender = self.sender(holder, attempts=attempts)
        await sender.start()
        assert sender.holds
        return sender

    async def write(self, text: str, to: Address = LAN, lane: Lane = "conversation", lease: str = "a") -> Row | None:
        """A message to leave, keyed by its text."""

        def run(connection: Connection) -> Row | None:
            now = to_ms(self.clock.now())
            there = people.arrive(connection, to, now).address_id
            return outbox.put(
                connection, there, to, Reply(text), key=text, lane=lane, language="vi", lease=lease, now=now
            )

        return await self.store.write(run)

    async def say(self, *texts: str, to: Address = LAN, lane: Lane = "conversation") -> None:
        """Messages to leave, handed over in memory as after a turn."""
        for text in texts:
            row = await self.write(text, to, lane)
            if row:
                self.senders[0].add((row,))

    async def state(self, text: str) -> str:
        """What became of a message."""
        found = select(rows_table.c.state).where(rows_table.c.key == text)
        return str(await self.store.read(lambda connection: connection.execute(found).scalar_one()))

    async def until(self, text: str, state: str) -> None:
        """Wait until a message is in a state."""
        async with asyncio.timeout(DEADLINE):
            while await self.state(text) != state:
                await asyncio.sleep(0.005)

    async def sent(self, *texts: str) -> None:
        """Wait until so many messages are delivered, and compare them."""
        await self.channel.until(lambda: len(self.channel.sent) >= len(texts))
        assert self.channel.texts == list(texts)


@pytest.fixture
def store(database_url: str) -> Iterator[TroubledStore]:
    """An open store, on each engine."""
    opened = TroubledStore(database_url)
    yield opened
    opened.close()


@pytest.fixture
async def house(store: TroubledStore) -> AsyncIterator[House]:
    """A house whose clock stands."""
    made = House(store)
    yield made
    store.down = False
    for sender in made.senders:
        await sender.stop(grace=0)


@pytest.fixture
async def hurried(store: TroubledStore) -> AsyncIterator[House]:
    """A house where every later try is due at once."""
    made = House(store, HurriedClock())
    yield made
    store.down = False
    for sender in made.senders:
        await sender.stop(grace=0)


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
    one, two = house.sender("a", lease=0.3), house.sender("b", channel=second, lease=0.3)
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


async def rob(store: Store) -> None:
    """Somebody else takes the lease, as after a stand-still longer than it."""
    taken = update(leases_table).values(holder="robber", until=leases_table.c.until + 10_000_000)
    await store.write(lambda connection: connection.execute(taken).close())
