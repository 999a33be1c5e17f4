"""The questions of a request's short profile, and what a good answer to each is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers import phone
from knowledge.text import clean

#: The questions in their order; `confirm` and `edit` follow them.
STEPS = ("need", "enterprise", "contact_name", "phone")
#: What may be left out. Without a need there is nothing to do, without a number staff cannot call.
MAY_SKIP = ("enterprise", "contact_name")
#: Longest answers in characters; the rest of a longer one is not kept.
LONGEST: Mapping[str, int] = {"need": 500, "enterprise": 150, "contact_name": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text says for a step: the values it fills in, or `problem`, the key of a sentence that helps."""

    values: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def answer(step: str, text: str) -> Answer:
    """Read a text as the answer to a step of STEPS."""
    return READERS[step](clean(text))


def missing(data: Mapping[str, Any]) -> str:
    """The next step nobody answered yet; "confirm" when all are."""
    return next((step for step in STEPS if not isinstance(data.get(step), str)), "confirm")


def _need(text: str) -> Answer:
    if sum(character.isalpha() for character in text) < 3:
        return Answer(problem="profile.bad.need")
    return Answer({"need": _short(text, "need")})


def _enterprise(text: str) -> Answer:
    if sum(character.isalpha() for character in text) < 2:
        return Answer(problem="profile.bad.enterprise")
    return Answer({"enterprise": _short(text, "enterprise")})


def _contact_name(text: str) -> Answer:
    # Many write name and number together: both are taken, and the number is not asked for again.
    found = phone.find(text)
    name = clean(found.rest).strip(" ,.;:-–()") if found else text
    if sum(character.isalpha() for character in name) < 2:
        return Answer(problem="profile.bad.contact_name")
    known = {"contact_name": _short(name, "contact_name")}
    return Answer({**known, "phone": found.number} if found else known)


def _phone(text: str) -> Answer:
    if found := phone.find(text):
        return Answer({"phone": found.number})
    return Answer(problem="profile.bad.area_code" if phone.lacks_area_code(text) else "profile.bad.phone")


def _short(text: str, step: str) -> str:
    longest = LONGEST[step]
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


READERS: Mapping[str, Callable[[str], Answer]] = {
    "need": _need,
    "enterprise": _enterprise,
    "contact_name": _contact_name,
    "phone": _phone,
}
