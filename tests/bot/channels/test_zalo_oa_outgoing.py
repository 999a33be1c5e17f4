"""A reply as messages of the Official Account, without any Zalo."""

from unicodedata import normalize

import pytest

from bot.channels.render import utf16
from bot.channels.zalo_oa_outgoing import LABEL, TEXT, template_data, texts
from handlers.message import Choice, File, Reply
from tests.fakes.zalo_oa_house import out

HINT = "Gõ số."


def titles(reply: Reply) -> list[str]:
    """The titles of the buttons below the last message."""
    *_, last = texts(out(reply), HINT, buttons=True)
    return [button["title"] for button in last["attachment"]["payload"]["buttons"]]


def test_nothing_to_say_is_still_a_message() -> None:
    assert texts(out(Reply(" ")), HINT, buttons=True) == ({"text": "…"},)


@pytest.mark.parametrize(("buttons", "parts"), [(True, 3), (False, 3)])
def test_a_quote_stands_above_the_first_of_several_parts(buttons: bool, parts: int) -> None:
    reply = Reply("Một câu dài. " * 400, (Choice("a", "Có"),))
    made = texts(out(reply), HINT, buttons=buttons, quote="m1")
    assert len(made) == parts
    assert [part.get("quote_message_id") for part in made] == ["m1", None, None]
    assert ["attachment" in part for part in made] == [False, False, buttons]


def test_a_message_with_buttons_has_no_quote() -> None:
    reply = Reply("Chọn giúp em.", (Choice("a", "Có"),))
    (with_buttons,) = texts(out(reply), HINT, buttons=True, quote="m1")
    assert with_buttons.keys() == {"text", "attachment"}
    (plain,) = texts(out(reply), HINT, buttons=False, quote="m1")
    assert plain == {"text": "Chọn giúp em.\n\n1. Có\n\nGõ số.", "quote_message_id": "m1"}


@pytest.mark.parametrize("label", ["Mua\nmáy " * 30, "🏭" * 80, normalize("NFD", "ế" * 100)])
def test_a_title_is_one_line_that_zalo_takes(label: str) -> None:
    (title,) = titles(Reply("Chọn.", (Choice("a", label),)))
    assert utf16(title) <= LABEL
    assert "\n" not in title
    assert title == normalize("NFC", title)


def test_a_text_of_exactly_the_limit_is_one_part() -> None:
    assert [len(part["text"]) for part in texts(out(Reply("ế" * TEXT)), HINT, buttons=True)] == [TEXT]
    assert len(texts(out(Reply("ế" * (TEXT + 1))), HINT, buttons=True)) == 2


def test_fields_are_filled_with_the_words_of_a_notice_and_its_code() -> None:
    reply = Reply("Đã nhận {code}.\nGọi lại.", (Choice("a", "Xem"),), files=(File("a.pdf", name="Mẫu"),))
    fields = {"code": "{code}", "both": "{code}: {text}", "fixed": "Sở"}
    found = template_data(out(reply, lane="notice", key="lead:7F3K2Q:taken:1"), fields, {"both": 40})
    assert found == {"code": "7F3K2Q", "both": "7F3K2Q: Đã nhận {code}. Gọi lại. Mẫu", "fixed": "Sở"}
    assert template_data(out(reply, key="told/1"), fields, {})["code"] == ""


@pytest.mark.parametrize(
    ("text", "limit", "filled"),
    [
        ("Đã nhận hồ sơ.", 8, "Đã nhận…"),
        ("Đã nhận hồ sơ.", 0, "Đã nhận hồ sơ."),
        (normalize("NFD", "ế" * 10), 10, "ế" * 10),
    ],
)
def test_a_field_is_cut_at_its_longest(text: str, limit: int, filled: str) -> None:
    message = out(Reply(text), lane="notice")
    assert template_data(message, {"text": "{text}"}, {"text": limit}) == {"text": filled}


def test_a_field_with_emoji_is_counted_as_zalo_counts() -> None:
    made = template_data(out(Reply("🏭" * 20)), {"text": "{text}"}, {"text": 30})
    assert 0 < utf16(made["text"]) <= 30
