"""The choices that lead on from many places: an entry, a request, a person, the menu."""

from handlers.catalogue import Wording
from handlers.message import Choice
from handlers.person import Language
from knowledge.entry import Entry

#: Longest label in characters; more does not fit a button on a phone.
LONGEST_LABEL = 60


def label(text: str) -> str:
    """A text short enough for a button."""
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1].rstrip()}…"


def show(entry: Entry, language: Language) -> Choice:
    """Read an entry."""
    return Choice(f"entry:{entry.id}", label(entry.title.get(language)))


def leave_request(wording: Wording, topic: str = "") -> Choice:
    """Leave a request, about an entry if `topic` names one."""
    return Choice(f"lead:start:{topic}" if topic else "lead:start", wording.say("choice.leave_request"))


def human(wording: Wording) -> Choice:
    """Be passed on to an officer."""
    return Choice("human", wording.say("choice.human"))


def menu(wording: Wording) -> Choice:
    """See what there is to ask."""
    return Choice("menu", wording.say("choice.menu"))


def my_request(wording: Wording) -> Choice:
    """See what became of a request."""
    return Choice("request", wording.say("choice.request"))


def onward(wording: Wording) -> tuple[Choice, ...]:
    """Where to go when nothing else fits: an officer, or the menu."""
    return human(wording), menu(wording)
