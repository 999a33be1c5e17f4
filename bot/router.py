"""Asks the handlers in their order; the first that takes a message decides. Nothing here is stored or sent."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from handlers import department, group, language, media, privacy
from handlers.choices import resolve
from handlers.context import Context, Handler
from handlers.entry_reply import FIRST_BUBBLE
from handlers.message import Inbound, Reply
from handlers.order import ORDER
from handlers.person import Offer, Person
from handlers.turn import Audit, Turn

#: How long the bot is silent after an officer wrote to the person by hand.
STAFF_TALKS = dt.timedelta(minutes=30)
#: What still works while the bot is silent.
NEVER_SILENT = ("stop", "erase", "staff")


def route(message: Inbound, person: Person, context: Context, order: Sequence[Handler] = ORDER) -> Turn:
    """What a message leads to. Answers always, except to a block, an officer's own words, or while it is silent.

    In a group it answers next to nothing, and several files sent at once only once.
    """
    talk = person.conversation
    if message.kind == "blocked":
        return Turn(talk.wait(None), effects=(Audit("person.blocked"),))
    if message.kind in ("unblocked", "moved"):
        return Turn(talk)  # What it changes is no talk.
    if message.shared:
        return group.handle(message, person, context)
    if message.kind == "staff_echo":
        return Turn(replace(talk, mute_until=context.now + STAFF_TALKS))
    if message.kind == "withdrawn":
        return privacy.withdrawn(person, context)
    if message.kind == "edited":
        if talk.waiting:
            return Turn(talk)  # The form already has the answer that was corrected; it is corrected by its summary.
        message = replace(message, kind="text")
    if _silent(message, person, context) or media.is_more(message, talk, context.now):
        return Turn(talk)
    dropped = talk.dropped or _lost(person, order)
    talk = talk.wait(None) if dropped else talk
    if talk.filed:
        talk = replace(talk, filed="", filed_at=None)
    if message.kind == "text":
        talk = replace(talk, language=language.heard(talk, context.reading))
    person = replace(person, conversation=talk)
    turn = _decided(resolve(message, person, context), person, context, order)
    if dropped and turn.replies:
        turn = replace(turn, replies=(Reply(_say(person, context, "router.dropped")), *turn.replies))
    return _offered(_introduced(turn, person, context), context)


def _silent(message: Inbound, person: Person, context: Context) -> bool:
    until, waiting = person.conversation.mute_until, person.conversation.waiting
    if until is None or context.now >= until or person.officer is not None:
        return False
    if waiting is not None and waiting.handler == "privacy":
        return False
    wish = message.choice.partition(":")[0] if message.kind == "choice" else context.reading.intent
    return wish not in NEVER_SILENT


def _lost(person: Person, order: Sequence[Handler]) -> bool:
    """Whether the talk waits for a handler or a step that does not exist any more."""
    waiting = person.conversation.waiting
    return waiting is not None and not any(h.name == waiting.handler and waiting.step in h.steps for h in order)


def _decided(message: Inbound, person: Person, context: Context, order: Sequence[Handler]) -> Turn:
    for handler in order:
        turn = handler.handle(message, person, context)
        if turn is not None:
            return _resumed(turn, handler, person, context, order)
    raise LookupError("no handler took the message; the last of the order must take everything")


def _resumed(turn: Turn, by: Handler, person: Person, context: Context, order: Sequence[Handler]) -> Turn:
    """The turn, followed by the question that is open: if somebody else answered in between, or handed it back.

    The open question alone offers choices then: others beside it would lead out of the form by accident.
    """
    waiting, before = turn.state.waiting, person.conversation.waiting
    if waiting is None or before is None or waiting.handler == by.name:
        return turn
    if waiting != before and before.handler != by.name:
        return turn  # it begins only now, and whoever began it has asked
    resume = next((h.resume for h in order if h.name == waiting.handler), None)
    if resume is None:
        return turn
    again = resume(replace(person, conversation=turn.state), context)
    replies = (*map(_without_choices, turn.replies), *again.replies)
    return replace(turn, state=again.state, replies=replies, effects=turn.effects + again.effects)


def _introduced(turn: Turn, person: Person, context: Context) -> Turn:
    """Says once per conversation that this is an automatic assistant (Law 134/2025/QH15, article 11)."""
    if turn.state.introduced or not turn.replies:
        return turn
    wording = context.wording(turn.state.language or person.language)
    sentence = wording.say("router.introduction", department=department.name(context, wording))
    head, *rest = turn.replies
    text = f"{head.text}\n\n{sentence}"
    # Under the first words where there is room, else a bubble of its own before them.
    replies = (replace(head, text=text), *rest) if len(text) <= FIRST_BUBBLE else (Reply(sentence), *turn.replies)
    return replace(turn, state=replace(turn.state, introduced=True), replies=replies)


def _offered(turn: Turn, context: Context) -> Turn:
    """Moves every choice to the last reply, for a number can only mean one list, and remembers what it offers."""
    if not turn.replies:
        return turn
    *before, last = turn.replies
    moved = {choice.id: choice for reply in before for choice in reply.offered}
    own = {choice.id for choice in last.offered}
    choices = (*last.choices, *(choice for id, choice in moved.items() if id not in own))
    replies = (*map(_without_choices, before), replace(last, choices=choices))
    offered = replies[-1].offered
    ids, labels = tuple(choice.id for choice in offered), tuple(choice.label for choice in offered)
    return replace(turn, replies=replies, state=replace(turn.state, offered=Offer(ids, context.now, labels)))


def _without_choices(reply: Reply) -> Reply:
    return replace(reply, choices=(), cards=tuple(replace(card, choices=()) for card in reply.cards))


def _say(person: Person, context: Context, key: str) -> str:
    return context.wording(person.language).say(key)
