"""What a typed number or label chooses, and what to say where it chooses nothing."""

import re
from dataclasses import replace

from handlers import entry_reply, ways
from handlers.context import Context, Handler
from handlers.message import Choice, Inbound, Reply
from handlers.person import Person
from handlers.turn import Turn
from knowledge.text import clean, fold

#: "2", "2.", "(2)", "số 2", "chọn 2"; never "#2": what begins with # is plain text.
NUMBER = re.compile(r"(?:(?:so|cau|muc|chon|chon so|no|number|option)\s*\.?\s*)?\(?(\d{1,2})\s*[.)]?")


def typed_number(text: str) -> int | None:
    """The number of a choice, where the text is nothing else."""
    found = NUMBER.fullmatch(fold(clean(text)))
    return int(found[1]) if found else None


def resolve(message: Inbound, person: Person, context: Context) -> Inbound:
    """The message as a tapped choice, if its text is the number or the label of one that was offered last."""
    if message.kind != "text":
        return message
    offered = person.conversation.offered
    ids = offered.current(context.now)
    number = None if _awaits_number(person) else typed_number(message.text)
    if number is not None and 1 <= number <= len(ids):
        return replace(message, kind="choice", choice=ids[number - 1])
    said = fold(clean(message.text))
    chosen = next((id for id, label in zip(ids, offered.labels, strict=False) if fold(clean(label)) == said), "")
    return replace(message, kind="choice", choice=chosen) if chosen else message


def outside(message: Inbound, person: Person, context: Context) -> Turn | None:
    """A number nobody offered: says which there are."""
    if message.kind != "text" or _awaits_number(person) or typed_number(message.text) is None:
        return None
    wording, offered = context.wording(person.language), person.conversation.offered
    ids = offered.current(context.now)
    if not ids:
        reply = Reply(wording.say("choices.none"), ways.onward(wording))
        return Turn(person.conversation, (reply,))
    again = tuple(Choice(id, label) for id, label in zip(ids, offered.labels, strict=False))
    key = "choices.only_one" if len(ids) == 1 else "choices.outside"
    return Turn(person.conversation, (Reply(wording.say(key, last=len(ids)), again),))


def retired(message: Inbound, person: Person, context: Context) -> Turn | None:
    """A tapped choice no handler knows any more: says so, and looks for what it named."""
    if message.kind != "choice":
        return None
    wording, offered = context.wording(person.language), person.conversation.offered
    labels = dict(zip(offered.ids, offered.labels, strict=False))
    named = labels.get(message.choice) or message.text or re.sub(r"[:._-]+", " ", message.choice.partition(":")[2])
    found = context.knowledge.search(named)
    entry = context.knowledge.entries.get(found.candidates[0].entry) if found.outcome == "answer" else None
    gone = Reply(wording.say("choices.retired"), ways.onward(wording))
    if entry is None:
        return Turn(person.conversation, (gone,))
    return entry_reply.turn(entry, person, context, before=(gone,))


def _awaits_number(person: Person) -> bool:
    waiting = person.conversation.waiting
    return waiting is not None and waiting.number


NUMBERS = Handler("numbers", outside)
RETIRED = Handler("retired", retired)
