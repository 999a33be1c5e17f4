"""Practice: reading the questions, judging outcomes, and the table."""

from pathlib import Path

import pytest

from bot.knowledge_base import KnowledgeBase, shipped
from knowledge.entry import from_folder
from knowledge.practice import (
    MISSING,
    TOTAL,
    PracticeError,
    Question,
    Tally,
    judge,
    read_questions,
    read_talks,
    report,
    score,
    wilson,
)
from knowledge.search import Candidate, Found, Index
from knowledge.text import words

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
SHIPPED = KNOWLEDGE / "practice" / "questions.tsv"
#: Questions of writers who saw neither phrasings nor code.
MORE = KNOWLEDGE / "practice" / "more.tsv"
#: The same, and nothing was fitted to these.
UNSEEN = KNOWLEDGE / "practice" / "unseen.tsv"


def answer(entry: str, also: str = "") -> Found:
    return Found("answer", (Candidate(entry, 0.97),), also)


def choices(*entries: str) -> Found:
    return Found("choices", tuple(Candidate(entry, 0.4) for entry in entries))


@pytest.mark.parametrize(
    ("found", "expected", "judged"),
    [
        (answer("a"), ("a",), "right"),
        (answer("a"), ("b", "a"), "right"),
        (answer("b", also="a"), ("a",), "right"),
        (answer("b"), ("a",), "wrong"),
        (answer("b"), (), "wrong"),
        (choices("b", "a"), ("a",), "offered"),
        (choices("b", "c"), ("a",), "declined"),
        (choices("b", "c"), (), "declined"),
        (Found("unknown", reply="far"), (), "right"),
        (Found("unknown", reply="unknown"), ("a",), "declined"),
    ],
)
def test_an_outcome_is_judged_by_what_it_costs(found: Found, expected: tuple[str, ...], judged: str) -> None:
    assert judge(found, expected) == judged


def test_the_shipped_questions_can_be_read() -> None:
    questions = read_questions(SHIPPED)
    assert {"telex", "english", "near"} <= {question.kind for question in questions}
    assert any(len(question.expected) > 1 for question in questions)
    assert all(not question.expected for question in questions if question.kind in ("near", "far", "chat", "attack"))


def test_no_phrasing_is_a_practice_question() -> None:
    asked = {words(q.text) for file in (SHIPPED, MORE, UNSEEN) for q in read_questions(file)}
    entries = from_folder(KNOWLEDGE / "entries")
    same = [(e.id, text) for e in entries for text in (*e.phrasings.vi, *e.phrasings.en) if words(text) in asked]
    assert [pair for pair in same if len(words(pair[1])) > 4] == []


def test_the_shipped_entries_are_seldom_wrong_and_mostly_found() -> None:
    base = KnowledgeBase(shipped())
    rows = {tally.kind: tally for tally in score(base.index, read_questions(SHIPPED))}
    assert rows[TOTAL].wrong <= 0.02 * rows[TOTAL].n
    asked = [row for kind, row in rows.items() if kind not in (MISSING, TOTAL, "near", "far", "chat", "attack")]
    assert sum(row.right + row.offered for row in asked) >= 0.95 * sum(row.n for row in asked)
    assert sum(row.right for row in asked) >= 0.75 * sum(row.n for row in asked)


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "questions.tsv"
    file.write_text("mua máy\tkc.machinery\tdirect\nthiếu một cột\t-\n", "utf-8")
    with pytest.raises(PracticeError, match=r"questions\.tsv, line 2: write text"):
        read_questions(file)


def test_questions_whose_entry_is_missing_stand_in_a_row_of_their_own() -> None:
    index = Index.from_questions(
        {"kc.machinery": ("Mua máy mới được hỗ trợ bao nhiêu?", "hỗ trợ mua máy")},
        {"far": ("đội tuyển đá với ai", "mai có mưa không"), "near": ("mã bưu điện", "số điện thoại của công an")},
    )
    tallies = score(
        index,
        [
            Question("đội tuyển đá với ai tối nay", (), "far"),
            Question("Mua máy mới được hỗ trợ bao nhiêu?", ("kc.machinery",), "direct"),
            Question("số điện thoại của công an xã", ("contact.area-code",), "direct"),
        ],
    )
    rows = {tally.kind: tally for tally in tallies}
    assert list(rows) == ["far", "direct", MISSING, TOTAL]
    assert rows["far"] == Tally("far", n=1, right=1)
    assert rows["direct"].n == 1 and rows["direct"].wrong == 0
    assert rows[MISSING] == Tally(MISSING, n=1, right=1)
    assert rows[TOTAL].n == 3


def test_the_interval_is_wide_for_few_and_narrow_for_many() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(24, 26)
    assert (round(low, 2), round(high, 2)) == (0.76, 0.98)
    assert wilson(240, 260)[0] > low


def test_the_report_shows_every_kind_with_its_counts() -> None:
    table = report([Tally("telex", n=26, right=20, offered=3, wrong=1, declined=2), Tally(TOTAL, n=26, right=20)])
    heading, telex, total = table.splitlines()
    assert heading.split()[:6] == ["kind", "n", "right", "offered", "wrong", "declined"]
    assert telex.split()[:6] == ["telex", "26", "20", "3", "1", "2"]
    assert total.startswith(TOTAL)


def test_talks_are_read_and_a_line_that_cannot_be_is_named(tmp_path: Path) -> None:
    for name in ("dialogues.jsonl", "talks.jsonl", "unseen-dialogues.jsonl"):
        tags = {tag for tag, _ in read_talks(KNOWLEDGE / "practice" / name)}
        assert tags == {"ellipsis", "correction", "return", "switch"}
    file = tmp_path / "talks.jsonl"
    file.write_text('{"turns": [{"say": "máy", "expect": []}], "tag": "switch"}\n{"turns": [{}]}\n')
    with pytest.raises(PracticeError, match=r"talks\.jsonl, line 2: write"):
        read_talks(file)
