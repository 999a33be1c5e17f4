"""A price and a silence are said whole, in both languages."""

import datetime as dt

import pytest

from handlers.catalogue import wording
from handlers.price import price, silence
from handlers.reach import Reach

VI, EN = wording("vi"), wording("en")


@pytest.mark.parametrize(
    ("reach", "vi", "en"),
    [
        (Reach(), "miễn phí", "free of charge"),
        (Reach("paid", 55), "55 đ", "55 VND"),
        (Reach("template", 200), "khoảng 200 đ", "about 200 VND"),
        (Reach("paid", 1_234_567), "1.234.567 đ", "1,234,567 VND"),
    ],
)
def test_money_is_written_as_people_write_it(reach: Reach, vi: str, en: str) -> None:
    assert (price(reach, VI), price(reach, EN)) == (vi, en)


@pytest.mark.parametrize(
    ("silent", "vi", "en"),
    [
        (dt.timedelta(minutes=59), "chưa đến 1 giờ", "less than an hour"),
        (dt.timedelta(minutes=119), "1 giờ", "1 hour"),
        (dt.timedelta(hours=30), "30 giờ", "30 hours"),
        (dt.timedelta(hours=47.9), "47 giờ", "47 hours"),
        (dt.timedelta(hours=48), "2 ngày", "2 days"),
        (dt.timedelta(days=3, hours=23), "3 ngày", "3 days"),
        (None, "lâu ngày", "a long time"),
    ],
)
def test_a_silence_is_counted_in_hours_then_in_days(silent: dt.timedelta | None, vi: str, en: str) -> None:
    reach = Reach("paid", 55, silent)
    assert (silence(reach, VI), silence(reach, EN)) == (vi, en)
