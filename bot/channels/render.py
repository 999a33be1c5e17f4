"""A reply as plain text: put together, numbered, and cut where a reader would pause."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable

from handlers.message import Card, Reply

#: Where a text is cut, the best place first: after a paragraph, a line, a sentence, a word (not at a no-break space).
PAUSES = (
    re.compile(r"(\n[^\S\n]*\n\s*)"),
    re.compile(r"(\n\s*)"),
    re.compile(r"[.!?…;][\"”’»)\]]*(\s+)"),
    re.compile(r"([^\S\u00a0\u202f]+)"),
)
#: The share of the limit that a part must reach for a better pause, so that no title stands alone.
SHARE = 1 / 2
JOINER = "\u200d"


def split(text: str, limit: int, length: Callable[[str], int] = len) -> tuple[str, ...]:
    """The text in parts of at most `limit`, in the units of `length`, which counts 1 or more for every character.

    Blanks around the parts are left out and nothing else; a blank text has no parts. What a reader sees as one sign
    stays whole unless it alone is longer than the limit. Raises ValueError for a limit that cannot hold one character.
    """
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit or length(rest) > limit:
        cut = _cut(rest, _fitting(rest, limit, length))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return (*parts, rest) if rest else tuple(parts)


def utf16(text: str) -> int:
    """The length in UTF-16 units, as Telegram and JavaScript count: 2 for most emoji."""
    return len(text) + sum(char > "\uffff" for char in text)


def shorten(label: str, limit: int) -> str:
    """The label in one line of at most `limit` characters (1 or more); one that was cut ends with "…"."""
    line = " ".join(label.split())
    if len(line) <= limit:
        return line
    return line[: _boundary(line, limit - 1)].rstrip() + "…"


def block(reply: Reply) -> str:
    """What a reply says, without its choices: text, cards, links, files' names, with blank lines between."""
    return _paragraphs(reply.text, *(_titled(card) for card in reply.cards), _links(reply), _files(reply))


def numbered(reply: Reply, hint: str = "") -> str:
    """What a reply says and offers: every choice with its number in `reply.offered`, and `hint` below if there are any.

    The choices of a card stand directly under it. Numbers mean something only where `Outgoing.numbered` is true.
    """
    lines = iter([f"{number}. {choice.label}" for number, choice in enumerate(reply.offered, 1)])
    cards = [_lines(_titled(card), *(next(lines) for _ in card.choices)) for card in reply.cards]
    last = hint if reply.offered else ""
    return _paragraphs(reply.text, *cards, _links(reply), _files(reply), _lines(*lines), last)


def _titled(card: Card) -> str:
    return _lines(card.title, card.text)


def _links(reply: Reply) -> str:
    return _lines(*(f"{link.label}: {link.url}" if link.label else link.url for link in reply.links))


def _files(reply: Reply) -> str:
    return _lines(*(file.name for file in reply.files))


def _lines(*parts: str) -> str:
    return "\n".join(_filled(parts))


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(_filled(parts))


def _filled(parts: Iterable[str]) -> list[str]:
    return [part.strip("\n") for part in parts if part.strip()]


def _fitting(text: str, limit: int, length: Callable[[str], int]) -> int:
    """How many characters from the start stay within the limit."""
    most = bisect_right(range(1, min(len(text), limit) + 1), limit, key=lambda count: length(text[:count]))
    if most == 0:
        raise ValueError(f"a limit of {limit} cannot hold one character; give at least 4")
    return most


def _cut(text: str, most: int) -> int:
    """Where the next part begins, the words before it being at most `most` characters."""
    # One character more, for a pause that begins exactly at the limit.
    window = text[: most + 1]
    for pause in PAUSES:
        # After a word a part may end anywhere: better a short part than a torn word.
        least = 1 if pause is PAUSES[-1] else most * SHARE
        ends = [found.end() for found in pause.finditer(window) if least <= found.start(1) <= most]
        if ends:
            return ends[-1]
    return _boundary(text, most)


def _boundary(text: str, most: int) -> int:
    """The last place up to `most` between two whole signs; `most` itself where one sign is longer than that."""
    return next((place for place in range(most, 0, -1) if not _joined(text, place)), most)


def _joined(text: str, place: int) -> bool:
    """Whether the characters on both sides of a place are one sign to a reader: a letter and its mark, an emoji."""
    if place >= len(text):
        return False
    before, after = text[place - 1], text[place]
    if before.isspace():
        return False
    if JOINER in (before, after) or unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True  # A skin colour, or the letters hidden in a flag.
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True  # Half a surrogate pair that came from elsewhere.
    return _flag(after) and _flags_before(text, place) % 2 == 1


def _flag(char: str) -> bool:
    """Whether two of these make one flag."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, place: int) -> int:
    start = place
    while start > 0 and _flag(text[start - 1]):
        start -= 1
    return place - start
