"""Asks again, once, for a lead that nobody claimed."""

import datetime as dt
from collections.abc import Callable, Mapping

from handlers.context import Context
from handlers.leads import announce
from handlers.person import Person
from handlers.turn import Later, OpenLead, OpenTask, Turn

#: How long a lead may stay unclaimed before every place hears of it again.
UNCLAIMED = dt.timedelta(hours=2)


def plan(code: str, now: dt.datetime) -> Later:
    """The job that looks again after a lead."""
    return Later(f"lead:{code}:remind", now + UNCLAIMED, "lead.remind", code)


def remind(code: str, person: Person, context: Context) -> Turn:
    """Tell every place again of a lead that is still new, and put it on the staff's list."""
    lead = context.lead(code)
    if lead is None or lead.state != "new":
        return Turn(person.conversation)
    opened = OpenLead(lead.code, lead.need, lead.profile, lead.topic)
    task = OpenTask("lead", f"lead:{code}:unclaimed", code)
    told = announce(opened, context.places, context.wording, context.knowledge.entries, "remind")
    return Turn(person.conversation, effects=(*told, task))


#: What each word of a job's `handler` does.
DUES: Mapping[str, Callable[[str, Person, Context], Turn]] = {"lead.remind": remind}
