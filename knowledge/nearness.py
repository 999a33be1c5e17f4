"""How near a text is to the nearest question of a class: the cosine of what counts in either."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.learning import Floats, Model


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """The questions of all classes as vectors of length 1, class after class. Never changes once made.

    Those of class n are the rows from `classes[n]` to `classes[n + 1]`; row r holds `shares` at the features `places`,
    which count the model's keys, from `rows[r]` to `rows[r + 1]`.
    """

    classes: NDArray[np.int64]
    rows: NDArray[np.int64]
    places: NDArray[np.int32]
    shares: Floats

    def nearest(self, vector: Floats, classes: Iterable[int]) -> float:
        """The cosine, 0 to 1, of a text, as `spread` gives it, and the nearest question of some classes."""
        return max((self._nearest(vector, number) for number in classes), default=0.0)

    def _nearest(self, vector: Floats, number: int) -> float:
        rows = self.rows[self.classes[number] : self.classes[number + 1] + 1]
        if len(rows) < 2:
            return 0.0
        part = slice(rows[0], rows[-1])
        sums = np.cumsum(vector[self.places[part]] * self.shares[part])
        ends = np.append(0.0, sums)[rows - rows[0]]
        return float(np.clip(np.diff(ends).max(), 0.0, 1.0))


def spread(model: Model, features: Mapping[str, float]) -> Floats:
    """A text as a vector of length 1 over the model's keys; all nought if it holds none of them."""
    vector = np.zeros(len(model.keys), np.float32)
    places, shares = _unit(model, features)
    vector[places] = shares
    return vector


def examples_of(model: Model, texts: Sequence[Sequence[Mapping[str, float]]]) -> Examples:
    """The examples of a model's classes, in their order, each text given by its features."""
    units = [_unit(model, text) for own in texts for text in own]
    return Examples(
        classes=np.cumsum([0, *(len(own) for own in texts)], dtype=np.int64),
        rows=np.cumsum([0, *(len(places) for places, _ in units)], dtype=np.int64),
        places=np.concatenate([np.zeros(0, np.int32), *(places.astype(np.int32) for places, _ in units)]),
        shares=np.concatenate([np.zeros(0, np.float32), *(shares for _, shares in units)]),
    )


def _unit(model: Model, features: Mapping[str, float]) -> tuple[NDArray[np.int64], Floats]:
    places, shares = model.known(features)
    return places, shares / (np.sqrt((shares * shares).sum()) or 1.0)
