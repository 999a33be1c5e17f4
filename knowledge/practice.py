"""Replays practice questions against an index and counts what came out, kind by kind."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from knowledge.search import Found, Index

#: The kind under which questions stand whose entry the index does not hold: they must be declined.
MISSING = "not loaded"
TOTAL = "all"


#: A turn of a practice talk: what is said, and the ids of which any is right.
Turn = tuple[str, tuple[str, ...]]


class PracticeError(ValueError):
    """A practice file cannot be read: which line, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A practice question. `expected` holds the ids of which any is right; empty: the base must not answer."""

    text: str
    expected: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What came out for `n` questions of a kind.

    `right`: answered with an expected id, or declined as unknown where nothing may be answered. `offered`: an expected
    id among the choices. `wrong`: answered with anything else. `declined`: the rest, which costs little.
    """

    kind: str
    n: int = 0
    right: int = 0
    offered: int = 0
    wrong: int = 0
    declined: int = 0


def read_questions(path: Path) -> tuple[Question, ...]:
    """Read lines of text, expected ids (`a|b`, or `-`) and kind, parted by tabs. Raises PracticeError, OSError."""
    found: list[Question] = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not all(field.strip() for field in fields):
            raise PracticeError(f"{path.name}, line {number}: write text, expected ids and kind, parted by two tabs")
        text, expected, kind = fields
        found.append(Question(text, () if expected == "-" else tuple(expected.split("|")), kind))
    return tuple(found)


def read_talks(path: Path) -> tuple[tuple[str, tuple[Turn, ...]], ...]:
    """Read lines of {"turns": [{"say": …, "expect": [ids]}, …], "tag": …} as (tag, turns).

    Raises PracticeError, OSError.
    """
    found: list[tuple[str, tuple[Turn, ...]]] = []
    for number, line in enumerate(_lines(path), 1):
        try:
            talk = json.loads(line)
            found.append((talk["tag"], tuple((turn["say"], tuple(turn["expect"])) for turn in talk["turns"])))
        except (ValueError, KeyError, TypeError) as error:
            raise PracticeError(f'{path.name}, line {number}: write {{"turns": […], "tag": "…"}} ({error})') from error
    return tuple(found)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise PracticeError(f"{path.name}: is not UTF-8 text; save it as UTF-8") from error


def score(index: Index, questions: Iterable[Question]) -> tuple[Tally, ...]:
    """One tally per kind in the order of appearance, then those not loaded, then all."""
    outcomes = list[tuple[str, str]]()
    for question in questions:
        expected = tuple(id for id in question.expected if id in index.ids)
        kind = MISSING if question.expected and not expected else question.kind
        outcomes.append((kind, judge(index.search(question.text), expected)))
    return tallies(outcomes)


def tallies(outcomes: Iterable[tuple[str, str]]) -> tuple[Tally, ...]:
    """Pairs of a kind and a field of Tally counted: by kind in the order of appearance, those not loaded, all."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for kind, outcome in outcomes:
        for row in (kind, TOTAL):
            counts[row]["n"] += 1
            counts[row][outcome] += 1
    last = (MISSING, TOTAL)
    kinds = [*(kind for kind in counts if kind not in last), *(kind for kind in last if kind in counts)]
    return tuple(Tally(kind, **counts[kind]) for kind in kinds)


def judge(found: Found, expected: tuple[str, ...]) -> str:
    """The field of Tally an outcome counts for; with nothing expected, only "unknown" is right."""
    ids = {candidate.entry for candidate in found.candidates}
    if found.outcome == "answer":
        return "right" if (ids | {found.also}) & set(expected) else "wrong"
    if found.outcome == "choices" and ids & set(expected):
        return "offered"
    return "right" if found.outcome == "unknown" and not expected else "declined"


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `hits` in `n`, each 0 to 1; (0, 1) for n = 0."""
    if not n:
        return 0.0, 1.0
    z = 1.96
    middle = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(hits * (n - hits) / n + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def report(tallies: Iterable[Tally]) -> str:
    """The tallies as a table, with the 95 % intervals of right and wrong in percent."""
    lines = [f"{'kind':<12}{'n':>5}{'right':>7}{'offered':>9}{'wrong':>7}{'declined':>10}   right %    wrong %"]
    for row in tallies:
        right, wrong = (
            f"{round(100 * low):>3}–{round(100 * high):<3}"
            for low, high in (wilson(row.right, row.n), wilson(row.wrong, row.n))
        )
        counts = f"{row.n:>5}{row.right:>7}{row.offered:>9}{row.wrong:>7}{row.declined:>10}"
        lines.append(f"{row.kind:<12}{counts}   {right}    {wrong}")
    return "\n".join(lines)
