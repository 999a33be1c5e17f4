"""What people would install instead, over the same questions and the same examples of what must not be answered."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import bm25s
import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from knowledge.lexicon import fold

#: Hits looked at of each engine.
HITS = 40


class Engine(Protocol):
    """Ranks documents, which are single phrasings."""

    def hits(self, text: str) -> Sequence[tuple[int, float]]:
        """(number of a document, its score), best first."""


class Bm25:
    """bm25s with its defaults, words folded."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._index = bm25s.BM25()
        self._index.index([self._words(text) for text in texts], show_progress=False)

    def hits(self, text: str) -> Sequence[tuple[int, float]]:
        """Best first."""
        words = self._words(text)
        if not words:
            return ()
        found, scores = self._index.retrieve([words], k=HITS, show_progress=False)
        return list(zip(found[0].tolist(), scores[0].tolist(), strict=True))

    @staticmethod
    def _words(text: str) -> list[str]:
        return [word for word in "".join(c if c.isalnum() else " " for c in fold(text)).split() if word]


class Trigrams:
    """SQLite FTS5 with the trigram tokenizer over folded text, any of the words."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='trigram')")
        self._connection.executemany(
            "INSERT INTO texts(rowid, text) VALUES (?, ?)", [(n, fold(text)) for n, text in enumerate(texts)]
        )

    def hits(self, text: str) -> Sequence[tuple[int, float]]:
        """Best first."""
        plain = "".join(c if c.isalnum() else " " for c in fold(text))
        padded = " ".join(plain.split())
        grams = dict.fromkeys(padded[n : n + 3] for n in range(len(padded) - 2))
        if not grams:
            return ()
        asked = " OR ".join(f'"{gram}"' for gram in grams)
        rows = self._connection.execute(
            "SELECT rowid, -rank FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?", (asked, HITS)
        )
        return list(rows)


class TokenSet:
    """rapidfuzz token_set_ratio over folded text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [fold(text) for text in texts]

    def hits(self, text: str) -> Sequence[tuple[int, float]]:
        """Best first."""
        found = process.extract(fold(text), self._texts, scorer=fuzz.token_set_ratio, limit=HITS)
        return [(number, score) for _, score, number in found]


class CharTfIdf:
    """scikit-learn TF-IDF over runs of 2 to 5 letters within words, folded, cosine."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, preprocessor=fold)
        self._matrix = self._vectors.fit_transform(texts).T.tocsr()

    def hits(self, text: str) -> Sequence[tuple[int, float]]:
        """Best first."""
        scores = (self._vectors.transform([text]) @ self._matrix).toarray()[0]
        best = np.argsort(-scores)[:HITS]
        return [(int(n), float(scores[n])) for n in best]


PANEL: dict[str, Callable[[Sequence[str]], Engine]] = {
    "bm25s": Bm25,
    "FTS5 trigram": Trigrams,
    "token_set_ratio": TokenSet,
    "char tf-idf": CharTfIdf,
}


def ranked(engine: Engine, owners: Sequence[str], text: str) -> list[tuple[str, float]]:
    """The classes of an engine's hits, each with its best score, best first."""
    best: dict[str, float] = {}
    for number, score in engine.hits(text):
        best.setdefault(owners[number], score)
    return sorted(best.items(), key=lambda pair: -pair[1])


def threshold(tops: Iterable[tuple[str, float]], answerable: Callable[[str], bool], share: float = 0.01) -> float:
    """The score from which on at most `share` of the texts with these first hits are answered."""
    scores = sorted((score if answerable(name) else float("-inf") for name, score in tops), reverse=True)
    allowed = int(share * len(scores))
    return float(np.nextafter(scores[allowed], np.inf)) if scores else 0.0
