"""Which leads' people were not told of their state: no message with its key left or waits to leave."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from bot.store.tables import audit, leads, outbox


def untold(connection: Connection, keys: Mapping[str, str], since: int) -> frozenset[str]:
    """Of leads (code → key of the message), those moved since a time of whose message there is none.

    The outbox forgets: of a lead that was moved before, nobody knows any more.
    """
    if not keys:
        return frozenset()
    known = set(connection.execute(select(outbox.c.key).where(outbox.c.key.in_(keys.values()))).scalars())
    missing = [code for code, key in keys.items() if key not in known]
    moved = select(leads.c.code).where(leads.c.code.in_(missing), leads.c.changed_at >= since)
    return frozenset(connection.execute(moved).scalars())


def stamp(connection: Connection) -> int:
    """Something that changes whenever an officer tells somebody: the newest line of the audit."""
    return int(connection.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one())
