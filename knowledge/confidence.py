"""How sure it is that the likeliest entry is the right one: a probability that means what it says."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("confidence.toml")

#: What a wrong answer costs, an "I don't know" costing 1: an answer is given from this probability of being right on.
COST = 10.0
ANSWER = COST / (COST + 1)
#: From this one on entries are offered for choosing: offering the wrong ones costs little, an "I don't know" more.
CHOICE = 0.15
#: Steps of Newton's method, and the weight of the guess that a sign says nothing.
NEWTON, RIDGE = 15, 1.0


@dataclass(frozen=True, slots=True)
class Signs:
    """What the confidence in the likeliest entry rests on; each is capped, so that no single one decides.

    `chance`: the logarithm of its probability. `lead`: of how much likelier it is than the next entry. `inside`: of how
    much likelier than all that is not ours together. `pairs`: 0 to 1, the share of neighbouring words that it knows.
    `near`: 0 to 1, its nearest phrasing by the words of either, letter by letter.
    """

    chance: float
    lead: float
    inside: float
    pairs: float
    near: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic model over the signs, in their order, from `level` up or down."""

    level: float
    weights: tuple[float, ...]

    def of(self, signs: Signs) -> float:
        """The probability, 0 to 1, that the entry is right."""
        sure = self.level + sum(w * sign for w, sign in zip(self.weights, astuple(signs), strict=True))
        return float(1 / (1 + np.exp(-np.clip(sure, -30, 30))))


@dataclass(frozen=True, slots=True)
class Confidences:
    """The confidence in what a text means `alone`, and in what it means `after` the topics of a talk."""

    alone: Confidence
    after: Confidence


class ConfidenceError(ValueError):
    """A file of confidences cannot be read: what is wrong, and how to mend it."""


def read_confidences(path: Path) -> Confidences:
    """Read confidences as `written` gives them. Raises ConfidenceError, OSError."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        return Confidences(*(_read(tables[part.name]) for part in fields(Confidences)))
    except (ValueError, TypeError, KeyError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        mend = "run `bot knowledge calibrate` again, or remove it"
        raise ConfidenceError(f"{path}: holds no confidences ({reason}); {mend}") from error


def _read(table: Mapping[str, Any]) -> Confidence:
    level, *weights = (float(table[name]) for name in ("level", *(field.name for field in fields(Signs))))
    if not np.isfinite([level, *weights]).all():
        raise ValueError("a number is not finite")
    return Confidence(level, tuple(weights))


def written(confidences: Confidences) -> str:
    """Confidences as the text of a TOML file."""
    lines = list[str]()
    for part in fields(Confidences):
        confidence: Confidence = getattr(confidences, part.name)
        named = zip((field.name for field in fields(Signs)), confidence.weights, strict=True)
        lines += [f"[{part.name}]", f"level = {confidence.level:.4f}"]
        lines += [*(f"{name} = {value:.4f}" for name, value in named), ""]
    return "\n".join(lines)


@cache
def shipped() -> Confidences:
    """The confidences fitted to the shipped entries."""
    return read_confidences(FILE)


def fit(signs: Sequence[Signs], right: Sequence[bool], weights: Sequence[float]) -> Confidence:
    """The confidence under which what was right is likeliest, each case counting as often as its weight says."""
    rows = np.array([(1.0, *astuple(sign)) for sign in signs])
    hits, often = np.array(right, float), np.array(weights, float)
    guess = np.zeros(rows.shape[1])
    for _ in range(NEWTON):
        p = 1 / (1 + np.exp(-np.clip(rows @ guess, -30, 30)))
        slope = rows.T @ (often * (hits - p)) - RIDGE * guess
        curve = (rows * (often * p * (1 - p))[:, None]).T @ rows + RIDGE * np.eye(len(guess))
        guess = guess + np.linalg.solve(curve, slope)
    return Confidence(float(guess[0]), tuple(float(w) for w in guess[1:]))
