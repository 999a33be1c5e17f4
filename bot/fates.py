"""What is written down of messages that did not go out, so that somebody learns of each."""

import datetime as dt

from bot.clock import VIETNAM, to_ms
from bot.errors import Ambiguous, Closed, Gone, Halted, SendError
from bot.store import outbox, people, quota, work
from bot.store.connection import Connection
from bot.store.outbox import Change, Row
from handlers.turn import OpenTask

#: Characters of a reason that are kept.
LONGEST = 200
#: A reply that an account could not send for so long is an answer to nothing any more.
STALE = dt.timedelta(hours=24)


def why(error: SendError) -> str:
    """The reason as it is kept."""
    return str(error)[:LONGEST]


def given_up(row: Row, error: SendError, now: int) -> Change:
    """A row will not be tried again: "unknown" where it may have arrived. Staff learn of what somebody waits for."""

    def store(connection: Connection) -> None:
        outbox.give_up(connection, row.id, "unknown" if isinstance(error, Ambiguous) else "failed", why(error))
        # A notice tells staff of a lead, or an enterprise of its lead; whom the channel reaches no more, staff call.
        told = row.lane == "notice" or isinstance(error, Closed | Halted)
        keys: tuple[str, ...] = (row.outgoing.key,) if told else ()
        if isinstance(error, Gone):
            people.block(connection, row.address_id, now)
            keys += outbox.give_up_address(connection, row.address_id, why(error))
        for key in keys:
            reason = f": {why(error)}" if isinstance(error, Closed | Halted) else ""
            about = f"{key} ({row.outgoing.address.channel}){reason}"
            work.open_task(connection, OpenTask("not-sent", f"not-sent:{key}", about), now)

    return store


def halted(row: Row, error: Halted, now: dt.datetime) -> Change:
    """The whole account sends nothing for a while: the row waits, its patience not counted, and staff have a task."""
    address = row.outgoing.address
    key = f"halted:{address.channel}:{address.account}:{now.astimezone(VIETNAM):%Y-%m-%d}"
    task = OpenTask("halted", key, f"{address.channel}/{address.account}: {why(error)}. {error.mend}")

    def store(connection: Connection) -> None:
        later = to_ms(now) + int(error.after * 1000)
        outbox.put_off(connection, row.id, row.attempts, later, why(error))
        work.open_task(connection, task, to_ms(now))

    return store


def has_no_place(connection: Connection, row: Row, most: int, now: int) -> bool:
    """Whether the account refuses a row because it has more people than it may: that is no end for the others."""
    address = row.outgoing.address
    place = quota.rank(connection, address)
    if place > most:
        quota.without_place(connection, address, place, now)
    return place > most
