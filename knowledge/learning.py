"""A linear model that learns, from texts of each class, which of their features tell the class from its neighbours."""

import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Numbers = NDArray[np.uint32]

#: Times every text is looked at, and steps in all at most: ten thousand entries take minutes, not hours.
ROUNDS, STEPS = 6, 120_000
#: A text that is told with this probability is left out until the last two rounds.
SURE = 0.9
#: The length of a step (AdaGrad), that of the classes' own weights, and what keeps the earliest steps short.
RATE, BIAS_RATE, GROUND = 1.0, 0.1, 1e-2
#: Runs of letters that more than this share of the classes hold tell less than noise does.
LETTERS_HELD = 0.4
#: What more classes than this hold is passed over: the time for a question must not grow with the base.
HELD = 500
#: The length of a usual text, a root of a sum of squares.
USUAL = 40.0
SEED = 3


class Known(NamedTuple):
    """What a model knows of a text: the features' names, their places among its keys, and their shares of the text."""

    names: tuple[str, ...]
    places: NDArray[np.int64]
    shares: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights of features for classes, kept by feature as an inverted index is. Never changes once learned.

    A weight exists only where a text of the class has the feature. `keys`: the features' numbers, rising. What feature
    n adds to `classes[held[i]]` is `weights[i]`, for i from `starts[n]` to `starts[n + 1]`, times its share of a text:
    features of few texts, by `rarity`, have the greater shares.
    """

    classes: tuple[str, ...]
    keys: NDArray[np.uint32]
    starts: NDArray[np.int64]
    rarity: Floats
    held: NDArray[np.int32]
    weights: Floats
    bias: Floats

    def known(self, features: Mapping[str, float]) -> Known:
        """Those features of a text that are known.

        Their shares are divided by the square root of the text's length: by all of it, a story's words say too little
        each to be sure; by nothing, they say too much.
        """
        known, places, shares = self._known(*_arrays(features))
        return Known(tuple(compress(features, known)), places, shares)

    def _known(self, numbers: Numbers, values: Floats) -> tuple[NDArray[np.bool_], NDArray[np.int64], Floats]:
        """Which features are known, the places of those, and their shares."""
        if not len(self.keys):
            return np.zeros(len(numbers), bool), np.zeros(0, np.int64), np.zeros(0, np.float32)
        places = np.minimum(np.searchsorted(self.keys, numbers), len(self.keys) - 1)
        known = self.keys[places] == numbers
        places, shares = places[known], values[known] * self.rarity[places[known]]
        length = np.sqrt((shares * shares).sum())
        return known, places, shares / (np.sqrt(length * USUAL) or 1.0)

    def scores(self, known: Known) -> Floats:
        """The logarithms of the classes' probabilities, in the order of `classes`; together the classes are certain."""
        at, shares = _spread(self.starts, known.places, known.shares)
        return _logarithms(np.bincount(self.held[at], self.weights[at] * shares, len(self.classes)) + self.bias)

    def adds(self, known: Known, number: int) -> dict[str, float]:
        """The features of a text that a class holds, with what each adds to its score."""
        at, shares = _spread(self.starts, known.places, known.shares)
        of = np.repeat(np.arange(len(known.places)), self.starts[known.places + 1] - self.starts[known.places])
        own = self.held[at] == number
        adds = (self.weights[at] * shares)[own]
        return {known.names[n]: float(add) for n, add in zip(of[own].tolist(), adds, strict=True)}


def learn(texts: Mapping[str, Iterable[Mapping[str, float]]]) -> Model:
    """The model of classes, each given by the features of its texts (multinomial logistic regression, AdaGrad)."""
    told = [(number, *_arrays(text)) for number, own in enumerate(texts.values()) for text in own]
    model = _untrained(tuple(texts), told)
    cases = [(number, *model._known(numbers, values)[1:]) for number, numbers, values in told]
    del told
    weights, bias = model.weights, model.bias
    squares, bias_squares = np.full_like(weights, GROUND), np.ones_like(bias)
    order, sure, chance = list(range(len(cases))), set[int](), random.Random(SEED)
    rounds = max(1, min(ROUNDS, STEPS // (len(cases) or 1)))
    for turn in range(rounds):
        if turn >= rounds - 2:
            sure.clear()
        chance.shuffle(order)
        for case in order:
            if case in sure:
                continue
            number, found, shares = cases[case]
            at, shares = _spread(model.starts, found, shares)
            held, own = model.held[at], weights[at]
            error = np.exp(_logarithms(np.bincount(held, own * shares, len(bias)) + bias))
            if error[number] > SURE:
                sure.add(case)
                continue
            error[number] -= 1.0
            slope = error[held] * shares
            steep = squares[at] + slope * slope
            squares[at] = steep
            weights[at] = own - RATE * slope / np.sqrt(steep)
            bias_squares += error * error
            bias -= BIAS_RATE * error / np.sqrt(bias_squares)
    return model


def _untrained(classes: tuple[str, ...], texts: Sequence[tuple[int, Numbers, Floats]]) -> Model:
    """The model before any step: which class holds which feature of its texts, all weights nought."""
    pairs = [(numbers.astype(np.uint64) << np.uint64(32)) | np.uint64(number) for number, numbers, _ in texts]
    both = np.concatenate(pairs) if pairs else np.zeros(0, np.uint64)
    keys, counts = np.unique((both >> np.uint64(32)).astype(np.uint32), return_counts=True)
    both = np.unique(both)
    numbers, held = (both >> np.uint64(32)).astype(np.uint32), both.astype(np.uint32).astype(np.int32)
    many = np.diff(np.append(np.searchsorted(numbers, keys), len(numbers)))
    letters = (keys & 1).astype(bool)
    keep = (many <= HELD) & ~(letters & (many > LETTERS_HELD * len(classes)))
    held, many = held[np.repeat(keep, many)], many[keep]
    rarity = np.log((1 + len(pairs)) / (1 + counts[keep])) + 1
    return Model(
        classes=classes,
        keys=keys[keep],
        starts=np.concatenate(([0], np.cumsum(many))),
        rarity=rarity.astype(np.float32),
        held=held,
        weights=np.zeros(len(held), np.float32),
        bias=np.zeros(len(classes), np.float32),
    )


def _arrays(features: Mapping[str, float]) -> tuple[Numbers, Floats]:
    """A number for each feature, and how much it counts; odd numbers are runs of letters. Two in a few thousand million
    share one.
    """
    numbers = ((zlib.crc32(name.encode()), name.startswith("c:")) for name in features)
    found = np.array([number | 1 if letters else number & ~1 for number, letters in numbers], np.uint32)
    return found, np.fromiter(features.values(), np.float32, len(features))


def _spread(starts: NDArray[np.int64], found: NDArray[np.int64], shares: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The places of all weights of some features, each with its feature's share."""
    many = starts[found + 1] - starts[found]
    first = np.cumsum(many) - many
    return np.repeat(starts[found] - first, many) + np.arange(many.sum()), np.repeat(shares, many)


def _logarithms(scores: Floats) -> Floats:
    """Scores as logarithms of probabilities."""
    return np.subtract(scores, np.logaddexp.reduce(scores)) if len(scores) else scores
