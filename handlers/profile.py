"""A request to the department: need, enterprise, name, phone, one question at a time, then consent."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers import consent, ways
from handlers.context import Context, Handler
from handlers.intents import is_question, said
from handlers.message import Choice, Inbound, Reply
from handlers.person import Person, Waiting
from handlers.phone import shown
from handlers.phrasebook import Phrasebook
from handlers.profile_fields import MAY_SKIP, STEPS, Answer, answer, missing
from handlers.turn import Turn
from knowledge.text import clean

NAME = "profile"
NUMBERED = "phone"  # The step at which a number typed alone is the answer, so that it offers words, not choices.
START = re.compile(r"lead:start(?::(.+))?|human")
NOTHING = Phrasebook(("(không|chưa|hổng) [có|cần]", "không có doanh nghiệp", "none", "no"), "dạ ạ nha nhé tôi em mình")
#: From this probability on a text at a question for a name is an entry's own phrasing, not a name.
SURE = 0.98
Data = Mapping[str, Any]


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes the wish for a request and every answer to its questions; a question in between is left to others."""
    waiting = _waiting(person)
    if message.kind == "choice":
        if start := START.fullmatch(message.choice):
            return _start(start[1] or "", message.choice == "human", person, context)
        return _tapped(message.choice, waiting, person, context)
    if message.kind == "contact" and waiting and waiting.step == "phone":
        return _contact(message, waiting.data, person, context)
    intent = said(message, context)
    if intent in ("human", "leave_request"):
        return _start("", intent == "human", person, context)
    if waiting is None or message.kind != "text" or not clean(message.text):
        return None
    if waiting != person.conversation.waiting:
        return resume(person, context)  # Not the question the text answers.
    match intent:
        case "cancel":
            return _leave("profile.cancelled", person, context)
        case "back":
            return _back(waiting, person, context)
        case "skip":
            return _skip(waiting, person, context)
    return _typed(message.text, waiting, person, context)


def resume(person: Person, context: Context) -> Turn:
    """The open question again, after somebody else answered something."""
    waiting = _waiting(person) or Waiting(NAME, STEPS[0])
    return _ask(waiting.step, waiting.data, person, context, "profile.resume")


def _waiting(person: Person) -> Waiting | None:
    waiting = person.conversation.waiting
    if waiting is None or waiting.handler != NAME:
        return None
    # Nothing is sent without its values, whatever state was stored.
    first = missing(waiting.data)
    return waiting if first == "confirm" or waiting.step in STEPS else replace(waiting, step=first)


def _start(topic: str, human: bool, person: Person, context: Context) -> Turn:
    if _waiting(person):
        return replace(resume(person, context), entry="bot.human")
    # What is known is used again; the summary shows it and lets it be changed.
    profile = person.profile
    known = {"enterprise": profile.enterprise, "contact_name": profile.contact_name, "phone": profile.phone}
    data: dict[str, Any] = {step: value for step, value in known.items() if value}
    if topic in context.knowledge.entries:
        data["topic"] = topic
    contact = context.knowledge.entries.get("contact.department") if human else None
    lead = "profile.start_human" if contact else "profile.start"
    turn = replace(_ask("need", data, person, context, lead), entry="bot.human")
    if contact is None:
        return turn
    # Who wants a person may rather call at once.
    reply = turn.replies[-1]
    choices = (*reply.choices, ways.show(contact, person.language))
    return replace(turn, replies=(replace(reply, choices=choices),))


def _typed(text: str, waiting: Waiting, person: Person, context: Context) -> Turn | None:
    step, data = waiting.step, waiting.data
    if step == "confirm":
        if consent.AGREES.holds(text):
            return consent.agreed(data, person, context)
        if consent.REFUSES.holds(text):
            return _leave("consent.refused", person, context)
        if consent.EDITS.holds(text):
            return _ask("edit", data, person, context)
    if step in MAY_SKIP and NOTHING.holds(text):
        return _fill(step, Answer({step: ""}), data, person, context)
    read = answer(step, text) if step in STEPS else Answer(problem=f"profile.bad.{step}")
    if _is_aside(step, text, read, context):
        return None
    return _fill(step, read, data, person, context)


def _is_aside(step: str, text: str, read: Answer, context: Context) -> bool:
    """Whether a text is a question to be answered in between: it is put as one, or it can hardly be the answer."""
    found = context.reading.found
    if found.outcome != "answer":
        return bool(read.problem) and found.reply in ("near", "abuse")
    # A need may well be what the base answers too, and read like a question ("mua máy"); a name is not.
    asks = text.endswith("?") if step == "need" else is_question(text)
    return bool(read.problem) or asks or (step in MAY_SKIP and found.candidates[0].score >= SURE)


