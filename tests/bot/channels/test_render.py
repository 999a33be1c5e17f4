"""Replies as plain text, and texts cut to length: everything is shown, and no character is torn apart."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.render import block, numbered, shorten, split, utf16
from handlers.message import Card, Choice, File, Link, Reply

#: As people write: Vietnamese with composed and loose marks, blanks of every kind, emoji that belong together.
PIECES: tuple[str, ...] = ("a", "ế", "e\u0302\u0301", "đất", " ", "  ", "\n", "\n\n", ". ", "?”\n", "x" * 30)
PIECES += ("🏭", "👩\u200d🌾", "👍\U0001f3fd", "🇻🇳", "1\ufe0f\u20e3")
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=60).map("".join)
#: Above the longest of PIECES that must stay whole, in UTF-16 units.
LIMITS = st.integers(min_value=12, max_value=60)

LEADS = Reply(
    "Hai yêu cầu mới.",
    choices=(Choice("menu", "Hỏi việc khác"),),
    cards=(
        Card("7F3K2Q · mới", "Mua máy ép", (Choice("lead:7F3K2Q:claim", "Nhận"), Choice("lead:7F3K2Q:drop", "Bỏ"))),
        Card("9ABCDE · mới", choices=(Choice("lead:9ABCDE:claim", "Nhận"),)),
    ),
    links=(Link("Văn bản", "https://vbpl.vn/1"), Link("Biểu mẫu", "https://vbpl.vn/2")),
    files=(File("f1", "document", "mau-don.docx"),),
)


def no_blanks(text: str) -> str:
    """What must not get lost: the text without its blanks."""
    return re.sub(r"\s", "", text)


def test_a_reply_without_choices_is_its_text_alone() -> None:
    assert numbered(Reply("Chào anh/chị."), "Anh/chị gõ số để chọn.") == "Chào anh/chị."


def test_choices_are_numbered_in_the_order_in_which_a_number_means_them() -> None:
    page = numbered(LEADS, "Anh/chị gõ số để chọn.")
    assert page == (
        "Hai yêu cầu mới.\n\n7F3K2Q · mới\nMua máy ép\n1. Nhận\n2. Bỏ\n\n9ABCDE · mới\n3. Nhận\n\n"
        "Văn bản: https://vbpl.vn/1\nBiểu mẫu: https://vbpl.vn/2\n\nmau-don.docx\n\n4. Hỏi việc khác\n\n"
        "Anh/chị gõ số để chọn."
    )
    assert re.findall(r"^\d+\. (.*)$", page, re.MULTILINE) == [choice.label for choice in LEADS.offered]


def test_a_channel_with_buttons_gets_everything_but_the_choices() -> None:
    page = block(LEADS)
    assert "9ABCDE · mới" in page
    assert "https://vbpl.vn/2" in page
    assert "Nhận" not in page
    assert not re.search(r"^\d+\. ", page, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, ()),
        (" \n ", 10, ()),
        ("ngắn", 10, ("ngắn",)),
        ("Đoạn một. Câu hai.\n\nĐoạn hai.", 25, ("Đoạn một. Câu hai.", "Đoạn hai.")),
        ("Câu một có. Câu hai thì dài.", 20, ("Câu một có.", "Câu hai thì dài.")),
        ("“Câu một có?” Câu hai thì dài.", 20, ("“Câu một có?”", "Câu hai thì dài.")),
        ("A. Một câu dài không hết", 20, ("A. Một câu dài không", "hết")),
        ("dòng thứ nhất\ndòng thứ hai", 16, ("dòng thứ nhất", "dòng thứ hai")),
        ("một hai ba", 7, ("một hai", "ba")),
        ("x" * 25, 10, ("x" * 10, "x" * 10, "x" * 5)),
        ("e\u0302\u0301" * 3, 4, ("e\u0302\u0301",) * 3),
        ("🇻🇳🇻🇳🇻🇳", 3, ("🇻🇳", "🇻🇳", "🇻🇳")),
        ("👩\u200d🌾👍\U0001f3fd", 4, ("👩\u200d🌾", "👍\U0001f3fd")),
        ("vốn 18\u00a0tỷ", 8, ("vốn", "18\u00a0tỷ")),
        ("xx\ud83c\udfed", 3, ("xx", "\ud83c\udfed")),
    ],
)
def test_a_long_text_is_cut_where_it_hurts_least(text: str, limit: int, parts: tuple[str, ...]) -> None:
    assert split(text, limit) == parts


@given(TEXTS, LIMITS)
@example("a \u0301b" * 20, 12)
def test_nothing_is_lost_and_every_part_fits(text: str, limit: int) -> None:
    parts = split(text, limit, length=utf16)
    assert no_blanks("".join(parts)) == no_blanks(text)
    assert all(part.strip() for part in parts)
    assert all(utf16(part) <= limit for part in parts)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), LIMITS)
def test_no_character_is_torn_from_its_marks(text: str, limit: int) -> None:
    parts = split(text, limit, length=utf16)
    for before, after in pairwise(parts):
        assert not unicodedata.combining(after[0])
        assert after[0] not in "\u200d\ufe0f\U0001f3fd"
        assert before[-1] != "\u200d"
    # A torn flag would leave one of its two letters behind.
    assert all(len(re.findall("[\U0001f1e6-\U0001f1ff]", part)) % 2 == 0 for part in parts)


def test_a_character_longer_than_the_limit_is_cut_all_the_same() -> None:
    heap = "a" + "\u0301" * 50
    parts = split(heap, 20)
    assert "".join(parts) == heap
    assert all(len(part) <= 20 for part in parts)


def test_a_limit_below_one_character_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold one character"):
        split("🏭", 1, length=utf16)


def test_a_hostile_text_is_cut_in_no_time() -> None:
    for text in (" " * 200_000 + "x", "x" * 100_000, "\n \n" * 50_000 + "x", ". " * 60_000, "🇻" * 50_000):
        assert no_blanks("".join(split(text, 4096, length=utf16))) == no_blanks(text)


@given(st.text(max_size=40))
def test_utf16_units_are_counted_as_the_platform_does(text: str) -> None:
    assert utf16(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("label", "limit", "short"),
    [
        ("Mua máy", 7, "Mua máy"),
        ("Mua máy ép", 9, "Mua máy…"),
        ("Muamáyép", 5, "Muam…"),
        ("e\u0302\u0301e\u0302\u0301", 5, "e\u0302\u0301…"),
        ("Mua\n máy", 7, "Mua máy"),
        ("Mua máy", 1, "…"),
    ],
)
def test_a_label_is_shortened_to_one_line(label: str, limit: int, short: str) -> None:
    assert shorten(label, limit) == short
    assert len(short) <= limit
