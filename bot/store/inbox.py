"""Every update once: done with its turn, or pending until its turn succeeds, or failed and told to staff."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from bot.store.codec import dump_inbound, load_inbound
from bot.store.columns import constant
from bot.store.people import order_key
from bot.store.statement import Statement
from bot.store.tables import inbox
from handlers.message import Inbound


@dataclass(frozen=True, slots=True)
class Pending:
    """An update that waits for its turn. `attempts` counts turns that raised."""

    id: int
    line: str
    inbound: Inbound
    attempts: int


PENDING = constant("pending")

_columns = ("channel", "account", "update_id", "order_key", "state", "raw", "attempts", "not_before", "error")
_insert = Statement(
    lambda insert: (
        insert(inbox)
        .values({name: bindparam(name) for name in (*_columns, "received_at")})
        .on_conflict_do_nothing(index_elements=["channel", "account", "update_id"])
        .returning(inbox.c.id)
    )
)


def enter(connection: Connection, inbound: Inbound, now: int, *, error: str | None = None, wait: int = 0) -> bool:
    """Write the update down; False if it was written before.

    Without `error` it is done (its turn is in the same transaction); with one it is pending, tried again after
    `wait` milliseconds ("" : it only stands behind others).
    """
    pending = error is not None
    row = _insert(
        connection,
        channel=inbound.address.channel,
        account=inbound.address.account,
        update_id=inbound.id,
        order_key=order_key(inbound.address),
        state="pending" if pending else "done",
        raw=dump_inbound(inbound) if pending else "",
        attempts=1 if error else 0,
        not_before=now + wait,
        error=error or "",
        received_at=now,
    ).first()
    return row is not None


def hold(connection: Connection, inbound: Inbound, now: int, error: str, wait: int) -> None:
    """The turn of an update entered in this transaction raised: keep the update for another try."""
    address = inbound.address
    connection.execute(
        update(inbox)
        .where(
            inbox.c.channel == address.channel,
            inbox.c.account == address.account,
            inbox.c.update_id == inbound.id,
        )
        .values(state="pending", raw=dump_inbound(inbound), attempts=1, not_before=now + wait, error=error)
    )


def due(connection: Connection, now: int, limit: int = 100) -> tuple[Pending, ...]:
    """The first pending update of each line, if its time has come."""
    heads = select(func.min(inbox.c.id)).where(inbox.c.state == PENDING).group_by(inbox.c.order_key)
    rows = connection.execute(
        select(inbox.c.id, inbox.c.order_key, inbox.c.raw, inbox.c.attempts)
        .where(inbox.c.id.in_(heads), inbox.c.not_before <= now)
        .order_by(inbox.c.id)
        .limit(limit)
    )
    return tuple(Pending(r.id, r.order_key, load_inbound(r.raw), r.attempts) for r in rows)


def take_back(connection: Connection, pending: Pending) -> bool:
    """Lock a pending update for its turn; False if another process was faster."""
    row = connection.execute(
        select(inbox.c.id)
        .where(inbox.c.id == pending.id, inbox.c.state == PENDING, inbox.c.attempts == pending.attempts)
        .with_for_update()
    ).first()
    return row is not None


def done(connection: Connection, id: int) -> None:
    """Its turn is stored in this transaction."""
    connection.execute(update(inbox).where(inbox.c.id == id).values(state="done", raw="", error=""))


def failed_again(connection: Connection, pending: Pending, now: int, error: str, wait: int) -> None:
    """Its turn raised once more: wait `wait` milliseconds."""
    connection.execute(
        update(inbox)
        .where(inbox.c.id == pending.id, inbox.c.state == PENDING, inbox.c.attempts == pending.attempts)
        .values(attempts=pending.attempts + 1, not_before=now + wait, error=error)
    )


def give_up(connection: Connection, pending: Pending, error: str) -> None:
    """It failed for good; its raw update stays for staff."""
    connection.execute(update(inbox).where(inbox.c.id == pending.id).values(state="failed", error=error))


def waiting(connection: Connection) -> tuple[int, int]:
    """How many updates are pending, and how many failed."""
    rows = connection.execute(
        select(inbox.c.state, func.count())
        .where(or_(inbox.c.state == PENDING, inbox.c.state == "failed"))
        .group_by(inbox.c.state)
    )
    counts = {str(row[0]): int(row[1]) for row in rows}
    return counts.get("pending", 0), counts.get("failed", 0)


def forget(connection: Connection, before: int) -> int:
    """Delete done updates received before a time; afterwards the same update would count as new."""
    gone = connection.execute(delete(inbox).where(inbox.c.state == "done", inbox.c.received_at < before))
    return gone.rowcount
