"""The examples of what must not be answered are read by lines."""

from pathlib import Path

import pytest

from bot.knowledge_base import route_names, shipped
from knowledge.outside import OutsideError, read_outside
from knowledge.practice import read_questions
from knowledge.text import words

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"


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


def test_the_shipped_examples_are_nobodys_phrasing_and_no_practice() -> None:
    examples = read_outside(KNOWLEDGE / "outside.tsv", route_names(KNOWLEDGE / "routes.toml"))
    asked = {words(text) for texts in examples.values() for text in texts}
    phrasings = {words(text) for e in shipped() for text in (*e.phrasings.vi, *e.phrasings.en)}
    practice = {words(q.text) for path in KNOWLEDGE.glob("practice/*.tsv") for q in read_questions(path)}
    assert asked.isdisjoint(phrasings)
    assert [words for words in asked & practice if len(words) > 4] == []
