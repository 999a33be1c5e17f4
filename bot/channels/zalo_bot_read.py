"""Reads a raw update of the Zalo Bot Platform into what a person said."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.clock import from_ms
from handlers.message import Address, File, Inbound

CHANNEL = "zalo-bot"

#: The events of messages that are no text: what such a message is to us, and the fields that may hold its reference,
#: the best first. Live traffic says `photo_url` where the documents say `photo`.
FILES: Mapping[str, tuple[Literal["photo", "sticker", "voice", "other"], Sequence[str]]] = {
    "message.image.received": ("photo", ("photo_url", "photo")),
    "message.sticker.received": ("sticker", ("url", "sticker")),
    "message.voice.received": ("voice", ("voice_url",)),
    # Files, contact cards and many links come so too, with nothing in them.
    "message.unsupported.received": ("other", ()),
}
TEXT = "message.text.received"
#: Longest id and longest web address of a file we keep, in characters.
LONGEST_ID, LONGEST_URL = 128, 2000


def read(update: object, account: str, now: dt.datetime) -> Inbound | None:
    """The update as an Inbound; None for what we do not take: groups, other bots, unknown events, anything odd.

    `update` is any JSON value, flat or wrapped. What bears no time of its own is dated `now`. Never raises.
    """
    fields = _flat(update)
    event, message = event_of(update), _object(fields.get("message"))
    if event != TEXT and event not in FILES:
        return None
    sender, chat = _object(message.get("from")), _object(message.get("chat"))
    if sender.get("is_bot") is True or str(chat.get("chat_type") or "PRIVATE").upper() != "PRIVATE":
        return None
    # In a private chat both are the same.
    author = _id(sender.get("id")) or _id(chat.get("id"))
    if not author:
        return None
    address = Address(CHANNEL, account, _id(chat.get("id")) or author)
    number = _id(message.get("message_id")) or _made_up(event, message, author)
    text = _words(message.get("text")) or _words(message.get("caption"))
    sent_at = _time(message.get("date")) or now
    if event == TEXT and text:
        return Inbound(number, address, author, "text", sent_at, text)
    # A text without words is answered like anything else that cannot be read.
    kind, places = FILES.get(event, ("other", ()))
    reference = next((url for place in places if (url := _id(message.get(place), LONGEST_URL))), "")
    return Inbound(number, address, author, "file", sent_at, text, files=(File(reference, kind),))


def event_of(update: object) -> str:
    """The name of an update's event, as far as it may stand in a log; "?" for anything that is none."""
    name = _flat(update).get("event_name")
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9._-]{1,60}", name) else "?"


def _flat(update: object) -> Mapping[str, Any]:
    """The update without the envelope the documents show around it."""
    outer = _object(update)
    return outer if "event_name" in outer else _object(outer.get("result"))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: object, longest: int = LONGEST_ID) -> str:
    """An id or an address of theirs as it came; "" for one that no store could keep."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= longest and text.isprintable() else ""


def _words(value: object) -> str:
    return value if isinstance(value, str) and value.strip() else ""


def _time(value: object) -> dt.datetime | None:
    """A time told in milliseconds since 1970."""
    try:
        return from_ms(int(value)) if isinstance(value, int | str) and int(value) > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _made_up(event: str, message: Mapping[str, Any], author: str) -> str:
    """An id for a message that came without one: the same message twice has the same."""
    told = f"{event}|{message['date']}|{author}" if message.get("date") else json.dumps(message, sort_keys=True)
    return hashlib.sha1(told.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
