"""The record about a person: who they are, what they allowed, and what the conversation waits for."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from handlers.message import Address

Language = Literal["vi", "en"]
Purpose = Literal["contact", "outreach"]

#: Version of the stored conversation; another one is dropped with a polite sentence, the profile stays.
STATE_VERSION = 1
#: How long a number typed alone means the choice offered last.
OFFER_LASTS = dt.timedelta(hours=24)
#: How long a question may go on from what was answered last, and the topics before that one that are remembered.
TOPIC_LASTS, EARLIER = dt.timedelta(hours=2), 2
#: The moments of a stored conversation.
MOMENTS = ("mute_until", "unknown_at", "greeted_at", "topic_at", "filed_at")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A handler that waits for an answer: its name, its step, and what it gathered so far (JSON-ready).

    `number`: a number is awaited, so one typed alone is the answer and never a choice.
    """

    handler: str
    step: str
    data: Mapping[str, Any] = field(default_factory=dict)
    number: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices the last conversation reply offered, in the order of their numbers, their words, and when."""

    ids: tuple[str, ...] = ()
    at: dt.datetime | None = None
    labels: tuple[str, ...] = ()

    def current(self, now: dt.datetime) -> tuple[str, ...]:
        """The ids a typed number may still mean."""
        return self.ids if self.at is not None and now - self.at <= OFFER_LASTS else ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """The state of one address's talk. `topic` is the entry last answered, at `topic_at`, `earlier` those before it,
    latest first; `language` "" until known.

    `language_chosen`: the person asked for the language, so what they write does not change it any more.
    `dropped` is true when a stored state of another version was left behind; it is not stored itself.
    `introduced`: the person was told that this is an automatic assistant (AI Law 134/2025/QH15, article 11).
    `filed`: what was said to their last message, at `filed_at`, if that was a file.
    """

    waiting: Waiting | None = None
    topic: str = ""
    topic_at: dt.datetime | None = None
    earlier: tuple[str, ...] = ()
    offered: Offer = Offer()
    language: Language | Literal[""] = ""
    language_chosen: bool = False
    mute_until: dt.datetime | None = None
    introduced: bool = False
    unknown_at: dt.datetime | None = None
    unknown_text: str = ""
    greeted_at: dt.datetime | None = None
    filed: str = ""
    filed_at: dt.datetime | None = None
    dropped: bool = False

    def wait(self, waiting: Waiting | None) -> "Conversation":
        """The same talk, waiting for something else."""
        return replace(self, waiting=waiting)

    def about(self, entry: str, now: dt.datetime) -> "Conversation":
        """The same talk after an entry was answered."""
        earlier = [topic for topic in self.topics(now) if topic != entry]
        return replace(self, topic=entry, topic_at=now, earlier=tuple(earlier[:EARLIER]))

    def topics(self, now: dt.datetime) -> tuple[str, ...]:
        """What the talk was about, latest first; nothing if that is long ago."""
        fresh = self.topic and self.topic_at is not None and now - self.topic_at <= TOPIC_LASTS
        return (self.topic, *self.earlier) if fresh else ()

    def dump(self) -> str:
        """The state as JSON text."""
        state: dict[str, Any] = {"v": STATE_VERSION}
        if self.waiting:
            w = self.waiting
            state["waiting"] = {"handler": w.handler, "step": w.step, "data": dict(w.data), "number": w.number}
        if self.topic:
            state["topic"] = self.topic
        if self.earlier:
            state["earlier"] = list(self.earlier)
        if self.offered.ids and self.offered.at:
            o = self.offered
            state["offered"] = {"ids": list(o.ids), "labels": list(o.labels), "at": self.offered.at.isoformat()}
        if self.language:
            state["language"] = self.language
        for name in MOMENTS:
            if (moment := getattr(self, name)) is not None:
                state[name] = moment.isoformat()
        if self.filed:
            state["filed"] = self.filed
        if self.unknown_text:
            state["unknown_text"] = self.unknown_text
        for name in ("introduced", "language_chosen"):
            if getattr(self, name):
                state[name] = True
        return json.dumps(state, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> "Conversation":
        """Read a stored state; one of an unknown version or shape becomes an empty one marked `dropped`."""
        try:
            state = json.loads(text)
            if state["v"] != STATE_VERSION:
                return cls(dropped=True)
            w, offered = state.get("waiting"), state.get("offered")
            moments = {name: dt.datetime.fromisoformat(state[name]) for name in MOMENTS if name in state}
            return cls(
                waiting=Waiting(w["handler"], w["step"], dict(w["data"]), bool(w.get("number"))) if w else None,
                topic=state.get("topic", ""),
                earlier=tuple(state.get("earlier", ())),
                offered=_offer(offered) if offered else Offer(),
                language=cast(Language, state.get("language", "")),
                language_chosen=bool(state.get("language_chosen", False)),
                introduced=bool(state.get("introduced", False)),
                unknown_text=state.get("unknown_text", ""),
                mute_until=moments.get("mute_until"),
                unknown_at=moments.get("unknown_at"),
                greeted_at=moments.get("greeted_at"),
                filed=state.get("filed", ""),
                filed_at=moments.get("filed_at"),
                topic_at=moments.get("topic_at"),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(dropped=True)


def _offer(stored: Mapping[str, Any]) -> Offer:
    return Offer(tuple(stored["ids"]), dt.datetime.fromisoformat(stored["at"]), tuple(stored.get("labels", ())))


@dataclass(frozen=True, slots=True)
class Profile:
    """What we know of the person and the enterprise they speak for now; empty strings where unknown."""

    enterprise: str = ""
    contact_name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Officer:
    """A member of staff who takes leads."""

    id: int
    name: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is talking, at which address, with the state of this talk. `id` 0: not stored yet."""

    id: int
    address: Address
    conversation: Conversation = Conversation()
    profile: Profile = Profile()
    consents: frozenset[Purpose] = frozenset()
    officer: Officer | None = None

    @property
    def language(self) -> Language:
        """The language to speak; Vietnamese until the person showed another."""
        return self.conversation.language or "vi"
