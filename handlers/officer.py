"""Officers in the chat: redeem an invitation, see the open requests, move them on."""

import re
from dataclasses import replace

from handlers import leads
from handlers.catalogue import Wording
from handlers.context import Context, Handler, Lead
from handlers.intents import said
from handlers.message import Card, Inbound, Reply
from handlers.person import Officer, Person
from handlers.phrasebook import Phrasebook
from handlers.price import price, silence
from handlers.reach import Reach
from handlers.turn import Audit, BecomeOfficer, ChangeLead, LeadState, OpenLead, Turn
from knowledge.text import clean, fold

#: Most requests in one list, and most characters of a need in it.
MOST_LISTED, SHORT_NEED = 10, 160
LIST = Phrasebook(("(lead|leads)", "[xem] danh sách [yêu cầu]", "[xem] yêu cầu (mới|đang chờ)", "[list] requests"))
#: A code, a verb, and for TELL the price in đồng that was read on the button.
TAPPED = re.compile(r"lead:(?!start\b)([^:]*):([a-z]+)(?::([0-9]{1,9}))?")
TYPED = re.compile(
    r"(?:(?P<claim>nhan|claim)|(?P<contacted>da lien he|contacted)|(?P<done>xong|done)|(?P<dropped>bo|drop)"
    r"|(?P<release>tra lai|release)|(?P<tell>bao(?: tin)?|tell))\s+(?:ma\s+)?(?P<code>[0-9a-z]{6})"
)


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes what only officers may do; everybody else gets a refusal that tells nothing."""
    if message.kind == "choice":
        tapped = TAPPED.fullmatch(message.choice)
        if not tapped:
            return None
        turn = _move(tapped[1], tapped[2], person, context, int(tapped[3] or 0))
        return turn.in_place() if _is_whole(message, tapped[1], turn) else turn
    if message.kind != "text":
        return None
    if said(message, context) == "staff":
        return _staff(message, person, context)
    if person.officer is None:
        return None
    if said(message, context) == "request" and (lead := context.lead(context.reading.code)):
        return _say(person, leads.notice(_opened(lead), lead.state, context.wording(person.language), "officer.lead"))
    if LIST.holds(message.text):
        return _list(person, context)
    if typed := TYPED.fullmatch(fold(clean(message.text))):
        verb, code = next(name for name in (*leads.STATE_OF, leads.TELL) if typed[name]), typed["code"].upper()
        # "báo" begins many a sentence; a code of six letters has a digit among them.
        return _move(code, verb, person, context) if verb != leads.TELL or leads.is_code(code) else None
    return None


def _staff(message: Inbound, person: Person, context: Context) -> Turn | None:
    wording, code = context.wording(person.language), context.reading.code
    if code and (invitation := context.invitation(code)):
        officer = invitation.officer
        text = wording.say("officer.welcome", officer=officer.name)
        if context.reach(person.address) != leads.FREE:
            text += " " + wording.say("officer.priced")
        effects = (BecomeOfficer(officer.id, invitation.id), Audit("officer.joined", str(officer.id)))
        return Turn(person.conversation.wait(None), (Reply(text),), effects)
    if not message.text.strip().lower().startswith("/staff"):
        return None  # A word that only looks like an invitation.
    key = "officer.bad_code" if code else "officer.help" if person.officer else "officer.only"
    return _say(person, Reply(wording.say(key)))


def _list(person: Person, context: Context) -> Turn:
    wording, found = context.wording(person.language), context.open_leads()
    if not found:
        return _say(person, Reply(wording.say("officer.no_leads")))
    cards = tuple(_card(lead, person, context) for lead in found[:MOST_LISTED])
    key = "officer.some_leads" if len(found) > MOST_LISTED else "officer.leads"
    return _say(person, Reply(wording.say(key, count=len(found), shown=len(cards)), cards=cards))


def _card(lead: Lead, person: Person, context: Context) -> Card:
    wording = context.wording(person.language)
    holder = f" – {lead.officer.name}" if lead.officer else ""
    title = f"{lead.code} · {wording.say(f'leads.state.{lead.state}')}{holder}"
    need = lead.need if len(lead.need) <= SHORT_NEED else f"{lead.need[:SHORT_NEED]}…"
    mine = lead.officer is None or (person.officer is not None and lead.officer.id == person.officer.id)
    return Card(title, need, leads.choices(lead.code, lead.state, wording, named=True) if mine else ())


def _move(code: str, verb: str, person: Person, context: Context, agreed: int = 0) -> Turn:
    """`agreed`: the price in đồng the officer said yes to; typed words say yes to none."""
    wording = context.wording(person.language)
    if person.officer is None:
        return _say(person, Reply(wording.say("officer.only")))
    lead, to = context.lead(code), leads.STATE_OF.get(verb)
    if lead is None or (to is None and verb != leads.TELL):
        return _say(person, Reply(wording.say("officer.no_lead", code=code[: leads.CODE_LENGTH])))
    reach = context.reach(lead.address)
    if to is None:
        decision = leads.tell(lead, reach, person.officer, context.wording, agreed)
    else:
        decision = leads.change(
            lead, to, person.officer, context.wording, context.places, reach, context.knowledge.entries
        )
    if decision.refused:
        return _refused(decision, lead, person.officer, person, context)
    reply = _moved(lead, to, person.officer, decision, wording) if to else _told(lead, reach, wording)
    return replace(_say(person, reply), effects=decision.effects)


def _told(lead: Lead, reach: Reach, wording: Wording) -> Reply:
    said = wording.say("officer.told", code=lead.code, price=price(reach, wording))
    return Reply(said, leads.choices(lead.code, lead.state, wording))


def _moved(lead: Lead, to: LeadState, officer: Officer, decision: leads.Decision, wording: Wording) -> Reply:
    """What was moved, and whether the enterprise hears of it: for a price only when the officer says so."""
    reply, reach = leads.notice(_opened(lead), to, wording, f"officer.moved.{to}"), decision.reach
    if reach.way == "closed":
        call = leads.refusal("leads.refused.unreachable", lead, officer, reach, wording)
        return Reply(f"{reply.text}\n{call}", reply.choices)
    if decision.held:
        words = {"silent": silence(reach, wording), "price": price(reach, wording)}
        held = wording.say(f"officer.held.{reach.way}", **words)
        return Reply(f"{reply.text}\n{held}", (leads.offer(lead.code, reach, wording), *reply.choices))
    if to == "done":
        hears = wording.say("officer.hears")
        return Reply(f"{reply.text} {hears}")
    return reply


def _refused(decision: leads.Decision, lead: Lead, officer: Officer, person: Person, context: Context) -> Turn:
    wording, mine = context.wording(person.language), lead.officer is None or lead.officer.id == officer.id
    text = leads.refusal(decision.refused, lead, officer, decision.reach, wording)
    choices = leads.choices(lead.code, lead.state, wording) if mine else ()
    if decision.held:
        choices = (leads.offer(lead.code, decision.reach, wording), *choices)
    return _say(person, Reply(text, choices))


def _is_whole(message: Inbound, code: str, turn: Turn) -> bool:
    """Whether what is said holds all that stood in the message that was tapped: the whole lead, and no list of leads.

    The buttons of a list end with a code.
    """
    claimed = any(isinstance(effect, ChangeLead) and effect.to == "claimed" for effect in turn.effects)
    return claimed and bool(message.text) and not message.text.endswith(code)


def _opened(lead: Lead) -> OpenLead:
    return OpenLead(lead.code, lead.need, lead.profile, lead.topic)


def _say(person: Person, reply: Reply) -> Turn:
    return Turn(person.conversation, (reply,))


HANDLER = Handler("officer", handle)
