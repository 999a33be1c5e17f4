"""Which leads' people were not told of their state: no message with its key left or waits to leave."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select

from bot.store.tables import audit, leads, outbox


def untold(connection: Connection, keys: Mapping[str, str], since: int) -> frozenset[str]:
    """Of leads (code → key of the message), those whose message was given up, and those moved since without any.

    The outbox forgets: of a lead that was moved before, nobody knows any more. What may have been delivered
    ("unknown") counts as told.
    """
    if not keys:
        return frozenset()
    stored = connection.execute(select(outbox.c.key, outbox.c.state).where(outbox.c.key.in_(keys.values())))
    states = {row.key: row.state for row in stored}
    failed = {code for code, key in keys.items() if states.get(key) == "failed"}
    missing = [code for code, key in keys.items() if key not in states]
    moved = select(leads.c.code).where(leads.c.code.in_(missing), leads.c.changed_at >= since)
    return frozenset(failed | set(connection.execute(moved).scalars()))


def left(connection: Connection, keys: Collection[str]) -> frozenset[str]:
    """Those of some messages (their keys) that left, wait to leave or may have been delivered, as far as is known."""
    stored = select(outbox.c.key).where(outbox.c.key.in_(keys), outbox.c.state != "failed")
    return frozenset(connection.execute(stored).scalars())


def stamp(connection: Connection) -> int:
    """Something that changes whenever an officer tells somebody: the newest line of the audit."""
    return int(connection.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one())
