"""What the chat page and the server say to each other: JSON text frames, read and written here and nowhere else.

From the page                                         To the page
  hello   token|null, cursor, language                  ready                      what was stored has been replayed
  begin                                                 token   token              keep it; only its hash is known here
  say     id, text                                      again   text               the token is no good: begin again
  choose  id, choice, label                             stored  id                 durable, never send it again
  ack     message                                       refused id, text           not durable; the person may resend
  ping                                                  slow    id, after, text    send it again after so many seconds
                                                        message message, text, choices, cards, links, files, at
                                                        said    message, id, text, at
                                                        typing · pong · error text
"""

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Said
from handlers.message import LONGEST_CHOICE, Address, Choice, Inbound, Reply
from handlers.person import Language

#: Hex digits kept of a token's hash: as hard to guess as the 128 bits of the token itself.
CHAT_LENGTH = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
MESSAGE_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
#: JavaScript counts exactly up to here.
LARGEST_NUMBER = 2**53 - 1

Frame = dict[str, Any]


class FrameError(ValueError):
    """A frame from the page is none of ours; the text says what is wrong with it, without quoting it."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The page is there: with its token (None: never talked), and the highest message number it shows."""

    token: str | None
    cursor: int
    language: Language


@dataclass(frozen=True, slots=True)
class Begin:
    """The person wrote their first message: make a token."""


@dataclass(frozen=True, slots=True)
class Say:
    """Words, or a tapped choice with its label as `text`. `id` is made by the page and the same when it resends."""

    id: str
    text: str
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """The page shows the message with this number."""

    message: int


@dataclass(frozen=True, slots=True)
class Ping:
    """The page asks whether the connection still lives (a browser cannot send the protocol's own ping)."""


def parse(raw: str) -> Hello | Begin | Say | Ack | Ping:
    """Read one frame of the page. Raises FrameError for anything else."""
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        raise FrameError("not JSON") from None
    if not isinstance(frame, dict):
        raise FrameError("not an object")
    match frame.get("type"):
        case "hello":
            token = frame.get("token")
            if token is not None and not isinstance(token, str):
                raise FrameError("token: neither text nor null")
            language: Language = "en" if frame.get("language") == "en" else "vi"
            return Hello(token, _number(frame, "cursor"), language)
        case "begin":
            return Begin()
        case "say":
            return Say(_id(frame), _text(frame, "text"))
        case "choose":
            choice = _text(frame, "choice")
            if len(choice.encode()) > LONGEST_CHOICE:
                raise FrameError("choice: too long")
            return Say(_id(frame), _text(frame, "label"), choice)
        case "ack":
            return Ack(_number(frame, "message"))
        case "ping":
            return Ping()
    raise FrameError("unknown type")


def read(say: Say, address: Address, now: dt.datetime) -> Inbound:
    """The update a frame stands for. The words of a choice are its label, so that the talk reads well later."""
    return Inbound(
        id=f"{address.chat}:{say.id}",
        address=address,
        author=address.chat,
        kind="choice" if say.choice else "text",
        sent_at=now,
        text=say.text,
        choice=say.choice,
    )


def chat_of(token: str) -> str | None:
    """The chat a token opens; None for one we never made."""
    if not TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode()).hexdigest()[:CHAT_LENGTH]


def shown(said: Said, chat: str, language: Language | None = None) -> Frame:
    """A stored message, either way, as the page shows it."""
    at = said.at.isoformat()
    if not said.ours:
        own = said.update.removeprefix(f"{chat}:")
        return {"type": "said", "message": said.message, "id": own, "text": said.reply.text, "at": at}
    frame: Frame = {"type": "message", "message": said.message, **rendered(said.reply), "at": at}
    return {**frame, "language": language} if language else frame


def rendered(reply: Reply) -> Frame:
    """What the page draws of a reply; empty parts are left out."""
    cards = [{"title": card.title, "text": card.text, "choices": _choices(card.choices)} for card in reply.cards]
    links = [{"label": link.label, "url": link.url} for link in reply.links]
    # Relative, as all of the page's addresses are (bot/web/forms.py answers them).
    files = [{"name": file.name, "url": f"forms/{file.reference}"} for file in reply.files]
    parts: Frame = {"choices": _choices(reply.choices), "cards": cards, "links": links, "files": files}
    return {"text": reply.text, **{name: part for name, part in parts.items() if part}}


def _choices(choices: tuple[Choice, ...]) -> list[Frame]:
    return [{"id": choice.id, "label": choice.label} for choice in choices]


def _number(frame: Frame, field: str) -> int:
    value = frame.get(field)
    if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
        raise FrameError(f"{field}: not a number of a message")
    return value


def _id(frame: Frame) -> str:
    value = frame.get("id")
    if not isinstance(value, str) or not MESSAGE_ID.fullmatch(value):
        raise FrameError("id: not 1 to 64 letters, digits and hyphens")
    return value


def _text(frame: Frame, field: str) -> str:
    value = frame.get(field)
    # NUL cannot be stored in PostgreSQL, and half a surrogate pair cannot be encoded at all.
    text = value.replace("\0", "").encode("utf-8", "replace").decode() if isinstance(value, str) else ""
    if not text.strip():
        raise FrameError(f"{field}: empty")
    return text
