"""What the desk shows: the leads of one view, the open tasks, and what came in since the page last looked."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from bot.clock import to_ms
from bot.store import leads, told, work
from bot.store.connection import Connection
from bot.store.context import WindowsOf
from bot.store.work import Task
from bot.web.desk_price import Toll, tolls
from handlers.context import Lead
from handlers.person import Officer

View = Literal["open", "mine", "all"]

#: Most leads drawn at once, and most open ones counted.
SHOWN, COUNTED = 200, 1000
#: Milliseconds after which prices are looked up again: time alone makes them change.
PRICED = 5 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Board:
    """One look at the desk. `stamp` changes with anything drawn; `fresh` are leads the page had not seen, newest first.

    `cut`: older leads are left out. `tolls`: by code, what telling somebody costs who cannot be told for nothing.
    """

    view: View
    stamp: str
    leads: tuple[Lead, ...]
    cut: bool
    counts: Mapping[str, int]
    tasks: tuple[Task, ...]
    fresh: tuple[Lead, ...]
    tolls: Mapping[str, Toll]


def view_named(word: str) -> View:
    """The view of a word in an address; "open" for any other word."""
    return next((view for view in get_args(View) if view == word), "open")


def look(
    connection: Connection, view: View, officer: Officer, seen: str, windows_of: WindowsOf, now: dt.datetime
) -> Board | None:
    """The board for an officer whose page shows the stamp `seen` ("" for none); None if nothing changed since."""
    # The stamp first: what changes while the rest is read is then drawn at the next look.
    stamp, tasks = leads.stamp(connection), work.open_tasks(connection)
    parts = (*stamp, len(tasks), tasks[-1].id if tasks else 0, told.stamp(connection))
    plain = "-".join(map(str, parts))
    # Only a page that shows a lead whose price changes with time is drawn again because time passes.
    timed = f"{plain}-at{to_ms(now) // PRICED}"
    if seen in (plain, timed):
        return None
    still = tuple(reversed(leads.in_states(connection, limit=COUNTED)))
    mine = tuple(lead for lead in still if lead.officer is not None and lead.officer.id == officer.id)
    found = {"open": still, "mine": mine}[view] if view != "all" else leads.newest(connection, SHOWN + 1)
    drawn = found[:SHOWN]
    counts = Counter(lead.state for lead in still)
    before = seen.partition("-")[0]
    new = min(stamp[0] - int(before), SHOWN) if before.isdecimal() else 0
    return Board(
        view=view,
        stamp=timed if any(windows_of(lead.address.channel, lead.address.account) for lead in drawn) else plain,
        leads=drawn,
        cut=len(found) > SHOWN,
        counts={"open": len(still), "mine": len(mine), "all": stamp[0], "new": counts["new"]},
        tasks=tasks,
        fresh=leads.newest(connection, new) if new > 0 else (),
        tolls=tolls(connection, drawn, officer, windows_of, now),
    )
