"""The time for a question from 92 to 10,000 entries, beside bm25s and SQLite FTS5: `python -m tests.bench.growth`.

On made-up entries of 10 phrasings each, and one more of the same make as the question: entries share the words people
frame a question with, taken from the shipped phrasings, and each has a few compounds of its own, taken by Zipf's law
from some more compounds than there are entries. MB is what the peak memory grew by until the first answer.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from bot.knowledge_base import shipped
from knowledge.search import Index, questions_of
from tests.bench.panel import Bm25, Engine, Trigrams, ranked

#: What is timed, and which entry it would take.
Search: TypeAlias = Callable[[str], object]
Best: TypeAlias = Callable[[str], str]
SIZES = (92, 1_000, 10_000)
PHRASINGS, ASKED = 10, 200
HEAD = f"{'entries search':22}{'ready s':>9}{'MB':>7}{'p50 ms':>9}{'p95 ms':>9}{'right %':>9}"


def made_up(count: int) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """Questions by entry, and (question, its entry) that are in none of them; the same every time."""
    chance = random.Random(count)
    said = [text for texts in questions_of(shipped()).values() for text in texts]
    syllables = sorted({word for text in said for word in text.lower().split() if word.isalpha()})
    compounds = [f"{chance.choice(syllables)} {chance.choice(syllables)}" for _ in range(count + 200)]
    usual = [1 / (n + 1) for n in range(len(compounds))]

    def phrased(own: Sequence[str]) -> str:
        words = chance.choice(said).split()[:8]
        for compound in chance.sample(own, 2):
            words.insert(chance.randrange(len(words) + 1), compound)
        return " ".join(words)

    entries, asked = dict[str, tuple[str, ...]](), list[tuple[str, str]]()
    for n in range(count):
        own = [compounds[n], *chance.choices(compounds, usual, k=3)]
        entries[f"made.{n}"] = tuple(phrased(own) for _ in range(PHRASINGS))
        asked.append((phrased(own), f"made.{n}"))
    return entries, chance.sample(asked, min(ASKED, count))


def of_ours(entries: dict[str, tuple[str, ...]]) -> tuple[Search, Best]:
    """The shipped search, and the entry it takes for the likeliest."""
    index = Index.from_questions(entries)

    def best(text: str) -> str:
        compared = index.compare(text)
        return index.names(compared)[0] if compared else ""

    return index.search, best


def of_panel(make: Callable[[Sequence[str]], Engine], entries: dict[str, tuple[str, ...]]) -> tuple[Search, Best]:
    """An engine of the panel, and the entry of its first hit."""
    owners = [name for name, texts in entries.items() for _ in texts]
    engine = make([text for texts in entries.values() for text in texts])
    return engine.hits, lambda text: next((name for name, _ in ranked(engine, owners, text)), "")


ENGINES: dict[str, Callable[[dict[str, tuple[str, ...]]], tuple[Search, Best]]] = {
    "Cầu Nối": of_ours,
    "bm25s": partial(of_panel, Bm25),
    "FTS5 trigram": partial(of_panel, Trigrams),
}


def measured(name: str, count: int) -> dict[str, float]:
    """Seconds until ready, MB, milliseconds a question and the share right of one engine."""
    entries, asked = made_up(count)
    empty, began = _peak(), time.perf_counter()
    search, best = ENGINES[name](entries)
    search(asked[0][0])
    found = {"ready": time.perf_counter() - began, "MB": _peak() - empty}
    times = list[float]()
    for text, _ in asked:
        began = time.perf_counter()
        search(text)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    right = sum(best(text) == entry for text, entry in asked) / len(asked)
    return found | {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)], "right": right}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Print the table, each line measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        print(json.dumps(measured(asked.part[0], int(asked.part[1]))))
        return
    print(HEAD)
    for count in asked.sizes:
        for name in ENGINES:
            command = [sys.executable, "-m", __spec__.name, "--part", name, str(count)]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
            cells = f"{found['ready']:9.1f}{found['MB']:7.0f}{found['p50']:9.2f}{found['p95']:9.2f}"
            print(f"{count:7,} {name:14}{cells}{100 * found['right']:9.1f}", flush=True)


if __name__ == "__main__":
    main()
