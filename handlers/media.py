"""What is no text: voice, sticker, photo, file, place, contact card. Everything gets an answer and a way on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from handlers import answer, ways
from handlers.context import Context, Handler
from handlers.message import Inbound, Reply
from handlers.person import Conversation, Person
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
#: Files sent at once come one by one; within this time they are answered together.
AT_ONCE = dt.timedelta(seconds=20)


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes every message that is not words; words under a picture are answered all the same."""
    match message.kind:
        case "file":
            key = _said(message)
        case "location":
            key = "media.location"
        case "contact":
            key = "media.contact"
        case _:
            return None
    wording, talk = context.wording(person.language), person.conversation
    if message.kind == "file":
        talk = replace(talk, filed=key, filed_at=context.now)
        person = replace(person, conversation=talk)
    if talk.waiting:
        # The open question follows at once, so nothing else is offered.
        form = "media.photo_in_form" if key == "media.photo" else "media.in_form"
        return Turn(talk, (Reply(wording.say(form)),))
    reply = Reply(wording.say(key), ways.onward(wording))
    if message.kind == "file" and message.text.strip():
        turn = answer.answered(message, person, context)
        return replace(turn, replies=(reply, *turn.replies))
    choices = (ways.leave_request(wording), ways.menu(wording)) if message.kind == "contact" else reply.choices
    return Turn(talk, (replace(reply, choices=choices),))


def is_more(message: Inbound, talk: Conversation, now: dt.datetime) -> bool:
    """Whether a message is one more file of several sent at once, about which everything was said moments ago."""
    if message.kind != "file" or message.text.strip() or talk.filed_at is None:
        return False
    return talk.filed == _said(message) and dt.timedelta() <= now - talk.filed_at < AT_ONCE


def _said(message: Inbound) -> str:
    return SAID[message.files[0].kind] if message.files else "media.file"


HANDLER = Handler("media", handle)
