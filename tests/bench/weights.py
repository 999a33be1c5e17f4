"""Fits the weights of knowledge/search.py and prints them: python -m tests.bench.weights

Learned from phrasings the index has not seen (a fifth left out at a time), from phrasings of entries it does not hold
(a third of the entries left out at a time: the right outcome is "none"), and from the practice questions.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from knowledge.entry import Entry, Phrasings, from_folder
from knowledge.practice import Question, read_questions
from knowledge.ranking import Comparison
from knowledge.search import LEAD, Confidence, Index, Weights

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
FIELDS = tuple(field.name for field in dataclasses.fields(Comparison))
#: Practice questions are what people type; a phrasing left out resembles its neighbours more than a stranger's words.
PRACTICE_COUNTS = 4.0
STEPS, RATE = 300, 0.15
NEWTON, RIDGE = 12, 1.0
PRACTICE = ("questions.tsv", "more.tsv")


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One question as the index compares it: the places of the right entries (none: empty), and how much it counts."""

    rows: tuple[tuple[float, ...], ...]
    right: tuple[int, ...]
    counts: float


def case(index: Index, text: str, expected: Iterable[str], counts: float) -> Case:
    """The case of a question; an expected entry the index does not hold, or does not consider, is "none"."""
    compared = index.ranking.compare(text).entries
    rows = tuple(tuple(getattr(comparison, field) for field in FIELDS) for _, comparison in compared)
    wanted = set(expected)
    return Case(rows, tuple(n for n, (id, _) in enumerate(compared) if id in wanted), counts)


def unseen_phrasings(entries: Sequence[Entry], every: int = 5) -> list[Case]:
    """Each phrasing asked of an index without it."""
    cases: list[Case] = []
    for left in range(every):
        kept = [dataclasses.replace(e, phrasings=_kept(e.phrasings, left, every)) for e in entries]
        index = Index(kept)
        for entry in entries:
            texts = (*entry.phrasings.vi, *entry.phrasings.en)
            cases += [case(index, text, (entry.id,), 1.0) for text in texts[left::every]]
    return cases


def _kept(phrasings: Phrasings, left: int, every: int) -> Phrasings:
    texts = (*phrasings.vi, *phrasings.en)
    return Phrasings(tuple(text for n, text in enumerate(texts) if n % every != left))


def unseen_entries(entries: Sequence[Entry], parts: int = 3, every: int = 4) -> list[Case]:
    """A quarter of the phrasings asked of an index that does not hold their entry."""
    cases: list[Case] = []
    for left in range(parts):
        index = Index(entry for n, entry in enumerate(entries) if n % parts != left)
        for entry in entries[left::parts]:
            cases += [case(index, text, (), 1.0) for text in (*entry.phrasings.vi, *entry.phrasings.en)[::every]]
    return cases


def fit(cases: Sequence[Case]) -> Weights:
    """The weights under which what was right is likeliest (Adam on the logarithm of the likelihood)."""
    width = len(FIELDS) + 1
    now, mean, square = [0.0] * width, [0.0] * width, [0.0] * width
    total = sum(one.counts for one in cases)
    for step in range(1, STEPS + 1):
        slope = [0.0] * width
        for one in cases:
            odds = [math.exp(sum(w * x for w, x in zip(now, (-1.0, *row), strict=True))) for row in one.rows]
            everything = 1 + sum(odds)
            hit = sum(odds[n] for n in one.right) if one.right else 1.0
            for n, row in enumerate(one.rows):
                share = (odds[n] / hit if n in one.right else 0.0) - odds[n] / everything
                for k, x in enumerate((-1.0, *row)):
                    slope[k] += one.counts * share * x / total
        for k in range(width):
            mean[k] = 0.9 * mean[k] + 0.1 * slope[k]
            square[k] = 0.99 * square[k] + 0.01 * slope[k] ** 2
            fair = mean[k] / (1 - 0.9**step), square[k] / (1 - 0.99**step)
            now[k] += RATE * fair[0] / (math.sqrt(fair[1]) + 1e-9)
    return Weights(*(round(x, 1) for x in now))


def surety(index: Index, weights: Weights, questions: Iterable[Question]) -> Confidence:
    """The confidence under which the questions' likeliest entries are right as often as it says."""
    rows, right = list[tuple[float, ...]](), list[bool]()
    for question in questions:
        ranked = sorted(
            ((weights.chance(c), id, c) for id, c in index.ranking.compare(question.text).entries), reverse=True
        )
        if ranked:
            chance, id, compared = ranked[0]
            lead = min(chance - ranked[1][0], LEAD) if len(ranked) > 1 else LEAD
            rows.append((-1.0, chance, lead, compared.phrasing, compared.evidence))
            right.append(id in question.expected)
    now = [0.0] * 5
    for _ in range(NEWTON):
        now = _newton(now, rows, right)
    return Confidence(*(round(x, 1) for x in now))


def _newton(now: list[float], rows: list[tuple[float, ...]], right: list[bool]) -> list[float]:
    """One step of Newton's method on the logarithm of the likelihood, with a little ridge."""
    width = len(now)
    slope = [-RIDGE * w for w in now]
    curve = [[RIDGE if a == b else 0.0 for b in range(width)] for a in range(width)]
    for row, hit in zip(rows, right, strict=True):
        p = 1 / (1 + math.exp(-sum(w * x for w, x in zip(now, row, strict=True))))
        for a in range(width):
            slope[a] += (hit - p) * row[a]
            for b in range(width):
                curve[a][b] += p * (1 - p) * row[a] * row[b]
    return [w + step for w, step in zip(now, _solved(curve, slope), strict=True)]


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a small system of equations, positive definite."""
    rows = [[*row, x] for row, x in zip(matrix, right, strict=True)]
    for n, row in enumerate(rows):
        rows[n] = row = [x / row[n] for x in row]
        for m, other in enumerate(rows):
            if m != n:
                rows[m] = [x - other[n] * y for x, y in zip(other, row, strict=True)]
    return [row[-1] for row in rows]


def main() -> None:
    """Fit and print."""
    entries = from_folder(KNOWLEDGE / "entries")
    index = Index(entries)
    questions = [q for file in PRACTICE for q in read_questions(KNOWLEDGE / "practice" / file)]
    cases = unseen_phrasings(entries) + unseen_entries(entries)
    cases += [case(index, question.text, question.expected, PRACTICE_COUNTS) for question in questions]
    weights = fit(cases)
    print(f"{len(cases)} cases: {weights}\n{surety(index, weights, questions)}")


if __name__ == "__main__":
    main()
