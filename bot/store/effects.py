"""Carries out a turn: its state, its effects and its replies, all in the caller's transaction."""

from collections.abc import Callable

from sqlalchemy import Connection, update

from bot.store import leads, officers, outbox, people, work
from bot.store.tables import consents, persons
from handlers.person import Conversation, Language, Person
from handlers.turn import (
    Audit,
    BecomeOfficer,
    CancelLater,
    ChangeLead,
    Effect,
    Later,
    OpenLead,
    OpenTask,
    RecordConsent,
    SetProfile,
    StoreQuestion,
    Tell,
    Turn,
)

#: The lease a new outbox row of (channel, account) is born with: this process's name while it sends for it, else "".
LeaseOf = Callable[[str, str], str]


def store_turn(
    connection: Connection, address_id: int, person: Person, turn: Turn, *, key: str, lease_of: LeaseOf, now: int
) -> tuple[outbox.Row, ...]:
    """Store all a turn decided; the outbox rows it wrote. `key` names the cause, unique for ever."""
    rows: list[outbox.Row | None] = []
    for effect in turn.effects:
        rows.append(_apply(connection, address_id, person, effect, lease_of, now))
    if turn.state != person.conversation or turn.state.dropped:
        people.save_conversation(connection, address_id, turn.state, now)
    lease = lease_of(person.address.channel, person.address.account)
    for number, reply in enumerate(turn.replies):
        rows.append(
            outbox.put(
                connection,
                address_id,
                person.address,
                reply,
                key=f"{key}/{number}",
                lane="conversation",
                language=turn.state.language or "vi",
                lease=lease,
                now=now,
            )
        )
    return tuple(row for row in rows if row is not None)


def _apply(
    connection: Connection, address_id: int, person: Person, effect: Effect, lease_of: LeaseOf, now: int
) -> outbox.Row | None:
    match effect:
        case Tell():
            return _tell(connection, effect, lease_of, now)
        case OpenLead():
            leads.open_lead(connection, address_id, person, effect, now)
        case ChangeLead():
            leads.change(connection, effect, now)
        case SetProfile(profile):
            people.set_profile(connection, person.id, profile, now)
        case RecordConsent():
            _consent(connection, address_id, person, effect, now)
        case StoreQuestion():
            work.store_question(connection, address_id, effect, now)
        case Later():
            work.later(connection, effect, address_id)
        case CancelLater(key):
            work.cancel(connection, key)
        case OpenTask():
            work.open_task(connection, effect, now)
        case BecomeOfficer(officer, invitation, shared):
            officers.spend(connection, invitation, now)
            officers.place(connection, address_id, officer, now, shared=shared)
        case Audit(action, about):
            actor = f"officer:{person.officer.id}" if person.officer else f"person:{person.id}"
            work.note(connection, actor, action, about, now)
    return None


def _tell(connection: Connection, tell: Tell, lease_of: LeaseOf, now: int) -> outbox.Row | None:
    address = tell.address
    found = people.address_id(connection, address)
    if found is None:
        found = people.arrive(connection, address, now, wrote=False).address_id
    lease = lease_of(address.channel, address.account)
    row = outbox.put(
        connection,
        found,
        address,
        tell.reply,
        key=tell.key,
        lane=tell.lane,
        language=_language(connection, found),
        lease=lease,
        now=now,
    )
    return row or outbox.again(connection, tell.key, lease, now)


def _language(connection: Connection, address_id: int) -> Language:
    state = people.state(connection, address_id)
    return (Conversation.load(state).language if state else "") or "vi"


def _consent(connection: Connection, address_id: int, person: Person, effect: RecordConsent, now: int) -> None:
    connection.execute(
        consents.insert().values(
            person_id=person.id,
            address_id=address_id,
            purpose=effect.purpose,
            given=int(effect.given),
            text=effect.text,
            at=now,
        )
    )
    # Read again: two effects of one turn may speak of two purposes.
    kept = set(people.consents(connection, person.id)) - {effect.purpose}
    if effect.given:
        kept.add(effect.purpose)
    connection.execute(update(persons).where(persons.c.id == person.id).values(consents=" ".join(sorted(kept))))
