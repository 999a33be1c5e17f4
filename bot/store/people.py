"""Who is talking: addresses, persons, the state of their talk, their profile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, and_, bindparam, exists, select, update

from bot.store.columns import constant
from bot.store.statement import Statement
from bot.store.tables import addresses, conversations, enterprises, inbox, officers, persons, places, profiles
from handlers.message import Address
from handlers.person import Conversation, Officer, Person, Profile, Purpose


@dataclass(frozen=True, slots=True)
class Arrived:
    """A person at the door. `held`: earlier updates of theirs still wait, so this one must wait behind them."""

    address_id: int
    person: Person
    held: bool


def order_key(address: Address) -> str:
    """The line an address stands in: updates of one address are taken in order."""
    return json.dumps([address.channel, address.account, address.chat, address.thread], ensure_ascii=False)


_address = and_(
    addresses.c.channel == bindparam("channel"),
    addresses.c.account == bindparam("account"),
    addresses.c.chat == bindparam("chat"),
    addresses.c.thread == bindparam("thread"),
)

_columns = (
    addresses.c.id,
    addresses.c.person_id,
    addresses.c.blocked_at,
    conversations.c.state,
    persons.c.consents,
    enterprises.c.name.label("enterprise"),
    profiles.c.contact_name,
    profiles.c.phone,
    officers.c.id.label("officer_id"),
    officers.c.name.label("officer_name"),
    officers.c.team.label("officer_team"),
)
_joined = (
    addresses.join(persons, persons.c.id == addresses.c.person_id)
    .outerjoin(conversations, conversations.c.address_id == addresses.c.id)
    .outerjoin(profiles, and_(profiles.c.person_id == persons.c.id, profiles.c.active == 1))
    .outerjoin(enterprises, enterprises.c.id == profiles.c.enterprise_id)
    # Where several people read, whoever writes is not known to be the officer.
    .outerjoin(places, and_(places.c.address_id == addresses.c.id, places.c.shared == 0))
    .outerjoin(officers, and_(officers.c.id == places.c.officer_id, officers.c.active == 1))
)
_held = exists().where(inbox.c.order_key == bindparam("line"), inbox.c.state == constant("pending")).label("held")

_owned = addresses.join(persons, persons.c.id == addresses.c.person_id)
# The person's row is locked first, everywhere; leads come after it (lock order: person, then lead). In a statement of
# its own: one that waits for a lock sees the other tables as they were before it waited (PostgreSQL manual, 13.2.1).
_lock = Statement(lambda _: select(persons.c.id).select_from(_owned).where(_address).with_for_update(of=persons))
_lock_by_id = Statement(
    lambda _: (
        select(persons.c.id)
        .select_from(_owned)
        .where(addresses.c.id == bindparam("address_id"))
        .with_for_update(of=persons)
    )
)
_find = Statement(lambda _: select(*_columns, _held).select_from(_joined).where(_address))
_find_by_id = Statement(
    lambda _: (
        select(*_columns, addresses.c.channel, addresses.c.account, addresses.c.chat, addresses.c.thread)
        .select_from(_joined)
        .where(addresses.c.id == bindparam("address_id"))
    )
)
_new_address = Statement(
    lambda insert: (
        insert(addresses)
        .values({n: bindparam(n) for n in ("channel", "account", "chat", "thread", "created_at")})
        .on_conflict_do_nothing(index_elements=["channel", "account", "chat", "thread"])
        .returning(addresses.c.id)
    )
)
_new_person = Statement(
    lambda insert: insert(persons).values(created_at=bindparam("created_at")).returning(persons.c.id)
)
_own = Statement(
    lambda _: update(addresses).where(addresses.c.id == bindparam("aid")).values(person_id=bindparam("person"))
)
_save = Statement(
    lambda insert: (
        insert(conversations)
        .values(address_id=bindparam("address_id"), state=bindparam("state"), updated_at=bindparam("now"))
        .on_conflict_do_update(
            index_elements=["address_id"], set_={"state": bindparam("state"), "updated_at": bindparam("now")}
        )
    )
)


def arrive(connection: Connection, address: Address, now: int, *, wrote: bool = True) -> Arrived:
    """The person at an address, made on the first message; their row is locked until the transaction ends.

    `wrote`: it is a word of theirs, so one who had left is there again.
    """
    where = {"channel": address.channel, "account": address.account, "chat": address.chat, "thread": address.thread}
    line = order_key(address)
    row = _locked(connection, where, line)
    if row is None:
        made = _new_address(connection, **where, created_at=now).scalar()
        if made is not None:
            person = _new_person(connection, created_at=now).scalar_one()
            _own(connection, aid=made, person=person)
        row = _locked(connection, where, line)
    assert row is not None, "an address without a person"
    if row.blocked_at is not None and wrote:
        # Who writes to us can be written to.
        connection.execute(update(addresses).where(addresses.c.id == row.id).values(blocked_at=None))
    return Arrived(row.id, _person(row, address), bool(row.held))


def _locked(connection: Connection, where: Mapping[str, str], line: str) -> Any:
    # SQLite's transaction is the only one. Elsewhere a person made since the lock was asked for is not locked.
    if connection.dialect.name == "postgresql" and _lock(connection, **where).first() is None:
        return None
    return _find(connection, **where, line=line).first()


def by_address_id(connection: Connection, address_id: int) -> Person:
    """The person at a stored address; their row is locked until the transaction ends."""
    if connection.dialect.name == "postgresql":
        _lock_by_id(connection, address_id=address_id).close()
    row = _find_by_id(connection, address_id=address_id).one()
    return _person(row, Address(row.channel, row.account, row.chat, row.thread))


def address_id(connection: Connection, address: Address) -> int | None:
    """The number of a stored address."""
    found: int | None = connection.execute(
        select(addresses.c.id).where(_address),
        {"channel": address.channel, "account": address.account, "chat": address.chat, "thread": address.thread},
    ).scalar()
    return found


def state(connection: Connection, address_id: int) -> str:
    """The stored state of a talk, "" where there is none."""
    found = connection.execute(select(conversations.c.state).where(conversations.c.address_id == address_id)).scalar()
    return found or ""


def consents(connection: Connection, person: int) -> list[str]:
    """The purposes a person agreed to."""
    words: str = connection.execute(select(persons.c.consents).where(persons.c.id == person)).scalar_one()
    return words.split()


def save_conversation(connection: Connection, address_id: int, state: Conversation, now: int) -> None:
    """Keep the state of a talk."""
    _save(connection, address_id=address_id, state=state.dump(), now=now)


def set_profile(connection: Connection, person: int, profile: Profile, now: int) -> None:
    """Make `profile` the person's active one; an enterprise of the same name of theirs is the same enterprise."""
    connection.execute(update(profiles).where(profiles.c.person_id == person).values(active=0))
    mine = (
        select(enterprises.c.id)
        .join(profiles, profiles.c.enterprise_id == enterprises.c.id)
        .where(profiles.c.person_id == person, enterprises.c.name == profile.enterprise)
    )
    words = {"contact_name": profile.contact_name, "phone": profile.phone, "active": 1, "updated_at": now}
    found = connection.execute(mine).scalar()
    if found is not None:
        same = and_(profiles.c.person_id == person, profiles.c.enterprise_id == found)
        connection.execute(update(profiles).where(same).values(**words))
        return
    made = connection.execute(
        enterprises.insert().values(name=profile.enterprise, created_at=now).returning(enterprises.c.id)
    ).scalar_one()
    connection.execute(profiles.insert().values(person_id=person, enterprise_id=made, **words))


