"""Who may send: one process at a time, whatever the clocks do."""

import asyncio
import time
from collections.abc import Callable

from sqlalchemy import Connection, select, text, update

from bot.store import leases as rooms
from bot.store.store import Store
from bot.store.tables import leases

NAME = "send/fake/test"


def take(holder: str, seconds: float = 60, name: str = NAME) -> Callable[[Connection], bool]:
    """Work: a process wants the lease."""
    return lambda connection: rooms.take(connection, name, holder, seconds)


async def holder(store: Store) -> str:
    """Who holds the lease."""
    return await store.read(lambda connection: rooms.holder(connection, NAME))


async def test_one_holds_it_and_keeps_it(store: Store) -> None:
    assert await holder(store) == ""
    assert await store.write(take("a"))
    assert not await store.write(take("b"))
    assert await store.write(take("a"))
    assert await holder(store) == "a"
    assert await store.write(take("b", name="send/other/test"))


async def test_of_many_at_once_one_gets_it(store: Store, beside: Store) -> None:
    taken = await asyncio.gather(*((store, beside)[n % 2].write(take(str(n))) for n in range(16)))
    assert taken.count(True) == 1
    assert await holder(store) == str(taken.index(True))


async def test_it_ends_by_itself(store: Store) -> None:
    assert await store.write(take("a", seconds=-1))
    assert await holder(store) == ""
    assert await store.write(take("b"))
    assert not await store.write(take("a"))


async def test_keeping_it_makes_it_longer(store: Store) -> None:
    await store.write(take("a", seconds=1))
    first = await store.read(until)
    await store.write(take("a", seconds=60))
    assert await store.read(until) >= first + 59_000


async def test_what_is_given_back_is_free(store: Store) -> None:
    await store.write(take("a"))
    await store.write(take("b", name="send/other/test"))
    await store.write(lambda connection: rooms.give_back(connection, "a"))
    assert await holder(store) == ""
    assert await store.write(take("c"))
    assert not await store.write(take("c", name="send/other/test"))


async def test_who_knows_that_nobody_else_runs_takes_it_from_the_dead(store: Store) -> None:
    assert await store.write(take("killed"))
    assert await store.write(lambda connection: rooms.take(connection, NAME, "next", 60, alone=True))
    assert await holder(store) == "next"
    assert not await store.write(take("another"))


async def test_on_a_file_the_lease_of_another_boot_is_void(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    await store.write(take("before the power cut", seconds=1_000_000))
    await store.write(lambda connection: connection.execute(update(leases).values(boot="another boot")).close())
    assert await holder(store) == ""
    assert await store.write(take("a"))
    assert await holder(store) == "a"
    assert await store.read(until) < time.monotonic() * 1000 + 61_000
    store.close()


async def test_on_a_server_its_own_clock_counts(postgres_url: str) -> None:
    store = Store(postgres_url)

    def run(connection: Connection) -> tuple[int, int, int]:
        clock = text("SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)")
        before = connection.execute(clock).scalar_one()
        rooms.take(connection, NAME, "a", 60)
        return before, until(connection), connection.execute(clock).scalar_one()

    before, end, after = await store.write(run)
    assert before + 60_000 <= end <= after + 60_001
    assert await store.read(lambda connection: connection.execute(select(leases.c.boot)).scalar_one()) == ""
    store.close()


def until(connection: Connection) -> int:
    """When the lease ends, in milliseconds of whatever clock counts."""
    return int(connection.execute(select(leases.c.until).where(leases.c.name == NAME)).scalar_one())
