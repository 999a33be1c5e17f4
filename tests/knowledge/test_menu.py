"""The menu is read in its order or refused with its place."""

from pathlib import Path

import pytest

from knowledge.fields import EntryError, Text
from knowledge.menu import Section, menu_from

MENU = """
[money]
title = {vi = "Vốn", en = "Money"}
ask = {vi = "Hỏi gì?"}
entries = ["finance.loans"]
[place]
title.vi = "Mặt bằng"
ask.vi = "Nơi nào?"
entries = []
"""


def test_lists_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "menu.toml"
    path.write_text(MENU, "utf-8")
    assert menu_from(path) == (
        Section("money", Text("Vốn", "Money"), Text("Hỏi gì?"), ("finance.loans",)),
        Section("place", Text("Mặt bằng"), Text("Nơi nào?"), ()),
    )


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("money = ", "(file)"),
        ("money = 5", "money"),
        (MENU.replace('title.vi = "Mặt bằng"', ""), "place.title.vi"),
        (MENU.replace("entries = []", "entries = [5]"), "place.entries"),
        (f"{MENU}order = 1", "place.order"),
    ],
)
def test_a_list_that_cannot_be_meant_is_named(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "menu.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(EntryError) as caught:
        menu_from(path)
    assert caught.value.field == field
