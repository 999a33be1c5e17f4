"""What every test may ask for: the two database engines; and the guard that keeps the run on this machine."""

import importlib
import os
import sqlite3
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.fakes import network, postgres
from tests.fakes.requirements import in_one_line, require


def pytest_configure(config: pytest.Config) -> None:
    """Refuse the network before the first test is collected; keep what is learned in the project, not with the user."""
    network.refuse_network()
    os.environ["XDG_CACHE_HOME"] = str(config.rootpath / ".pytest_cache" / "learned")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what the machine lacks once, however many tests needed it."""
    report = yield
    in_one_line(report)
    return report


@pytest.fixture(autouse=True)
def stays_on_this_machine() -> Iterator[None]:
    """Fail a test that reached for another machine, also where the refusal was swallowed."""
    network.refused.clear()
    yield
    assert not network.refused, f"reached for another machine: {network.refused}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One server for the run; `postgres_server.database(name)` makes a database nobody else uses."""
    try:
        server = postgres.start()
    except postgres.NoPostgres as missing:
        require("PostgreSQL", False, str(missing))
        raise
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_schema(postgres_server: postgres.Server) -> str:
    """The URL of this worker's database, with every table."""
    url = postgres_server.database(f"tests_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    migrate(url)
    return url


@pytest.fixture(scope="session")
def sqlite_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no rows, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "schema.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with every table and no rows, once on each engine."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_schema")
        postgres.empty(url)
        return url
    schema: Path = request.getfixturevalue("sqlite_schema")
    path = tmp_path / "test.db"
    connection = sqlite3.connect(schema)
    try:
        # Unlike a copy of the file this takes what is still in the write-ahead log.
        connection.execute("VACUUM INTO ?", [str(path)])
    finally:
        connection.close()
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Make every table, as the product does it; imported late, for most tests need no database."""
    importlib.import_module("bot.store.migrate").migrate(url)
