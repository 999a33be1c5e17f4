"""An open store for the tests of its rooms."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.store import Store
from tests.fakes import postgres


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store, on each engine."""
    opened = Store(database_url, size=6)
    yield opened
    opened.close()


@pytest.fixture
def beside(database_url: str, store: Store) -> Iterator[Store]:
    """The same database as `store`, opened by somebody else."""
    opened = Store(database_url, size=6)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'new' / 'test.db'}"


@pytest.fixture
def postgres_url(postgres_schema: str) -> str:
    """A PostgreSQL database with every table and no rows."""
    postgres.empty(postgres_schema)
    return postgres_schema
