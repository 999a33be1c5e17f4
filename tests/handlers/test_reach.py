"""How a person can be written to: the edges of the windows, and what is not known."""

import datetime as dt

import pytest

from handlers.reach import Reach, Windows, reach

NOW = dt.datetime(2026, 11, 25, 9, 0, tzinfo=dt.UTC)
RULE = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55)
WITH_TEMPLATE = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55, 200)
SECOND = dt.timedelta(seconds=1)


def test_without_a_rule_anybody_can_be_written_to_at_any_time() -> None:
    assert reach(None, None, None, NOW) == Reach("free")


@pytest.mark.parametrize(
    ("silent", "left", "way", "price"),
    [
        (dt.timedelta(0), None, "free", 0),
        (dt.timedelta(hours=48), 3, "free", 0),
        (dt.timedelta(hours=48) + SECOND, 3, "paid", 55),
        (dt.timedelta(hours=1), 0, "paid", 55),
        (dt.timedelta(days=7), None, "paid", 55),
        (dt.timedelta(days=7) + SECOND, 8, "closed", 0),
    ],
)
def test_the_edges(silent: dt.timedelta, left: int | None, way: str, price: int) -> None:
    found = reach(RULE, NOW - silent, left, NOW)
    assert (found.way, found.price, found.silent) == (way, price, silent)


def test_after_the_windows_a_template_reaches_them_if_there_is_one() -> None:
    assert reach(WITH_TEMPLATE, NOW - dt.timedelta(days=8), None, NOW) == Reach("template", 200, dt.timedelta(days=8))


def test_whose_last_word_is_not_known_is_not_written_to_free() -> None:
    assert reach(RULE, None, 8, NOW) == Reach("closed")
    assert reach(WITH_TEMPLATE, None, 8, NOW) == Reach("template", 200)
