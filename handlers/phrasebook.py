"""Whole messages recognized by phrases, whether typed with marks, without, with some, or in chat spelling."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import product

from knowledge.lexicon import lexicon
from knowledge.text import clean, fold

#: A word as typed: its plain letters, and the marks it carries (also the stroke of đ).
Word = tuple[str, frozenset[str]]

#: Longer texts tell a story; they are never only a command.
LONGEST_PHRASE = 24
TOKEN = re.compile(r"[^\W_]+")
PART = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[^\s()\[\]]+")
NOTHING: frozenset[str] = frozenset()


def typed(text: str) -> tuple[Word, ...]:
    """The words of a text. "hủy" and "huỷ" are equal: where in the word a mark stands does not count."""
    return tuple(_word(token) for token in TOKEN.findall(re.sub("['’]", "", clean(text).lower())))


def _word(token: str) -> Word:
    marks = frozenset(c for c in unicodedata.normalize("NFD", token) if unicodedata.combining(c))
    return fold(token), marks | {"đ"} if "đ" in token else marks


def spelled(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Chat spelling written out: "hông" → "khong", "tui" → "toi". What was written out counts as typed without marks."""
    table = lexicon().words
    found: list[Word] = []
    for plain, marks in words:
        meant = table.get(plain) if not marks else _marked(plain, marks)
        found += [(word, NOTHING) for word in meant] if meant else [(plain, marks)]
    return tuple(found)


def _marked(plain: str, marks: frozenset[str]) -> tuple[str, ...]:
    for key, meant in lexicon().words.items():
        if _word(key) == (plain, marks):
            return meant
    return ()


def expand(template: str) -> Iterable[str]:
    """Every phrase of a template: "(a|b)" is one of them, "[a|b]" one of them or nothing."""
    parts = [
        ["", *part[1:-1].split("|")] if part[0] == "[" else part.strip("()").split("|")
        for part in PART.findall(template)
    ]
    return (" ".join(" ".join(words).split()) for words in product(*parts))


class Phrasebook:
    """Phrases to compare whole messages with. Courtesy around a phrase does not count.

    A typed word fits a phrase's word if it carries no mark that one lacks: "dung" and "đung" fit "đừng", "cô" does not
    fit "có".
    """

    def __init__(self, templates: Iterable[str], courtesy: str = "") -> None:
        self._phrases: dict[tuple[str, ...], list[tuple[Word, ...]]] = {}
        for template in templates:
            for phrase in expand(template):
                words = typed(phrase)
                self._phrases.setdefault(tuple(plain for plain, _ in words), []).append(words)
        self._courtesy = typed(courtesy)

    def holds(self, text: str) -> bool:
        """Whether the text says one of the phrases and nothing else."""
        words = typed(text)
        if len(words) > LONGEST_PHRASE:
            return False
        return any(self._says(reading) for reading in dict.fromkeys((words, spelled(words))))

    def _says(self, words: tuple[Word, ...]) -> bool:
        first = next((n for n, word in enumerate(words) if not self._polite(word)), len(words))
        last = next((n for n in range(len(words), 0, -1) if not self._polite(words[n - 1])), 0)
        starts, ends = range(first + 1), range(len(words), last - 1, -1)
        return any(self._phrase(words[a:b]) for a in starts for b in ends if a < b)

    def _polite(self, word: Word) -> bool:
        return any(word[0] == plain and word[1] <= marks for plain, marks in self._courtesy)

    def _phrase(self, words: tuple[Word, ...]) -> bool:
        phrases = self._phrases.get(tuple(plain for plain, _ in words), ())
        return any(all(t[1] <= p[1] for t, p in zip(words, phrase, strict=True)) for phrase in phrases)
