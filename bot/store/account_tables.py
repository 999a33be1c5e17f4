"""The tables about channel accounts: how their people can be reached, what was used up, what lets us in."""

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, Table, Text

from bot.store.columns import Id, time, words
from bot.store.columns import metadata as metadata

#: What a platform says of a person: when they last did something there, how many free messages are left (-1: unknown).
windows = Table(
    "windows",
    metadata,
    Column("address_id", Id, ForeignKey("addresses.id"), primary_key=True, autoincrement=False),
    time("last_at", optional=True),
    Column("remaining", Integer, nullable=False),
    time("checked_at"),
)

#: What is counted, a day each (YYYY-MM-DD, Viet Nam).
counters = Table(
    "counters",
    metadata,
    words("name", None),
    words("day", None),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("name", "day"),
)

#: What lets us act for an account: a token pair. `tried_at`: a refresh was begun then and its end is not known.
grants = Table(
    "grants",
    metadata,
    Column("name", Text, primary_key=True),
    words("access", None),
    words("refresh", None),
    words("previous"),
    time("expires_at"),
    time("obtained_at"),
    time("tried_at", optional=True),
)
