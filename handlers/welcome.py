"""First contact and the menu: what there is to ask, by tap or by number."""

import datetime as dt
import re
from dataclasses import replace

from handlers import department, entry_reply, profile, ways
from handlers.catalogue import Wording
from handlers.context import Context, Handler
from handlers.intents import said
from handlers.message import Choice, Inbound, Reply
from handlers.person import Person
from handlers.turn import Turn
from knowledge.menu import Section

#: Entries on one page of a list.
PAGE = 8
#: How long a greeting lasts for somebody who says nothing.
ONE_GREETING = dt.timedelta(days=1)
#: A start with what stood in the link that was followed: https://t.me/<bot>?start=kc_machinery, or START_FORM.
DEEP_LINK = re.compile(r"/start(?:@\w+)?\s+([\w-]{1,64})", re.IGNORECASE)
START_FORM = "lead"
TAPPED = re.compile(r"menu(?::([a-z]+)(?::([1-9]\d?))?)?")


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes the start and the menu; both leave a form that was being filled in."""
    if message.kind == "joined":
        return _joined(person, context)
    if message.kind == "choice":
        tapped = TAPPED.fullmatch(message.choice)
        if not tapped or not tapped[1]:
            return _menu(person, context) if tapped else None
        section = next((section for section in context.knowledge.menu if section.key == tapped[1]), None)
        turn = _list(section, int(tapped[2] or 1), person, context) if section else None
        # A further page takes the place of the one before.
        return turn.in_place() if turn and tapped[2] else turn
    intent = said(message, context)
    # A start with an invitation that is not one is still a start.
    if intent == "start" or (intent == "staff" and message.text.strip().lower().startswith("/start")):
        return _linked(message, person, context) or _greet(person, context)
    return _menu(person, context) if intent == "menu" else None


def greeting(wording: Wording, menu: tuple[Section, ...], department: str = "") -> Reply:
    """The first words, with the menu: who speaks, what it can do, and that nobody is ever asked for money."""
    name = department or wording.say("department")
    return Reply(wording.say("welcome.start", department=name), choices(wording, menu))


def choices(wording: Wording, menu: tuple[Section, ...]) -> tuple[Choice, ...]:
    """The lists of the menu, and what else there is to do."""
    other = "en" if wording.language == "vi" else "vi"
    lists = tuple(Choice(f"menu:{section.key}", section.title.get(wording.language)) for section in menu)
    ask = (ways.leave_request(wording), ways.my_request(wording))
    return (*lists, *ask, Choice(f"language:{other}", wording.say("welcome.other_language")))


def _greet(person: Person, context: Context) -> Turn:
    wording = context.wording(person.language)
    turn = _leave(person, wording, greeting(wording, context.knowledge.menu, department.name(context, wording)))
    return replace(turn, state=replace(turn.state, introduced=True))


def _linked(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Who came by a link is greeted, then gets the entry it names, its id with "_" for ".", or the form to fill in."""
    payload = DEEP_LINK.fullmatch(message.text.strip())
    named = payload[1].lower() if payload else ""
    entry = context.knowledge.entries.get(named.replace("_", "."))
    if entry is None and named != START_FORM:
        return None
    wording = context.wording(person.language)
    hello = Reply(wording.say("welcome.hello", department=department.name(context, wording)))
    if entry is None:
        # Who is in the form already stays in it: its open question follows as after any other answer.
        tapped = replace(message, kind="choice", choice="lead:start")
        begun = None if _in_form(person) else profile.handle(tapped, person, context)
        turn = begun or Turn(person.conversation, entry="bot.human")
        turn = replace(turn, replies=(hello, *turn.replies))
    else:
        note = (Reply(wording.say("welcome.left_form")),) if _in_form(person) else ()
        person = replace(person, conversation=person.conversation.wait(None))
        turn = entry_reply.turn(entry, person, context, before=(hello, *note))
    return replace(turn, state=replace(turn.state, introduced=True))


def _in_form(person: Person) -> bool:
    waiting = person.conversation.waiting
    return waiting is not None and waiting.handler == profile.NAME


def _joined(person: Person, context: Context) -> Turn:
    """One greeting for who comes without a word: a follow and the first opening may both be told of one person."""
    greeted = person.conversation.greeted_at
    if person.conversation.waiting or (greeted is not None and context.now - greeted < ONE_GREETING):
        return Turn(person.conversation)
    turn = _greet(person, context)
    return replace(turn, state=replace(turn.state, greeted_at=context.now))


def _menu(person: Person, context: Context) -> Turn:
    wording = context.wording(person.language)
    return _leave(person, wording, Reply(wording.say("welcome.menu"), choices(wording, context.knowledge.menu)))


def _leave(person: Person, wording: Wording, reply: Reply) -> Turn:
    """Answer with a menu. A form left half-way is said to be left, for nothing of it was kept."""
    note = (Reply(wording.say("welcome.left_form")),) if _in_form(person) else ()
    return Turn(person.conversation.wait(None), (*note, reply), (), "bot.about")


def _list(section: Section, page: int, person: Person, context: Context) -> Turn:
    wording, known = context.wording(person.language), context.knowledge.entries
    found = [known[id] for id in section.entries if id in known]
    shown = found[(page - 1) * PAGE : page * PAGE]
    if not shown:
        return _leave(person, wording, Reply(wording.say("welcome.empty_list"), ways.onward(wording)))
    further = (
        (Choice(f"menu:{section.key}:{page + 1}", wording.say("welcome.further")),) if found[page * PAGE :] else ()
    )
    listed = (*(ways.show(entry, person.language) for entry in shown), *further, ways.menu(wording))
    return _leave(person, wording, Reply(section.ask.get(wording.language), listed))


HANDLER = Handler("welcome", handle)
