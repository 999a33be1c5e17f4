"""What a handler decides: the next state, the replies, and effects from a closed list."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from handlers.message import Address, Lane, Reply
from handlers.person import Conversation, Profile, Purpose

LeadState = Literal["new", "claimed", "contacted", "done", "dropped"]


@dataclass(frozen=True, slots=True)
class Tell:
    """A message to somebody else. `key` is unique for ever: the same key twice is one message."""

    address: Address
    reply: Reply
    lane: Lane
    key: str


@dataclass(frozen=True, slots=True)
class OpenLead:
    """A wish to be contacted, with the code told to the person."""

    code: str
    need: str
    profile: Profile
    topic: str = ""


@dataclass(frozen=True, slots=True)
class ChangeLead:
    """Move a lead on. `version` is the one the decision saw; another one in the store refuses the turn."""

    code: str
    version: int
    to: LeadState
    officer: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Replace the person's profile."""

    profile: Profile


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """Consent given or withdrawn for one purpose, with the text that was shown (Law 91/2025/QH15, article 9)."""

    purpose: Purpose
    given: bool
    text: str


@dataclass(frozen=True, slots=True)
class StoreQuestion:
    """A question the base could not answer or only offered choices for, kept for the admins' inbox."""

    text: str
    outcome: str
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """Start the job `key` at a time; the same key again moves it."""

    key: str
    at: dt.datetime
    handler: str
    data: str = "{}"


@dataclass(frozen=True, slots=True)
class CancelLater:
    """Forget the job `key`, if it did not run yet."""

    key: str


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Something staff must do; the same key twice is one task."""

    kind: str
    key: str
    about: str


@dataclass(frozen=True, slots=True)
class BecomeOfficer:
    """Redeem a one-time invitation: this address becomes a place of that officer, `shared` if several read there."""

    officer: int
    invitation: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """A line for the audit: who did what, without personal data."""

    action: str
    about: str = ""


Effect = (
    Tell
    | OpenLead
    | ChangeLead
    | SetProfile
    | RecordConsent
    | StoreQuestion
    | Later
    | CancelLater
    | OpenTask
    | BecomeOfficer
    | Audit
)


@dataclass(frozen=True, slots=True)
class Turn:
    """All a message leads to; stored in one transaction or not at all."""

    state: Conversation
    replies: tuple[Reply, ...] = ()
    effects: tuple[Effect, ...] = ()
    #: The entry that answered, for `bot ask` and the counters; "" where none did.
    entry: str = ""

    def in_place(self) -> "Turn":
        """The same with its last reply in the place of the message whose choice was tapped."""
        return replace(self, replies=(*self.replies[:-1], replace(self.replies[-1], in_place=True)))
