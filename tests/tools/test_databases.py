"""Each test begins with every table and no rows, on either engine."""

import pytest
from sqlalchemy import create_engine, func, insert, select

from bot.store.tables import metadata


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_begins_with_every_table_and_no_rows(database_url: str, turn: int) -> None:
    engine = create_engine(database_url)
    try:
        with engine.begin() as connection:
            for table in metadata.sorted_tables:
                assert connection.execute(select(func.count()).select_from(table)).scalar() == 0, table.name
            connection.execute(insert(metadata.tables["persons"]).values(created_at=turn))
    finally:
        engine.dispose()
