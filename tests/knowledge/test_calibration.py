"""Calibration: fitted to what no index had learned, and judged by what it was not fitted to."""

import random

import pytest

from knowledge.calibration import LEFT_OUT, Case, calibrate, calibrated, cases, cases_after
from knowledge.confidence import ANSWER, Signs
from knowledge.learned import Learned, Questions, learn_from
from knowledge.practice import TOTAL, Question
from knowledge.search import Index

QUESTIONS = {
    "machine": ("mua máy mới", "máy mới có hỗ trợ không", "sắm thiết bị mới", "hỗ trợ máy"),
    "loan": ("vay vốn", "vay tiền ngân hàng", "lãi suất vay", "mượn vốn ở đâu"),
}
OUTSIDE = {"far": ("trời mưa không", "kể chuyện cười", "đội nào đá tối nay"), "land": ("làm sổ đỏ", "tách thửa đất")}
SIGNS = Signs(chance=-1.0, lead=1.0, inside=1.0, pairs=0.5, near=0.8)


def test_examples_are_asked_of_indexes_without_them_and_practice_of_the_whole() -> None:
    asked: list[Questions] = []

    def learner(questions: Questions) -> Learned:
        asked.append(questions)
        return learn_from(questions)

    practice = [
        Question("mua máy", ("machine",), "direct"),
        Question("đi câu cá", (), "far"),
        Question("mã số thuế", ("no such entry",), "direct"),
    ]
    found = cases(QUESTIONS, OUTSIDE, practice, learner)
    assert [case.kind for case in found] == ["~far", "~land", "~far", "~land", "~far", "direct", "far"]
    assert [len(questions) for questions in asked] == [4], "the whole index is learned, or remembered, once"
    assert all(not case.expected for case in found if case.kind.startswith("~"))
    assert LEFT_OUT > 2


def test_only_what_is_short_and_not_sure_alone_goes_on() -> None:
    index = Index.from_questions(QUESTIONS, OUTSIDE)
    talks = [
        (("mua máy mới", ("machine",)), ("mấy phần trăm", ("machine",)), ("vay vốn", ("loan",))),
        (("vay vốn", ("loan",)), (" ".join(["dài"] * 20), ("loan",))),
    ]
    found = cases_after(
        index, talks, [Question("trời nắng quá", (), "far"), Question("mua máy mới", ("machine",), "x")]
    )
    assert [case.kind for case in found] == ["later turn", "far"]


def test_examples_of_what_is_not_ours_are_no_more_frequent_than_it_is_asked() -> None:
    ours = [Case("direct", ("a",), ("a",), SIGNS)] * 300
    asked, examples = [Case("near", (), ("a",), SIGNS)] * 100, [Case("~land", (), ("a",), SIGNS)] * 900
    assert calibrate(ours + asked + examples).confidence.of(SIGNS) == pytest.approx(0.75, abs=0.01)
    ((_, _, n, said, right),) = calibrate(ours + asked + examples).reliability
    assert n == 1300 and said == pytest.approx(right, abs=0.01)
    assert calibrate(ours + examples).confidence.of(SIGNS) == pytest.approx(0.25, abs=0.01)


def test_where_talks_give_too_few_cases_the_first_confidence_stands_for_both() -> None:
    practice = [Question("mua máy", ("machine",), "direct"), Question("đi câu cá", (), "far")]
    talks = [(("vay vốn", ("loan",)), ("ở đâu", ("no such entry",)))]
    alone, after = calibrated(QUESTIONS, OUTSIDE, practice, talks)
    assert after is alone
    assert cases_after(Index.from_questions(QUESTIONS, OUTSIDE), talks, practice[1:]) == ()


def test_the_report_judges_what_the_confidence_was_not_fitted_to() -> None:
    """Cases without a pattern: what is said of a case is the share of the others, never that of the case itself."""
    chance = random.Random(4)
    made = [Case("direct", ("a",), ("a" if chance.random() < 0.96 else "b",), SIGNS) for _ in range(400)]
    found = calibrate(made)
    rows = {tally.kind: tally for tally in found.tallies}
    right = sum(case.right for case in made)
    assert rows[TOTAL].n == 400
    assert rows[TOTAL].right == right and rows[TOTAL].wrong == 400 - right
    ((low, high, n, said, share),) = found.reliability
    assert (low, n) == (ANSWER, 400) and low <= said < high
    assert abs(said - share) < 0.01
    assert found.confidence.of(SIGNS) > ANSWER
