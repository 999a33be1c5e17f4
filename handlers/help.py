"""How to use the assistant, in a few lines."""

from handlers import ways
from handlers.context import Context, Handler
from handlers.intents import said
from handlers.message import Inbound, Reply
from handlers.person import Person
from handlers.turn import Turn


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes a call for help."""
    if said(message, context) != "help":
        return None
    wording = context.wording(person.language)
    return Turn(person.conversation, (Reply(wording.say("help"), ways.onward(wording)),), (), "bot.about")


HANDLER = Handler("help", handle)
