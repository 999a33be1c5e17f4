"""Phrases are recognized however they are typed, and nothing else is."""

import pytest

from handlers.phrasebook import Phrasebook, readings

BOOK = Phrasebook(
    ("đừng nhắn [tin] [nữa]", "(hủy|bỏ) đăng ký", "có", "đợi # ngày", "[thật] (rất|[hơi] là) lâu"), "dạ ạ cô nhé anh"
)


@pytest.mark.parametrize(
    "text",
    [
        "đừng nhắn tin nữa",
        "dung nhan tin nua",
        "ĐỪNG NHẮN!!!",
        "đung nhắn nua",
        "dạ đừng nhắn nữa nhé",
        "huỷ đăng ký",
        "hủy đăng kí".replace("í", "ý"),
        "bo dang ky",
        "có",
        "dạ có ạ",
        "đợi 12 ngày",
        "đợi 3 ngày ạ",
        "rất lâu",
        "thật là lâu",
        "hơi là lâu",
        "đừng\u200b nhắn",
    ],
)
def test_a_phrase_is_heard_with_and_without_marks_and_with_courtesy_around_it(text: str) -> None:
    assert BOOK.holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cô",
        "cô ơi",
        "dạ",
        "dạ ạ",
        "đừng",
        "nhắn đừng",
        "đừng nhắn cho chị ấy",
        "có gì",
        "đợi mấy ngày",
        "x" * 5000,
        "có " * 30,
    ],
)
def test_another_word_a_missing_word_or_another_mark_is_no_phrase(text: str) -> None:
    assert not BOOK.holds(text)


def test_chat_spelling_is_written_out() -> None:
    assert Phrasebook(("không cần",)).holds("hông cần")
    assert Phrasebook(("không cần",)).holds("k cần")


def test_a_long_text_is_not_read_at_all() -> None:
    assert readings("đừng nhắn " * 1000) == ()
