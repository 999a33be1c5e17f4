"""What was learned is kept in a folder, and a folder that fails costs time, nothing else."""

import os
from pathlib import Path

import pytest

from knowledge.features import said
from knowledge.learned import KEPT, Learned, Questions, learn_from, remembered

QUESTIONS = {"machine": ("Mua máy mới", "mua may moi", "máy mới"), "loan": ("vay vốn",)}


class Counting:
    """A learner that counts."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, questions: Questions) -> Learned:
        self.times += 1
        return learn_from(questions)


def same(one: Learned, other: Learned) -> bool:
    asked = one.model.known(said("mua máy mới").features)
    return one.plain == other.plain and (one.model.scores(asked) == other.model.scores(asked)).all()


def test_the_same_questions_are_learned_once(tmp_path: Path) -> None:
    learner = Counting()
    first = remembered(QUESTIONS, tmp_path / "new", learner)
    again = remembered(QUESTIONS, tmp_path / "new", learner)
    assert learner.times == 1
    assert same(first, again)
    assert again.plain[0] == ("mua may moi", "may moi")
    assert again.model.classes == ("machine", "loan")


def test_other_questions_are_learned_anew(tmp_path: Path) -> None:
    learner = Counting()
    remembered(QUESTIONS, tmp_path, learner)
    remembered(QUESTIONS | {"loan": ("vay tiền",)}, tmp_path, learner)
    assert learner.times == 2


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04 cut off", b"\x00" * 100])
def test_a_broken_file_is_made_again(tmp_path: Path, broken: bytes) -> None:
    learner = Counting()
    remembered(QUESTIONS, tmp_path, learner)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(broken)
    assert same(remembered(QUESTIONS, tmp_path, learner), learn_from(QUESTIONS))
    assert learner.times == 2
    remembered(QUESTIONS, tmp_path, learner)
    assert learner.times == 2


def test_a_folder_that_is_none_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert same(remembered(QUESTIONS, tmp_path / "file"), learn_from(QUESTIONS))


def test_old_files_go(tmp_path: Path) -> None:
    for n in range(KEPT + 3):
        remembered({"a": (f"câu {n}",)}, tmp_path)
    assert len(list(tmp_path.iterdir())) == KEPT


def test_what_is_used_stays(tmp_path: Path) -> None:
    learner = Counting()
    remembered(QUESTIONS, tmp_path, learner)
    (first,) = tmp_path.iterdir()
    for n in range(KEPT + 3):
        for file in tmp_path.iterdir():
            os.utime(file, ns=(file.stat().st_mtime_ns - 10**9,) * 2)
        remembered(QUESTIONS, tmp_path, learner)
        remembered({"a": (f"câu {n}",)}, tmp_path)
    assert first.exists() and learner.times == 1
