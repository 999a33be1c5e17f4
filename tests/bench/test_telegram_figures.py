"""The benchmark's judge sees every answer that is missing, doubled or out of order, and its times are right."""

import pytest

from tests.bench.telegram_figures import Figures, Sent, figures, quantile, verdict
from tests.bench.telegram_load import Text, Try
from tests.bench.telegram_terms import marked

AN, BINH = 1, 2
TEXTS: list[Text] = [(10, AN, "a"), (11, BINH, "b"), (12, AN, "c"), (13, BINH, "d")]
TRIES: list[Try] = [(10, 0.0, 0.1, 200), (11, 0.0, 0.2, 200), (12, 1.0, 1.3, 200), (13, 1.0, 1.4, 200)]
SENT: list[Sent] = [
    (0.5, AN, marked("a", 10)),
    (0.5, BINH, marked("b", 11)),
    (1.5, AN, marked("c", 12)),
    (2.0, BINH, marked("d", 13)),
]


def judged(sent: list[Sent], tries: list[Try] = TRIES) -> Figures:
    """The figures of these messages."""
    return figures(TEXTS, tries, sent, cpu=0.4, peak=100.0)


def test_a_run_without_fault() -> None:
    found = judged(SENT)
    assert verdict([found]) == "yes"
    assert found.per_second == pytest.approx(4 / 2.0)
    assert (found.hook_p99, found.answer_p99) == pytest.approx((0.4, 1.0))
    assert found.cpu == pytest.approx(0.1)


def test_an_answer_that_never_came() -> None:
    assert verdict([judged(SENT[:-1])]) == "1 missing"


def test_an_answer_that_came_twice() -> None:
    assert verdict([judged([*SENT, (3.0, BINH, marked("d", 13))])]) == "1 doubled"


def test_answers_in_another_order_than_the_questions() -> None:
    late_first = [(2.5, AN, marked("a", 10)), *SENT[1:]]
    assert verdict([judged(late_first)]) == "1 people out of order"
    # Who is answered first of two people does not matter.
    assert verdict([judged([SENT[1], SENT[0], *SENT[2:]])]) == "yes"


def test_a_delivery_that_was_refused_is_counted_from_its_first_try() -> None:
    found = judged(SENT, [(10, -3.0, -2.9, 503), (10, 0.0, 0.1, 200), *TRIES[1:]])
    assert verdict([found, judged(SENT)]) == "1 deliveries refused"
    assert found.answer_p99 == pytest.approx(3.5)


def test_messages_without_a_mark_are_told_apart() -> None:
    assert verdict([judged([*SENT, (1.0, AN, "one more")])]) == "yes (and 1 messages more)"


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert quantile([], 0.99) == 0.0
