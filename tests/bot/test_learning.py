"""Where what was learned is kept, and the process of its own that learns."""

import os
from pathlib import Path

from bot.learning import apart, folder, learner
from knowledge.features import said
from knowledge.learned import Learned, Questions, learn_from

QUESTIONS = {"machine": ("mua máy mới", "máy mới"), "loan": ("vay vốn", "lãi suất vay")}


def test_a_process_of_its_own_learns_the_same() -> None:
    here, there = learn_from(QUESTIONS), apart(QUESTIONS)
    assert here.plain == there.plain
    known = here.model.known(said("vay máy").features)
    assert (here.model.scores(known) == there.model.scores(known)).all()


def test_it_is_kept_where_the_user_keeps_such_things() -> None:
    kept = folder()
    assert kept == Path(os.environ["XDG_CACHE_HOME"]) / "cau-noi"
    learner()({"a": ("một câu chỉ có ở đây",)})

    def never(questions: Questions) -> Learned:
        raise AssertionError("it was learned before")

    assert learner(never)({"a": ("một câu chỉ có ở đây",)}).plain == (("mot cau chi co o day",),)
