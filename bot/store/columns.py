"""The columns tables are made of. Times are whole milliseconds since 1970; states are words, never numbers."""

from sqlalchemy import BigInteger, Column, ColumnElement, ForeignKey, Integer, MetaData, Text, literal_column

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite numbers rows by itself only for INTEGER; PostgreSQL needs the wide type.
Id = BigInteger().with_variant(Integer, "sqlite")


def id_() -> Column[int]:
    """The number of a row."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def time(name: str, *, optional: bool = False) -> Column[int]:
    """A time in milliseconds."""
    return Column(name, BigInteger, nullable=optional)


def words(name: str, default: str | None = "") -> Column[str]:
    """A text; without a default it must be given."""
    return Column(name, Text, nullable=False, server_default=default)


def ref(name: str, target: str, *, optional: bool = False) -> Column[int]:
    """The number of a row elsewhere."""
    return Column(name, Id, ForeignKey(target), nullable=optional)


def constant(word: str) -> ColumnElement[str]:
    """A state that stands in the statement itself: SQLite uses an index over some states only where it can see them."""
    return literal_column(f"'{word}'", Text())
