"""Who is talking: one person per address, their state and profile, and the lock that keeps turns apart."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select, update

from bot.errors import StoreUnavailable
from bot.store import inbox, officers, people
from bot.store.people import Arrived
from bot.store.store import Store
from bot.store.tables import addresses, conversations, enterprises, persons, profiles
from handlers.message import Address
from handlers.person import Conversation, Officer, Profile, Waiting
from tests.fakes.rows import DEADLINE, address, count, until_another_waits
from tests.fakes.rows import update as an_update


def arrive(chat: str = "lan", where: Address | None = None) -> Callable[[Connection], Arrived]:
    """Work: somebody writes."""
    return lambda connection: people.arrive(connection, where or address(chat), 5)


def become(arrived: Arrived, profile: Profile) -> Callable[[Connection], None]:
    """Work: somebody's profile is set."""
    return lambda connection: people.set_profile(connection, arrived.person.id, profile, 6)


async def test_the_first_message_makes_a_person_and_the_second_finds_them(store: Store) -> None:
    first, second = await store.write(arrive()), await store.write(arrive())
    assert first == second
    assert first.person.id
    assert first.person.conversation == Conversation()
    assert not first.held
    assert await store.read(lambda connection: count(connection, persons)) == 1


async def test_addresses_differ_in_every_part(store: Store) -> None:
    parts = [Address("a", "b", "c", "d"), Address("x", "b", "c", "d"), Address("a", "x", "c", "d")]
    parts += [Address("a", "b", "x", "d"), Address("a", "b", "c", "x"), Address("a", "b", "c")]
    arrived = [await store.write(arrive(where=one)) for one in parts]
    assert len({one.address_id for one in arrived}) == len({one.person.id for one in arrived}) == len(parts)
    assert [one.person.address for one in arrived] == parts


async def test_updates_of_a_new_address_at_once_make_one_person(store: Store, beside: Store) -> None:
    arrived = await asyncio.gather(*((store, beside)[n % 2].write(arrive()) for n in range(20)))
    assert len({(one.address_id, one.person.id) for one in arrived}) == 1
    assert await store.read(lambda c: (count(c, persons), count(c, addresses))) == (1, 1)


def test_a_second_update_of_a_new_address_waits_for_the_first_and_finds_its_person(store: Store, beside: Store) -> None:
    second = []

    def first(connection: Connection) -> Arrived:
        arrived = arrive()(connection)
        second.append(beside.submit(arrive()))
        until_another_waits(connection)
        return arrived

    arrived = store.submit(first).result(DEADLINE)
    assert second[0].result(DEADLINE) == arrived


@pytest.mark.parametrize("by_id", [False, True])
def test_who_waited_for_a_persons_row_finds_what_was_stored_meanwhile(store: Store, beside: Store, by_id: bool) -> None:
    talk = Conversation(waiting=Waiting("profile", "phone", {"enterprise": "Dừa Xanh"}), topic="kc.machinery")
    known = store.submit(arrive()).result(DEADLINE)
    waited = []

    def look(connection: Connection) -> Conversation:
        if by_id:
            return people.by_address_id(connection, known.address_id).conversation
        return people.arrive(connection, address(), 6).person.conversation

    def turn(connection: Connection) -> None:
        arrived = arrive()(connection)
        waited.append(beside.submit(look))
        until_another_waits(connection)
        people.save_conversation(connection, arrived.address_id, talk, 5)

    store.submit(turn).result(DEADLINE)
    assert waited[0].result(DEADLINE) == talk


async def test_the_state_of_a_talk_is_kept_per_address(store: Store) -> None:
    talk = Conversation(topic="kc.machinery", language="en", introduced=True)
    lan, nam = await store.write(arrive("lan")), await store.write(arrive("nam"))
    await store.write(lambda c: people.save_conversation(c, lan.address_id, talk, 6))
    assert (await store.write(arrive("lan"))).person.conversation == talk
    assert (await store.write(arrive("nam"))).person.conversation == Conversation()
    await store.write(lambda c: people.save_conversation(c, lan.address_id, replace(talk, topic=""), 7))
    assert (await store.write(arrive("lan"))).person.conversation.topic == ""
    found = await store.write(lambda c: people.by_address_id(c, nam.address_id))
    assert found == nam.person


@pytest.mark.parametrize("state", ['{"v": 99, "topic": "x"}', '{"topic": "x"}', "not JSON", "[]"])
async def test_a_stored_state_we_cannot_read_is_dropped_and_the_profile_stays(store: Store, state: str) -> None:
    lan = await store.write(arrive())

    def spoil(connection: Connection) -> None:
        people.save_conversation(connection, lan.address_id, Conversation(topic="x"), 6)
        people.set_profile(connection, lan.person.id, Profile("Dừa Xanh", "Lan", "0912345678"), 6)
        connection.execute(update(conversations).values(state=state))

    await store.write(spoil)
    person = (await store.write(arrive())).person
    assert person.conversation == Conversation(dropped=True)
    assert person.profile == Profile("Dừa Xanh", "Lan", "0912345678")


