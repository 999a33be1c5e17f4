"""Answers a question: one entry, a choice of a few, or an honest "I don't know" with a way on."""

import datetime as dt
from dataclasses import replace

from handlers import department, entry_reply, ways
from handlers.context import Context, Handler
from handlers.intents import said
from handlers.message import LONGEST_TEXT, Choice, Inbound, Reply
from handlers.person import Person
from handlers.reading import Intent
from handlers.turn import StoreQuestion, Turn
from knowledge.entry import Entry
from knowledge.search import Found
from knowledge.text import clean

#: People send one thought in several messages: after one that was not understood the next is read joined to it.
ONE_THOUGHT = dt.timedelta(seconds=20)
#: A greeting is returned once within this time.
GREETED = dt.timedelta(minutes=30)
#: Words of a talk that mean nothing by themselves, whatever the base finds like them; fallback.py answers them.
LOOSE: tuple[Intent, ...] = ("yes", "no", "cancel", "back", "skip")
#: Characters of a question that are kept.
KEPT = 1000


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes every text, and the choices that name an entry."""
    if message.kind == "choice":
        return _chosen(message.choice, person, context)
    if message.kind != "text":
        return None
    if said(message, context) in LOOSE and context.reading.found.reply in ("", "unknown"):
        return None
    return answered(message, person, context)


def answered(message: Inbound, person: Person, context: Context) -> Turn:
    """What the base says to a text."""
    text, found = heard(message.text, person, context)
    entries = [e for c in found.candidates if (e := context.knowledge.entries.get(c.entry)) is not None]
    if found.outcome == "answer" and entries:
        turn = entry_reply.turn(entries[0], person, context, context.knowledge.entries.get(found.also))
    elif found.outcome == "choices" and entries:
        turn = _which(text, entries, person, context)
    else:
        turn = _unknown(text, found, person, context)
    if len(message.text) >= LONGEST_TEXT:
        note = Reply(context.wording(person.language).say("answer.too_long", most=LONGEST_TEXT))
        turn = replace(turn, replies=(note, *turn.replies))
    return turn


def heard(text: str, person: Person, context: Context) -> tuple[str, Found]:
    """(text, what the base offers for it): joined to the one before, if that was not understood moments ago, or else as
    it goes on from what was answered last.

    A text that is clear by itself is not joined: it is another thought.
    """
    alone = context.reading.found
    before, at = person.conversation.unknown_text, person.conversation.unknown_at
    if alone.outcome != "answer" and before and at is not None and dt.timedelta() <= context.now - at <= ONE_THOUGHT:
        joined = f"{before} {text}"[:LONGEST_TEXT]
        found = context.knowledge.search(joined)
        if found.outcome == "answer" or (found.outcome == "choices" and alone.outcome == "unknown"):
            return joined, found
    topics = person.conversation.topics(context.now)
    if alone.outcome == "answer" or not topics:
        return text, alone
    return text, context.knowledge.search(text, topics)


def _chosen(choice: str, person: Person, context: Context) -> Turn | None:
    kind, _, id = choice.partition(":")
    entry = context.knowledge.entries.get(id)
    if kind == "entry" and entry is not None:
        return entry_reply.turn(entry, person, context)
    if kind == "more" and entry is not None:
        return entry_reply.long_turn(entry, person, context)
    return _none_of_these(person, context) if choice == "none" else None


def _which(text: str, entries: list[Entry], person: Person, context: Context) -> Turn:
    wording = context.wording(person.language)
    none = Choice("none", wording.say("choice.none"))
    titles = tuple(ways.show(entry, person.language) for entry in entries[: entry_reply.MOST_CHOICES])
    key = "answer.which" if len(titles) > 1 else "answer.this_one"
    # The question is remembered for "none of these", but not as one that goes on in the next message.
    state = replace(person.conversation, unknown_text=text[:KEPT], unknown_at=None)
    stored = StoreQuestion(text[:KEPT], "choices", tuple(entry.id for entry in entries))
    return Turn(state, (Reply(wording.say(key), (*titles, none)),), (stored,))


def _none_of_these(person: Person, context: Context) -> Turn:
    wording, text = context.wording(person.language), person.conversation.unknown_text
    stored = (StoreQuestion(text, "none"),) if text else ()
    key = "answer.none_stored" if text else "answer.none"
    return Turn(person.conversation, (Reply(wording.say(key), ways.onward(wording)),), stored)


def _unknown(text: str, found: Found, person: Person, context: Context) -> Turn:
    wording, state = context.wording(person.language), person.conversation
    kind = found.reply or "unknown"
    names = {"department": department.name(context, wording), "authority": ""}
    key, choices = f"answer.{kind}", ways.onward(wording)
    stored: tuple[StoreQuestion, ...] = ()
    match kind:
        case "greeting":
            if state.greeted_at is not None and context.now - state.greeted_at <= GREETED:
                key = "answer.greeted"
            else:
                choices = (ways.menu(wording),)
            state = replace(state, greeted_at=context.now)
        case "thanks" | "farewell":
            choices = (ways.menu(wording),)
        case "near":
            route = context.knowledge.routes.get(found.route)
            if route is not None:
                key, names["authority"] = "answer.near_route", route[1 if wording.language == "en" else 0]
        case "far" | "abuse":
            choices = (ways.menu(wording), ways.human(wording))
    if kind in ("near", "unknown"):
        stored = (StoreQuestion(text[:KEPT], kind),) if clean(text) else ()
    if kind == "unknown":
        state = replace(state, unknown_at=context.now, unknown_text=text[:KEPT])
    return Turn(state, (Reply(wording.say(key, **names), choices),), stored)


HANDLER = Handler("answer", handle)
