"""The last one: takes anything, and offers a person."""

from handlers import ways
from handlers.context import Context, Handler
from handlers.intents import said
from handlers.message import Inbound, Reply
from handlers.person import Person
from handlers.turn import Turn


def handle(message: Inbound, person: Person, context: Context) -> Turn:
    """Never refuses; a yes, a no or a "cancel" without a question before it is told so."""
    wording = context.wording(person.language)
    match said(message, context):
        case "yes" | "no":
            key = "fallback.nothing_asked"
        case "cancel" | "back" | "skip":
            key = "fallback.nothing_open"
        case _:
            key = "fallback.other"
    return Turn(person.conversation, (Reply(wording.say(key), ways.onward(wording)),))


HANDLER = Handler("fallback", handle)
