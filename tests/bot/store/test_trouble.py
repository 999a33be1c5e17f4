"""A disk that is full, a file that is read-only, a server that is away: said in one sentence, and over when over."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, event, text

from bot.errors import StoreUnavailable
from bot.store import work
from bot.store.pool import REPEATS
from bot.store.store import Store
from handlers.turn import OpenTask
from tests.fakes.rows import DEADLINE

LONG = "x" * 20_000


class Disk:
    """Settings that the store's connections open with, changed while it runs."""

    def __init__(self, store: Store) -> None:
        self.settings: tuple[str, ...] = ()
        event.listen(store.engine, "connect", self._open)

    def _open(self, connection: sqlite3.Connection, _record: object) -> None:
        for setting in self.settings:
            connection.execute(f"PRAGMA {setting}")


@pytest.fixture
def small(sqlite_url: str) -> Iterator[Store]:
    """A store on SQLite whose writer has not opened its connection yet."""
    opened = Store(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def server(postgres_url: str) -> Iterator[Store]:
    """A store on PostgreSQL."""
    opened = Store(postgres_url, size=6)
    yield opened
    opened.close()


def task(key: str, about: str = "") -> Callable[[Connection], str]:
    """Work that stores one task."""

    def run(connection: Connection) -> str:
        work.open_task(connection, OpenTask("test", key, about), 1)
        return key

    return run


def stored(connection: Connection) -> int:
    """How many tasks are stored."""
    return work.open_task_count(connection)


async def test_a_full_disk_refuses_the_write_and_takes_the_next_when_there_is_room(small: Store) -> None:
    disk = Disk(small)
    disk.settings = ("max_page_count = 1",)  # SQLite makes it the pages there are
    with pytest.raises(StoreUnavailable) as told:
        for number in range(100):
            await small.write(task(str(number), LONG))
    kept = await small.read(stored)
    assert kept == number
    assert str(told.value) == (
        f"The database {small.engine.url.database} cannot be used (database or disk is full): free some space."
    )
    with pytest.raises(StoreUnavailable):
        await small.write(task("still full", LONG))
    disk.settings = ()
    # The refused connection is gone only where the whole transaction was lost, so the limit is lifted on it as well.
    await small.write(lambda connection: connection.execute(text("PRAGMA max_page_count = 1000000")).close())
    assert await small.write(task("after", LONG)) == "after"
    assert await small.read(stored) == kept + 1


async def test_a_full_disk_is_said_plainly_from_inside_a_savepoint_too(small: Store) -> None:
    Disk(small).settings = ("max_page_count = 1",)

    def nested(connection: Connection) -> None:
        with connection.begin_nested():
            for number in range(20):
                task(str(number), LONG)(connection)

    with pytest.raises(StoreUnavailable, match="disk is full"):
        await small.write(nested)
    assert await small.read(stored) == 0


async def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_stored(small: Store) -> None:
    Disk(small).settings = ("max_page_count = 1",)
    assert await small.write(task("before")) == "before"
    begun, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        begun.set()
        assert go.wait(DEADLINE)

    small.submit(hold)
    assert begun.wait(DEADLINE)
    futures = {key: small.submit(task(key, about=LONG if int(key) % 4 else "")) for key in map(str, range(80))}
    go.set()
    told = {key for key, future in futures.items() if future.exception(DEADLINE) is None}
    refused = [future.exception() for future in futures.values() if future.exception() is not None]
    assert refused
    assert all(isinstance(error, StoreUnavailable) for error in refused)
    rows = await small.read(lambda connection: list(connection.execute(text("SELECT key FROM tasks")).scalars()))
    assert set(rows) == told | {"before"}


async def test_a_read_only_file_refuses_the_write_and_is_still_read(small: Store) -> None:
    await small.read(stored)
    disk = Disk(small)
    disk.settings = ("query_only = 1",)
    with pytest.raises(StoreUnavailable, match=r"readonly database\): make the file and its folder writable\.$"):
        await small.write(task("a"))
    assert await small.read(stored) == 0
    disk.settings = ()
    assert await small.write(task("b")) == "b"


async def test_trouble_that_only_one_piece_of_a_batch_met_is_said_plainly_to_it_alone(small: Store) -> None:
    def on_a_read_only_file(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = 1")
        try:
            task("b")(connection)
        finally:
            connection.exec_driver_sql("PRAGMA query_only = 0")

    begun, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        begun.set()
        assert go.wait(DEADLINE)

    small.submit(hold)
    assert begun.wait(DEADLINE)
    good, bad, better = small.submit(task("a")), small.submit(on_a_read_only_file), small.submit(task("c"))
    go.set()
    assert (good.result(DEADLINE), better.result(DEADLINE)) == ("a", "c")
    with pytest.raises(StoreUnavailable, match="readonly database"):
        bad.result(DEADLINE)
    assert await small.read(stored) == 2


async def test_a_locked_file_refuses_all_who_wait_at_once_and_takes_writes_when_it_is_free(small: Store) -> None:
    Disk(small).settings = ("busy_timeout = 1",)
    other = sqlite3.connect(str(small.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for future in [small.submit(task(str(number))) for number in range(20)]:
        assert "end that program or wait" in str(future.exception(DEADLINE))
    other.execute("ROLLBACK")
    other.close()
    assert await small.write(task("after")) == "after"
    assert await small.read(stored) == 1


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Kính gửi Quý doanh nghiệp\n" * 100)
    with pytest.raises(StoreUnavailable) as told:
        Store(f"sqlite:///{path}")
    assert str(told.value) == (
        f"The database {path} cannot be used (file is not a database): name another file in [storage] url."
    )
    assert path.read_text().startswith("Kính gửi")


def test_a_damaged_file_asks_for_a_backup(small: Store) -> None:
    small.close()
    path = Path(str(small.engine.url.database))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreUnavailable, match=r"malformed\): restore a backup\.$"):
        Store(f"sqlite:///{path}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match=r"folder .*file/data' cannot be made"):
        Store(f"sqlite:///{tmp_path}/file/data/cau-noi.db")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_a_url_we_do_not_serve_is_refused_with_the_cure(url: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"\[storage\] url .*sqlite:///"):
        Store(url)


async def test_a_wrong_statement_is_no_trouble_with_the_place(store: Store) -> None:
    with pytest.raises(Exception, match="no_such_table") as told:
        await store.write(lambda connection: connection.execute(text("SELECT * FROM no_such_table")))
    assert not isinstance(told.value, StoreUnavailable)
    assert await store.write(task("after")) == "after"


def test_a_server_that_is_away_is_said_in_one_sentence() -> None:
    with pytest.raises(StoreUnavailable, match=r"^The database PostgreSQL at 127\.0\.0\.1 cannot be used .*: check"):
        Store("postgresql://nobody@127.0.0.1:1/nothing")


async def test_idle_connections_that_the_server_ended_are_not_noticed(server: Store, postgres_url: str) -> None:
    assert await server.write(task("a")) == "a"
    end_the_others(postgres_url)
    assert await server.write(task("b")) == "b"
    assert await server.read(stored) == 2


async def test_a_connection_ended_in_the_middle_stores_nothing_and_the_next_write_works(
    server: Store, postgres_url: str
) -> None:
    def interrupted(connection: Connection) -> None:
        task("lost")(connection)
        end_the_others(postgres_url)
        task("lost too")(connection)

    with pytest.raises(StoreUnavailable, match="PostgreSQL at 127"):
        await server.write(interrupted)
    assert await server.write(task("after")) == "after"
    assert await server.read(stored) == 1


async def test_a_server_that_takes_no_writes_is_unavailable(server: Store) -> None:
    def on_a_standby(connection: Connection) -> None:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        task("a")(connection)

    with pytest.raises(StoreUnavailable, match="read-only transaction"):
        await server.write(on_a_standby)
    assert await server.write(task("b")) == "b"


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_what_the_server_asks_to_repeat_is_repeated(server: Store, state: str) -> None:
    tries: list[int] = []

    def run(connection: Connection) -> int:
        tries.append(len(tries))
        task(f"try {len(tries)}")(connection)
        if len(tries) < 4:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
        return len(tries)

    assert await server.write(run) == 4
    assert await server.read(stored) == 1


async def test_repeating_has_an_end(server: Store) -> None:
    tries: list[int] = []

    def run(connection: Connection) -> None:
        tries.append(1)
        connection.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    with pytest.raises(StoreUnavailable):
        await server.write(run)
    assert len(tries) == REPEATS


async def test_two_writes_that_wait_for_each_other_are_both_stored(server: Store) -> None:
    for key in ("a", "b"):
        await server.write(task(key))
    first_time = threading.Barrier(2)

    def both(one: str, other: str) -> Callable[[Connection], None]:
        tries: list[int] = []

        def run(connection: Connection) -> None:
            tries.append(1)
            for key in (one, other):
                connection.execute(text("UPDATE tasks SET about = about || :key WHERE key = :key"), {"key": key})
                if key == one and len(tries) == 1:
                    first_time.wait(DEADLINE)

        return run

    futures = [server.submit(both("a", "b")), server.submit(both("b", "a"))]
    for future in futures:
        future.result(DEADLINE)
    assert sorted(one.about for one in await server.read(work.open_tasks)) == ["aa", "bb"]


def end_the_others(url: str) -> None:
    """End every connection to the database but this one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
