"""Whole messages recognized by phrases, whether typed with marks, without, with some, or in chat spelling."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from knowledge.lexicon import lexicon
from knowledge.text import clean, fold


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed: its plain letters, and the marks it carries (also the stroke of đ), wherever they stand."""

    plain: str
    marks: frozenset[str] = frozenset()

    def fits(self, other: "Word") -> bool:
        """Whether it may be meant as `other`: it carries no mark that one lacks."""
        return self.plain == other.plain and self.marks <= other.marks


@dataclass(frozen=True, slots=True)
class Group:
    """One of several ways to go on; an empty one may be left out."""

    ways: tuple["Phrase", ...]


Words = tuple[Word, ...]
Phrase = tuple[Word | Group, ...]

#: In words and in characters: longer texts tell a story; they are never only a command.
LONGEST_PHRASE, LONGEST_TEXT = 24, 400
TOKEN = re.compile(r"[^\W_]+|#")
PART = re.compile(r"[()\[\]|]|[^\s()\[\]|]+")


def typed(text: str) -> Words:
    """The words of a text. "hủy" and "huỷ" are equal: where in a word its mark stands does not count."""
    return tuple(_word(token) for token in TOKEN.findall(re.sub("['’]", "", clean(text).lower())))


def _word(token: str) -> Word:
    marks = frozenset(c for c in unicodedata.normalize("NFD", token) if unicodedata.combining(c))
    return Word(fold(token), marks | {"đ"} if "đ" in token else marks)


def spelled(words: Words) -> Words:
    """Chat spelling written out ("hông" → "không", "tui" → "tôi"); that counts as typed without marks."""
    return tuple(meant for word in words for meant in _spelling().get(word, (word,)))


@cache
def _spelling() -> dict[Word, Words]:
    return {_word(key): tuple(Word(plain) for plain in meant) for key, meant in lexicon().words.items()}


def readings(text: str) -> tuple[Words, ...]:
    """The ways to read a message as a phrase: as typed, and with its chat spelling written out; none if it is long."""
    if len(text) > LONGEST_TEXT:
        return ()
    words = typed(re.sub(r"\d+", "#", text))
    return tuple(dict.fromkeys((words, spelled(words)))) if 0 < len(words) <= LONGEST_PHRASE else ()


class Phrasebook:
    """Phrases to compare whole messages with, written as templates; courtesy around a phrase does not count.

    In a template "(a|b c)" is one of the ways, "[a|b]" one of them or nothing, "#" any number. A typed word fits if it
    carries no mark that the phrase lacks: "dung" and "đung" fit "đừng", but "cô" does not fit "có".
    """

    def __init__(self, templates: Iterable[str], courtesy: str = "") -> None:
        self._courtesy: dict[str, list[Word]] = {}
        for word in typed(courtesy):
            self._courtesy.setdefault(word.plain, []).append(word)
        self._phrases = tuple(_parse(template) for template in templates)
        self._known = frozenset(word.plain for phrase in self._phrases for word in _all(phrase))

    def holds(self, text: str) -> bool:
        """Whether the text says one of the phrases and nothing else."""
        return self.says(readings(text))

    def says(self, read: tuple[Words, ...]) -> bool:
        """The same for a text that was read with `readings`."""
        return any(self._says(words) for words in read)

    def _says(self, words: Words) -> bool:
        if any(word.plain not in self._known and not self._polite(word) for word in words):
            return False
        first = next((n for n, word in enumerate(words) if not self._polite(word)), len(words))
        last = next((n for n in range(len(words), 0, -1) if not self._polite(words[n - 1])), 0)
        starts, ends = range(first + 1), frozenset(range(last, len(words) + 1))
        # A phrase that begins at `start` must stop, beyond it, where only courtesy is left.
        return any(
            (_after(phrase, words, frozenset({start})) & ends) - {start} for phrase in self._phrases for start in starts
        )

    def _polite(self, word: Word) -> bool:
        return any(word.fits(polite) for polite in self._courtesy.get(word.plain, ()))


def _parse(template: str) -> Phrase:
    parts = iter(PART.findall(template))
    return _ways(parts, "")[0]


def _ways(parts: Iterator[str], closing: str) -> tuple[Phrase, ...]:
    ways: list[list[Word | Group]] = [[]]
    for part in parts:
        if part == closing:
            break
        if part == "|":
            ways.append([])
        elif part in "([":
            inner = _ways(parts, ")" if part == "(" else "]")
            ways[-1].append(Group(inner if part == "(" else ((), *inner)))
        else:
            ways[-1] += typed(part)
    return tuple(tuple(way) for way in ways)


def _all(phrase: Phrase) -> Iterator[Word]:
    for part in phrase:
        if isinstance(part, Word):
            yield part
        else:
            for way in part.ways:
                yield from _all(way)


def _after(phrase: Phrase, words: Words, places: frozenset[int]) -> frozenset[int]:
    """Where a phrase may end if it begins at one of `places`."""
    for part in phrase:
        if isinstance(part, Word):
            places = frozenset(at + 1 for at in places if at < len(words) and words[at].fits(part))
        else:
            places = frozenset().union(*(_after(way, words, places) for way in part.ways))
        if not places:
            break
    return places
