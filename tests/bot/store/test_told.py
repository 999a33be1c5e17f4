"""Of a lead that was moved lately it is known whether its person was told."""

from functools import partial

import pytest
from sqlalchemy import Connection, update

from bot.store import leads, outbox, people, told, work
from bot.store.store import Store
from bot.store.tables import outbox as rows
from handlers.message import Address, Reply
from handlers.person import Profile
from handlers.turn import OpenLead

KEYS = {code: f"lead:{code}:claimed:1" for code in ("AAA222", "BBB333", "CCC444")}


async def test_untold_are_those_without_a_message_and_of_late(store: Store) -> None:
    def prepare(connection: Connection) -> None:
        for code, now in (("AAA222", 100), ("BBB333", 200), ("CCC444", 200)):
            who = people.arrive(connection, Address("web", "site", code), now)
            leads.open_lead(connection, who.address_id, who.person, OpenLead(code, "Mua máy", Profile()), now)
        there = Address("web", "site", "CCC444")
        found = people.address_id(connection, there)
        assert found is not None
        key = KEYS["CCC444"]
        outbox.put(connection, found, there, Reply("dạ"), key=key, lane="notice", language="vi", lease="", now=200)

    await store.write(prepare)
    assert await store.read(lambda c: told.untold(c, KEYS, 0)) == {"AAA222", "BBB333"}
    assert await store.read(lambda c: told.untold(c, KEYS, 200)) == {"BBB333"}
    assert await store.read(lambda c: told.untold(c, {}, 0)) == frozenset()


@pytest.mark.parametrize(
    ("state", "is_told"), [("failed", False), ("unknown", True), ("sent", True), ("ready", True), ("away", True)]
)
async def test_only_what_was_given_up_never_arrived(store: Store, state: str, is_told: bool) -> None:
    def prepare(connection: Connection) -> None:
        there = Address("web", "site", "AAA222")
        who = people.arrive(connection, there, 100)
        leads.open_lead(connection, who.address_id, who.person, OpenLead("AAA222", "Mua máy", Profile()), 100)
        key = KEYS["AAA222"]
        outbox.put(
            connection, who.address_id, there, Reply("dạ"), key=key, lane="notice", language="vi", lease="a", now=200
        )
        connection.execute(update(rows).values(state=state))

    await store.write(prepare)
    keys = {"AAA222": KEYS["AAA222"]}
    for since in (0, 200):
        untold = await store.read(partial(told.untold, keys=keys, since=since))
        assert ("AAA222" not in untold) == is_told, since
    assert await store.read(lambda c: told.left(c, KEYS.values())) == (set(keys.values()) if is_told else set())


async def test_the_stamp_changes_with_every_line_of_the_audit(store: Store) -> None:
    seen = [await store.read(told.stamp)]
    for _ in range(2):
        await store.write(lambda connection: work.note(connection, "officer:1", "lead.told", "AAA222", 5))
        seen.append(await store.read(told.stamp))
    assert seen == sorted(set(seen))
