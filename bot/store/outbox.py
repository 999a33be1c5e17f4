"""Everything that leaves waits here; a row is written with what caused it and marked when a channel took it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, not_, or_, select, update

from bot.channels.base import Outgoing
from bot.store import messages
from bot.store.codec import load_reply
from bot.store.columns import constant
from bot.store.statement import Statement
from bot.store.tables import addresses, outbox
from bot.store.tables import messages as messages_table
from handlers.message import Address, Lane, Reply
from handlers.person import Language

AWAY, READY = constant("away"), constant("ready")
_waits = outbox.c.state.in_([AWAY, READY])
# Said twice, because SQLite takes an index over some states only for a condition that repeats the index's own.
_away = and_(_waits, outbox.c.state == AWAY)

#: A change of the outbox, as work for the store.
Change = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A message that has to leave. `not_before` in milliseconds; `attempts` counts sends that failed.

    `doubts` counts those that may have been delivered all the same; it lives in memory only. `created_at` in
    milliseconds: when it was decided.
    """

    id: int
    address_id: int
    lane: Lane
    not_before: int
    attempts: int
    outgoing: Outgoing
    doubts: int = 0
    created_at: int = 0


WRITTEN = (
    *("key", "message_id", "address_id", "channel", "account", "lane", "language", "replaces"),
    *("state", "lease", "not_before", "created_at"),
)
_insert = Statement(
    lambda insert: (
        insert(outbox)
        .values({name: bindparam(name) for name in WRITTEN})
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(outbox.c.id)
    )
)
# `behind`: something older waits for this address that the process does not hold in memory.
_before = Statement(
    lambda _: select(
        exists().where(outbox.c.key == bindparam("key")).label("known"),
        exists()
        .where(
            outbox.c.address_id == bindparam("address_id"),
            _waits,
            or_(outbox.c.state == AWAY, outbox.c.lease != bindparam("lease")),
        )
        .label("behind"),
    )
)
_orphans = Statement(
    lambda _: (
        select(outbox.c.id)
        .where(
            outbox.c.state == READY,
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
    """Write a message to leave, and its words; the row to be handed over in memory.

    None if the key was used before, and if the row is left to whoever looks for rows: with `lease` "", and where
    something older waits for the address that this process does not hold, which must leave first.
    """
    before = _before(connection, key=key, address_id=address_id, lease=lease).one()
    if before.known:
        return None
    lease = "" if before.behind else lease
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
    ).scalar()
    if row is None:  # another process was faster with this key
        messages.unsaid(connection, message)
    if row is None or not lease:
        return None
    replaced = _platform_id(connection, address_id, reply.replaces) if reply.replaces else ""
    outgoing = Outgoing(message, key, address, reply, language, replaced, lane)
    return Row(row, address_id, lane, now, 0, outgoing, created_at=now)


def again(connection: Connection, key: str, lease: str, now: int) -> Row | None:
    """Try anew a message that was given up, for it was decided anew; None as from `put`.

    One that may have arrived stays as it is.
    """
    values = {"state": "ready", "attempts": 0, "not_before": now, "created_at": now, "error": ""}
    failed = update(outbox).where(outbox.c.key == key, outbox.c.state == "failed").values(**values)
    found = connection.execute(failed.returning(outbox.c.id)).scalars().all()
    rows = _take(connection, list(found), lease)
    return rows[0] if rows and lease else None


def _platform_id(connection: Connection, address_id: int, key: str) -> str:
    """The platform's id of an earlier message to the same address, "" if it did not go out yet or has none."""
    found = select(outbox.c.platform_id).where(outbox.c.key == key, outbox.c.address_id == address_id)
    return connection.execute(found).scalar() or ""


def orphans(connection: Connection, channel: str, account: str, lease: str) -> bool:
    """Whether ready rows of an account are held by nobody or by another process."""
    row = _orphans(connection, channel=channel, account=account, lease=lease).first()
    return row is not None


def claim(connection: Connection, channel: str, account: str, lease: str, *, limit: int = 500) -> tuple[Row, ...]:
    """Take into memory the ready rows of an account that another process held or nobody holds, oldest first.

    Rows whose time has not come are among them: they stand at the head of their lanes, and later rows must not
    overtake them. So is what waits for an address as away: it is older, and is tried again before.
    """
    orphan = and_(
        outbox.c.state == READY, outbox.c.channel == channel, outbox.c.account == account, outbox.c.lease != lease
    )
    found = connection.execute(
        select(outbox.c.id, outbox.c.address_id).where(orphan).order_by(outbox.c.id).limit(limit).with_for_update()
    ).all()
    theirs = {row.address_id for row in found}
    away = select(outbox.c.id).where(_away, outbox.c.address_id.in_(theirs)).with_for_update()
    older = connection.execute(away).scalars() if theirs else ()
    return _take(connection, [row.id for row in found] + list(older), lease)


def let_go(connection: Connection, channel: str, account: str, lease: str, before: int, kept: Collection[int]) -> None:
    """Let `claim` find again what a process wrote before a time and does not have among what it `kept` in memory."""
    mine = and_(
        outbox.c.state == READY, outbox.c.channel == channel, outbox.c.account == account, outbox.c.lease == lease
    )
    found = connection.execute(select(outbox.c.id).where(mine, outbox.c.created_at <= before)).scalars()
    if lost := [id for id in found if id not in kept]:
        connection.execute(update(outbox).where(mine, outbox.c.id.in_(lost)).values(lease=""))


def wake(connection: Connection, address: Address, lease: str) -> tuple[Row, ...]:
    """Take into memory what waited for a person who was away."""
    ids = (
        select(outbox.c.id)
        .join(addresses, addresses.c.id == outbox.c.address_id)
        .where(
            _away,
            addresses.c.channel == address.channel,
            addresses.c.account == address.account,
            addresses.c.chat == address.chat,
            addresses.c.thread == address.thread,
        )
        .order_by(outbox.c.id)
        # Two pages opened at once wake twice: the second finds away no more what the first has sent meanwhile.
        .with_for_update(of=outbox)
    )
    return _take(connection, list(connection.execute(ids).scalars()), lease)


def _take(connection: Connection, ids: list[int], lease: str) -> tuple[Row, ...]:
    if not ids:
        return ()
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(state="ready", lease=lease))
    old = outbox.alias("old")
    replaced = (
        select(old.c.platform_id)
        .where(old.c.key == outbox.c.replaces, old.c.address_id == outbox.c.address_id)
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
                r.lane,
            ),
            created_at=r.created_at,
        )
        for r in rows
    )


