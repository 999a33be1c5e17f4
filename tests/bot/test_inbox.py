"""The door for updates: once, durable before it is acknowledged, in each person's order, whatever a turn raises."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select

from bot.channels.base import Taken
from bot.clock import to_ms
from bot.errors import StoreUnavailable
from bot.inbox import Inbox, cleaned
from bot.knowledge_base import KnowledgeBase
from bot.reading import Reader
from bot.store import inbox as inbox_rows
from bot.store import messages, work
from bot.store.outbox import Row
from bot.store.store import Store
from bot.store.tables import addresses
from bot.turns import Turns
from handlers.context import Context, Handler
from handlers.message import LONGEST_TEXT, Address, Inbound, InboundKind, Reply
from handlers.person import Person
from handlers.turn import Turn
from tests.fakes.clock import FakeClock

T = TypeVar("T")
ADDRESS = Address("fake", "test", "ba")


@dataclass
class Script:
    """A handler that answers with the words it hears; `breaks` counts down the turns that raise for a word."""

    breaks: dict[str, int] = field(default_factory=dict)
    gate: threading.Event | None = None

    def handle(self, message: Inbound, person: Person, context: Context) -> Turn:
        """Echo, or raise."""
        if self.gate is not None:
            self.gate.wait(10)
        if self.breaks.get(message.text, 0) > 0:
            self.breaks[message.text] -= 1
            raise RuntimeError("the handler has a fault")
        return Turn(
            replace(person.conversation, topic=message.text, introduced=True), (Reply(f"nghe: {message.text}"),)
        )


@dataclass
class House:
    """An inbox over a real store, with a scripted handler."""

    store: Store
    inbox: Inbox
    clock: FakeClock
    script: Script
    left: list[Row]

    async def say(self, id: str, text: str, address: Address = ADDRESS) -> Taken:
        """Take in a text."""
        return await self.inbox.take(Inbound(id, address, "ba", "text", self.clock.now(), text))

    async def told(self, address: Address = ADDRESS) -> list[str]:
        """What the person at an address was told, in order."""
        rows = await self.store.read(lambda connection: messages.history(connection, address, 0, 100))
        return [row.reply.text for row in rows if row.ours]


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """A house on each engine."""
    store, clock, script, left = Store(database_url), FakeClock(), Script(), list[Row]()
    base = KnowledgeBase(())
    turns = Turns(base, clock, {}, lambda channel, account: "us", (Handler("script", script.handle),))
    # Patient, so that a busy machine does not send a turn the slow way, which has tests of its own.
    yield House(store, Inbox(store, Reader(base), turns, clock, left.extend, patience=30), clock, script, left)
    store.close()


async def test_a_message_is_answered_once_however_often_it_comes(house: House) -> None:
    assert await house.say("1", "chào") is Taken.ANSWERED
    assert await house.say("1", "chào") is Taken.DUPLICATE
    assert await house.told() == ["nghe: chào"]
    assert [row.outgoing.reply.text for row in house.left] == ["nghe: chào"]


async def test_the_same_update_twice_at_once_is_one_message(house: House) -> None:
    taken = await asyncio.gather(*(house.say("1", "chào") for _ in range(8)))
    assert sorted(t.value for t in taken) == ["answered"] + ["duplicate"] * 7
    assert await house.told() == ["nghe: chào"]


async def test_a_turn_that_raises_is_kept_and_later_ones_wait_behind_it(house: House) -> None:
    house.script.breaks = {"một": 1}
    assert await house.say("1", "một") is Taken.PENDING
    assert await house.say("2", "hai") is Taken.PENDING
    assert await house.say("3", "ba", replace(ADDRESS, chat="tư")) is Taken.ANSWERED
    assert not await house.inbox.recover_due()
    house.clock.advance(3)
    while await house.inbox.recover_due():
        pass
    assert await house.told() == ["nghe: một", "nghe: hai"]


async def test_messages_sent_at_once_keep_their_order_around_one_that_raises(house: House) -> None:
    house.script.breaks = {"5": 1}
    await asyncio.gather(*(house.say(str(n), str(n)) for n in range(10)))
    house.clock.advance(3)
    while await house.inbox.recover_due():
        pass
    assert await house.told() == [f"nghe: {n}" for n in range(10)]


async def test_after_three_failures_the_person_gets_one_apology_and_staff_one_task(house: House) -> None:
    house.script.breaks = {"hỏng": 99}
    assert await house.say("1", "hỏng") is Taken.PENDING
    assert await house.say("2", "tiếp") is Taken.PENDING
    for _ in range(3):
        house.clock.advance(60)
        while await house.inbox.recover_due():
            pass
    told = await house.told()
    assert len(told) == 2 and "lỗi" in told[0] and told[1] == "nghe: tiếp"
    tasks = await house.store.read(work.open_tasks)
    assert [task.kind for task in tasks] == ["failed-update"]
    assert await house.store.read(inbox_rows.waiting) == (0, 1)


async def test_a_turn_that_is_not_begun_in_time_is_written_down_raw(database_url: str) -> None:
    store, clock, left = Store(database_url, size=1), FakeClock(), list[Row]()
    gate, base = threading.Event(), KnowledgeBase(())
    script = Script(gate=gate)
    turns = Turns(base, clock, {}, lambda channel, account: "us", (Handler("script", script.handle),))
    door = Inbox(store, Reader(base), turns, clock, left.extend, patience=0.05)
    house = House(store, door, clock, script, left)
    first = asyncio.create_task(house.say("1", "chậm"))
    second = asyncio.create_task(house.say("2", "sau"))
    await asyncio.wait({second}, timeout=0.3)
    gate.set()
    assert await first is Taken.ANSWERED
    assert await second is Taken.PENDING
    while await house.inbox.recover_due():
        pass
    assert await house.told() == ["nghe: chậm", "nghe: sau"]
    store.close()


async def test_what_is_written_down_raw_is_written_as_it_came(database_url: str) -> None:
    class Hindered(Store):
        """The first urgent write waits at the door, as one of several connections may be the slower one."""

        door: asyncio.Event | None = asyncio.Event()

        async def write(self, work: Callable[[Connection], T], *, key: str = "", urgent: bool = False) -> T:
            if urgent and (door := self.door):
                self.door = None
                await door.wait()
            return await super().write(work, key=key, urgent=urgent)

    store, clock, left = Hindered(database_url, size=4), FakeClock(), list[Row]()
    door, gate, base = store.door, threading.Event(), KnowledgeBase(())
    assert door is not None
    script = Script(gate=gate)
    turns = Turns(base, clock, {}, lambda channel, account: "us", (Handler("script", script.handle),))
    house = House(store, Inbox(store, Reader(base), turns, clock, left.extend, patience=0.05), clock, script, left)
    first = asyncio.create_task(house.say("first", "chậm"))
    others = [asyncio.create_task(house.say(str(n), str(n))) for n in range(3)]
    await asyncio.wait(others, timeout=0.3)
    door.set()
    gate.set()
    assert await first is Taken.ANSWERED
    assert {await other for other in others} == {Taken.PENDING}
    while await house.inbox.recover_due():
        pass
    assert await house.told() == ["nghe: chậm", *(f"nghe: {n}" for n in range(3))]
    store.close()


async def test_nothing_is_acknowledged_when_the_store_is_closed(house: House) -> None:
    house.store.close()
    with pytest.raises(StoreUnavailable):
        await house.say("1", "chào")


async def test_pending_updates_survive_the_process(database_url: str) -> None:
    clock, base = FakeClock(), KnowledgeBase(())
    for script in (Script({"một": 1}), Script()):
        store = Store(database_url)
        turns = Turns(base, clock, {}, lambda channel, account: "us", (Handler("script", script.handle),))
        house = House(store, Inbox(store, Reader(base), turns, clock, lambda rows: None), clock, script, [])
        if script.breaks:
            assert await house.say("1", "một") is Taken.PENDING
        else:
            now = to_ms(clock.now())
            assert len(await store.read(partial(inbox_rows.due, now=now))) == 1
            while await house.inbox.recover_due():
                pass
            assert await house.told() == ["nghe: một"]
        store.close()
        clock.advance(5)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("", ""),
        ("a\x00b\u202ec\u200bd", "abcd"),
        ("x" * 100_000, "x" * LONGEST_TEXT),
        ("Hoà\u0300", "Hoà\u0300"),
    ],
)
def test_a_text_is_cleaned_and_cut_at_the_door(raw: str, clean: str) -> None:
    inbound = Inbound("1", ADDRESS, "ba", "text", FakeClock().now(), raw)
    assert cleaned(inbound).text == clean


async def test_what_comes_only_once_is_written_down_before_its_turn(house: House) -> None:
    said = Inbound("1", ADDRESS, "ba", "text", house.clock.now(), "chào")
    assert await house.inbox.keep(said) is Taken.PENDING
    assert await house.told() == []
    assert await house.inbox.keep(said) is Taken.DUPLICATE
    assert await house.inbox.recover_due()
    assert await house.told() == ["nghe: chào"]


async def test_what_is_kept_of_one_person_is_answered_in_the_order_it_came(house: House) -> None:
    for n in range(5):
        await house.inbox.keep(Inbound(str(n), ADDRESS, "ba", "text", house.clock.now(), str(n)))
    while await house.inbox.recover_due():
        pass
    assert await house.told() == [f"nghe: {n}" for n in range(5)]


async def test_what_an_officer_wrote_by_hand_stands_in_the_talk_as_ours(house: House) -> None:
    await house.inbox.take(Inbound("1", ADDRESS, "", "staff_echo", house.clock.now(), "em Hoa ở Sở đây"))
    assert await house.told() == ["em Hoa ở Sở đây"]
    await house.say("2", "dạ")
    assert await house.told() == ["em Hoa ở Sở đây"]


@pytest.mark.parametrize("kind", ["blocked", "withdrawn"])
async def test_who_leaves_is_marked_and_who_writes_again_is_not(house: House, kind: InboundKind) -> None:
    def marked(connection: Connection) -> bool:
        found = select(addresses.c.blocked_at.is_not(None)).where(addresses.c.chat == ADDRESS.chat)
        return bool(connection.execute(found).scalar_one())

    await house.inbox.take(Inbound("1", ADDRESS, "ba", kind, house.clock.now()))
    assert await house.store.read(marked)
    await house.say("2", "chào")
    assert not await house.store.read(marked)
