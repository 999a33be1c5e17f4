"""Where several people read: an invitation makes the group a place; everything else belongs into a private talk."""

from handlers.context import Context
from handlers.message import Inbound, Reply
from handlers.person import Person
from handlers.turn import Audit, BecomeOfficer, Turn

#: What an invitation comes with: typed by hand, or brought by the link that takes the bot into a group.
STAFF, START, HELP = "/staff", "/start", "/help"


def handle(message: Inbound, person: Person, context: Context) -> Turn:
    """What a message in a group leads to: mostly nothing, for whoever writes there is not known to be an officer."""
    command = _command(message)
    wording, code = context.wording(person.language), context.reading.code
    if command in (STAFF, START) and context.reading.intent == "staff" and (found := context.invitation(code)):
        officer = found.officer.id
        effects = (BecomeOfficer(officer, found.id, shared=True), Audit("officer.joined", str(officer)))
        return Turn(person.conversation, (Reply(wording.say("officer.group")),), effects)
    if command not in (STAFF, HELP):
        return Turn(person.conversation)
    key = "officer.bad_code" if command == STAFF and code else "officer.group_help"
    return Turn(person.conversation, (Reply(wording.say(key)),))


def _command(message: Inbound) -> str:
    """The command of a text in small letters, without the name of the bot it is for: "/staff"; "" of all else."""
    first = message.text.split(maxsplit=1)[:1] if message.kind == "text" else []
    return first[0].partition("@")[0].lower() if first else ""
