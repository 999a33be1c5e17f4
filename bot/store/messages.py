"""The words of every talk, both ways, numbered as they happened."""

from sqlalchemy import Connection, bindparam, delete, select

from bot.channels.base import Said
from bot.clock import from_ms
from bot.store.codec import dump_reply, load_reply
from bot.store.statement import Statement
from bot.store.tables import addresses, messages, outbox
from handlers.message import Address, Inbound, Reply

#: Among how many messages of an address one that was tapped is looked for.
NEWEST = 50

_insert = Statement(
    lambda insert: (
        insert(messages)
        .values({n: bindparam(n) for n in ("address_id", "ours", "update_id", "text", "body", "at")})
        .returning(messages.c.id)
    )
)


def heard(connection: Connection, address_id: int, inbound: Inbound, words: str, now: int) -> int:
    """Keep what the person said, as the transcript shows it; the message's number."""
    row = _insert(connection, address_id=address_id, ours=0, update_id=inbound.id, text=words, body="", at=now)
    return int(row.scalar_one())


def said(connection: Connection, address_id: int, reply: Reply, now: int) -> int:
    """Keep what we say; the message's number."""
    body = dump_reply(reply)
    row = _insert(connection, address_id=address_id, ours=1, update_id="", text=reply.text, body=body, at=now)
    return int(row.scalar_one())


def unsaid(connection: Connection, message: int) -> None:
    """Take back what `said` kept in this transaction: it does not leave."""
    connection.execute(delete(messages).where(messages.c.id == message))


def history(connection: Connection, address: Address, after: int, limit: int) -> tuple[Said, ...]:
    """The talk of an address above a message number: its newest `limit` messages, oldest first."""
    rows = connection.execute(
        select(messages.c.id, messages.c.ours, messages.c.update_id, messages.c.text, messages.c.body, messages.c.at)
        .join(addresses, addresses.c.id == messages.c.address_id)
        .where(
            addresses.c.channel == address.channel,
            addresses.c.account == address.account,
            addresses.c.chat == address.chat,
            addresses.c.thread == address.thread,
            messages.c.id > after,
        )
        .order_by(messages.c.id.desc())
        .limit(limit)
    ).all()
    return tuple(
        Said(r.id, bool(r.ours), load_reply(r.text, r.body), from_ms(r.at), r.update_id) for r in reversed(rows)
    )


def forget(connection: Connection, before: int) -> int:
    """Delete what was said before a time, with the outbox rows that carried it, unless one still has to leave."""
    old = select(messages.c.id).where(messages.c.at < before)
    waits = select(outbox.c.message_id).where(outbox.c.message_id.in_(old), outbox.c.state.in_(["ready", "away"]))
    connection.execute(delete(outbox).where(outbox.c.message_id.in_(old), outbox.c.state.notin_(["ready", "away"])))
    return connection.execute(delete(messages).where(messages.c.at < before, messages.c.id.notin_(waits))).rowcount


def key_of(connection: Connection, address_id: int, platform_id: str) -> str:
    """The key of a message that a channel delivered under this id, among the newest of an address; "" if unknown."""
    newest = (
        select(messages.c.id)
        .where(messages.c.address_id == address_id, messages.c.ours == 1)
        .order_by(messages.c.id.desc())
        .limit(NEWEST)
    )
    found: str | None = connection.execute(
        select(outbox.c.key).where(outbox.c.message_id.in_(newest), outbox.c.platform_id == platform_id)
    ).scalar()
    return found or ""
