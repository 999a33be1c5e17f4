"""Turns of groups through the whole door: what a group says is not kept, what becomes of it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Connection, select

from bot.channels.base import Taken
from bot.clock import to_ms
from bot.inbox import Inbox
from bot.knowledge_base import KnowledgeBase
from bot.reading import Reader
from bot.store import inbox, messages, officers, people, work
from bot.store.outbox import Row
from bot.store.store import Store
from bot.store.tables import addresses, audit
from bot.store.tables import messages as messages_table
from bot.turns import Turns
from handlers.context import Context, Handler
from handlers.message import Address, Inbound, InboundKind
from handlers.order import ORDER
from handlers.person import Person
from handlers.turn import Turn
from tests.fakes.clock import FakeClock
from tests.fakes.rows import count

GROUP = Address("fake", "test", "-12")
CODE = "HAAAA23456"


@dataclass
class House:
    """The handlers of the product behind a real store, and an officer with an invitation."""

    store: Store
    inbox: Inbox
    clock: FakeClock
    left: list[Row]
    seen: list[str] = field(default_factory=list)

    async def take(self, kind: InboundKind, text: str = "", address: Address = GROUP, *, shared: bool = True) -> Taken:
        """An update comes in."""
        self.seen.append(text)
        id = str(len(self.seen))
        return await self.inbox.take(Inbound(id, address, "5", kind, self.clock.now(), text, shared=shared))

    @property
    def told(self) -> list[tuple[str, str]]:
        """What leaves: chat, text."""
        return [(row.outgoing.address.chat, row.outgoing.reply.text) for row in self.left]

    async def places(self) -> list[Address]:
        """Where officers are told."""
        return [place.address for place in await self.store.read(officers.all_places)]


def house_of(url: str, order: tuple[Handler, ...]) -> House:
    """A house with these handlers."""
    store, clock, left, base = Store(url), FakeClock(), list[Row](), KnowledgeBase(())
    turns = Turns(base, clock, {}, lambda channel, account: "us", order)
    door = Inbox(store, Reader(base), turns, clock, left.extend, patience=30)
    now = to_ms(clock.now())

    def invite(connection: Connection) -> None:
        officer = officers.add(connection, "Hoa", "", now)
        officers.issue(connection, "invite", CODE, officer.id, now + 1000)

    store.submit(invite).result(20)
    return House(store, door, clock, left)


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """A house on each engine."""
    made = house_of(database_url, ORDER)
    yield made
    made.store.close()


async def test_an_invitation_in_a_topic_makes_that_topic_a_place_and_nobody_an_officer(house: House) -> None:
    topic = replace(GROUP, thread="7")
    await house.take("text", f"/staff {CODE}", topic)
    (place,) = await house.store.read(officers.all_places)
    assert (place.address, place.shared) == (topic, True)
    assert [chat for chat, _ in house.told] == ["-12"]
    assert house.left[0].outgoing.address == topic
    arrived = await house.store.write(lambda c: people.arrive(c, topic, 5))
    assert arrived.person.officer is None
    actors = await house.store.read(lambda c: c.execute(select(audit.c.actor, audit.c.action)).all())
    assert [(row.actor, row.action) for row in actors] == [(f"person:{arrived.person.id}", "officer.joined")]


async def test_the_same_invitation_in_private_makes_an_officer(house: House) -> None:
    own = replace(GROUP, chat="5")
    await house.take("text", f"/staff {CODE}", own, shared=False)
    assert (await house.store.write(lambda c: people.arrive(c, own, 5))).person.officer
    (place,) = await house.store.read(officers.all_places)
    assert not place.shared


async def test_what_a_group_says_among_itself_is_neither_answered_nor_kept(house: House) -> None:
    for words in ("gọi 0912 345 678 giúp", f"/staff {CODE}", "mua máy có được hỗ trợ không"):
        assert await house.take("text", words) is Taken.ANSWERED
    assert len(house.told) == 1
    theirs = select(messages_table.c.text).where(messages_table.c.ours == 0)
    assert await house.store.read(lambda c: c.execute(theirs).all()) == []


async def test_a_group_that_puts_us_out_is_told_nothing_until_it_takes_us_in_again(house: House) -> None:
    topic = replace(GROUP, thread="7")
    await house.take("text", f"/staff {CODE}", topic)
    await house.take("blocked")
    assert await house.places() == []
    await house.take("unblocked")
    assert await house.places() == [topic]
    assert len(house.told) == 1


async def test_who_lets_us_write_again_is_not_greeted_and_has_said_nothing(house: House) -> None:
    own = replace(GROUP, chat="5")
    await house.take("blocked", address=own, shared=False)
    await house.take("unblocked", address=own, shared=False)
    assert house.told == []
    blocked = select(addresses.c.blocked_at).where(addresses.c.chat == "5")
    assert await house.store.read(lambda c: c.execute(blocked).scalar_one()) is None
    assert await house.store.read(lambda c: count(c, messages_table)) == 0


async def test_a_group_that_moves_is_told_at_its_new_number(house: House) -> None:
    await house.take("text", f"/staff {CODE}")
    await house.take("moved", "-10012")
    assert await house.places() == [replace(GROUP, chat="-10012")]
    assert len(house.told) == 1
    shown = await house.store.read(lambda c: messages.history(c, replace(GROUP, chat="-10012"), 0, 9))
    assert len(shown) == 1
    await house.take("moved", "-10012")
    assert await house.places() == [replace(GROUP, chat="-10012")]


def broken(message: Inbound, person: Person, context: Context) -> Turn:
    """A handler with a fault."""
    raise RuntimeError("a fault")


@pytest.mark.parametrize("kind", ["text", "staff_echo", "joined"])
async def test_an_update_given_up_is_a_task_and_an_apology_only_to_who_said_something(
    database_url: str, kind: InboundKind
) -> None:
    house = house_of(database_url, (Handler("broken", broken),))
    turns = Turns(KnowledgeBase(()), house.clock, {}, lambda channel, account: "us", (Handler("broken", broken),))
    try:
        for shared in (False, True):
            address = replace(GROUP, chat="5", thread="1" if shared else "")
            said = Inbound(f"{kind}{shared}", address, "5", kind, house.clock.now(), "chào", shared=shared)
            await house.store.write(turns.raw(said, "RuntimeError", 0))
        house.clock.advance(1)
        now = to_ms(house.clock.now())
        for pending in await house.store.read(lambda c: inbox.due(c, now)):
            await house.store.write(turns.give_up(pending, "RuntimeError"))
        tasks = await house.store.read(work.open_tasks)
        assert [task.kind for task in tasks] == ["failed-update", "failed-update"]
        sent = await house.store.read(lambda c: messages.history(c, replace(GROUP, chat="5"), 0, 9))
        assert len(sent) == (kind != "staff_echo")
        assert await house.store.read(lambda c: messages.history(c, replace(GROUP, chat="5", thread="1"), 0, 9)) == ()
    finally:
        house.store.close()
