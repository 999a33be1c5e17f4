"""How people can be reached on accounts whose platform counts from their last word."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from bot.channels.base import Remaining
from bot.clock import from_ms, to_ms
from bot.store import people
from bot.store.account_tables import windows
from bot.store.statement import Statement
from bot.store.tables import addresses, messages
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
    return reaches(connection, {address: rule}, now)[address]


def reaches(
    connection: Connection, rules: Mapping[Address, Windows | None], now: dt.datetime
) -> Mapping[Address, Reach]:
    """The same of many addresses (address → the rule of its account), in one statement an account."""
    accounts: dict[tuple[str, str], set[str]] = {}
    for address, rule in rules.items():
        if rule is not None:
            accounts.setdefault((address.channel, address.account), set()).add(address.chat)
    found: dict[Address, Reach] = {}
    for (channel, account), chats in accounts.items():
        mine = (addresses.c.channel == channel, addresses.c.account == account, addresses.c.chat.in_(chats))
        for row in connection.execute(_facts.where(*mine)):
            address = Address(channel, account, row.chat, row.thread)
            if (rule := rules.get(address)) is not None:
                found[address] = _counted(rule, row, now)
    return {address: found.get(address) or reach(rule, None, None, now) for address, rule in rules.items()}


_their = select(messages.c.at).where(messages.c.address_id == addresses.c.id, messages.c.ours == 0)
_ours = select(func.count()).where(
    messages.c.address_id == addresses.c.id, messages.c.ours == 1, messages.c.at > windows.c.checked_at
)
#: Of each address: when it was left, the last word there, what the platform said when, and what we said since.
_facts = select(
    addresses.c.chat,
    addresses.c.thread,
    addresses.c.blocked_at,
    _their.order_by(messages.c.id.desc()).limit(1).scalar_subquery().label("heard"),
    _ours.scalar_subquery().label("said"),
    windows.c.last_at,
    windows.c.remaining,
    windows.c.checked_at,
).select_from(addresses.outerjoin(windows, windows.c.address_id == addresses.c.id))


def _counted(rule: Windows, row: Any, now: dt.datetime) -> Reach:
    """From one row of `_facts`; without a row of windows its columns are None."""
    if row.blocked_at is not None:
        return Reach("closed")
    known = [moment for moment in (row.heard, row.last_at) if moment is not None]
    last = from_ms(max(known)) if known else None
    # What was left when it was asked says nothing once the person has written again: that opened a new window.
    fresh = row.remaining is not None and row.remaining >= 0 and (row.heard is None or row.heard <= row.checked_at)
    return reach(rule, last, max(0, row.remaining - row.said) if fresh else None, now)
