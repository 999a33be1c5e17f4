"""What a channel offers: the one seam of this house, because here the world really varies."""

import datetime as dt
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from handlers.message import Address, Inbound, Lane, Reply
from handlers.person import Language
from handlers.reach import Windows
from handlers.turn import OpenTask


class Taken(Enum):
    """What became of an inbound update; in every case it may be acknowledged, for it is durable."""

    ANSWERED = "answered"
    PENDING = "pending"
    DUPLICATE = "duplicate"


#: Takes in one update; returns only when it is durable. Raises StoreUnavailable: then acknowledge nothing.
Take = Callable[[Inbound], Awaitable[Taken]]

#: Tells the sender that the person at an address is there again: what waited for them is tried now.
Wake = Callable[[Address], None]


#: Puts something on the staff's list, for what a channel cannot mend by itself; the same key twice is one task.
Alarm = Callable[[OpenTask], Awaitable[None]]


async def unheard(task: OpenTask) -> None:
    """An alarm that nobody listens to; the log has it too."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a platform says of one person: when they last did something, and how many free messages are `left`."""

    last: dt.datetime | None
    left: int | None = None


#: Keeps what a platform says of a person.
Note = Callable[[Address, Remaining], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Quota:
    """What a platform gives an account: `people` it may talk with, messages `per_month` of Viet Nam's calendar."""

    people: int
    per_month: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What lets us act for the account. The refresh token is good once and for 90 days from `obtained_at`.

    `previous` is the refresh token before it; `tried_at`: a refresh with `refresh` was begun then, its end not known.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: dt.datetime
    obtained_at: dt.datetime
    previous: str = field(default="", repr=False)
    tried_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One stored message of a talk, either way. For one from the person, `reply.text` holds their words.

    `update` is the platform's id of a message from the person, "" for one of ours.
    """

    message: int
    ours: bool
    reply: Reply
    at: dt.datetime
    update: str = ""


#: The stored messages of an address numbered above `after`, oldest first, at most the newest `limit`.
History = Callable[[Address, int, int], Awaitable[tuple[Said, ...]]]


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can show and bear. Nothing outside bot/channels/ asks a channel's name.

    `buttons`: most choices it shows as buttons under one message (0: they are numbered in the text);
    `label`: longest button label in characters; `text`: longest message in characters as the platform counts;
    `edits`: whether a message sent can be replaced; `per_second`: messages per second of the whole account;
    `bulk_per_second`: the same of bulk (None: a share of it);
    `once`: what it hands over is handed over only once, so it is written down before anything else; `windows`: how
    long after a person's last word they may be written to, and at what price; `quota`: where the account's ends are.
    """

    buttons: int
    label: int
    text: int
    edits: bool
    per_second: float
    once: bool = False
    windows: Windows | None = None
    quota: Quota | None = None
    bulk_per_second: float | None = None


#: The keys of what an enterprise is told of its request; those of officers' places end with the place.
TELLS_ENTERPRISE = re.compile(r"lead:[0-9A-Z]+:(?:claimed|new|done):\d+")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way: `message` is its number in the messages table, rising within an address.

    `key` names its cause, unique for ever; one of the parts between its slashes is the id of the update it answers.
    """

    message: int
    key: str
    address: Address
    reply: Reply
    language: Language
    #: The platform's id of the message it replaces, where the channel can edit and one was found.
    replaces: str = ""
    lane: Lane = "conversation"

    @property
    def tells_enterprise(self) -> bool:
        """Whether it tells an enterprise what became of its request, as handlers/leads.py does."""
        return bool(TELLS_ENTERPRISE.fullmatch(self.key))

    @property
    def numbered(self) -> bool:
        """Whether a number typed alone means one of its choices: the last conversation reply's, never a notice's."""
        return self.lane == "conversation"


class Channel(Protocol):
    """A way to people. `read` of raw updates into Inbound is a pure function beside each channel."""

    @property
    def name(self) -> str:
        """The word in Address.channel."""

    @property
    def account(self) -> str:
        """Our account there, as in Address.account."""

    @property
    def abilities(self) -> Abilities:
        """What it can show and bear."""

    async def start(self, take: Take, wake: Wake) -> None:
        """Begin to take in updates. Returns once it does; work goes on in tasks of its own."""

    async def quiet(self) -> None:
        """Take in nothing more; what was taken is finished. Sending still works."""

    async def stop(self) -> None:
        """Close every connection. Safe after a start that failed half-way."""

    async def send(self, message: Outgoing) -> str:
        """Deliver one message and return the platform's id of it, "" if it has none. Raises a SendError."""
