"""Texts at the fake Telegram: HTML as it takes it, and what it marks by itself."""

from typing import Any

import pytest

from tests.fakes.telegram_text import Unparsable, entities_of, parsed, utf16


@pytest.mark.parametrize(
    ("html", "text", "kinds"),
    [
        ("trơn > đều", "trơn > đều", []),
        ("<b>AB12</b>", "AB12", [("bold", 0, 4)]),
        ("🌾<i><u>a</u></i>", "🌾a", [("italic", 2, 1), ("underline", 2, 1)]),
        ("&lt;b&gt; &amp;amp; &quot;&#39;&#x1F33E;", "<b> &amp; \"'🌾", []),
        ('<a href="https://vidu.vn/?a=1&amp;b=2">mẫu</a>', "mẫu", [("text_link", 0, 3)]),
        ('<span class="tg-spoiler">kín</span>', "kín", [("spoiler", 0, 3)]),
        ("<blockquote expandable>dài</blockquote><pre>x</pre>", "dàix", [("blockquote", 0, 3), ("pre", 3, 1)]),
        ("<b></b>trống", "trống", []),
    ],
)
def test_markup_becomes_entities(html: str, text: str, kinds: list[tuple[str, int, int]]) -> None:
    found, entities = parsed(html)
    assert found == text
    assert [(one["type"], one["offset"], one["length"]) for one in entities] == kinds


def test_a_link_keeps_its_address() -> None:
    assert parsed('<a href="https://vidu.vn/?a=1&amp;b=2">mẫu</a>')[1][0]["url"] == "https://vidu.vn/?a=1&b=2"


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<b>mở", "Can't find end tag"),
        ("đóng</b>", "Unexpected end tag at byte offset 6"),
        ("<b><i>chéo</b></i>", "Unmatched end tag"),
        ("<h1>to</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("<span>a</span>", "Unsupported start tag"),
        ("giá < 5 triệu", "Unsupported start tag at byte offset 5"),
        ("<", "Unsupported start tag"),
        ("máy & vốn", "Unsupported character reference"),
        ("&nbsp;", "Unsupported character reference"),
    ],
)
def test_what_is_no_html_is_refused(html: str, why: str) -> None:
    with pytest.raises(Unparsable, match=why):
        parsed(html)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("/start kc-machinery", [("bot_command", 0, 6)]),
        ("🌾 /help@caunoi_bot", [("bot_command", 3, 16)]),
        ("hỏi @caunoi_bot nhé", [("mention", 4, 11)]),
        ("50/50, hoa@vidu.vn, https://vidu.vn/mau", []),
    ],
)
def test_what_people_write_is_marked(text: str, marks: list[tuple[Any, ...]]) -> None:
    assert [(one["type"], one["offset"], one["length"]) for one in entities_of(text)] == marks


def test_lengths_are_counted_as_telegram_counts() -> None:
    assert [utf16(text) for text in ("ngành", "🌾", "")] == [5, 2, 0]
