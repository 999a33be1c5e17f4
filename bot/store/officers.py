"""Staff: who takes leads, where they are told, and the one-time passes that let them in."""

import hashlib

from sqlalchemy import Connection, delete, func, select, update

from bot.clock import from_ms
from bot.store.tables import addresses, conversations, officers, passes, places
from handlers.context import Invitation, Place
from handlers.message import Address
from handlers.person import Conversation, Officer


def hashed(code: str) -> str:
    """What is kept of a one-time code or a token: enough to know it again, not to guess it."""
    return hashlib.sha256(code.encode()).hexdigest()


def add(connection: Connection, name: str, team: str, now: int) -> Officer:
    """A new officer."""
    made = connection.execute(
        officers.insert().values(name=name, team=team, active=1, created_at=now).returning(officers.c.id)
    ).scalar_one()
    return Officer(made, name, team)


def named(connection: Connection, name: str) -> Officer | None:
    """The active officer of this name."""
    row = connection.execute(select(officers).where(officers.c.name == name, officers.c.active == 1)).first()
    return Officer(row.id, row.name, row.team) if row else None


def by_id(connection: Connection, id: int) -> Officer | None:
    """The active officer with this number."""
    row = connection.execute(select(officers).where(officers.c.id == id, officers.c.active == 1)).first()
    return Officer(row.id, row.name, row.team) if row else None


def everyone(connection: Connection) -> tuple[tuple[Officer, int], ...]:
    """Every active officer with the number of places where they are told."""
    rows = connection.execute(
        select(officers, func.count(places.c.address_id).label("places"))
        .outerjoin(places, places.c.officer_id == officers.c.id)
        .where(officers.c.active == 1)
        .group_by(officers.c.id)
        .order_by(officers.c.id)
    )
    return tuple((Officer(r.id, r.name, r.team), int(r.places)) for r in rows)


def remove(connection: Connection, id: int, now: int) -> None:
    """An officer leaves: no place, no pass, no desk any more; their name stays in what they did."""
    connection.execute(update(officers).where(officers.c.id == id).values(active=0))
    connection.execute(delete(places).where(places.c.officer_id == id))
    connection.execute(
        update(passes).where(passes.c.officer_id == id, passes.c.used_at.is_(None)).values(used_at=now, expires_at=0)
    )
    connection.execute(update(passes).where(passes.c.officer_id == id).values(expires_at=0))


def all_places(connection: Connection) -> tuple[Place, ...]:
    """Every place where an active officer is told."""
    rows = connection.execute(
        select(
            officers.c.id,
            officers.c.name,
            officers.c.team,
            addresses.c.channel,
            addresses.c.account,
            addresses.c.chat,
            addresses.c.thread,
            conversations.c.state,
            places.c.shared,
        )
        .join(places, places.c.officer_id == officers.c.id)
        .join(addresses, addresses.c.id == places.c.address_id)
        .outerjoin(conversations, conversations.c.address_id == addresses.c.id)
        .where(officers.c.active == 1, addresses.c.blocked_at.is_(None))
        .order_by(places.c.created_at, places.c.address_id)
    )
    return tuple(
        Place(
            Officer(r.id, r.name, r.team),
            Address(r.channel, r.account, r.chat, r.thread),
            (Conversation.load(r.state).language if r.state else "") or "vi",
            bool(r.shared),
        )
        for r in rows
    )


def place(connection: Connection, address_id: int, officer: int, now: int, *, shared: bool = False) -> None:
    """Tell the officer at this address from now on; `shared`: others read there too."""
    connection.execute(delete(places).where(places.c.address_id == address_id))
    words = {"address_id": address_id, "officer_id": officer, "created_at": now, "shared": int(shared)}
    connection.execute(places.insert().values(**words))


def issue(connection: Connection, kind: str, code: str, officer: int, expires_at: int) -> None:
    """Keep a one-time code ("invite", "desk") or a desk sign-in ("signed-in"), hashed."""
    connection.execute(passes.insert().values(kind=kind, hash=hashed(code), officer_id=officer, expires_at=expires_at))


def invitation(connection: Connection, code: str, now: int) -> Invitation | None:
    """The unused invitation with this code, locked until the transaction ends."""
    row = connection.execute(
        select(passes.c.id, passes.c.expires_at, officers.c.id.label("officer"), officers.c.name, officers.c.team)
        .join(officers, officers.c.id == passes.c.officer_id)
        .where(
            passes.c.kind == "invite",
            passes.c.hash == hashed(code),
            passes.c.used_at.is_(None),
            passes.c.expires_at > now,
            officers.c.active == 1,
        )
        .with_for_update(of=passes)
    ).first()
    return Invitation(row.id, Officer(row.officer, row.name, row.team), from_ms(row.expires_at)) if row else None


def spend(connection: Connection, id: int, now: int) -> None:
    """A one-time pass was used."""
    connection.execute(update(passes).where(passes.c.id == id).values(used_at=now))


def redeem(connection: Connection, kind: str, code: str, now: int) -> Officer | None:
    """Use a one-time pass up; whose it was, or None if it is unknown, used or too old."""
    row = connection.execute(
        update(passes)
        .where(
            passes.c.kind == kind, passes.c.hash == hashed(code), passes.c.used_at.is_(None), passes.c.expires_at > now
        )
        .values(used_at=now)
        .returning(passes.c.officer_id)
    ).first()
    return by_id(connection, row.officer_id) if row else None


def signed_in(connection: Connection, token: str, now: int) -> Officer | None:
    """Whose desk sign-in this is, or None if it is unknown, ended or too old."""
    row = connection.execute(
        select(passes.c.officer_id).where(
            passes.c.kind == "signed-in",
            passes.c.hash == hashed(token),
            passes.c.used_at.is_(None),
            passes.c.expires_at > now,
        )
    ).first()
    return by_id(connection, row.officer_id) if row else None


def sign_out(connection: Connection, token: str, now: int) -> None:
    """End a desk sign-in."""
    connection.execute(
        update(passes).where(passes.c.kind == "signed-in", passes.c.hash == hashed(token)).values(used_at=now)
    )


def forget(connection: Connection, before: int) -> None:
    """Delete passes that ended before a time."""
    connection.execute(delete(passes).where(passes.c.expires_at < before))
