"""A chat that has another address from now on: what is told there follows it, and nothing is said twice."""

from sqlalchemy import Connection, delete, select, update

from bot.store import people, work
from bot.store.tables import addresses, messages, outbox, places
from handlers.message import Address
from handlers.turn import OpenTask


def move(connection: Connection, address: Address, chat: str, thread: str, now: int) -> None:
    """Tell at `chat` and `thread` what was told at `address`. Of a chat with a new number every thread moves.

    What waits to be sent is left to whoever looks for rows. Staff have a task where a place of theirs lost its topic.
    """
    same = (addresses.c.channel == address.channel, addresses.c.account == address.account)
    here = [*same, addresses.c.chat == address.chat]
    if chat == address.chat:
        here.append(addresses.c.thread == address.thread)
    # In one order everywhere, so that two processes that move one chat do not wait for each other.
    for row in connection.execute(select(addresses).where(*here).order_by(addresses.c.id)).all():
        to = Address(address.channel, address.account, chat, thread if chat == address.chat else row.thread)
        if to == Address(row.channel, row.account, row.chat, row.thread):
            continue
        was_place = connection.execute(select(places.c.address_id).where(places.c.address_id == row.id)).first()
        target = people.address_id(connection, to)
        if target is None:
            target = row.id
            connection.execute(
                update(addresses)
                .where(addresses.c.id == row.id)
                .values(chat=to.chat, thread=to.thread, blocked_at=None)
            )
        else:
            _join(connection, row.id, target, now)
        _let_go(connection, target)
        if was_place and chat == address.chat:
            about = f"{address.channel}/{address.account}: {chat}, {row.thread} → {to.thread or '-'}"
            work.open_task(connection, OpenTask("place-moved", f"place-moved:{row.id}:{now}", about), now)
    # Also where it moved before: whoever had the old address in memory has dropped what waits, and needs it again.
    there = people.address_id(connection, Address(address.channel, address.account, chat, thread))
    if there is not None:
        _let_go(connection, there)


def _let_go(connection: Connection, address_id: int) -> None:
    connection.execute(
        update(outbox).where(outbox.c.address_id == address_id, outbox.c.state == "ready").values(lease="")
    )


def put_out(connection: Connection, address: Address, now: int) -> None:
    """A group put the bot out of all its topics: staff have a task if it was a place of theirs."""
    chat = (
        addresses.c.channel == address.channel,
        addresses.c.account == address.account,
        addresses.c.chat == address.chat,
    )
    was_place = select(places.c.address_id).join(addresses, addresses.c.id == places.c.address_id).where(*chat)
    if connection.execute(was_place).first():
        name = f"{address.channel}:{address.account}:{address.chat}"
        work.open_task(connection, OpenTask("place-lost", f"place-lost:{name}:{now}", name), now)


def _told_there(connection: Connection, old: int, new: int) -> None:
    """What both addresses were to be told of a lead, the newer one has or gets already."""
    names = {
        row.id: "/".join((row.channel, row.account, row.chat, row.thread))
        for row in connection.execute(select(addresses).where(addresses.c.id.in_((old, new))))
    }
    waiting = select(outbox.c.id, outbox.c.key).where(
        outbox.c.address_id == old, outbox.c.state.in_(("ready", "away")), outbox.c.lane == "notice"
    )
    for row in connection.execute(waiting).all():
        twin = row.key.removesuffix(names[old]) + names[new]
        if connection.execute(select(outbox.c.id).where(outbox.c.key == twin, outbox.c.address_id == new)).first():
            given_up = update(outbox).where(outbox.c.id == row.id)
            connection.execute(given_up.values(state="failed", lease="", error="told at the other address"))


def _join(connection: Connection, old: int, new: int, now: int) -> None:
    """Lead an address into another one that is there already."""
    if connection.execute(select(places.c.address_id).where(places.c.address_id == new)).first():
        connection.execute(delete(places).where(places.c.address_id == old))
    else:
        connection.execute(update(places).where(places.c.address_id == old).values(address_id=new))
    # The platform has just named it, so whatever was known of it before is over.
    connection.execute(update(addresses).where(addresses.c.id == new).values(blocked_at=None))
    _told_there(connection, old, new)
    waits = (outbox.c.address_id == old, outbox.c.state.in_(("ready", "away")))
    words = select(outbox.c.message_id).where(*waits)
    connection.execute(update(messages).where(messages.c.id.in_(words)).values(address_id=new))
    connection.execute(update(outbox).where(*waits).values(address_id=new))
    people.block(connection, old, now)