def _tapped(choice: str, waiting: Waiting | None, person: Person, context: Context) -> Turn | None:
    """Buttons carry their step: one under an older message asks the open question again."""
    kind, _, rest = choice.partition(":")
    if waiting is None and choice == "consent:yes":
        return consent.sent(person, context)
    if waiting is None or kind not in ("profile", "consent"):
        return None
    step, _, verb = rest.partition(":")
    if kind == "consent":
        step, verb = "confirm", rest
    if verb == "cancel":
        return _leave("profile.cancelled", person, context)
    if step != waiting.step:
        return resume(person, context)
    data = waiting.data
    match verb:
        case "yes":
            return consent.agreed(data, person, context)
        case "no":
            return _leave("consent.refused", person, context)
        case "edit":
            return _ask("edit", data, person, context)
        case "back":
            return _back(waiting, person, context)
        case "skip":
            return _skip(waiting, person, context)
        case "keep":
            return _ask(missing(data), data, person, context)
        case "topic" if entry := context.knowledge.entries.get(_topic(data, person)):
            about = {**data, "topic": entry.id}
            return _fill("need", Answer({"need": entry.title.get(person.language)}), about, person, context)
        case "question" if person.conversation.unknown_text:
            return _fill("need", answer("need", person.conversation.unknown_text), data, person, context)
    if step == "edit" and verb in STEPS:
        return _ask(verb, data, person, context)
    return resume(person, context)


def _contact(message: Inbound, data: Data, person: Person, context: Context) -> Turn:
    contact = message.contact
    if contact is None or not contact.own:
        return _ask("phone", data, person, context, "profile.bad.contact")
    return _fill("phone", answer("phone", contact.phone), data, person, context)


def _fill(step: str, read: Answer, data: Data, person: Person, context: Context) -> Turn:
    if read.problem:
        return _ask(step, data, person, context, read.problem)
    filled = {**data, **read.values}
    return _ask(missing(filled), filled, person, context)


def _back(waiting: Waiting, person: Person, context: Context) -> Turn:
    order = (*STEPS, "confirm", "edit")
    at = order.index(waiting.step)
    if at == 0:
        return _ask("need", waiting.data, person, context, "profile.first")
    return _ask(order[at - 1], waiting.data, person, context)


def _skip(waiting: Waiting, person: Person, context: Context) -> Turn:
    step, data = waiting.step, waiting.data
    if data.get(step) and step in STEPS:
        return _ask(missing(data), data, person, context)  # Nothing to skip: the value stays.
    if step in MAY_SKIP:
        return _fill(step, Answer({step: ""}), data, person, context)
    return _ask(step, data, person, context, f"profile.no_skip.{step}")


def _leave(key: str, person: Person, context: Context) -> Turn:
    """End without keeping anything that was gathered."""
    wording = context.wording(person.language)
    return Turn(person.conversation.wait(None), (Reply(wording.say(key), ways.onward(wording)),))


def _ask(step: str, data: Data, person: Person, context: Context, lead: str = "") -> Turn:
    """Wait at a step with its question, after the sentence `lead`."""
    wording = context.wording(person.language)
    state = person.conversation.wait(Waiting(NAME, step, dict(data), number=step == NUMBERED))
    before = (wording.say(lead),) if lead else ()
    if step == "confirm":
        reply = consent.summary(data, person, context)
        return Turn(state, (replace(reply, text="\n\n".join((*before, reply.text))),))
    key = "profile.ask.phone_known" if step == "phone" and data.get("phone") else f"profile.ask.{step}"
    question = wording.say(key, value=shown(str(data.get("phone") or "")))
    choices, asks = _choices(step, data, person, context), step == NUMBERED
    return Turn(state, (Reply("\n\n".join((*before, question)), choices, wants_contact=asks),))


def _choices(step: str, data: Data, person: Person, context: Context) -> tuple[Choice, ...]:
    if step == NUMBERED:
        return ()
    wording = context.wording(person.language)

    def choice(verb: str, **values: str) -> Choice:
        return Choice(f"profile:{step}:{verb}", ways.label(wording.say(f"profile.choice.{verb}", **values)))

    if step == "edit":
        return (*(choice(field) for field in STEPS), choice("back"))
    found: list[Choice] = []
    if step == "need" and not data.get("need"):
        if entry := context.knowledge.entries.get(_topic(data, person)):
            found.append(choice("topic", value=entry.title.get(person.language)))
        if person.conversation.unknown_text:
            found.append(choice("question", value=clean(person.conversation.unknown_text)))
    if data.get(step):
        found.append(choice("keep", value=str(data[step])))
    elif step in MAY_SKIP:
        found.append(choice("skip"))
    if step != STEPS[0]:
        found.append(choice("back"))
    return (*found, choice("cancel"))


def _topic(data: Data, person: Person) -> str:
    return str(data.get("topic") or person.conversation.topic)


HANDLER = Handler(NAME, handle, resume, frozenset({*STEPS, "confirm", "edit"}))