async def test_a_profile_is_set_and_changed(store: Store) -> None:
    lan = await store.write(arrive())
    for profile in (Profile("Dừa Xanh", "Lan", "0912345678"), Profile("Dừa Xanh", "Chị Lan", "0987654321")):
        await store.write(become(lan, profile))
        assert (await store.write(arrive())).person.profile == profile
    assert await store.read(lambda c: count(c, enterprises)) == 1


async def test_a_second_enterprise_becomes_the_active_one_and_the_first_can_come_back(store: Store) -> None:
    lan = await store.write(arrive())
    first, second = Profile("Dừa Xanh", "Lan", "0912345678"), Profile("Cơ khí Nam", "Lan", "0912345678")
    for profile in (first, second, first):
        await store.write(become(lan, profile))
        assert (await store.write(arrive())).person.profile == profile
    rows = await store.read(lambda c: c.execute(select(profiles.c.active).order_by(profiles.c.enterprise_id)).all())
    assert [row.active for row in rows] == [1, 0]


async def test_the_enterprise_of_another_person_is_another_one(store: Store) -> None:
    lan, nam = await store.write(arrive("lan")), await store.write(arrive("nam"))
    for one, phone in ((lan, "0911111111"), (nam, "0922222222")):
        await store.write(become(one, Profile("Dừa Xanh", "X", phone)))
    assert (await store.write(arrive("lan"))).person.profile.phone == "0911111111"
    assert (await store.write(arrive("nam"))).person.profile.phone == "0922222222"


async def test_an_officer_is_known_at_their_place_only(store: Store) -> None:
    office, home = await store.write(arrive("office")), await store.write(arrive("home"))
    officer = await store.write(lambda c: officers.add(c, "Chị Hoa", "khuyến công", 1))
    await store.write(lambda c: officers.place(c, office.address_id, officer.id, 2))
    assert (await store.write(arrive("office"))).person.officer == Officer(officer.id, "Chị Hoa", "khuyến công")
    assert (await store.write(arrive("home"))).person.officer is None
    assert (await store.write(lambda c: people.by_address_id(c, office.address_id))).officer == officer
    assert home.person.id != office.person.id


async def test_somebody_with_a_waiting_update_is_held(store: Store) -> None:
    await store.write(lambda c: inbox.enter(c, an_update("1", "lan"), 5, error="LookupError"))
    assert (await store.write(arrive("lan"))).held
    assert not (await store.write(arrive("nam"))).held
    pending = (await store.read(lambda c: inbox.due(c, 5)))[0]
    await store.write(lambda c: inbox.done(c, pending.id))
    assert not (await store.write(arrive("lan"))).held


async def test_who_left_and_writes_again_can_be_told_again(store: Store) -> None:
    lan = await store.write(arrive())
    officer = await store.write(lambda c: officers.add(c, "Chị Hoa", "", 1))
    await store.write(lambda c: officers.place(c, lan.address_id, officer.id, 2))
    await store.write(lambda c: people.block(c, lan.address_id, 7))
    assert await store.read(officers.all_places) == ()
    await store.write(arrive())
    assert [place.address for place in await store.read(officers.all_places)] == [address()]


async def test_an_address_is_found_by_its_words(store: Store) -> None:
    lan = await store.write(arrive())
    assert await store.read(lambda c: people.address_id(c, address())) == lan.address_id
    assert await store.read(lambda c: people.address_id(c, address("nam"))) is None
    assert await store.read(lambda c: people.state(c, lan.address_id)) == ""
    await store.write(lambda c: people.save_conversation(c, lan.address_id, Conversation(topic="x"), 6))
    assert json.loads(await store.read(lambda c: people.state(c, lan.address_id)))["topic"] == "x"


async def test_a_chat_that_puts_us_out_is_marked_in_all_its_topics_and_nowhere_else(store: Store) -> None:
    group = [address("-12"), replace(address("-12"), thread="7")]
    others = [address("-13"), address("-12", account="more"), address("-12", channel="more")]
    for one in (*group, *others):
        await store.write(arrive(where=one))

    async def marked() -> set[Address]:
        left = select(addresses).where(addresses.c.blocked_at.is_not(None))
        rows = await store.read(lambda c: c.execute(left).all())
        return {Address(r.channel, r.account, r.chat, r.thread) for r in rows}

    await store.write(lambda c: people.block_chat(c, group[0], 9))
    assert await marked() == set(group)
    await store.write(lambda c: people.block_chat(c, group[1], None))
    assert await marked() == set()


async def test_a_persons_words_stay_out_of_what_is_said_about_trouble(store: Store) -> None:
    secret = "0912345678"

    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(persons.insert().values(id=1, created_at=1, consents=secret))

    with pytest.raises(Exception, match=r"(?i)unique") as told:
        await store.write(twice)
    assert not isinstance(told.value, StoreUnavailable)
    assert secret not in str(told.value)
