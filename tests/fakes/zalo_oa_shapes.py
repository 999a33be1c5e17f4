"""What Zalo takes for a message of an Official Account, in a test: its shapes and limits, and how it refuses others."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.zalo_oa_delivery import Json
from tests.fakes.zalo_oa_people import Button

TEXT, TITLE, SUBTITLE, PAYLOAD, SMS = 2000, 100, 500, 1000, 160
BUTTONS = ELEMENTS = 5
MEDIA = ("image", "gif", "sticker")


class Refused(Exception):
    """The server's answer to a call it does not take: a code of Zalo and a message, with HTTP 200."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Shape:
    """A message that is well-formed. `files`: (kind, id) of uploads it uses; kinds are those of `MEDIA` and file."""

    text: str = ""
    kind: str = "text"
    buttons: tuple[Button, ...] = ()
    quote: str = ""
    files: tuple[tuple[str, str], ...] = field(default=())


def shape_of(message: Any) -> Shape:
    """Read the `message` of a consultation message. Raises Refused with -201 (wrong) or -210 (too long, too many)."""
    given = _object(message, "message")
    text, quote = given.get("text", ""), given.get("quote_message_id", "")
    _check(isinstance(text, str), "text")
    _check(isinstance(quote, str), "quote_message_id")
    _check(set(given) <= {"text", "attachment", "quote_message_id"}, "message")
    _limit(text, TEXT, "text")
    if "attachment" not in given:
        _check(bool(text.strip()), "text")
        return Shape(text, quote=quote)
    attachment = _object(given["attachment"], "attachment")
    payload = _object(attachment.get("payload"), "payload")
    if attachment.get("type") == "file":
        token = _word(payload.get("token"), "token")
        return Shape(text, "file", quote=quote, files=(("file", token),))
    _check(attachment.get("type") == "template", "attachment.type")
    # Facebook's shape, which Zalo does not know.
    _check("text" not in payload, "payload.text")
    buttons, kind = _buttons(payload.get("buttons", [])), payload.get("template_type", "button")
    elements = payload.get("elements", [])
    _check(isinstance(elements, list), "elements")
    if kind == "button":
        _check(bool(text.strip()) and bool(buttons) and not elements, "payload")
        return Shape(text, "text", buttons, quote)
    if len(elements) > ELEMENTS:
        raise Refused(-210, "elements exceeds the limit")
    _check(bool(elements), "elements")
    first = _object(elements[0], "elements")
    if kind == "media":
        return Shape(text, first.get("media_type", ""), buttons, quote, _media(elements))
    if kind == "request_user_info":
        _check(len(elements) == 1 and all(first.get(key) for key in ("title", "subtitle", "image_url")), "elements")
    elif kind == "list":
        _check(bool(first.get("subtitle")), "subtitle")
    else:
        raise Refused(-233, "Message type is invalid or not supported")
    for element in elements:
        _limit(_object(element, "elements").get("title", ""), TITLE, "title")
        _limit(element.get("subtitle", ""), SUBTITLE, "subtitle")
        _check(bool(element.get("title")), "title")
    lines = [text, *(f"{element['title']}\n{element.get('subtitle', '')}" for element in elements)]
    return Shape("\n".join(lines).strip(), kind, buttons, quote)


def units(text: str) -> int:
    """How long a text is for Zalo: in UTF-16 units of what was received, composed or not."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _media(elements: list[Any]) -> tuple[tuple[str, str], ...]:
    element = _object(elements[0], "elements")
    kind, url, file = str(element.get("media_type")), element.get("url"), element.get("attachment_id")
    _check(len(elements) == 1 and kind in MEDIA, "media_type")
    _check((url is None) != (file is None), "attachment_id")
    if kind == "gif":
        _check(all(isinstance(element.get(side), int) for side in ("width", "height")), "width")
    if file is None:
        _check(kind != "sticker" and _is_link(url), "url")
        return ()
    return ((kind, _word(file, "attachment_id")),)


def _buttons(given: Any) -> tuple[Button, ...]:
    _check(isinstance(given, list), "buttons")
    if len(given) > BUTTONS:
        raise Refused(-210, f"buttons exceeds the limit of {BUTTONS}")
    return tuple(_button(_object(button, "buttons")) for button in given)


def _button(given: Json) -> Button:
    title, kind, payload = given.get("title"), given.get("type"), given.get("payload")
    _check(set(given) <= {"title", "type", "payload", "image_icon"}, "buttons")
    _check(isinstance(title, str) and bool(title.strip()), "title")
    _limit(title, TITLE, "title")
    if kind in ("oa.query.show", "oa.query.hide"):
        _check(isinstance(payload, str) and bool(payload), "payload")
        _limit(payload, PAYLOAD, "payload")
        return Button(str(title), kind, str(payload))
    more = _object(payload, "payload")
    if kind == "oa.open.url":
        _check(set(more) == {"url"} and _is_link(more["url"]), "payload.url")
        return Button(str(title), kind, more["url"])
    _check(kind in ("oa.open.phone", "oa.open.sms"), "type")
    _check(re.fullmatch(r"84\d{8,10}", str(more.get("phone_code", ""))) is not None, "payload.phone_code")
    _limit(more.get("content", ""), SMS, "payload.content")
    return Button(str(title), str(kind), str(more["phone_code"]))


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"https?://[^/\s]+", value) is not None


def _object(value: Any, name: str) -> Json:
    if not isinstance(value, dict):
        raise Refused(-201, f"{name} is invalid")
    return value


def _word(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise Refused(-201, f"{name} is invalid")
    return value


def _check(good: bool, name: str) -> None:
    if not good:
        raise Refused(-201, f"{name} is invalid")


def _limit(value: Any, most: int, name: str) -> None:
    _check(isinstance(value, str), name)
    if units(value) > most:
        raise Refused(-210, f"{name} exceeds the limit of {most}")
