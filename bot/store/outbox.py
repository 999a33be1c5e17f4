"""Everything that leaves waits here; a row is written with what caused it and marked when a channel took it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update

from bot.channels.base import Outgoing
from bot.store import messages
from bot.store.codec import load_reply
from bot.store.statement import Statement
from bot.store.tables import addresses, outbox
from bot.store.tables import messages as messages_table
from handlers.message import Address, Lane, Reply
from handlers.person import Language

#: Rows due within this many milliseconds are taken into memory, so that a later row never overtakes its lane's head.
AHEAD_MS = 60_000


#: A change of the outbox, as work for the store.
Change = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A message that has to leave. `not_before` in milliseconds; `attempts` counts sends that failed."""

    id: int
    address_id: int
    lane: Lane
    not_before: int
    attempts: int
    outgoing: Outgoing


_insert = Statement(
    lambda insert: (
        insert(outbox)
        .values(
            {
                name: bindparam(name)
                for name in (
                    "key",
                    "message_id",
                    "address_id",
                    "channel",
                    "account",
                    "lane",
                    "language",
                    "replaces",
                    "state",
                    "lease",
                    "not_before",
                    "created_at",
                )
            }
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(outbox.c.id)
    )
)
_has_key = Statement(lambda _: select(outbox.c.id).where(outbox.c.key == bindparam("key")))
_orphans = Statement(
    lambda _: (
        select(outbox.c.id)
        .where(
            outbox.c.state == "ready",
            outbox.c.channel == bindparam("channel"),
            outbox.c.account == bindparam("account"),
            outbox.c.lease != bindparam("lease"),
        )
        .limit(1)
    )
)
_sent = Statement(
    lambda _: (
        update(outbox)
        .where(outbox.c.id == bindparam("row"))
        .values(state="sent", lease="", sent_at=bindparam("now"), platform_id=bindparam("platform"), error="")
    )
)


def put(
    connection: Connection,
    address_id: int,
    address: Address,
    reply: Reply,
    *,
    key: str,
    lane: Lane,
    language: Language,
    lease: str,
    now: int,
) -> Row | None:
    """Write a message to leave, and its words; None if the key was used before. `lease` "" leaves it to others."""
    if _has_key(connection, key=key).first() is not None:
        return None
    message = messages.said(connection, address_id, reply, now)
    row = _insert(
        connection,
        key=key,
        message_id=message,
        address_id=address_id,
        channel=address.channel,
        account=address.account,
        lane=lane,
        language=language,
        replaces=reply.replaces,
        state="ready",
        lease=lease,
        not_before=now,
        created_at=now,
    ).scalar_one()
    return Row(row, address_id, lane, now, 0, Outgoing(message, key, address, reply, language))


def orphans(connection: Connection, channel: str, account: str, lease: str) -> bool:
    """Whether ready rows of an account are held by nobody or by another process."""
    row = _orphans(connection, channel=channel, account=account, lease=lease).first()
    return row is not None


def claim(
    connection: Connection, channel: str, account: str, lease: str, now: int, *, limit: int = 500
) -> tuple[Row, ...]:
    """Take into memory the ready rows of an account that another process held or nobody holds, oldest first."""
    ids = (
        select(outbox.c.id)
        .where(
            outbox.c.state == "ready",
            outbox.c.channel == channel,
            outbox.c.account == account,
            outbox.c.lease != lease,
            outbox.c.not_before <= now + AHEAD_MS,
        )
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return _take(connection, [row.id for row in connection.execute(ids)], lease)


def wake(connection: Connection, address: Address, lease: str) -> tuple[Row, ...]:
    """Take into memory what waited for a person who was away."""
    ids = (
        select(outbox.c.id)
        .join(addresses, addresses.c.id == outbox.c.address_id)
        .where(
            outbox.c.state == "away",
            addresses.c.channel == address.channel,
            addresses.c.account == address.account,
            addresses.c.chat == address.chat,
            addresses.c.thread == address.thread,
        )
        .order_by(outbox.c.id)
    )
    found = [row.id for row in connection.execute(ids)]
    return _take(connection, found, lease)


def _take(connection: Connection, ids: list[int], lease: str) -> tuple[Row, ...]:
    if not ids:
        return ()
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(state="ready", lease=lease))
    old = outbox.alias("old")
    replaced = (
        select(old.c.platform_id)
        .where(old.c.key == outbox.c.replaces, outbox.c.replaces != "")
        .scalar_subquery()
        .label("replaced")
    )
    rows = connection.execute(
        select(outbox, addresses.c.chat, addresses.c.thread, messages_table.c.text, messages_table.c.body, replaced)
        .join(addresses, addresses.c.id == outbox.c.address_id)
        .join(messages_table, messages_table.c.id == outbox.c.message_id)
        .where(outbox.c.id.in_(ids))
        .order_by(outbox.c.id)
    )
    return tuple(
        Row(
            r.id,
            r.address_id,
            r.lane,
            r.not_before,
            r.attempts,
            Outgoing(
                r.message_id,
                r.key,
                Address(r.channel, r.account, r.chat, r.thread),
                load_reply(r.text, r.body, r.replaces),
                r.language,
                r.replaced or "",
            ),
        )
        for r in rows
    )


def sent(connection: Connection, id: int, platform_id: str, now: int) -> None:
    """A channel took it."""
    _sent(connection, row=id, now=now, platform=platform_id)


def put_off(connection: Connection, id: int, attempts: int, not_before: int, error: str) -> None:
    """It did not go out; the same process tries again at `not_before`."""
    values = {"attempts": attempts, "not_before": not_before, "error": error}
    connection.execute(update(outbox).where(outbox.c.id == id).values(**values))


def away(connection: Connection, address_id: int, lease: str) -> None:
    """The person is not connected: all that this process holds for the address waits until they come back."""
    held = and_(outbox.c.address_id == address_id, outbox.c.state == "ready", outbox.c.lease == lease)
    connection.execute(update(outbox).where(held).values(state="away", lease=""))


def give_up(connection: Connection, id: int, state: str, error: str) -> None:
    """It will not be tried again: "failed", or "unknown" where it may have been delivered."""
    connection.execute(update(outbox).where(outbox.c.id == id).values(state=state, lease="", error=error))


def give_up_address(connection: Connection, address_id: int, error: str) -> None:
    """The person left: nothing that waits for this address is tried again."""
    waits = and_(outbox.c.address_id == address_id, outbox.c.state.in_(["ready", "away"]))
    connection.execute(update(outbox).where(waits).values(state="failed", lease="", error=error))


def release(connection: Connection, lease: str) -> None:
    """Leave to others what this process holds."""
    held = and_(outbox.c.state == "ready", outbox.c.lease == lease)
    connection.execute(update(outbox).where(held).values(lease=""))


def waiting(connection: Connection) -> dict[str, int]:
    """How many rows are in each state other than sent."""
    rows = connection.execute(
        select(outbox.c.state, func.count()).where(outbox.c.state != "sent").group_by(outbox.c.state)
    )
    return {str(row[0]): int(row[1]) for row in rows}


def forget(connection: Connection, before: int) -> int:
    """Delete rows sent or given up before a time."""
    over = or_(outbox.c.state == "sent", outbox.c.state == "failed", outbox.c.state == "unknown")
    return connection.execute(delete(outbox).where(over, outbox.c.created_at < before)).rowcount
