"""The tables come to be, on both engines, whoever opens the database first and how many at once."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, inspect

from bot.errors import StoreError
from bot.store import engine as engines
from bot.store.columns import metadata
from bot.store.migrate import config, migrate
from bot.store.store import Store
from tests.fakes.rows import DEADLINE

ROOT = Path(__file__).parents[3]
OPEN = """
import sys
from bot.store.migrate import migrate
print("ready", flush=True)
sys.stdin.read()
migrate(sys.argv[1])
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, once on each engine."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_server").database("nothing")
        return url
    return f"sqlite:///{tmp_path / 'nothing.db'}"


@pytest.fixture
def engine(database_url: str) -> Engine:
    """An engine on a database with every table; the test disposes of it."""
    return engines.create(database_url)


def table_names(url: str) -> set[str]:
    """Every table of a database but Alembic's own."""
    engine = engines.create(url)
    try:
        with engine.connect() as connection:
            return set(inspect(connection).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def test_every_table_is_made_from_nothing_and_a_second_time_changes_nothing(nothing: str) -> None:
    migrate(nothing)
    assert table_names(nothing) == set(metadata.tables)
    migrate(nothing)
    assert table_names(nothing) == set(metadata.tables)


def test_four_processes_at_once_make_the_tables_once(nothing: str) -> None:
    pipe = subprocess.PIPE
    command_line = [sys.executable, "-c", OPEN, nothing]
    processes = [
        subprocess.Popen(command_line, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.close()  # go
    ends = [process.wait(3 * DEADLINE) for process in processes]
    said = [process.stderr.read() for process in processes if process.stderr]
    for process in processes:
        for end in (process.stdout, process.stderr):
            assert end
            end.close()
    assert ends == [0] * 4, said
    assert table_names(nothing) == set(metadata.tables)


def test_who_opens_a_new_file_while_another_makes_it_waits(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # with this lock SQLite refuses at once to switch the file to its log
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(migrate, f"sqlite:///{tmp_path / 'new.db'}")
        assert not wait((opening,), timeout=0.2).done
        other.execute("COMMIT")
        opening.result(DEADLINE)
    other.close()


def test_the_migrations_make_what_the_tables_say(engine: Engine) -> None:
    with engine.begin() as connection:
        command.check(config(connection))  # raises if there is a difference
    engine.dispose()


def test_everything_can_be_undone(nothing: str) -> None:
    migrate(nothing)
    engine = engines.create(nothing)
    with engine.begin() as connection:
        command.downgrade(config(connection), "base")
    engine.dispose()
    assert table_names(nothing) == set()
    migrate(nothing)
    assert table_names(nothing) == set(metadata.tables)


def test_a_migration_that_fails_leaves_nothing_half_made(nothing: str) -> None:
    engine = engines.create(nothing)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE outbox (id INTEGER PRIMARY KEY)")
    engine.dispose()
    with pytest.raises(Exception, match="outbox"):
        migrate(nothing)
    assert table_names(nothing) == {"outbox"}


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(database_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        ours = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    try:
        with pytest.raises(StoreError, match=r"version 9999, which this program does not know: .*\.$"):
            Store(database_url)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{ours}'")
        engine.dispose()
