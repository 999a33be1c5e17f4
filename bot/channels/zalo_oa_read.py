"""Reads an event of a Zalo Official Account into what a person did (developers.zalo.me, Official Account, Webhook)."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from bot.clock import from_ms
from handlers.message import LONGEST_CHOICE, Address, Contact, File, Inbound, InboundKind

CHANNEL = "zalo-oa"
#: Stands before a choice's id in what a button sends: Zalo hands a tap over as if it had been typed.
TAPPED = "#chon:"

FileKind = Literal["photo", "document", "voice", "sticker", "video", "other"]
FILES: Mapping[str, FileKind] = {
    "user_send_image": "photo",
    "user_send_gif": "photo",
    "user_send_file": "document",
    "user_send_audio": "voice",
    "user_send_video": "video",
    "user_send_sticker": "sticker",
}
#: Events that say something of a person without words, and what they are to us.
SILENT: Mapping[str, InboundKind] = {
    "follow": "joined",
    "user_click_chatnow": "joined",
    "widget_interaction_accepted": "joined",
    "unfollow": "blocked",
    "user_withdraw": "withdrawn",
}


def read(event: Mapping[str, Any], account: str) -> Inbound | None:
    """The event as an Inbound; None for what we do not take: receipts, our own echoes, other accounts, unknown names.

    A tap is typed text that begins with TAPPED: anybody can type it, so its choice is no proof of anything.
    """
    name = str(event.get("event_name", ""))
    if name.startswith("oa_send_"):
        return _echo(event, account)
    if (oa := _oa(event)) and oa != account:
        return None
    person = _person(event)
    if not person:
        return None
    if name == "user_submit_info":
        return _bare(event, account, person, "contact", contact=_submitted(event))
    if name in SILENT:
        return _bare(event, account, person, SILENT[name])
    if not name.startswith("user_send_"):
        return None
    return _message(name, event, account, person)


def _message(name: str, event: Mapping[str, Any], account: str, person: str) -> Inbound | None:
    message = _table(event, "message")
    text, quoted = _word(message, "text"), _word(message, "quote_msg_id")
    attached = _attached(message)
    if kind := FILES.get(name):
        file = _file(kind, attached)
        return _bare(event, account, person, "file", text=text, files=(file,), reply_to=quoted)
    match name:
        case "user_send_text" if text.startswith(TAPPED) and len(text.encode()) <= len(TAPPED) + LONGEST_CHOICE:
            return _bare(event, account, person, "choice", choice=text.removeprefix(TAPPED), reply_to=quoted)
        case "user_send_text":
            return _bare(event, account, person, "text", text=text, reply_to=quoted)
        case "user_send_link":
            words = " ".join(filter(None, (text, _word(attached, "description"), _word(attached, "url"))))
            return _bare(event, account, person, "text", text=words, reply_to=quoted)
        case "user_send_location":
            place = _table(attached, "coordinates")
            where = ", ".join(filter(None, (_word(place, "latitude"), _word(place, "longitude"))))
            return _bare(event, account, person, "location", text=where)
        case "user_send_business_card":
            return _bare(event, account, person, "contact", contact=_card(attached))
    return None


def _echo(event: Mapping[str, Any], account: str) -> Inbound | None:
    """What the account sent: of interest only where an officer typed it in the console, which `admin_id` tells."""
    sender, person = _table(event, "sender"), _word(_table(event, "recipient"), "id")
    if not _word(sender, "admin_id") or not person or _word(sender, "id") not in ("", account):
        return None
    return _bare(event, account, person, "staff_echo", text=_word(_table(event, "message"), "text"))


def _bare(event: Mapping[str, Any], account: str, person: str, kind: InboundKind, **more: Any) -> Inbound:
    id = _word(_table(event, "message"), "msg_id") or _digest(event, person)
    return Inbound(id, Address(CHANNEL, account, person), person, kind, _time(event), **more)


def _digest(event: Mapping[str, Any], person: str) -> str:
    """What stands for an id where Zalo gives none."""
    parts = (str(event.get("event_name", "")), str(event.get("timestamp", "")), person)
    return hashlib.sha1("|".join(parts).encode(), usedforsecurity=False).hexdigest()


def _person(event: Mapping[str, Any]) -> str:
    """Who did it: each kind of event says it in another place."""
    places = (_table(event, "sender"), _table(event, "follower"))
    named = (_word(place, "id") for place in places)
    return next(filter(None, (*named, _word(event, "user_id"), _word(_table(event, "data"), "user_id"))), "")


def _oa(event: Mapping[str, Any]) -> str:
    return _word(event, "oa_id") or _word(_table(event, "recipient"), "id")


def _time(event: Mapping[str, Any]) -> dt.datetime:
    stamp = str(event.get("timestamp", ""))
    return from_ms(int(stamp)) if stamp.isascii() and stamp.isdigit() and len(stamp) <= 14 else from_ms(0)


def _attached(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload of the first attachment; Zalo sends one."""
    found = message.get("attachments")
    first = found[0] if isinstance(found, list) and found else {}
    return _table(first, "payload") if isinstance(first, dict) else {}


def _file(kind: FileKind, attached: Mapping[str, Any]) -> File:
    size = _word(attached, "size")
    return File(
        _word(attached, "url") or _word(attached, "id"),
        kind,
        _word(attached, "name"),
        _word(attached, "type"),
        int(size) if size.isascii() and size.isdigit() and len(size) < 15 else 0,
    )


def _submitted(event: Mapping[str, Any]) -> Contact:
    """What a person shared of themselves when we asked for it."""
    info = _table(event, "info")
    return Contact(_word(info, "phone"), _word(info, "name"), own=True)


def _card(attached: Mapping[str, Any]) -> Contact:
    """A contact card: whose it is nobody vouches for. Its number stands in a JSON text inside the JSON."""
    try:
        inner = json.loads(_word(attached, "description"))
    except ValueError:
        inner = {}
    inner = inner if isinstance(inner, dict) else {}
    return Contact(_word(inner, "phone"), _word(inner, "caption"))


def _table(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _word(value: Mapping[str, Any], key: str) -> str:
    """A value as text: ids and numbers come as either; anything deeper is nothing to us."""
    found = value.get(key)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
