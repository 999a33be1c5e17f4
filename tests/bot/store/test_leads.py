"""Leads: opened once, changed only from the version a decision saw, every step written down."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from bot.clock import from_ms
from bot.errors import Conflict
from bot.store import leads as rooms
from bot.store import officers, people
from bot.store.store import Store
from bot.store.tables import lead_events, leads
from handlers.context import Lead
from handlers.person import Conversation, Officer, Profile
from handlers.turn import ChangeLead, LeadState, OpenLead
from tests.fakes.rows import DEADLINE, address, count, until_another_waits

PROFILE = Profile("Dừa Xanh", "Lan", "0912345678")


def open_lead(code: str, chat: str = "lan", now: int = 100) -> Callable[[Connection], int]:
    """Work: somebody asks to be contacted; who they are."""

    def run(connection: Connection) -> int:
        arrived = people.arrive(connection, address(chat), now)
        wish = OpenLead(code, "mua máy sấy", PROFILE, "kc.machinery")
        rooms.open_lead(connection, arrived.address_id, arrived.person, wish, now)
        return arrived.person.id

    return run


def change(
    code: str, version: int, to: LeadState, officer: int | None = None, note: str = "", now: int = 200
) -> Callable[[Connection], None]:
    """Work: a lead moves on."""
    return lambda connection: rooms.change(connection, ChangeLead(code, version, to, officer, note), now)


async def by_code(store: Store, code: str) -> Lead | None:
    """A lead, as a turn finds it."""
    return await store.write(lambda connection: rooms.by_code(connection, code))


async def hoa(store: Store) -> Officer:
    """An officer."""
    return await store.write(lambda connection: officers.add(connection, "Chị Hoa", "khuyến công", 1))


async def test_a_lead_is_kept_as_it_was_told(store: Store) -> None:
    person = await store.write(open_lead("7F3K2Q"))
    assert await by_code(store, "7F3K2Q") == Lead(
        "7F3K2Q", 1, "new", "mua máy sấy", PROFILE, address(), person, "kc.machinery", from_ms(100)
    )
    assert await by_code(store, "AAAAAA") is None


async def test_a_lead_speaks_the_language_of_its_person(store: Store) -> None:
    await store.write(open_lead("7F3K2Q"))
    there = await store.write(lambda c: people.arrive(c, address(), 1))
    english = Conversation(language="en")
    await store.write(lambda c: people.save_conversation(c, there.address_id, english, 1))
    found = await by_code(store, "7F3K2Q")
    assert found
    assert found.language == "en"


async def test_every_step_is_written_down(store: Store) -> None:
    await store.write(open_lead("7F3K2Q"))
    officer = await hoa(store)
    await store.write(change("7F3K2Q", 1, "claimed", officer.id, now=200))
    await store.write(change("7F3K2Q", 2, "contacted", officer.id, "đã gọi", now=300))
    found = await by_code(store, "7F3K2Q")
    assert found
    assert (found.version, found.state, found.officer) == (3, "contacted", officer)
    events = await store.read(lambda c: c.execute(select(lead_events).order_by(lead_events.c.id)).all())
    assert [(event.state, event.officer_id, event.note, event.at) for event in events] == [
        ("new", None, "", 100),
        ("claimed", officer.id, "", 200),
        ("contacted", officer.id, "đã gọi", 300),
    ]


@pytest.mark.parametrize(("code", "version"), [("7F3K2Q", 1), ("7F3K2Q", 3), ("AAAAAA", 1)])
async def test_a_decision_on_another_version_is_refused_and_changes_nothing(
    store: Store, code: str, version: int
) -> None:
    await store.write(open_lead("7F3K2Q"))
    officer = await hoa(store)
    await store.write(change("7F3K2Q", 1, "claimed", officer.id))
    with pytest.raises(Conflict, match=f"lead {code} was changed by somebody else meanwhile: look again"):
        await store.write(change(code, version, "done"))
    found = await by_code(store, "7F3K2Q")
    assert found
    assert (found.version, found.state) == (2, "claimed")
    assert await store.read(lambda c: count(c, lead_events)) == 2


async def test_of_two_officers_who_claim_at_once_one_gets_it(store: Store, beside: Store) -> None:
    await store.write(open_lead("7F3K2Q"))
    team = [await hoa(store) for _ in range(8)]
    claims = ((store, beside)[n % 2].write(change("7F3K2Q", 1, "claimed", one.id)) for n, one in enumerate(team))
    told = await asyncio.gather(*claims, return_exceptions=True)
    assert [isinstance(one, Conflict) for one in told].count(False) == 1
    found = await by_code(store, "7F3K2Q")
    assert found
    assert found.officer == team[told.index(None)]


def test_who_waited_for_a_lead_finds_who_took_it(store: Store, beside: Store) -> None:
    store.submit(open_lead("7F3K2Q")).result(DEADLINE)
    officer = store.submit(lambda connection: officers.add(connection, "Chị Hoa", "", 1)).result(DEADLINE)
    second = []

    def first(connection: Connection) -> None:
        rooms.by_code(connection, "7F3K2Q")
        second.append(beside.submit(lambda other: rooms.by_code(other, "7F3K2Q")))
        until_another_waits(connection)
        change("7F3K2Q", 1, "claimed", officer.id)(connection)

    store.submit(first).result(DEADLINE)
    found = second[0].result(DEADLINE)
    assert found
    assert (found.version, found.state, found.officer) == (2, "claimed", officer)


async def test_a_code_is_given_once(store: Store) -> None:
    await store.write(open_lead("7F3K2Q"))
    assert await store.read(lambda c: (rooms.has_code(c, "7F3K2Q"), rooms.has_code(c, "AAAAAA"))) == (True, False)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.write(open_lead("7F3K2Q", "nam"))
    assert await store.read(lambda c: count(c, leads)) == 1


async def test_lists_hold_who_and_what_they_say(store: Store) -> None:
    lan = await store.write(open_lead("1"))
    await store.write(open_lead("2", "nam"))
    await store.write(open_lead("3"))
    await store.write(change("1", 1, "contacted"))
    await store.write(change("2", 1, "done"))
    read = store.read
    assert [lead.code for lead in await read(lambda c: rooms.of_person(c, lan))] == ["3", "1"]
    assert [lead.code for lead in await read(rooms.in_states)] == ["1", "3"]
    assert [lead.code for lead in await read(lambda c: rooms.in_states(c, ("done", "new")))] == ["2", "3"]
    assert [lead.code for lead in await read(lambda c: rooms.in_states(c, limit=1))] == ["3"]
    assert [lead.code for lead in await read(lambda c: rooms.newest(c, 2))] == ["3", "2"]


async def test_the_stamp_changes_with_every_lead_and_every_step(store: Store) -> None:
    stamps = [await store.read(rooms.stamp)]
    for step in (open_lead("1"), open_lead("2"), change("1", 1, "claimed"), change("1", 2, "new")):
        await store.write(step)
        stamps.append(await store.read(rooms.stamp))
    assert len(set(stamps)) == len(stamps)
    assert await store.read(rooms.stamp) == stamps[-1]
