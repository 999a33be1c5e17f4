"""Leads: written in the turn that made them, changed only from the version a decision saw."""

from sqlalchemy import Connection, Select, bindparam, func, select, update

from bot.clock import from_ms
from bot.errors import Conflict
from bot.store.statement import Statement
from bot.store.tables import addresses, conversations, lead_events, leads, officers
from handlers.context import Lead
from handlers.message import Address
from handlers.person import Conversation, Officer, Person, Profile
from handlers.turn import ChangeLead, OpenLead

#: States in which staff still have something to do.
OPEN = ("new", "claimed", "contacted")

_insert = Statement(
    lambda insert: (
        insert(leads)
        .values(
            {
                name: bindparam(name)
                for name in ("code", "person_id", "address_id", "need", "enterprise", "contact_name", "phone", "topic")
            }
            | {"state": "new", "version": 1, "opened_at": bindparam("now"), "changed_at": bindparam("now")}
        )
        .returning(leads.c.id)
    )
)
_event = Statement(
    lambda insert: insert(lead_events).values(
        {name: bindparam(name) for name in ("lead_id", "state", "officer_id", "note", "at")}
    )
)


def open_lead(connection: Connection, address_id: int, person: Person, lead: OpenLead, now: int) -> None:
    """Write a new lead and its first event."""
    profile = lead.profile
    made = _insert(
        connection,
        code=lead.code,
        person_id=person.id,
        address_id=address_id,
        need=lead.need,
        enterprise=profile.enterprise,
        contact_name=profile.contact_name,
        phone=profile.phone,
        topic=lead.topic,
        now=now,
    ).scalar_one()
    _event(connection, lead_id=made, state="new", officer_id=None, note="", at=now)


def change(connection: Connection, wish: ChangeLead, now: int) -> None:
    """Move a lead on. Raises Conflict if its version is no longer the one the decision saw."""
    row = connection.execute(
        update(leads)
        .where(leads.c.code == wish.code, leads.c.version == wish.version)
        .values(state=wish.to, officer_id=wish.officer, version=wish.version + 1, changed_at=now)
        .returning(leads.c.id)
    ).first()
    if row is None:
        raise Conflict(f"The lead {wish.code} was changed by somebody else meanwhile: look again and repeat.")
    _event(connection, lead_id=row.id, state=wish.to, officer_id=wish.officer, note=wish.note, at=now)


def _select() -> Select[tuple[object, ...]]:
    return (
        select(
            leads,
            addresses.c.channel,
            addresses.c.account,
            addresses.c.chat,
            addresses.c.thread,
            officers.c.name.label("officer_name"),
            officers.c.team.label("officer_team"),
            conversations.c.state.label("talk"),
        )
        .join(addresses, addresses.c.id == leads.c.address_id)
        .outerjoin(conversations, conversations.c.address_id == leads.c.address_id)
        .outerjoin(officers, officers.c.id == leads.c.officer_id)
    )


def by_code(connection: Connection, code: str) -> Lead | None:
    """A lead by its code, locked until the transaction ends."""
    # Locked in a statement of its own: one that waits sees the officer as they were before it waited.
    connection.execute(select(leads.c.id).where(leads.c.code == code).with_for_update()).close()
    rows = _leads(connection, _select().where(leads.c.code == code))
    return rows[0] if rows else None


def of_person(connection: Connection, person: int, limit: int = 20) -> tuple[Lead, ...]:
    """A person's leads, newest first."""
    return _leads(connection, _select().where(leads.c.person_id == person).order_by(leads.c.id.desc()).limit(limit))


def in_states(connection: Connection, states: tuple[str, ...] = OPEN, limit: int = 200) -> tuple[Lead, ...]:
    """Leads in these states, oldest first; the newest ones where there are more than `limit`."""
    newest_first = _select().where(leads.c.state.in_(states)).order_by(leads.c.id.desc()).limit(limit)
    return tuple(reversed(_leads(connection, newest_first)))


def newest(connection: Connection, limit: int = 200) -> tuple[Lead, ...]:
    """The newest leads, whatever their state."""
    return _leads(connection, _select().order_by(leads.c.id.desc()).limit(limit))


def stamp(connection: Connection) -> tuple[int, int, int]:
    """Something that changes whenever a lead is opened or changed: a page compares it before it draws again."""
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(leads.c.version), 0), func.coalesce(func.max(leads.c.id), 0))
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def has_code(connection: Connection, code: str) -> bool:
    """Whether a lead has this code."""
    return connection.execute(select(leads.c.id).where(leads.c.code == code)).first() is not None


def _leads(connection: Connection, statement: Select[tuple[object, ...]]) -> tuple[Lead, ...]:
    return tuple(
        Lead(
            code=r.code,
            version=r.version,
            state=r.state,
            need=r.need,
            profile=Profile(r.enterprise, r.contact_name, r.phone),
            address=Address(r.channel, r.account, r.chat, r.thread),
            person=r.person_id,
            topic=r.topic,
            opened_at=from_ms(r.opened_at),
            language=(Conversation.load(r.talk).language if r.talk else "") or "vi",
            officer=Officer(r.officer_id, r.officer_name, r.officer_team) if r.officer_id is not None else None,
        )
        for r in connection.execute(statement)
    )
