"""What became of a request: the person's own in full, anybody else's code only its state; and complaints."""

from handlers import department, leads, ways
from handlers.catalogue import Wording
from handlers.context import Context, Handler, Lead
from handlers.entry_reply import day
from handlers.intents import said
from handlers.message import Choice, Inbound, Reply
from handlers.person import Person
from handlers.turn import Turn

#: Most requests shown at once, and most characters of a need.
MOST_SHOWN, SHORT_NEED = 5, 200
ENTRY = "bot.complaint"


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes a code, the wish to see one's requests, and the complaint that nobody answered."""
    if message.kind == "choice":
        return _mine(person, context) if message.choice == "request" else None
    match said(message, context):
        case "request" if context.reading.code:
            return _by_code(context.reading.code, message, person, context)
        case "request":
            return _mine(person, context)
        case "complaint":
            return _complaint(person, context)
    return None


def describe(lead: Lead, wording: Wording) -> str:
    """One of the person's own requests: code, state, day, need, and what happens next."""
    need = lead.need if len(lead.need) <= SHORT_NEED else f"{lead.need[:SHORT_NEED]}…"
    officer = lead.officer.name if lead.officer else wording.say("request.nobody")
    return wording.say(
        "request.one",
        code=lead.code,
        state=wording.say(f"leads.state.{lead.state}"),
        date=day(lead.opened_at.date()),
        need=need,
        next=wording.say(f"request.next.{lead.state}", officer=officer),
    )


def _by_code(code: str, message: Inbound, person: Person, context: Context) -> Turn | None:
    wording, lead = context.wording(person.language), context.lead(code)
    bare = message.text.strip().upper() == code
    if lead is None:
        # A bare word that looks like a code may be something else: the answer to a question, or one.
        if bare and (person.conversation.waiting or context.reading.found.outcome == "answer"):
            return None
        return _say(
            person, Reply(wording.say("request.unknown_code", code=code[: leads.CODE_LENGTH]), ways.onward(wording))
        )
    if person.id and lead.person == person.id:
        return _say(person, Reply(describe(lead, wording), _further(wording)))
    state = wording.say(f"leads.state.{lead.state}")
    return _say(person, Reply(wording.say("request.others", code=lead.code, state=state), ways.onward(wording)))


def _mine(person: Person, context: Context) -> Turn:
    wording = context.wording(person.language)
    if not context.leads:
        return _say(person, Reply(wording.say("request.none"), _further(wording)))
    text = "\n\n".join(describe(lead, wording) for lead in context.leads[:MOST_SHOWN])
    return _say(person, Reply(text, _further(wording)))


def _complaint(person: Person, context: Context) -> Turn:
    wording = context.wording(person.language)
    own = [describe(lead, wording) for lead in context.leads[:MOST_SHOWN] if leads.is_open(lead.state)]
    text = wording.say("request.complaint", department=department.name(context, wording))
    contact = context.knowledge.entries.get("contact.department")
    choices = [ways.leave_request(wording, ENTRY)]
    if contact is not None:
        choices.append(ways.show(contact, person.language))
    return _say(person, Reply("\n\n".join([*own, text]), (*choices, ways.menu(wording))))


def _further(wording: Wording) -> tuple[Choice, ...]:
    return ways.leave_request(wording), ways.menu(wording)


def _say(person: Person, reply: Reply) -> Turn:
    return Turn(person.conversation, (reply,), (), ENTRY)


HANDLER = Handler("request", handle)
