"""The table behind text and search: abbreviations, chat spelling, English words, greetings."""

import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("lexicon.toml")

Words = tuple[str, ...]
#: Phrases by their first word, longest first.
Phrases = dict[str, tuple[Words, ...]]


def _letters() -> dict[int, int]:
    """Every precomposed Latin letter with marks → its plain small letter, one for one."""
    table = {ord("đ"): ord("d"), ord("Đ"): ord("d")}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        plain = unicodedata.normalize("NFD", chr(code))[0].lower()
        if plain.isascii():
            table[code] = ord(plain)
    return table


LETTERS = _letters()


def fold(text: str) -> str:
    """Small letters without marks, đ as d: "Điện" and "dien" become equal. Keeps the length of NFC text."""
    return unicodedata.normalize("NFC", text).translate(LETTERS).lower()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """lexicon.toml, ready to look up.

    `words`, `before_number` are keyed by the exact typing in small letters; `elsewhere`, `abuse` stand for typed words
    (`typed` in text.py), the first also without any marks; the others for folded ones (`words` there).
    """

    words: dict[str, Words]
    before_number: dict[str, Words]
    english: frozenset[str]
    elsewhere: Phrases
    courtesies: dict[Words, str]
    abuse: Phrases


@cache
def lexicon() -> Lexicon:
    """The shipped table, read once."""
    raw = tomllib.loads(FILE.read_text("utf-8"))
    words = {key: _plain(value) for key, value in raw["words"].items()}

    def key(phrase: str) -> Words:
        """A phrase's words after each was looked up alone, as they are when a phrase is looked for."""
        return tuple(plain for word in phrase.split() for plain in words.get(word) or (fold(word),))

    def texts(table: dict[str, Any]) -> list[str]:
        return [phrase.strip() for language in table.values() for phrase in language.split(";")]

    def as_typed(table: dict[str, Any], *, plain: bool) -> Phrases:
        """The phrases of a list as typed; if `plain`, without marks too."""
        found = {
            words for text in texts(table) for words in (tuple(text.split()), _plain(text) if plain else ()) if words
        }
        return phrases(sorted(found))

    return Lexicon(
        words=words,
        before_number={key: _plain(value) for key, value in raw["before_number"].items()},
        english=frozenset(raw["english"]["words"].split()),
        elsewhere=as_typed(raw["elsewhere"], plain=True),
        courtesies={
            found: kind
            for kind in ("courtesy", "greeting", "thanks", "farewell")
            for text in texts(raw["courtesies"][kind])
            for found in (key(text), _plain(text))
        },
        abuse=as_typed(raw["abuse"], plain=False),
    )


def phrases(texts: Iterable[Words]) -> Phrases:
    """Phrases ready to be looked for with `hits`."""
    found: Phrases = {}
    for words in sorted(dict.fromkeys(texts), key=lambda words: -len(words)):
        found[words[0]] = (*found.get(words[0], ()), words)
    return found


def hits(words: Words, table: Phrases) -> tuple[Words, ...]:
    """The phrases of `table` that stand in `words`, without overlaps, from the left."""
    found: list[Words] = []
    at = 0
    while at < len(words):
        best = next((p for p in table.get(words[at], ()) if words[at : at + len(p)] == p), None)
        if best:
            found.append(best)
        at += len(best or (0,))
    return tuple(found)


def _plain(text: str) -> Words:
    return tuple(fold(text).split())