def agreed_phone(connection: Connection, address: Address) -> str:
    """The number of the person at an address, if they agreed to be contacted; "" otherwise."""
    found = address_id(connection, address)
    if found is None:
        return ""
    row = connection.execute(select(*_columns).select_from(_joined).where(addresses.c.id == found)).first()
    return (row.phone or "") if row is not None and "contact" in row.consents.split() else ""


def block_chat(connection: Connection, address: Address, now: int | None) -> None:
    """Note that a person blocked us, or a group put us out of all its topics; `now` None: they let us in again."""
    chat = and_(
        addresses.c.channel == address.channel, addresses.c.account == address.account, addresses.c.chat == address.chat
    )
    connection.execute(update(addresses).where(chat).values(blocked_at=now))


def block(connection: Connection, address_id: int, now: int) -> None:
    """Note that the person at an address left or blocked us."""
    connection.execute(update(addresses).where(addresses.c.id == address_id).values(blocked_at=now))


def _person(row: Any, address: Address) -> Person:
    return Person(
        id=row.person_id,
        address=address,
        conversation=Conversation.load(row.state) if row.state else Conversation(),
        profile=Profile(row.enterprise or "", row.contact_name or "", row.phone or ""),
        consents=frozenset(cast(list[Purpose], row.consents.split())),
        officer=Officer(row.officer_id, row.officer_name, row.officer_team) if row.officer_id is not None else None,
    )
