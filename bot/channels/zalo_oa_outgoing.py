"""Renders a reply as messages of the Official Account: text with at most four buttons, always numbered as well."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.base import Outgoing
from bot.channels.render import block, numbered, shorten, split, utf16
from bot.channels.zalo_oa_read import TAPPED
from handlers.message import Choice

#: Most buttons under one message; Zalo's own texts say four in one place and five in another.
BUTTONS = 4
#: Longest text of a message, and longest label, as Zalo counts.
TEXT, LABEL = 2000, 100
#: What a notice about a lead has in its key.
CODE = re.compile(r"(?:^|/)?lead:([0-9A-Z]+):")

Message = Mapping[str, Any]


def texts(message: Outgoing, hint: str, *, buttons: bool, quote: str = "") -> tuple[Message, ...]:
    """The messages that say a reply: a long one in parts, buttons below the last, a `quote` above the first.

    The choices stand numbered in the text too, for Zalo on a computer may not draw buttons.
    """
    reply = message.reply
    words = numbered(reply, hint) if message.numbered else block(reply)
    parts = split(unicodedata.normalize("NFC", words), TEXT, utf16) or ("…",)
    drawn = _buttons(reply.offered) if buttons else []
    last = len(parts) - 1
    return tuple(
        {"text": part}
        | ({"quote_message_id": quote} if quote and number == 0 and not (drawn and number == last) else {})
        | ({"attachment": _template({"buttons": drawn})} if drawn and number == last else {})
        for number, part in enumerate(parts)
    )


def image(attachment: str) -> Message:
    """A picture that was uploaded."""
    element = {"media_type": "image", "attachment_id": attachment}
    return {"attachment": _template({"template_type": "media", "elements": [element]})}


def file(token: str) -> Message:
    """A file that was uploaded."""
    return {"attachment": {"type": "file", "payload": {"token": token}}}


def share(title: str, subtitle: str, picture: str) -> Message:
    """The card by which a person shares their name and number with one tap."""
    element = {"title": title, "subtitle": subtitle, "image_url": picture}
    return {"attachment": _template({"template_type": "request_user_info", "elements": [element]})}


def template_data(message: Outgoing, fields: Mapping[str, str], longest: Mapping[str, int]) -> Mapping[str, str]:
    """What fills an approved template: `fields` name its parameters, with {text} and {code} in their values.

    Each is one line of at most its `longest` characters; 0 stands for a length Zalo does not tell.
    """
    found = CODE.search(message.key)
    words = {"{text}": block(message.reply), "{code}": found[1] if found else ""}
    filled = {name: re.sub(r"\{(text|code)\}", lambda word: words[word[0]], value) for name, value in fields.items()}
    return {name: _line(text, longest.get(name) or TEXT) for name, text in filled.items()}


def _line(text: str, limit: int) -> str:
    """A text in one line, in the form and by the units in which Zalo counts."""
    composed = unicodedata.normalize("NFC", text)
    doubles = utf16(composed) - len(composed) if utf16(composed) > limit else 0
    return shorten(composed, max(1, limit - doubles))


def _buttons(choices: Sequence[Choice]) -> list[Mapping[str, Any]]:
    """The buttons, if they are few enough; more are chosen by their number. The payload is not shown in the talk."""
    if len(choices) > BUTTONS:
        return []
    return [
        {"title": _line(choice.label, LABEL), "type": "oa.query.hide", "payload": f"{TAPPED}{choice.id}"}
        for choice in choices
    ]


def _template(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "template", "payload": payload}
