"""What is no text: voice, sticker, photo, file, place, contact card. Everything gets an answer and a way on."""

from collections.abc import Mapping
from dataclasses import replace

from handlers import answer, ways
from handlers.context import Context, Handler
from handlers.message import Inbound, Reply
from handlers.person import Person
from handlers.turn import Turn

#: The kind of a file → the key of what is said about it.
SAID: Mapping[str, str] = {
    "voice": "media.voice",
    "sticker": "media.sticker",
    "photo": "media.photo",
    "video": "media.video",
    "document": "media.file",
    "other": "media.file",
}


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes every message that is not words; words under a picture are answered all the same."""
    match message.kind:
        case "file":
            key = SAID[message.files[0].kind] if message.files else "media.file"
        case "location":
            key = "media.location"
        case "contact":
            key = "media.contact"
        case _:
            return None
    wording = context.wording(person.language)
    if person.conversation.waiting:
        # The open question follows at once, so nothing else is offered.
        form = "media.photo_in_form" if key == "media.photo" else "media.in_form"
        return Turn(person.conversation, (Reply(wording.say(form)),))
    reply = Reply(wording.say(key), ways.onward(wording))
    if message.kind == "file" and message.text.strip():
        turn = answer.answered(message, person, context)
        return replace(turn, replies=(reply, *turn.replies))
    choices = (ways.leave_request(wording), ways.menu(wording)) if message.kind == "contact" else reply.choices
    return Turn(person.conversation, (replace(reply, choices=choices),))


HANDLER = Handler("media", handle)
