"""The confidence: what it learns, what it says, and its file."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.confidence import ANSWER, Confidence, ConfidenceError, Signs, fit, read_confidences, shipped, written

SIGNS = Signs(chance=-0.5, lead=2.0, inside=3.0, pairs=0.5, near=0.8)


def test_it_says_what_was_so() -> None:
    """Of a thousand cases of a kind, as many are right as it says; a sign that says nothing gets no weight."""
    chance = random.Random(5)
    signs = [replace(SIGNS, lead=lead, near=chance.random()) for lead in (0.0, 4.0) for _ in range(1000)]
    right = [n % 10 < (3 if n < 1000 else 9) for n in range(2000)]
    found = fit(signs, right, [1.0] * 2000)
    assert found.of(replace(SIGNS, lead=0.0)) == pytest.approx(0.3, abs=0.03)
    assert found.of(replace(SIGNS, lead=4.0)) == pytest.approx(0.9, abs=0.03)
    assert abs(found.weights[4]) < 0.3


def test_a_case_counts_as_often_as_its_weight_says() -> None:
    seldom = fit([SIGNS] * 200, [True] * 100 + [False] * 100, [1.0] * 100 + [0.25] * 100)
    assert seldom.of(SIGNS) == pytest.approx(0.8, abs=0.02)


def test_a_wrong_answer_costs_ten_refusals() -> None:
    assert pytest.approx(ANSWER) == 10 * (1 - ANSWER)


def test_it_is_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "confidence.toml"
    file.write_text(written(shipped()))
    assert read_confidences(file) == shipped()


@pytest.mark.parametrize("text", ["", "[alone]\nlevel = 'x'", "[alone]\nlevel = 1\nchance = 2", "[", "alone = 1"])
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "confidence.toml"
    file.write_text(text)
    with pytest.raises(
        ConfidenceError, match=r"confidence\.toml: holds no confidences .*; run `bot knowledge calibrate` again"
    ):
        read_confidences(file)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "confidence.toml"
    file.write_text(written(shipped()).replace("level = -", "level = nan #", 1))
    with pytest.raises(ConfidenceError, match="not finite"):
        read_confidences(file)


def test_no_sign_makes_it_overflow() -> None:
    assert 0 <= Confidence(1e9, (0.0,) * 5).of(SIGNS) <= 1
