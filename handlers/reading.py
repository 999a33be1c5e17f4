"""The record of what a message says, made before the transaction; pure data."""

from dataclasses import dataclass
from typing import Literal

from knowledge.search import Found

Intent = Literal[
    "",
    "start",
    "menu",
    "help",
    "language",
    "stop",
    "erase",
    "privacy",
    "human",
    "complaint",
    "request",
    "leave_request",
    "cancel",
    "back",
    "skip",
    "yes",
    "no",
    "staff",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says: `folded` has no marks, `code` is a reference or invitation code, `found` the base's offer."""

    text: str
    folded: str
    found: Found
    intent: Intent = ""
    code: str = ""
    language: Literal["vi", "en"] = "vi"
