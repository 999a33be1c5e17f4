"""The department's own name and contacts, once an admin filled them in."""

from handlers.catalogue import Wording
from handlers.context import Context
from knowledge.entry import Entry

#: The contact entries → what of the confirmed contacts comes before them.
LINES = {
    "contact.department": ("name", "address", "phone", "email", "hours", "centre"),
    "contact.centre": ("centre",),
    "contact.hours": ("hours",),
}
#: Which old contacts remain as one last line.
OLD = {"contact.department": "contact.old.department", "contact.centre": "contact.old.centre"}


def name(context: Context, wording: Wording) -> str:
    """How the bot calls the department."""
    return context.department.get("name") or wording.say("department")


def contacts(entry: Entry, context: Context, wording: Wording) -> tuple[str, str] | None:
    """(body, foot) of a contact entry from the confirmed contacts; None where the curated answer stands."""
    known = context.department
    lines = [wording.say(f"contact.{key}", value=known[key]) for key in LINES.get(entry.id, ()) if known.get(key)]
    if not lines or not known.get("confirmed_on"):
        return None
    if entry.id in OLD:
        lines.append(wording.say(OLD[entry.id], **context.knowledge.contacts))
    by = known.get("confirmed_by") or name(context, wording)
    return "\n".join(lines), wording.say("entry.confirmed", by=by, date=known["confirmed_on"])
