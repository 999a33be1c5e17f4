"""Telex and VNI keys without an input method: what they mean, and where the tone mark stands."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.entry import from_folder
from knowledge.keys import SYLLABLE, from_telex, from_vni, retoned
from knowledge.lexicon import fold
from knowledge.text import typed

MARKS = {"\u0301": "s1", "\u0300": "f2", "\u0309": "r3", "\u0303": "x4", "\u0323": "j5"}
LETTERS = {"ă": ("aw", "a8"), "â": ("aa", "a6"), "đ": ("dd", "d9"), "ê": ("ee", "e6"), "ô": ("oo", "o6")}
LETTERS |= {"ơ": ("ow", "o7"), "ư": ("uw", "u7")}


def syllables() -> list[str]:
    """Every syllable with marks that the shipped phrasings hold."""
    entries = from_folder(Path(__file__).parents[2] / "knowledge" / "entries")
    found = {word for e in entries for text in e.phrasings.vi for word in typed(text) if not word.isascii()}
    return sorted(word for word in found if SYLLABLE.fullmatch(fold(word)))


def keys(word: str, system: int, *, late: bool) -> str:
    """The keys a person presses for a word: the tone's right behind its letter, or at the end."""
    out, tone = "", ""
    for letter in word:
        parts = unicodedata.normalize("NFD", letter)
        own = next((mark for mark in parts if mark in MARKS), "")
        plain = unicodedata.normalize("NFC", parts.replace(own, "") if own else parts)
        out += LETTERS[plain][system] if plain in LETTERS else plain
        if own:
            tone = MARKS[own][system]
            out += "" if late else tone
    return out + tone if late else out


WORDS = syllables()


@given(st.sampled_from(WORDS), st.booleans())
def test_what_telex_keys_would_type_is_read_back(word: str, late: bool) -> None:
    assert from_telex(keys(word, 0, late=late)) == word


@given(st.sampled_from(WORDS), st.booleans())
def test_what_vni_keys_would_type_is_read_back(word: str, late: bool) -> None:
    assert from_vni(keys(word, 1, late=late)) == word


@pytest.mark.parametrize(
    ("pressed", "meant"),
    [
        ("duocwj", "dược"),
        ("dduocwj", "được"),
        ("duwowcdj", "được"),
        ("tiengse", "tiếng"),
        ("nguoiwf", "người"),
        ("ruouwj", "rượu"),
        ("quoocs", "quốc"),
        ("quaw", "quă"),
        ("giuwx", "giữ"),
        ("gias", "giá"),
        ("cuwar", "cửa"),
        ("cuaw", "cưa"),
        ("khuyur", "khuỷu"),
        ("mays", "máy"),
        ("masyz", "may"),
        ("wowng", "ương"),
        ("strong", ""),
        ("factory", ""),
    ],
)
def test_telex_keys_in_any_usual_order(pressed: str, meant: str) -> None:
    assert from_telex(pressed) == meant


@pytest.mark.parametrize(
    ("pressed", "meant"),
    [("d9u7o7c5", "được"), ("duoc975", "được"), ("ho64", "hỗ"), ("nguoi72", "người"), ("cnc500", ""), ("t28", "")],
)
def test_vni_keys_in_any_usual_order(pressed: str, meant: str) -> None:
    assert from_vni(pressed) == meant


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("hoà", "hòa"),
        ("thuỷ", "thủy"),
        ("khoẻ", "khỏe"),
        ("qúy", "quý"),
        ("toán", "toán"),
        ("giúp", "giúp"),
        ("máy", "máy"),
        ("may", "may"),
        ("kỹthuật", "kỹthuật"),
    ],
)
def test_a_tone_stands_where_most_people_write_it(typed: str, usual: str) -> None:
    assert retoned(typed) == usual


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", max_size=14))
def test_any_keys_give_a_syllable_or_nothing(pressed: str) -> None:
    for meant in (from_telex(pressed), from_vni(pressed)):
        assert not meant or SYLLABLE.fullmatch(fold(meant))
        assert not re.search("[0-9]", meant)


@given(st.text(max_size=12))
def test_moving_a_tone_twice_changes_nothing_more(word: str) -> None:
    assert retoned(retoned(word)) == retoned(word)
    assert fold(retoned(word)) == fold(word)
