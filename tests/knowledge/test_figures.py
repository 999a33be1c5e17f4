"""The same figure is recognised however it is written, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.figures import Kind, Known, Language, figures


def read(text: str, language: Language = "vi") -> list[tuple[Kind, str]]:
    """What a text states."""
    return [(figure.kind, figure.value) for figure in figures(text, language)]


@pytest.mark.parametrize(
    ("language", "texts", "value"),
    [
        ("vi", ["300 triệu", "300 triệu đồng", "300tr", "300.000.000 đồng", "300.000.000đ", "0,3 tỷ"], "300000000"),
        ("en", ["VND 300 million", "300m", "VND 300,000,000", "300 million dong", "0.3bn"], "300000000"),
        ("vi", ["1.000 triệu", "1 tỷ", "1 tỉ đồng", "1.000.000.000 đồng"], "1000000000"),
        ("vi", ["16,695 tỷ", "16 tỷ 695 triệu", "16.695.000.000 đồng"], "16695000000"),
        ("en", ["VND 16.695 billion", "16 billion 695 million", "16,695,000,000 dong"], "16695000000"),
        ("vi", ["15 nghìn tỷ"], "15000000000000"),
    ],
)
def test_an_amount_is_the_same_however_it_is_written(language: Language, texts: list[str], value: str) -> None:
    assert [read(text, language) for text in texts] == [[("amount", value)]] * len(texts)


def test_the_comma_means_what_it_means_in_its_language() -> None:
    assert read("16,695 tỷ", "vi") != read("16,695 billion", "en")
    assert read("6.296,20 km2", "vi") == read("6,296.20 km2", "en") == [("number", "6296.2")]


@pytest.mark.parametrize(
    ("language", "texts", "value"),
    [
        ("vi", ["01/09/2025", "1/9/2025", "1.9.2025", "2025-09-01", "ngày 1 tháng 9 năm 2025"], "2025-09-01"),
        ("en", ["1 September 2025", "1st Sep 2025", "September 1, 2025", "01/09/2025"], "2025-09-01"),
        ("vi", ["tháng 9/2025", "09/2025", "tháng 9 năm 2025"], "2025-09-00"),
        ("en", ["September 2025", "Sept 2025"], "2025-09-00"),
        ("vi", ["ngày 15/4", "15 tháng 4", "15/04"], "0000-04-15"),
        ("en", ["15 April", "April 15"], "0000-04-15"),
    ],
)
def test_a_date_is_the_same_however_it_is_written(language: Language, texts: list[str], value: str) -> None:
    assert [read(text, language) for text in texts] == [[("date", value)]] * len(texts)


@pytest.mark.parametrize("text", ["0275.3822365", "0275.3822 365", "0275 382 2365", "+84 275 3822 365", "02753822365"])
def test_a_telephone_number_is_its_digits(text: str) -> None:
    assert read(text) == [("phone", "02753822365")]


def test_two_telephone_numbers_stay_two() -> None:
    assert read("0275.3822 365 – 0275.3822 251") == [("phone", "02753822365"), ("phone", "02753822251")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Nghị định 205/2025/NĐ-CP", "205/2025"),
        ("Decree 205/2025/ND-CP", "205/2025"),
        ("NĐ 205", "205/"),
        ("Decree-205", "205/"),
        ("68/QĐ-TTg", "68/"),
        ("Nghị quyết 68-NQ/TW", "68/"),
        ("198/2025/QH15", "198/2025"),
        ("và 230/2026", "230/2026"),
        ("Thông tư 06/2022/TT-BKHĐT", "6/2022"),
        ("TT 11/2019", "11/2019"),
    ],
)
def test_a_document_is_its_number_and_year(text: str, value: str) -> None:
    assert read(text) == [("document", value)]


def test_articles_are_no_quantities() -> None:
    assert read("Điều 8 khoản 4") == [("article", "8"), ("article", "4")]
    assert read("Điều 7-9") == read("Điều 7, 9") == [("article", "7"), ("article", "9")]
    assert read("Điều 8, 50% chi phí") == [("article", "8"), ("percent", "50")]
    assert read("một khoản 3 triệu") == [("amount", "3000000")]


def test_a_unit_belongs_to_the_whole_range() -> None:
    assert read("50–70 triệu") == [("amount", "50000000"), ("amount", "70000000")]
    assert read("trên 3 đến 50 tỷ") == [("amount", "3000000000"), ("amount", "50000000000")]
    assert read("VND 50–70 million", "en") == [("amount", "50000000"), ("amount", "70000000")]
    assert read("50/70/100%") == [("percent", "50"), ("percent", "70"), ("percent", "100")]
    assert read("năm 2025: 45%") == [("number", "2025"), ("percent", "45")]


@pytest.mark.parametrize(
    "text",
    [
        "km2, CO2",
        "https://vanban.chinhphu.vn/?docid=216660",
        "a1@b2.vn",
        "ISO 9001:2015 và TCVN 123",
        "1. Nộp\n2) Chờ",
        "gồm (1) đơn (2) bản sao",
        "thêm số 0 trước mã vùng",
    ],
)
def test_what_only_holds_digits_states_nothing(text: str) -> None:
    assert read(text) == []


def test_a_date_is_held_by_what_it_names() -> None:
    known = Known(figures("hiệu lực 01/09/2025", "vi"))
    for text in ("01/09/2025", "09/2025", "ngày 1/9", "năm 2025"):
        assert all(map(known.holds, figures(text, "vi"))), text
    for text in ("10/09/2025", "08/2025", "ngày 2/9", "năm 2026"):
        assert not any(map(known.holds, figures(text, "vi"))), text


def test_a_document_is_held_without_its_year_but_not_with_another() -> None:
    known = Known(figures("NĐ 205/2025, QĐ 68", "vi"))
    for text in ("NĐ 205/2025/NĐ-CP", "Nghị định 205", "Decision 68/2017"):
        assert all(map(known.holds, figures(text, "vi"))), text
    for text in ("NĐ 205/2024", "NĐ 206", "205 lao động"):
        assert not any(map(known.holds, figures(text, "vi"))), text


def test_a_percentage_is_not_held_by_a_quantity() -> None:
    known = Known(figures("50 lao động, 30%", "vi"))
    assert [known.holds(figure) for figure in figures("50%, 30 lao động, 50 người, 30 phần trăm", "vi")] == [
        False,
        False,
        True,
        True,
    ]


def test_nought_with_a_unit_is_a_figure() -> None:
    assert read("0% và 0 đồng") == [("percent", "0"), ("amount", "0")]


@given(st.text(st.sampled_from("0123456789 .,/-–%()+: triệutỷđồngVNDĐiềuQĐ٣²\n")), st.sampled_from(["vi", "en"]))
def test_any_text_can_be_read_and_what_is_shown_stands_in_it(text: str, language: Language) -> None:
    for figure in figures(text, language):
        assert figure.shown in text
        assert Known([figure]).holds(figure)
