"""Telephone numbers are read as people write them."""

import pytest

from handlers.phone import find, lacks_area_code, shown


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0912345678", "+84912345678"),
        ("0912.345.678 (Zalo)", "+84912345678"),
        ("số em là 0912 345 678 nha", "+84912345678"),
        ("+84 912 345 678", "+84912345678"),
        ("84912345678", "+84912345678"),
        ("0084912345678", "+84912345678"),
        ("0912345678 0987654321", "+84912345678"),
        ("01234567890", "+84834567890"),
        ("0167 123 4567", "+84371234567"),
        ("+841671234567", "+84371234567"),
        ("0120 123 4567", "+84701234567"),
        ("0199 123 4567", "+84591234567"),
        ("0275.3822 365", "+842753822365"),
        ("(0270) 3822 365", "+842703822365"),
        ("0294-3855123", "+842943855123"),
        ("+82 2 312 3456", "+8223123456"),
    ],
)
def test_a_number_is_found_with_any_separators_and_from_before_2018(text: str, number: str) -> None:
    found = find(text)
    assert found is not None
    assert found.number == number


@pytest.mark.parametrize(
    "text", ["", "2", "0123", "3822365", "mst 0300588569", "1300123456", "0" * 30, "không có", "12/05/2026"]
)
def test_what_nobody_can_call_is_no_number(text: str) -> None:
    assert find(text) is None


def test_a_landline_without_its_area_code_is_noticed() -> None:
    assert lacks_area_code("3822 365")
    assert not lacks_area_code("0275 3822 365")
    assert not lacks_area_code("12")


def test_the_rest_of_the_text_is_kept() -> None:
    found = find("Chị Lan 0912 345 678")
    assert found is not None
    assert found.rest == "Chị Lan"


def test_numbers_are_shown_as_people_here_write_them() -> None:
    assert shown("+84912345678") == "0912 345 678"
    assert shown("+8223123456").startswith("+82")
    assert shown("no number") == "no number"
