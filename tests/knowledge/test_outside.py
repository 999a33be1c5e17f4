"""The examples of what must not be answered are read by lines."""

from pathlib import Path

import pytest

from knowledge.outside import OutsideError, read_outside


def test_examples_stand_under_whose_business_they_are(tmp_path: Path) -> None:
    file = tmp_path / "outside.tsv"
    file.write_text("Làm sổ đỏ ở đâu?\tland\n\nhaha\tchat\nsang tên đất\tland\n")
    assert read_outside(file, ("land",)) == {"land": ("Làm sổ đỏ ở đâu?", "sang tên đất"), "chat": ("haha",)}


@pytest.mark.parametrize("line", ["không có cột", "\tland", "chữ\t", "chữ\tkhác"])
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "outside.tsv"
    file.write_text(f"haha\tchat\n{line}\n")
    with pytest.raises(OutsideError, match=r"outside\.tsv, line 2: write a text, a tab, one of .*chat.*land"):
        read_outside(file, ("land",))
