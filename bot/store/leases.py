"""Who may send for a channel account: one process at a time, whatever the clocks do."""

import time

from sqlalchemy import Connection, bindparam, or_, select, text, update

from bot.store.engine import boot_id
from bot.store.statement import Statement
from bot.store.tables import leases

_take = Statement(
    lambda insert: (
        insert(leases)
        .values({name: bindparam(name) for name in ("name", "holder", "boot", "until")})
        .on_conflict_do_update(
            index_elements=["name"],
            set_={name: bindparam(name) for name in ("holder", "boot", "until")},
            where=or_(
                leases.c.holder == bindparam("holder"),
                leases.c.boot != bindparam("boot"),
                leases.c.until < bindparam("now"),
            ),
        )
        .returning(leases.c.name)
    )
)

_seize = Statement(
    lambda insert: (
        insert(leases)
        .values({name: bindparam(name) for name in ("name", "holder", "boot", "until")})
        .on_conflict_do_update(
            index_elements=["name"], set_={name: bindparam(name) for name in ("holder", "boot", "until")}
        )
        .returning(leases.c.name)
    )
)


def _now(connection: Connection) -> tuple[int, str]:
    """Milliseconds that never jump, and what they count from: the database's clock, or this boot's steady one."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one()), ""
    return int(time.monotonic() * 1000), boot_id()


def take(connection: Connection, name: str, holder: str, seconds: float, *, alone: bool = False) -> bool:
    """Take or keep the lease `name` for some seconds; False while another process holds it.

    `alone`: the caller knows that no other process of its kind runs (it holds the file's lock), so whoever has the
    lease is dead, and a bot that was killed does not keep the next one waiting.
    """
    now, boot = _now(connection)
    until = now + int(seconds * 1000)
    if alone:
        return _seize(connection, name=name, holder=holder, boot=boot, until=until).first() is not None
    return _take(connection, name=name, holder=holder, boot=boot, until=until, now=now).first() is not None


def give_back(connection: Connection, holder: str) -> None:
    """Let go of everything a process holds."""
    connection.execute(update(leases).where(leases.c.holder == holder).values(until=0))


def give_back_one(connection: Connection, name: str, holder: str) -> None:
    """Let go of one lease, if it is still ours."""
    connection.execute(update(leases).where(leases.c.name == name, leases.c.holder == holder).values(until=0))


def holder(connection: Connection, name: str) -> str:
    """Who holds the lease now, "" for nobody."""
    now, boot = _now(connection)
    row = connection.execute(
        select(leases.c.holder).where(leases.c.name == name, leases.c.boot == boot, leases.c.until >= now)
    ).first()
    return row.holder if row else ""
