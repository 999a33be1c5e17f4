"""The words of SQLAlchemy that other rooms speak: what their work is done with, and how the database says no."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection as Connection
from sqlalchemy.exc import DBAPIError as DatabaseError

__all__ = ["Connection", "DatabaseError", "savepoint"]


@contextmanager
def savepoint(connection: Connection, name: str) -> Iterator[None]:
    """Undo what is done inside if it raises; the database's own errors are left to whoever runs the transaction.

    Straight through the driver: SQLAlchemy's nested transaction takes longer than the turn's own statements.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute(f"SAVEPOINT {name}")
    try:
        yield
    except DatabaseError:
        raise
    except Exception:
        driver.execute(f"ROLLBACK TO SAVEPOINT {name}")
        driver.execute(f"RELEASE SAVEPOINT {name}")
        raise
    driver.execute(f"RELEASE SAVEPOINT {name}")
