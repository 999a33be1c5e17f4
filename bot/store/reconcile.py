"""Three records of every lead, written apart: its row, the notices that left for it, the code its person read."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from bot.store.tables import leads, messages, outbox, tasks
from handlers.leads import CODE_LENGTH


@dataclass(frozen=True, slots=True)
class Records:
    """The codes each record holds, since a time. `attended`: by a notice to a place, or by a task where there is none.

    `given_up`: codes of notices that no place took.
    """

    rows: frozenset[str]
    attended: frozenset[str]
    given_up: frozenset[str]
    told: frozenset[str]


def read(connection: Connection, since: int, openings: Sequence[str]) -> Records:
    """The records of leads opened since a time; `openings` are the words before the code in what a person reads."""
    rows = connection.execute(select(leads.c.code).where(leads.c.opened_at >= since)).scalars()
    notices = connection.execute(
        select(outbox.c.key, outbox.c.state).where(outbox.c.key.like("lead:%:new:%"), outbox.c.created_at >= since)
    ).all()
    reminded = connection.execute(
        select(tasks.c.key).where(tasks.c.key.like("lead:%"), tasks.c.created_at >= since)
    ).scalars()
    texts = connection.execute(
        select(messages.c.text).where(
            messages.c.ours == 1, messages.c.at >= since, or_(*(messages.c.text.contains(x) for x in openings))
        )
    ).scalars()
    noticed = {row.key.split(":")[1] for row in notices}
    taken = {row.key.split(":")[1] for row in notices if row.state not in ("failed", "unknown")}
    return Records(
        rows=frozenset(rows),
        attended=frozenset(noticed | {key.split(":")[1] for key in reminded}),
        given_up=frozenset(noticed - taken),
        told=frozenset(
            text.partition(opening)[2][:CODE_LENGTH] for text in texts for opening in openings if opening in text
        ),
    )
