"""Stop, erase, and what is kept: asked first, so that they work in the middle of anything."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers import department, leads
from handlers.context import Context, Handler
from handlers.intents import said
from handlers.message import Choice, Inbound, Reply
from handlers.person import Person, Purpose, Waiting
from handlers.turn import Audit, Effect, OpenTask, RecordConsent, Turn

NAME, ERASE = "privacy", "erase"
PURPOSES: tuple[Purpose, ...] = ("contact", "outreach")


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes the three wishes, tapped or typed, and the yes or no to erasing."""
    intent, waiting = said(message, context), person.conversation.waiting
    asked = waiting is not None and waiting.handler == NAME
    match message.choice if message.kind == "choice" else intent:
        case "stop":
            return stop(person, context)
        case "erase":
            return _ask(person, context, "privacy.erase.ask")
        case "privacy":
            return told(person, context)
        case "erase:yes":
            return erase(person, context)
        case "erase:no":
            return _keep(person, context)
        case "yes" if asked:
            return erase(person, context)
        case "no" | "cancel" | "back" | "skip" if asked:
            return _keep(person, context)
    return None


def resume(person: Person, context: Context) -> Turn:
    """Ask once more and then wait no longer: who wants it taps, nobody is pressed."""
    turn = _ask(person, context, "privacy.erase.again")
    return replace(turn, state=person.conversation.wait(None))


def stop(person: Person, context: Context) -> Turn:
    """Withdraw every consent and confirm once, without an offer. Requests stay; their officers must know."""
    sentence = context.wording(person.language).say("privacy.stop")
    effects: list[Effect] = [RecordConsent(purpose, False, sentence) for purpose in PURPOSES]
    effects += _waiting_leads(person, context)
    return Turn(person.conversation.wait(None), (Reply(sentence),), (*effects, Audit("consent.withdrawn")), "bot.stop")


def _waiting_leads(person: Person, context: Context) -> tuple[OpenTask, ...]:
    """Whose requests are open must not be called unknowingly."""
    if waiting := [lead.code for lead in context.leads if leads.is_open(lead.state)]:
        return (OpenTask("stop", f"stop:{_where(person)}:{context.now:%Y-%m-%dT%H:%M}", ", ".join(waiting)),)
    return ()


def erase(person: Person, context: Context) -> Turn:
    """Hand the wish to the department and say by when it answers; the same day's wish is one task."""
    key = f"erase:{_where(person)}:{context.now:%Y-%m-%d}"
    effects = (OpenTask("erase", key, f"person {person.id}, {_where(person)}"), Audit("erase.asked"))
    wording = context.wording(person.language)
    reply = Reply(wording.say("privacy.erase.done", department=department.name(context, wording)))
    return Turn(person.conversation.wait(None), (reply,), effects, "bot.erase")


def withdrawn(person: Person, context: Context) -> Turn:
    """The platform says that the person wants their data gone: staff erase it, and nobody writes or calls any more."""
    key = f"erase:{_where(person)}:{context.now:%Y-%m-%d}"
    sentence = context.wording(person.language).say("privacy.withdrawn")
    refused = (RecordConsent(purpose, False, sentence) for purpose in PURPOSES)
    task = OpenTask("erase", key, f"person {person.id}, {_where(person)}")
    effects: tuple[Effect, ...] = (*refused, *_waiting_leads(person, context), task, Audit("erase.asked"))
    return Turn(person.conversation.wait(None), effects=effects)


def told(person: Person, context: Context) -> Turn:
    """What is kept, why, who sees it, and what the person may ask for."""
    wording = context.wording(person.language)
    text = wording.say("privacy.told", department=department.name(context, wording))
    choices = tuple(Choice(id, wording.say(f"choice.{id}")) for id in ("erase", "stop", "menu"))
    return Turn(person.conversation, (Reply(text, choices),), (), "bot.privacy")


def _ask(person: Person, context: Context, key: str) -> Turn:
    wording = context.wording(person.language)
    choices = tuple(Choice(id, wording.say(f"privacy.{id.replace(':', '.')}")) for id in ("erase:yes", "erase:no"))
    state = person.conversation.wait(Waiting(NAME, ERASE, _form(person.conversation.waiting)))
    return Turn(state, (Reply(wording.say(key), choices),), (), "bot.erase")


def _form(waiting: Waiting | None) -> Mapping[str, Any]:
    """The form that was open when the wish came, to go on with if the person thinks better of it."""
    if waiting is None or waiting.handler == NAME:
        return waiting.data if waiting else {}
    return {"handler": waiting.handler, "step": waiting.step, "data": dict(waiting.data), "number": waiting.number}


def _keep(person: Person, context: Context) -> Turn:
    waiting = person.conversation.waiting
    form = waiting.data if waiting is not None and waiting.handler == NAME else {}
    state = person.conversation.wait(Waiting(**form) if form else None)
    return Turn(state, (Reply(context.wording(person.language).say("privacy.erase.kept")),))


def _where(person: Person) -> str:
    address = person.address
    return "/".join((address.channel, address.account, address.chat, address.thread))


HANDLER = Handler(NAME, handle, resume, frozenset({ERASE}))
