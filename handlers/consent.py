"""The end of a request's profile: the summary with the consent, and what an explicit yes leads to."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers import department, leads, reminder, ways
from handlers.catalogue import Wording
from handlers.context import Context
from handlers.message import Choice, Reply
from handlers.person import Person, Profile
from handlers.phone import shown
from handlers.phrasebook import Phrasebook
from handlers.profile_fields import STEPS
from handlers.request import describe
from handlers.turn import Audit, Effect, OpenLead, OpenTask, RecordConsent, SetProfile, Turn
from knowledge.text import clean, fold

#: The same need again within this time is the same request.
SAME_REQUEST = dt.timedelta(minutes=10)
#: Typed words that count as consent: only explicit ones, no "ok" or "dạ" (Law 91/2025/QH15, article 9).
AGREES = Phrasebook(
    ("[có] [(tôi|em|mình|chúng tôi)] đồng ý [gửi] [yêu cầu]", "có", "gửi [yêu cầu]", "yes", "[i] agree", "send [it]"),
    "dạ vâng ạ nha nhé em anh chị đi please",
)
REFUSES = Phrasebook(
    ("không [đồng ý|gửi] [nữa]", "đừng gửi", "no", "(do not|dont) send [it]", "[i] (do not|dont) agree"), "dạ ạ nha nhé"
)
EDITS = Phrasebook(("sửa [lại|thông tin]", "chỉnh [lại|sửa]", "edit", "change"), "dạ ạ nha nhé cho tôi em")


def text(context: Context, wording: Wording) -> str:
    """What the person agrees to: who, which data, for what, who sees it, how long, how to withdraw, freely."""
    return wording.say("consent.text", department=department.name(context, wording))


def summary(data: Mapping[str, Any], person: Person, context: Context) -> Reply:
    """Everything that would be sent, the consent, and the three answers."""
    wording = context.wording(person.language)
    lines = (wording.say(f"consent.line.{step}", value=_value(step, data, wording)) for step in STEPS)
    body = "\n\n".join((wording.say("consent.summary"), "\n".join(lines), text(context, wording)))
    return Reply(body, tuple(Choice(f"consent:{x}", wording.say(f"consent.{x}")) for x in ("yes", "edit", "no")))


def agreed(data: Mapping[str, Any], person: Person, context: Context) -> Turn:
    """Open the lead and tell the officers; a need sent minutes ago is shown instead."""
    wording, state = context.wording(person.language), person.conversation.wait(None)
    profile = Profile(*(str(data.get(step) or "") for step in ("enterprise", "contact_name", "phone")))
    need = str(data["need"])
    if twice := sent(person, context, need):
        return replace(twice, state=state)
    opened = OpenLead(context.new_code(), need, profile, str(data.get("topic") or ""))
    effects: list[Effect] = [
        RecordConsent("contact", True, text(context, wording)),
        SetProfile(profile),
        opened,
        *leads.announce(opened, context.places, context.wording, context.knowledge.entries),
        reminder.plan(opened.code, context.now),
        Audit("lead.opened", opened.code),
    ]
    if not context.places:
        effects.append(OpenTask("lead", f"lead:{opened.code}:unattended", opened.code))
    key = "consent.opened" if context.places else "consent.opened_unattended"
    said = wording.say(key, code=opened.code, department=department.name(context, wording))
    reply = Reply(said, (ways.my_request(wording), ways.menu(wording)))
    return Turn(replace(state, unknown_text="", unknown_at=None), (reply,), tuple(effects))


def sent(person: Person, context: Context, need: str | None = None) -> Turn | None:
    """The request this person sent minutes ago, with the same `need` if one is given: a second yes opens no second."""
    wording = context.wording(person.language)
    for lead in context.leads:
        same = need is None or fold(clean(lead.need)) == fold(clean(need))
        if same and leads.is_open(lead.state) and context.now - lead.opened_at <= SAME_REQUEST:
            text = wording.say("consent.twice", request=describe(lead, wording))
            return Turn(person.conversation, (Reply(text, ways.onward(wording)),))
    return None


def _value(step: str, data: Mapping[str, Any], wording: Wording) -> str:
    value = str(data.get(step) or "")
    return (shown(value) if step == "phone" else value) or wording.say("leads.unknown")
