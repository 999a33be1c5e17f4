"""The knowledge base's document as a versioned row, so that a publish and its effects are one transaction."""

import json

from sqlalchemy import Connection, inspect, select, update

from bot.store.statement import insert_for
from bot.store.tables import shelf
from knowledge.shelf import Document, LostUpdate

#: The row that holds the entries.
KNOWLEDGE = "knowledge"


class SqlShelf:
    """A knowledge.shelf.Shelf inside the caller's transaction: nothing is durable before that commits."""

    def __init__(self, connection: Connection, name: str = KNOWLEDGE) -> None:
        self._connection, self._name = connection, name

    def read(self) -> tuple[Document, int]:
        """As Shelf.read."""
        found = select(shelf.c.document, shelf.c.version).where(shelf.c.name == self._name)
        row = self._connection.execute(found).first()
        return (json.loads(row.document), int(row.version)) if row else ({}, 0)

    def write(self, document: Document, expected: int) -> int:
        """As Shelf.write."""
        values = {"document": json.dumps(document, ensure_ascii=False), "version": expected + 1}
        # The condition stands in the statement, so of two writers at once the later one gets nothing back.
        if expected == 0:
            insert = insert_for(self._connection.dialect.name)(shelf).values(name=self._name, **values)
            statement = insert.on_conflict_do_nothing(index_elements=["name"]).returning(shelf.c.version)
        else:
            mine = (shelf.c.name == self._name, shelf.c.version == expected)
            statement = update(shelf).where(*mine).values(**values).returning(shelf.c.version)
        if self._connection.execute(statement).first() is None:
            stored = version(self._connection, self._name)
            raise LostUpdate(
                f"the knowledge base: is at version {stored}, not {expected}; read it again and repeat the change"
            )
        return expected + 1


def version(connection: Connection, name: str = KNOWLEDGE) -> int:
    """The version of a document without reading it; 0 while nothing was written."""
    return int(connection.execute(select(shelf.c.version).where(shelf.c.name == name)).scalar() or 0)


def is_made(connection: Connection) -> bool:
    """Whether the database has its tables yet, for whoever looks without making them."""
    return inspect(connection).has_table(shelf.name)
