"""Vietnamese as people type it, made comparable: without marks, in Telex or VNI, abbreviated, in chat spelling."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Literal

from knowledge.keys import LONGEST, SYLLABLE, from_telex, from_vni, retoned
from knowledge.lexicon import Lexicon, Phrases, Words, fold, hits, lexicon, phrases

__all__ = ["clean", "courtesy_of", "fold", "language_of", "read", "typed", "words"]

Courtesy = Literal["", "greeting", "thanks", "farewell"]
#: What a text is that holds several of them: the first of these.
COURTESIES: tuple[Courtesy, ...] = ("farewell", "thanks", "greeting")

#: More marks than this on one letter are decoration, and make normalizing slow.
MARKS_ON_A_LETTER = 3
#: Letters that show nothing although they are neither control nor format characters.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}

#: A landline number in groups, a number with its separators ("17,350"), or a run of letters and digits.
TOKEN = re.compile(r"\b0\d{2,3}(?:[ .-]\d{3,8}\b)+|\d+(?:[.,]\d+)+|[^\W_]+")
LINK = re.compile(r"(?:https?://|www\.)\S+|</?[a-z][^<>]{0,200}>", re.IGNORECASE)
PART = re.compile(r"\d+|[^\W\d_]+")


def clean(text: str) -> str:
    """The text as a person sees it: NFC, one line, no control, invisible or direction characters. Never raises."""
    seen = set(text)
    if unseen := [c for c in seen if _unseen(c)]:
        text = text.translate(dict.fromkeys(map(ord, unseen)))
    marks = "".join(c for c in seen if unicodedata.combining(c))
    if marks:
        text = re.sub(f"([{marks}]{{{MARKS_ON_A_LETTER}}})[{marks}]+", r"\1", text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


@lru_cache(maxsize=1 << 12)
def _unseen(character: str) -> bool:
    if character.isspace():
        return False
    return character in BLANK or unicodedata.category(character) in ("Cc", "Cf", "Cs")


def typed(text: str) -> Words:
    """The words of a text as typed, in small letters, without links and tags.

    Telex and VNI, where they are sure, are read back; tone marks stand where most people write them, "hoà" → "hòa"; the
    separators inside a number are dropped, "0275.3822 365" → "02753822365".
    """
    found = TOKEN.findall(LINK.sub(" ", clean(text)).lower())
    tokens = _untyped([t if t.isalnum() else re.sub(r"(?<=\d)[ .,-](?=\d)", "", t) for t in found])
    return tuple(token if token.isascii() or len(token) > LONGEST else _retoned(token) for token in tokens)


def words(text: str) -> Words:
    """The words of a text, folded, digits kept, abbreviations and chat spelling written out. "k" → "khong"."""
    return read(typed(text))


def read(tokens: Words) -> Words:
    """The words of tokens as `typed` gives them, as `words` reads a text."""
    table = lexicon()
    if _language(tokens, table) == "en":
        return tuple(_singular(fold(token)) for token in tokens)
    return _meant(tokens, table)


def language_of(text: str) -> Literal["vi", "en"]:
    """The language of a text: English only if it clearly is; Vietnamese without marks stays Vietnamese."""
    return _language(typed(text), lexicon())


def courtesy_of(text: str) -> Courtesy:
    """What a text is that is nothing but greetings, thanks or farewells, at least one, and courtesy; "" for others."""
    read, kinds = words(text), lexicon().courtesies
    found = hits(read, _courtesies())
    said = {kinds[phrase] for phrase in found} if sum(map(len, found)) == len(read) else set()
    return next((kind for kind in COURTESIES if kind in said), "")


@cache
def _courtesies() -> Phrases:
    return phrases(lexicon().courtesies)


def _language(tokens: Words, table: Lexicon) -> Literal["vi", "en"]:
    english = vietnamese = 0
    for token in tokens:
        if token in table.english:
            english += 1
        elif token in table.words or not token.isascii() or SYLLABLE.fullmatch(token):
            vietnamese += 1
        elif len(token) > 3 and token.isalpha() and not from_telex(token):
            english += 1
    return "en" if english >= 2 and english > vietnamese else "vi"


def _untyped(tokens: list[str]) -> Words:
    """Tokens typed in Telex or VNI without an input method, read back; only if several of them are."""
    read = [_untyped_one(token) if len(token) <= LONGEST else token for token in tokens]
    changed = sum(a != b for a, b in zip(read, tokens, strict=True))
    return tuple(read if changed >= 2 and changed * 5 >= len(tokens) else tokens)


_retoned = lru_cache(maxsize=1 << 14)(retoned)


@lru_cache(maxsize=1 << 14)
def _untyped_one(token: str) -> str:
    table = lexicon()
    if not token.isascii() or SYLLABLE.fullmatch(token) or token in table.words or token in table.english:
        return token
    if token.isalpha():
        return from_telex(token) or token
    return (len(token) > 2 and token[0].isalpha() and from_vni(token)) or token


def _meant(tokens: Words, table: Lexicon) -> Words:
    """Each token looked up alone, folded."""
    parts = [part for token in tokens for part in _parts(token, table)]
    found: list[str] = []
    for n, part in enumerate(parts):
        numbered = n + 1 < len(parts) and parts[n + 1].isdigit() and table.before_number.get(part)
        found += numbered or table.words.get(part) or (fold(part),)
    return tuple(found)


def _parts(token: str, table: Lexicon) -> list[str]:
    return [token] if token.isalpha() or token in table.words else PART.findall(token)


def _singular(word: str) -> str:
    """An English word without its plural: machines → machine, industries → industry."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")) else word
