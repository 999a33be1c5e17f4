"""What an officer reads of the price of telling a lead's person, before anything is sent."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.clock import to_ms
from bot.store import told
from bot.store.connection import Connection
from bot.store.context import WindowsOf
from bot.store.reach import reaches
from handlers.context import Lead
from handlers.leads import is_open, told_key
from handlers.person import Officer
from handlers.reach import Reach

#: How long it is known whether somebody was told; a little less than the outbox remembers.
KNOWN = dt.timedelta(days=29)


@dataclass(frozen=True, slots=True)
class Toll:
    """How the person of a lead can be written to now. `held`: they were not told of its state, for it cost money."""

    reach: Reach
    held: bool


def tolls(
    connection: Connection, leads: Iterable[Lead], officer: Officer, windows_of: WindowsOf, now: dt.datetime
) -> Mapping[str, Toll]:
    """By code, those an officer may act on whose person was not told, or cannot be written to for nothing."""
    ruled = [
        (lead, rule)
        for lead in leads
        if (lead.officer is None or lead.officer.id == officer.id)
        and (is_open(lead.state) or told_key(lead))
        and (rule := windows_of(lead.address.channel, lead.address.account))
    ]
    keys = {lead.code: key for lead, _ in ruled if (key := told_key(lead))}
    untold = told.untold(connection, keys, to_ms(now - KNOWN))
    ways = reaches(connection, {lead.address: rule for lead, rule in ruled}, now)
    found: dict[str, Toll] = {}
    for lead, _ in ruled:
        if not is_open(lead.state) and lead.code not in untold:
            continue  # Nothing is left to be said.
        reach = ways[lead.address]
        held = lead.code in untold and reach.way != "closed"
        # Also where it costs nothing any more: who was not told then would never be.
        if held or (reach.way != "free" and is_open(lead.state)):
            found[lead.code] = Toll(reach, held)
    return found
