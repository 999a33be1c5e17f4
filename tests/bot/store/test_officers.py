"""Staff: where they are told, and passes that let in once."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from bot.clock import from_ms
from bot.store import officers as rooms
from bot.store import people
from bot.store.store import Store
from bot.store.tables import passes
from handlers.context import Invitation, Place
from handlers.person import Conversation, Officer
from tests.fakes.rows import DEADLINE, address, until_another_waits


def add(name: str = "Chị Hoa", team: str = "khuyến công") -> Callable[[Connection], Officer]:
    """Work: a new officer."""
    return lambda connection: rooms.add(connection, name, team, 1)


def place(officer: Officer, chat: str, now: int = 2, *, shared: bool = False) -> Callable[[Connection], None]:
    """Work: an officer is told somewhere."""

    def run(connection: Connection) -> None:
        arrived = people.arrive(connection, address(chat), now)
        rooms.place(connection, arrived.address_id, officer.id, now, shared=shared)

    return run


def redeem(code: str, kind: str = "desk", now: int = 10) -> Callable[[Connection], Officer | None]:
    """Work: somebody uses a pass."""
    return lambda connection: rooms.redeem(connection, kind, code, now)


async def issue(store: Store, kind: str, code: str, officer: Officer, until: int = 100) -> None:
    """A pass is made."""
    await store.write(lambda connection: rooms.issue(connection, kind, code, officer.id, until))


async def invitation(store: Store, code: str, now: int = 10) -> Invitation | None:
    """What a code opens."""
    return await store.write(lambda connection: rooms.invitation(connection, code, now))


async def test_an_officer_is_found_by_name_and_number(store: Store) -> None:
    officer = await store.write(add())
    assert await store.read(lambda c: rooms.named(c, "Chị Hoa")) == officer
    assert await store.read(lambda c: rooms.by_id(c, officer.id)) == officer
    assert await store.read(lambda c: (rooms.named(c, "chị hoa"), rooms.by_id(c, officer.id + 1))) == (None, None)


async def test_places_tell_who_where_and_in_which_language(store: Store) -> None:
    one, two = await store.write(add()), await store.write(add("Anh Minh"))
    await store.write(place(one, "office", 2))
    await store.write(place(one, "phone", 3))
    await store.write(place(two, "home", 4))
    english = Conversation(language="en")
    there = await store.write(lambda c: people.arrive(c, address("phone"), 1))
    await store.write(lambda c: people.save_conversation(c, there.address_id, english, 1))
    assert await store.read(rooms.all_places) == (
        Place(one, address("office")),
        Place(one, address("phone"), "en"),
        Place(two, address("home")),
    )
    assert await store.read(rooms.everyone) == ((one, 2), (two, 1))


async def test_a_place_belongs_to_the_officer_who_took_it_last(store: Store) -> None:
    one, two = await store.write(add()), await store.write(add("Anh Minh"))
    await store.write(place(one, "office"))
    await store.write(place(two, "office"))
    assert await store.read(rooms.all_places) == (Place(two, address("office")),)
    assert await store.read(rooms.everyone) == ((one, 0), (two, 1))


async def test_a_place_that_several_people_read_makes_nobody_there_an_officer(store: Store) -> None:
    officer = await store.write(add())
    await store.write(place(officer, "group", shared=True))
    await store.write(place(officer, "phone"))
    group = await store.write(lambda c: people.arrive(c, address("group"), 5))
    phone = await store.write(lambda c: people.arrive(c, address("phone"), 5))
    assert await store.read(rooms.all_places) == (
        Place(officer, address("group"), shared=True),
        Place(officer, address("phone")),
    )
    assert await store.read(rooms.everyone) == ((officer, 2),)
    assert (group.person.officer, phone.person.officer) == (None, officer)
    by_id = await store.write(lambda c: people.by_address_id(c, group.address_id))
    assert by_id.officer is None
    await store.write(lambda connection: rooms.remove(connection, officer.id, 50))
    assert await store.read(rooms.all_places) == ()


async def test_an_invitation_opens_once(store: Store) -> None:
    officer = await store.write(add())
    await issue(store, "invite", "mã mời", officer)
    found = await invitation(store, "mã mời")
    assert found
    assert found == Invitation(found.id, officer, from_ms(100))
    assert await invitation(store, "mã khác") is None
    await store.write(lambda connection: rooms.spend(connection, found.id, 11))
    assert await invitation(store, "mã mời") is None


async def test_an_invitation_ends(store: Store) -> None:
    officer = await store.write(add())
    await issue(store, "invite", "mã mời", officer, until=100)
    assert await invitation(store, "mã mời", now=99)
    assert await invitation(store, "mã mời", now=100) is None


def test_of_two_who_use_an_invitation_at_once_one_gets_in(store: Store, beside: Store) -> None:
    officer = store.submit(add()).result(DEADLINE)
    store.submit(lambda connection: rooms.issue(connection, "invite", "mã mời", officer.id, 100)).result(DEADLINE)
    second = []

    def first(connection: Connection) -> bool:
        found = rooms.invitation(connection, "mã mời", 10)
        second.append(beside.submit(lambda other: rooms.invitation(other, "mã mời", 10)))
        until_another_waits(connection)
        assert found
        rooms.spend(connection, found.id, 10)
        return True

    assert store.submit(first).result(DEADLINE)
    assert second[0].result(DEADLINE) is None


async def test_a_pass_of_one_kind_opens_no_other_door(store: Store) -> None:
    officer = await store.write(add())
    for kind in ("invite", "desk", "signed-in"):
        await issue(store, kind, f"for {kind}", officer)
    assert await store.write(redeem("for invite")) is None
    assert await store.write(redeem("for signed-in")) is None
    assert await invitation(store, "for desk") is None
    assert await store.read(lambda c: rooms.signed_in(c, "for desk", 10)) is None
    assert await store.read(lambda c: rooms.signed_in(c, "for signed-in", 10)) == officer


async def test_a_desk_code_opens_once_even_if_many_try_at_once(store: Store, beside: Store) -> None:
    officer = await store.write(add())
    await issue(store, "desk", "one-time", officer)
    tries = await asyncio.gather(*((store, beside)[n % 2].write(redeem("one-time")) for n in range(12)))
    assert [one for one in tries if one] == [officer]
    assert await store.write(redeem("one-time")) is None


async def test_a_desk_code_ends(store: Store) -> None:
    await issue(store, "desk", "one-time", await store.write(add()), until=10)
    assert await store.write(redeem("one-time", now=10)) is None
    assert await store.write(redeem("one-time", now=9))


async def test_a_sign_in_lasts_until_its_end_or_the_sign_out(store: Store) -> None:
    officer = await store.write(add())
    for token in ("phone", "office"):
        await issue(store, "signed-in", token, officer, until=100)

    async def whose(token: str, now: int) -> Officer | None:
        return await store.read(lambda connection: rooms.signed_in(connection, token, now))

    assert [await whose("phone", 99), await whose("phone", 100), await whose("guess", 50)] == [officer, None, None]
    await store.write(lambda connection: rooms.sign_out(connection, "phone", 50))
    assert [await whose("phone", 51), await whose("office", 51)] == [None, officer]


async def test_codes_are_kept_hashed(store: Store) -> None:
    await issue(store, "desk", "one-time", await store.write(add()))
    kept = await store.read(lambda c: c.execute(select(passes.c.hash)).scalar_one())
    assert kept == rooms.hashed("one-time")
    assert "one-time" not in kept


async def test_ended_passes_are_forgotten(store: Store) -> None:
    officer = await store.write(add())
    for until in (99, 100):
        await issue(store, "desk", f"until {until}", officer, until)
    await store.write(lambda connection: rooms.forget(connection, 100))
    assert await store.read(lambda c: c.execute(select(passes.c.hash)).scalar_one()) == rooms.hashed("until 100")


@pytest.mark.parametrize("used", [False, True])
async def test_an_officer_who_leaves_has_no_place_no_pass_and_no_desk(store: Store, used: bool) -> None:
    officer, other = await store.write(add()), await store.write(add("Anh Minh"))
    for one, chat in ((officer, "office"), (other, "home")):
        await store.write(place(one, chat))
        await issue(store, "invite", f"invite {one.id}", one)
        await issue(store, "desk", f"desk {one.id}", one)
        await issue(store, "signed-in", f"signed-in {one.id}", one)
    if used:
        assert await store.write(redeem(f"desk {officer.id}"))
    await store.write(lambda connection: rooms.remove(connection, officer.id, 50))
    assert await store.read(rooms.all_places) == (Place(other, address("home")),)
    assert await store.read(rooms.everyone) == ((other, 1),)
    assert await invitation(store, f"invite {officer.id}") is None
    assert await store.write(redeem(f"desk {officer.id}")) is None
    assert await store.read(lambda c: rooms.signed_in(c, f"signed-in {officer.id}", 51)) is None
    assert (await store.write(lambda c: people.arrive(c, address("office"), 51))).person.officer is None
    assert await store.read(lambda c: rooms.signed_in(c, f"signed-in {other.id}", 51)) == other
    assert await store.write(redeem(f"desk {other.id}")) == other
