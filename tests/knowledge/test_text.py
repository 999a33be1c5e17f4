"""Text as people type it: hidden characters, marks, Telex and VNI, abbreviations, the language."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import clean, fold, language_of, typed, words

#: Lone surrogates included: they arrive from broken clients.
ANY_TEXT = st.text(st.characters(codec=None), max_size=200)


def test_clean_drops_what_a_person_cannot_see() -> None:
    hidden = "mua\u200b \u202emáy\u2066\u0000 \u00admới\ufeff \ud800\U000e0041\ufe0f"
    assert clean(hidden) == "mua máy mới"


def test_clean_makes_one_line_and_composes_marks() -> None:
    assert clean("  hỗ trợ\r\n\tmáy\u2028móc  ") == "hỗ trợ máy móc"
    assert clean(unicodedata.normalize("NFD", "điện")) == "điện"


@given(ANY_TEXT)
def test_clean_never_raises_and_cleans_only_once(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode()


@given(ANY_TEXT)
def test_fold_keeps_the_length_of_composed_text(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert len(fold(composed)) == len(composed)


def test_fold_takes_every_mark_and_the_crossed_d_away() -> None:
    letters = "ĂÂĐÊÔƠƯăâđêôơưÁÀẢÃẠẮẰẲẴẶẤẦẨẪẬÉÈẺẼẸẾỀỂỄỆÍÌỈĨỊÓÒỎÕỌỐỒỔỖỘỚỜỞỠỢÚÙỦŨỤỨỪỬỮỰÝỲỶỸỴ"
    assert fold(letters).isascii()
    assert fold("Điện tử – Đà Nẵng 50% ₫") == "dien tu – da nang 50% ₫"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cnht la gi", "cong nghiep ho tro la gi"),
        ("dnnvv", "doanh nghiep nho va vua"),
        ("htx, hkd, cty tnhh", "hop tac xa ho kinh doanh cong ty trach nhiem huu han"),
        ("sct với ubnd", "so cong thuong voi uy ban nhan dan"),
        ("kcqg kcđp xttm", "khuyen cong quoc gia khuyen cong dia phuong xuc tien thuong mai"),
        ("đc ko", "duoc khong"),
        ("dc k", "duoc khong"),
        ("hông hổng hong hem hok", "khong khong khong khong khong"),
        ("nhiu, bn, bao nhiêu", "nhieu bao nhieu bao nhieu"),
        ("tui mần dzậy", "toi lam vay"),
        ("nđ 205/2025", "nghi dinh 205 2025"),
        ("tt28", "thong tu 28"),
        ("qd68 hết hạn", "quyet dinh 68 het han"),
    ],
)
def test_abbreviations_and_chat_spelling_are_written_out(typed: str, meant: str) -> None:
    assert words(typed) == tuple(meant.split())


def test_marks_keep_apart_what_an_abbreviation_would_confuse() -> None:
    assert words("màu hồng") == ("mau", "hong")
    assert words("nội dung nđ") == ("noi", "dung", "nd")


def test_numbers_are_kept_and_their_separators_dropped() -> None:
    assert words("0275.3822 365 và 17,350 tỷ") == ("02753822365", "va", "17350", "ty")
    assert words("0275 382 2365; 0901-234-567; 01/07/2025") == ("02753822365", "0901234567", "01", "07", "2025")
    assert words("ISO9001, 5S, 18tỷ") == ("iso", "9001", "5", "s", "18", "ty")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("coong nghieepj hoox trowj laf gif", "công nghiệp hỗ trợ là gì"),
        ("mucws vay toosi dda cuar dduwowcj", "mức vay tối đa của được"),
        ("truwowngf hopwj chuyeenr ddooir soos", "trường hợp chuyển đổi số"),
        ("cong6 nghie65p ho64 tro75 d9u7o75c la2m", "công nghiệp hỗ trợ được làm"),
    ],
)
def test_telex_and_vni_typed_without_an_input_method_are_read(typed: str, meant: str) -> None:
    assert words(typed) == tuple(fold(meant).split())


@pytest.mark.parametrize(
    "text",
    [
        "the new tax law for business loans",
        "Keep the free parks near our office",
        "máy CNC của DN FDI có ISO",
        "xưởng Osaka mua robot",
    ],
)
def test_telex_never_touches_english_or_ordinary_vietnamese(text: str) -> None:
    assert set(words(text)) <= {"doanh", "nghiep", *fold(text).split(), "loan", "park"}


def test_typed_words_keep_their_marks_and_abbreviations() -> None:
    assert typed("Đồ NGU, dn ko") == ("đồ", "ngu", "dn", "ko")


def test_links_and_tags_are_not_words() -> None:
    assert words("<b>mua máy</b> https://example.vn/a?b=c www.example.vn/x") == ("mua", "may")


@pytest.mark.parametrize(
    "text",
    [
        "Maximum grant for one new CNC machine?",
        "are you robot or human",
        "After the merger of Bến Tre, do the five priority fields still apply?",
        "digital transformation support for companies",
    ],
)
def test_english_is_recognised(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "hello",
        "CNC 500",
        "😡",
        "https://www.youtube.com/watch?v=abc",
        "cho hoi may moi to the nao de can an toan",
        "loan mua may lai thap apply cho nao a",
        "không có collateral thì có fund nào guarantee không",
        "coong nghieepj hoox trowj laf gif",
        "sct gio dat o dau",
    ],
)
def test_vietnamese_without_marks_and_unclear_text_are_vietnamese(text: str) -> None:
    assert language_of(text) == "vi"


@given(ANY_TEXT)
def test_words_never_raise_and_are_folded(text: str) -> None:
    assert all(word == fold(word) and word.strip() for word in words(text))
    assert language_of(text) in ("vi", "en")


@pytest.mark.parametrize("text", ["1." * 50_000 + "a", "a" * 100_000, "a" + "\u0301\u0323" * 50_000, "<a " * 33_000])
def test_hostile_lengths_are_read_in_time(text: str) -> None:
    began = time.monotonic()
    words(text)
    assert time.monotonic() - began < 2.0


def test_english_words_lose_their_plural_only() -> None:
    assert " ".join(words("Which machines do the industries of this business need?")) == (
        "which machine do the industry of this business need"
    )