def sent(connection: Connection, id: int, platform_id: str, now: int) -> None:
    """A channel took it."""
    _sent(connection, row=id, now=now, platform=platform_id)


def put_off(connection: Connection, id: int, attempts: int, not_before: int, error: str) -> None:
    """It did not go out; the same process tries again at `not_before`."""
    values = {"attempts": attempts, "not_before": not_before, "error": error}
    connection.execute(update(outbox).where(outbox.c.id == id, _waits).values(**values))


def away(connection: Connection, address_id: int, lease: str) -> None:
    """The person is not connected: all that this process holds for the address waits until they come back."""
    held = and_(outbox.c.address_id == address_id, _waits, outbox.c.state == READY, outbox.c.lease == lease)
    connection.execute(update(outbox).where(held).values(state="away", lease=""))


def give_up(connection: Connection, id: int, state: str, error: str) -> None:
    """It will not be tried again: "failed", or "unknown" where it may have been delivered."""
    connection.execute(update(outbox).where(outbox.c.id == id, _waits).values(state=state, lease="", error=error))


def give_up_address(connection: Connection, address_id: int, error: str) -> tuple[str, ...]:
    """The person left: nothing that waits for this address is tried again; the keys of the notices among it."""
    gone = connection.execute(
        update(outbox)
        .where(outbox.c.address_id == address_id, _waits)
        .values(state="failed", lease="", error=error)
        .returning(outbox.c.key, outbox.c.lane)
    )
    return tuple(row.key for row in gone if row.lane == "notice")


def waiting(connection: Connection) -> dict[str, int]:
    """How many rows are in each state other than sent."""
    rows = connection.execute(
        select(outbox.c.state, func.count()).where(outbox.c.state != "sent").group_by(outbox.c.state)
    )
    return {str(row[0]): int(row[1]) for row in rows}


def forget(connection: Connection, before: int) -> int:
    """Delete rows sent or given up before a time."""
    return connection.execute(delete(outbox).where(not_(_waits), outbox.c.created_at < before)).rowcount
