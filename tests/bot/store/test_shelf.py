"""The knowledge base in the store: versioned like every shelf, and one with the transaction around it."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection

from bot.knowledge_base import shipped
from bot.store.shelf import SqlShelf, version
from bot.store.store import Store
from knowledge.library import Library, Seeded
from knowledge.shelf import Document, LostUpdate

DOCUMENT: Document = {"entries": {"1": {"id": "kc.machinery", "answer": {"vi": "Có"}}}}
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store, on each engine."""
    opened = Store(database_url, size=4)
    yield opened
    opened.close()


def read(connection: Connection) -> tuple[Document, int]:
    """What lies on the shelf."""
    return SqlShelf(connection).read()


async def test_an_empty_shelf_has_version_nought(store: Store) -> None:
    assert await store.read(read) == ({}, 0)
    assert await store.read(version) == 0


async def test_what_was_written_is_read_and_every_write_is_the_next_version(store: Store) -> None:
    assert await store.write(lambda connection: SqlShelf(connection).write(DOCUMENT, 0)) == 1
    assert await store.read(read) == (DOCUMENT, 1)
    assert await store.write(lambda connection: SqlShelf(connection).write({}, 1)) == 2
    assert await store.read(read) == ({}, 2)
    assert await store.read(version) == 2


@pytest.mark.parametrize("expected", [0, 2])
async def test_a_write_on_another_version_is_refused_and_changes_nothing(store: Store, expected: int) -> None:
    await store.write(lambda connection: SqlShelf(connection).write(DOCUMENT, 0))
    with pytest.raises(LostUpdate, match=f"at version 1, not {expected}; read it again"):
        await store.write(lambda connection: SqlShelf(connection).write({"entries": {}}, expected))
    assert await store.read(read) == (DOCUMENT, 1)


async def test_a_write_that_expects_a_version_of_an_empty_shelf_is_refused(store: Store) -> None:
    with pytest.raises(LostUpdate, match="at version 0, not 3"):
        await store.write(lambda connection: SqlShelf(connection).write(DOCUMENT, 3))
    assert await store.read(version) == 0


async def test_shelves_of_two_names_do_not_touch_each_other(store: Store) -> None:
    await store.write(lambda connection: SqlShelf(connection, "other").write(DOCUMENT, 0))
    assert await store.read(read) == ({}, 0)
    assert await store.read(lambda connection: version(connection, "other")) == 1


async def test_what_was_written_goes_when_the_transaction_around_it_fails(store: Store) -> None:
    def publish_and_fail(connection: Connection) -> None:
        SqlShelf(connection).write(DOCUMENT, 0)
        raise LookupError("an effect of the publish")

    with pytest.raises(LookupError):
        await store.write(publish_and_fail)
    assert await store.read(version) == 0


def test_writers_side_by_side_lose_nothing(store: Store) -> None:
    def count(name: str) -> bool:
        def once(connection: Connection) -> None:
            document, number = SqlShelf(connection).read()
            counts = document.setdefault("counts", {})
            counts[name] = counts.get(name, 0) + 1
            SqlShelf(connection).write(document, number)

        try:
            store.submit(once).result(timeout=30)
        except LostUpdate:
            return False
        return True

    def count_to_ten(name: str) -> None:
        done = 0
        while done < 10:
            done += count(name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_to_ten, "abcd"))
    assert store.submit(read).result(timeout=30) == ({"counts": dict.fromkeys("abcd", 10)}, 40)


async def test_the_library_of_shipped_entries_lies_on_it_whole(store: Store) -> None:
    def seed(connection: Connection) -> Seeded:
        return Library(SqlShelf(connection)).seed(shipped(), NOW)

    first = await store.write(seed)
    assert first.added == tuple(entry.id for entry in shipped())
    assert await store.write(seed) == Seeded()
    assert await store.read(lambda connection: Library(SqlShelf(connection)).load()) == shipped()
