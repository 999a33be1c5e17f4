"""What of a text counts when it is compared: its words, pairs of neighbours, letters and marks."""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from knowledge.lexicon import hits, lexicon
from knowledge.text import read, typed

#: Of a longer text only the beginning and the end are read: so many characters of each, and words.
CHARACTERS, WORDS = 1500, 60
#: How much the letters of a word, and its marks, count beside the word itself.
LETTERS, MARKS = 0.5, 0.5
#: The length of the runs of letters looked at.
RUN = 4
#: Stands for the name of any other province.
ELSEWHERE = "elsewhere"


class Said(NamedTuple):
    """A text as it is compared: its words, parted by blanks, and what counts in it, each with how much."""

    plain: str
    features: Mapping[str, float]


def ends(text: str) -> str:
    """A text, or of a long one its beginning and its end."""
    return text if len(text) <= 2 * CHARACTERS else f"{text[:CHARACTERS]} {text[-CHARACTERS:]}"


def said(text: str) -> Said:
    """A text as it is compared. Never raises.

    Its features are "w:may", "p:may moc", "c: may", "m:máy", "elsewhere". Letters are those of single words, so that
    "maymoc" and "mya moc" still resemble "may moc". Marks count only where they were typed: they part "hoàn thuế" from
    "hoãn thuế", and without them both may be meant.
    """
    tokens = typed(ends(text))
    words = read(tokens)
    if len(words) > 2 * WORDS:
        words = words[:WORDS] + words[-WORDS:]
    found = {f"m:{token}": MARKS for token in tokens if not token.isascii()}
    for word in words:
        found[f"w:{word}"] = 1.0
        spaced = f" {word} "
        for at in range(len(spaced) - RUN + 1):
            found[f"c:{spaced[at : at + RUN]}"] = LETTERS
    found.update((f"p:{a} {b}", 1.0) for a, b in pairwise(words))
    if hits(tokens, lexicon().elsewhere):
        found[ELSEWHERE] = 1.0
    return Said(" ".join(words), MappingProxyType(found))
