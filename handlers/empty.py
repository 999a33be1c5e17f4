"""Texts without a word: nothing at all, only emoji, only signs."""

from handlers import ways
from handlers.context import Context, Handler
from handlers.message import Inbound, Reply
from handlers.person import Person
from handlers.turn import Turn
from knowledge.text import clean


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes a text that holds neither a letter nor a digit."""
    if message.kind != "text" or any(character.isalnum() for character in message.text):
        return None
    wording = context.wording(person.language)
    key = "empty.signs" if clean(message.text) else "empty.nothing"
    return Turn(person.conversation, (Reply(wording.say(key), ways.onward(wording)),))


HANDLER = Handler("empty", handle)
