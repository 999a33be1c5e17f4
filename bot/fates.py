"""What is written down of what became of messages, so that somebody learns of each that did not go out."""

import datetime as dt
from collections.abc import Callable

from bot.channels.base import Quota
from bot.clock import VIETNAM, from_ms, to_ms
from bot.errors import Ambiguous, Away, Closed, Gone, Halted, Moved, SendError, TryLater
from bot.store import moving, outbox, people, quota, work
from bot.store.connection import Connection
from bot.store.outbox import Change, Row
from bot.store.reach import reach_of
from handlers.reach import Windows
from handlers.turn import OpenTask

#: Characters of a reason that are kept.
LONGEST = 200
#: A reply that an account could not send for so long is an answer to nothing any more.
STALE = dt.timedelta(hours=24)
#: What leaves so soon after it was decided still costs what was said then.
PROMPT = dt.timedelta(hours=1)


def why(error: SendError) -> str:
    """The reason as it is kept."""
    return str(error)[:LONGEST]


def sent(row: Row, platform_id: str, limit: Quota | None, now: int, *, after_halt: bool) -> Change:
    """A channel took it: `platform_id` is its name there. Where the account has a quota, one more is used up.

    `after_halt`: the account was halted before, so what staff had to do about that is done.
    """
    address = row.outgoing.address

    def store(connection: Connection) -> None:
        outbox.sent(connection, row.id, platform_id, now)
        if limit:
            quota.sent(connection, limit, address, now)
        if after_halt:
            work.settle(connection, f"halted:{address.channel}:{address.account}:", now)

    return store


def given_up(row: Row, error: SendError, now: int, *, told: bool = False) -> Change:
    """A row will not be tried again: "unknown" where it may have arrived. Staff learn of what somebody waits for.

    `told`: they know already why this person gets no answer.
    """
    address = row.outgoing.address

    def store(connection: Connection) -> None:
        outbox.give_up(connection, row.id, "unknown" if isinstance(error, Ambiguous) else "failed", why(error))
        # A notice tells staff of a lead, or an enterprise of its lead.
        keys: tuple[str, ...] = (row.outgoing.key,) if row.lane == "notice" else ()
        if isinstance(error, Gone):
            people.block(connection, row.address_id, now)
            keys += outbox.give_up_address(connection, row.address_id, why(error))
        reason = f": {why(error)}" if isinstance(error, Closed | Halted | TryLater) else ""
        for key in keys:
            work.open_task(
                connection, OpenTask("not-sent", f"not-sent:{key}", f"{key} ({address.channel}){reason}"), now
            )
        if row.lane == "conversation" and reason and not told:
            # Once a day of a person, however much they write.
            key = f"not-sent:{row.address_id}:{from_ms(now):%Y-%m-%d}"
            about = f"{address.channel}/{address.account}: {address.chat}{reason}"
            work.open_task(connection, OpenTask("not-sent", key, about), now)

    return store


def set_aside(row: Row, error: Away | Moved, holder: str, now: int) -> Change:
    """Everything of ours for this address waits: until the person is there, or, at once, for its other address."""
    address = row.outgoing.address

    def store(connection: Connection) -> None:
        if isinstance(error, Moved):
            moving.move(connection, address, error.chat, error.thread, now)
        else:
            outbox.away(connection, row.address_id, holder)

    return store


def halted(row: Row, error: Halted, now: dt.datetime) -> Change:
    """The whole account sends nothing for a while: the row waits, its patience not counted, and staff have a task.

    A new one each hour, for the one before may be done and the account halted again.
    """
    address = row.outgoing.address
    key = f"halted:{address.channel}:{address.account}:{now.astimezone(VIETNAM):%Y-%m-%dT%H}"
    task = OpenTask("halted", key, f"{address.channel}/{address.account}: {why(error)}. {error.mend}")

    def store(connection: Connection) -> None:
        later = to_ms(now) + int(error.after * 1000)
        outbox.put_off(connection, row.id, row.attempts, later, why(error))
        work.open_task(connection, task, to_ms(now))

    return store


def has_no_place(row: Row, limit: Quota, *, alone: bool, now: int) -> Callable[[Connection], bool]:
    """Whether a quota that is used up is this person's place among the people, which is no end for the others.

    By our own count where it tells; where neither the people nor the month are near their end for us (a fresh
    database), by whether they are the only one refused since the last message that went out: `alone`.
    """
    address = row.outgoing.address

    def find(connection: Connection) -> bool:
        place = quota.rank(connection, address)
        used = quota.in_month(connection, f"{address.channel}/{address.account}", from_ms(now))
        crowded = place > limit.people or (used < limit.per_month * quota.NEAR and alone)
        if crowded:
            quota.without_place(connection, address, place, now)
        return crowded

    return find


def grown_dear(row: Row, windows: Windows | None, now: dt.datetime) -> Callable[[Connection], bool] | None:
    """Whether telling an enterprise was decided long ago and costs money now, which nobody was asked about.

    None where that need not be looked at.
    """
    old = to_ms(now) - row.created_at > PROMPT.total_seconds() * 1000

    def find(connection: Connection) -> bool:
        return reach_of(connection, windows, row.outgoing.address, now).way != "free"

    return find if windows and old and row.outgoing.tells_enterprise else None
