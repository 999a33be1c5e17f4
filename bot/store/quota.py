"""What an account with a quota used up, and the tasks where it ends."""

import datetime as dt

from sqlalchemy import Connection, bindparam, func, select

from bot.channels.base import Quota
from bot.clock import VIETNAM, from_ms
from bot.store import people, work
from bot.store.account_tables import counters
from bot.store.statement import Statement
from bot.store.tables import addresses
from handlers.message import Address
from handlers.turn import OpenTask

#: The share of a month's messages after which staff are told that the end is near.
NEAR = 0.9

_count = Statement(
    lambda insert: (
        insert(counters)
        .values({"name": bindparam("name"), "day": bindparam("day"), "count": 1})
        .on_conflict_do_update(index_elements=["name", "day"], set_={"count": counters.c.count + 1})
    )
)


def arrived(connection: Connection, quota: Quota, address: Address, now: int) -> None:
    """Somebody wrote for the first time: a task when they take the last place, and one for each who has none."""
    place, account = rank(connection, address), f"{address.channel}/{address.account}"
    if place == quota.people:
        key = f"quota-people:{account}:{quota.people}"
        work.open_task(connection, OpenTask("quota-people", key, f"{account}: {place}/{quota.people}"), now)
    elif place > quota.people:
        without_place(connection, address, place, now)


def without_place(connection: Connection, address: Address, place: int, now: int) -> None:
    """A task for somebody whom the account may not answer, for it has too many people."""
    about = f"{address.channel}/{address.account}: {address.chat} (#{place})"
    work.open_task(connection, OpenTask("quota-person", f"quota-person:{about}", about), now)


def sent(connection: Connection, quota: Quota, address: Address, now: int) -> None:
    """A message went out: count it, and tell staff when the month's end is near, and when it is reached."""
    account, moment = f"{address.channel}/{address.account}", from_ms(now)
    _count(connection, name=f"sent/{account}", day=f"{moment.astimezone(VIETNAM):%Y-%m-%d}")
    used = in_month(connection, account, moment)
    for share in (NEAR, 1.0):
        if used == int(quota.per_month * share):
            key = f"quota-month:{account}:{moment:%Y-%m}:{used}"
            about = f"{account}: {used}/{quota.per_month}"
            work.open_task(connection, OpenTask("quota-month", key, about), now)


def in_month(connection: Connection, account: str, month: dt.datetime) -> int:
    """How many messages an account ("channel/account") sent in the month of a time."""
    mine = (counters.c.name == f"sent/{account}", counters.c.day.like(f"{month.astimezone(VIETNAM):%Y-%m}-%"))
    return int(connection.execute(select(func.coalesce(func.sum(counters.c.count), 0)).where(*mine)).scalar_one())


def used(connection: Connection, channel: str, account: str, now: dt.datetime) -> tuple[int, int]:
    """(messages sent this month, people) of an account."""
    mine = (addresses.c.channel == channel, addresses.c.account == account)
    people = int(connection.execute(select(func.count()).where(*mine)).scalar_one())
    return in_month(connection, f"{channel}/{account}", now), people


def rank(connection: Connection, address: Address) -> int:
    """Which person of their account somebody is, from 1 in the order they came."""
    found = people.address_id(connection, address)
    mine = (
        addresses.c.channel == address.channel,
        addresses.c.account == address.account,
        addresses.c.id <= (found or 0),
    )
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())
