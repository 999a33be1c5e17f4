"""How people can be reached on accounts whose platform counts from their last word."""

import datetime as dt

from sqlalchemy import Connection, bindparam, func, select

from bot.channels.base import Remaining
from bot.clock import from_ms, to_ms
from bot.store import people
from bot.store.account_tables import windows
from bot.store.statement import Statement
from bot.store.tables import messages
from handlers.message import Address
from handlers.reach import Reach, Windows, reach

_note = Statement(
    lambda insert: (
        insert(windows)
        .values({name: bindparam(name) for name in ("address_id", "last_at", "remaining", "checked_at")})
        .on_conflict_do_update(
            index_elements=["address_id"],
            set_={name: bindparam(name) for name in ("last_at", "remaining", "checked_at")},
        )
    )
)


def note(connection: Connection, address: Address, said: Remaining, now: int) -> None:
    """Keep what a platform says of a person; nothing for somebody who is not stored."""
    found = people.address_id(connection, address)
    if found is None:
        return
    left = -1 if said.left is None else said.left
    last = None if said.last is None else to_ms(said.last)
    _note(connection, address_id=found, last_at=last, remaining=left, checked_at=now)


def reach_of(connection: Connection, rule: Windows | None, address: Address, now: dt.datetime) -> Reach:
    """How the person at an address can be reached now: by what the platform said, and by what they did since."""
    if rule is None:
        return reach(None, None, None, now)
    found = people.address_id(connection, address)
    if found is None:
        return reach(rule, None, None, now)
    heard: int | None = connection.execute(
        select(func.max(messages.c.at)).where(messages.c.address_id == found, messages.c.ours == 0)
    ).scalar()
    told = connection.execute(select(windows).where(windows.c.address_id == found)).first()
    known = [moment for moment in (heard, told.last_at if told else None) if moment is not None]
    last = from_ms(max(known)) if known else None
    # What was left when it was asked says nothing once the person has written again: that opened a new window.
    fresh = told is not None and told.remaining >= 0 and (heard is None or heard <= told.checked_at)
    return reach(rule, last, told.remaining if told is not None and fresh else None, now)
