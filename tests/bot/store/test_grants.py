"""The pair of tokens in the store: who may replace it, who may refresh it, and what is written down of it."""

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from bot.channels.base import Grant
from bot.errors import StoreError
from bot.store import leases, work
from bot.store.grants import StoredGrants
from bot.store.store import Store
from bot.store.tables import audit
from handlers.turn import OpenTask
from tests.fakes.clock import FakeClock

NAME = "zalo-oa/42"
NOW = FakeClock().now()
FIRST = Grant("access-1", "refresh-1", NOW + dt.timedelta(hours=25), NOW)
SECOND = Grant("access-2", "refresh-2", NOW + dt.timedelta(hours=45), NOW + dt.timedelta(hours=20), "refresh-1")
THIRD = replace(SECOND, access="access-3", refresh="refresh-3", previous="refresh-2")
LOGIN = replace(FIRST, access="access-9", refresh="refresh-9")


@pytest.fixture
def grants(store: Store) -> StoredGrants:
    """The place of one account's pair."""
    return StoredGrants(store, FakeClock(), NAME, "me")


async def lines(store: Store) -> list[tuple[str, str, str]]:
    """The audit."""
    rows = await store.read(lambda connection: connection.execute(select(audit).order_by(audit.c.id)).all())
    return [(row.actor, row.action, row.about) for row in rows]


async def test_a_pair_comes_back_as_it_was_kept(grants: StoredGrants, store: Store) -> None:
    assert await grants.load() is None
    await grants.save(FIRST)
    assert await grants.load() == FIRST
    await grants.save(SECOND)
    assert await grants.load() == SECOND
    assert await StoredGrants(store, FakeClock(), "zalo-oa/43", "me").load() is None


async def test_two_accounts_keep_their_own(grants: StoredGrants, store: Store) -> None:
    other = StoredGrants(store, FakeClock(), "zalo-oa/43", "me")
    await grants.save(FIRST)
    await other.save(LOGIN)
    await other.begin(LOGIN, NOW)
    assert (await grants.load(), await other.load()) == (FIRST, replace(LOGIN, tried_at=NOW))
    assert await grants.lock(60)
    assert await StoredGrants(store, FakeClock(), "zalo-oa/43", "somebody").lock(60)


async def test_a_refresh_that_was_begun_is_in_doubt_until_its_pair_is_kept(grants: StoredGrants) -> None:
    await grants.save(FIRST)
    at = NOW + dt.timedelta(hours=20)
    await grants.begin(FIRST, at)
    assert await grants.load() == replace(FIRST, tried_at=at)
    await grants.save(SECOND)
    assert await grants.load() == SECOND


async def test_what_is_begun_is_that_pair_and_not_a_later_one(grants: StoredGrants) -> None:
    await grants.save(SECOND)
    await grants.begin(FIRST, NOW)
    assert await grants.load() == SECOND


async def test_a_pair_replaces_only_the_one_it_came_from(grants: StoredGrants, store: Store) -> None:
    await grants.save(FIRST)
    await grants.save(LOGIN)
    await grants.save(SECOND)
    assert await grants.load() == LOGIN
    assert [action for _, action, _ in await lines(store)] == ["grant.begun", "grant.begun"]


async def test_a_login_replaces_any_and_ends_the_doubt(grants: StoredGrants) -> None:
    await grants.save(FIRST)
    await grants.begin(FIRST, NOW)
    await grants.save(LOGIN)
    assert await grants.load() == LOGIN


async def test_kept_twice_is_kept_once(grants: StoredGrants, store: Store) -> None:
    await grants.save(FIRST)
    await grants.save(SECOND)
    await grants.save(SECOND)
    assert await grants.load() == SECOND
    assert len(await lines(store)) == 2


async def test_of_several_at_once_one_line_of_pairs_is_left(grants: StoredGrants, beside: Store) -> None:
    others = StoredGrants(beside, FakeClock(), NAME, "somebody")
    await grants.save(FIRST)
    await asyncio.gather(
        *(place.save(replace(SECOND, refresh=f"refresh-2{n}")) for n in range(8) for place in (grants, others)),
        others.save(LOGIN),
    )
    assert await grants.load() == LOGIN


async def test_the_audit_names_who_and_what_but_no_token(grants: StoredGrants, store: Store) -> None:
    await grants.save(FIRST)
    await grants.save(SECOND)
    assert await lines(store) == [("me", "grant.begun", NAME), ("me", "grant.renewed", NAME)]


async def test_one_process_at_a_time_refreshes(grants: StoredGrants, beside: Store) -> None:
    others = StoredGrants(beside, FakeClock(), NAME, "somebody")
    assert await grants.lock(60)
    assert not await others.lock(60)
    await others.unlock()
    assert not await others.lock(60)
    await grants.unlock()
    assert await others.lock(60)
    assert not await grants.lock(60)


async def test_the_lock_of_one_who_died_ends(grants: StoredGrants, beside: Store) -> None:
    assert await grants.lock(-1)
    assert await StoredGrants(beside, FakeClock(), NAME, "somebody").lock(60)


async def test_unlocking_lets_go_of_nothing_else(grants: StoredGrants, store: Store) -> None:
    assert await store.write(lambda connection: leases.take(connection, "send/zalo-oa/42", "me", 60))
    await grants.lock(60)
    await grants.unlock()
    assert await store.read(lambda connection: leases.holder(connection, "send/zalo-oa/42")) == "me"


async def test_a_closed_store_says_so(store: Store) -> None:
    closed = Store(store.engine.url.render_as_string(hide_password=False), size=3)
    grants = StoredGrants(closed, FakeClock(), NAME, "me")
    closed.close()
    with pytest.raises(StoreError):
        await grants.save(THIRD)
    with pytest.raises(StoreError):
        await grants.load()


async def test_a_new_pair_closes_what_staff_had_to_do_about_the_login(grants: StoredGrants, store: Store) -> None:
    def told(connection: Connection) -> None:
        work.open_task(connection, OpenTask("zalo-grant", "zalo-grant:lost:1", "bot zalo login"), 1)
        work.open_task(connection, OpenTask("lead", "lead:7F3K2Q:unclaimed", "7F3K2Q"), 1)

    await store.write(told)
    await grants.save(LOGIN)
    assert [task.kind for task in await store.read(work.open_tasks)] == ["lead"]
