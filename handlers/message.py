"""What passes between a person and the bot: addresses, what came in, what goes out."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

#: `joined`: somebody follows us or opened the talk without a word; `withdrawn`: they want their data gone;
#: `unblocked`: they let us write again; `moved`: the chat has another id from now on, which `text` holds;
#: `staff_echo`: what an officer wrote to them by the platform's own means.
InboundKind = Literal[
    "text",
    "choice",
    "contact",
    "location",
    "file",
    "edited",
    "joined",
    "blocked",
    "unblocked",
    "moved",
    "withdrawn",
    "staff_echo",
]
Lane = Literal["conversation", "notice", "bulk"]

#: Longest text a turn looks at, in characters; the door (bot/inbox.py) cuts longer ones to exactly this length.
LONGEST_TEXT = 4000
#: Longest choice id in bytes: Telegram refuses callback data above 64.
LONGEST_CHOICE = 64


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person can be reached: a `channel` (telegram, web), our `account` there, a `chat`, a `thread` in it."""

    channel: str
    account: str
    chat: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A shared contact card. `own` tells that the platform vouches it is the sender's own number."""

    phone: str
    name: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file on the platform or in our store: `reference` finds it there, `size` in bytes (0: unknown)."""

    reference: str
    kind: Literal["photo", "document", "voice", "sticker", "video", "other"] = "other"
    name: str = ""
    mime: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Inbound:
    """One update from a person. `id` is unique per channel account, so the same update twice is one message.

    `author` is the platform's id of who wrote (a group has many), `choice` the id of a tapped choice,
    `reply_to` the platform's id of the message it answers, `sent_at` an aware time; `shared`: several people read what
    is said there (a group).
    """

    id: str
    address: Address
    author: str
    kind: InboundKind
    sent_at: dt.datetime
    text: str = ""
    choice: str = ""
    files: tuple[File, ...] = ()
    contact: Contact | None = None
    reply_to: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to tap or to answer by its number. `id` is self-contained and at most 64 bytes."""

    id: str
    label: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.id.encode()) <= LONGEST_CHOICE:
            raise ValueError(f"choice id '{self.id}': make it 1 to {LONGEST_CHOICE} bytes long")


@dataclass(frozen=True, slots=True)
class Card:
    """A titled piece of a list (a lead, an entry), with choices of its own."""

    title: str
    text: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A web address with the words that stand for it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person, in plain text; each channel renders it by what it can do.

    `replaces` names an earlier message's outbox key whose place it takes where the channel can edit; `in_place`: it
    takes that of the message whose choice was tapped; `wants_contact` asks for the person's own number, which some
    channels let them share by one tap.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    cards: tuple[Card, ...] = ()
    links: tuple[Link, ...] = ()
    files: tuple[File, ...] = ()
    replaces: str = ""
    wants_contact: bool = False
    in_place: bool = False

    @property
    def offered(self) -> tuple[Choice, ...]:
        """Every choice in the order a numbered list shows them: those of the cards, then its own."""
        return tuple(choice for card in self.cards for choice in card.choices) + self.choices
