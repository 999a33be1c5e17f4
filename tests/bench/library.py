"""The knowledge base at 92, 1,000 and 5,000 entries, against plain JSON of that size: `python -m tests.bench.library`.

On made-up entries in the words of the shipped ones (45 phrasings, 2 KB of text each). `parse` is the baseline for
reading: json.loads of the whole document; `rewrite` the one for edits: parse it, dump it, write a file and fsync that.
Every time stands with its multiple of the baseline measured in the same process; MB is what the peak memory grew by.
"""

import argparse
import datetime as dt
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bot.knowledge_base import KnowledgeBase, shipped
from bot.store import engine as engines
from bot.store.migrate import migrate
from bot.store.shelf import SqlShelf
from knowledge.entry import Entry, Phrasings
from knowledge.fields import Text
from knowledge.library import Library
from knowledge.shelf import FileShelf, Shelf

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
SIZES = (92, 1_000, 5_000)
HEAD = (
    f"{'entries shelf':14}{'MB':>7}{'parse':>8}{'load':>18}{'MB':>8}{'index':>18}{'MB':>8}"
    f"{'rewrite':>9}{'publish one':>18}{'publish all':>18}{'seed again':>18}"
)
T = TypeVar("T")


def made_up(count: int) -> list[Entry]:
    """Entries in the words of the shipped ones, the same every time."""
    chance = random.Random(count)
    known = shipped()
    vi = [word for entry in known for text in (*entry.phrasings.vi, entry.answer.vi) for word in text.split()]
    en = [word for entry in known for text in (*entry.phrasings.en, entry.answer.en) for word in text.split()]

    def said(words: list[str], number: int) -> str:
        return " ".join(chance.choices(words, k=number))

    return [
        replace(
            chance.choice(known),
            id=f"made.{number}",
            title=Text(said(vi, 6), said(en, 5)),
            phrasings=Phrasings(tuple(said(vi, 8) for _ in range(30)), tuple(said(en, 7) for _ in range(15))),
            answer=Text(said(vi, 70), said(en, 50)),
            more=Text(said(vi, 160), said(en, 120)),
        )
        for number in range(count)
    ]


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Callable[[Callable[[Shelf], T]], T]]:
    """A way to do something with a shelf, durable when it is done."""
    if kind == "file":
        yield lambda work: work(FileShelf(folder / "knowledge.json"))
        return
    url = f"sqlite:///{folder / 'knowledge.db'}"
    migrate(url)
    engine = engines.create(url)
    with engine.connect() as connection:

        def transaction(work: Callable[[Shelf], T]) -> T:
            with connection.begin():
                return work(SqlShelf(connection))

        yield transaction
    engine.dispose()


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """The shortest of several runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def peak() -> float:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def edit(kind: str, folder: Path, count: int) -> dict[str, float]:
    """Seed a base and edit it."""
    entries, plain, versions = made_up(count), folder / "plain.json", itertools.count(1)
    with opened(kind, folder) as on_shelf:

        def publish(chosen: list[Entry]) -> object:
            version = next(versions)
            new = [replace(entry, owner=f"owner {version}") for entry in chosen]
            return on_shelf(lambda shelf: Library(shelf).publish(new, "lan", NOW, version))

        def rewrite() -> None:
            with plain.open("r+", encoding="utf-8") as file:
                text = json.dumps(json.load(file), ensure_ascii=False)
                file.seek(0)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

        on_shelf(lambda shelf: Library(shelf).seed(entries, NOW))
        plain.write_text(on_shelf(lambda shelf: json.dumps(shelf.read()[0], ensure_ascii=False)), "utf-8")
        return {
            "MB": plain.stat().st_size / 1e6,
            "seed again": seconds(lambda: on_shelf(lambda shelf: Library(shelf).seed(entries, NOW)), 3),
            "rewrite": seconds(rewrite, 3),
            "publish one": seconds(lambda: publish(entries[7:8]), 3),
            "publish all": seconds(lambda: publish(entries)),
        }


def read(kind: str, folder: Path, _count: int) -> dict[str, float]:
    """Load a base as a starting bot does, and make it ready to be searched."""
    empty = peak()
    with opened(kind, folder) as on_shelf:
        found = {"load": seconds(lambda: on_shelf(lambda shelf: Library(shelf).load()), 3)}
        found["load MB"] = peak() - empty
        entries = on_shelf(lambda shelf: Library(shelf).load())
        text = (folder / "plain.json").read_text("utf-8")
        found["parse"] = seconds(lambda: json.loads(text), 3)
        if kind == "file":  # the same whatever it was loaded from
            found["index"] = seconds(lambda: KnowledgeBase(entries))
            found["index MB"] = peak() - empty
    return found


def row(kind: str, count: int) -> str:
    """One line of the table; each part in a process of its own, so that its memory is its own."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            command = [sys.executable, "-m", __spec__.name, "--part", part, kind, folder, str(count)]
            found |= json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def against(baseline: str, name: str) -> str:
        if name not in found:
            return f"{'':18}"
        return f"{found[name] * 1000:10,.0f} {found[name] / found[baseline]:5.1f} ×"

    def grown(name: str) -> str:
        return f"{found[name]:8,.0f}" if name in found else f"{'':8}"

    reading = f"{found['parse'] * 1000:8,.0f}{against('parse', 'load')}{grown('load MB')}"
    indexed = f"{against('parse', 'index')}{grown('index MB')}"
    edits = "".join(against("rewrite", name) for name in ("publish one", "publish all", "seed again"))
    return f"{count:7,} {kind:6}{found['MB']:7.1f}{reading}{indexed}{found['rewrite'] * 1000:9,.0f}{edits}"


PARTS = {"edit": edit, "read": read}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--part", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        part, kind, folder, count = asked.part
        print(json.dumps(PARTS[part](kind, Path(folder), int(count))))
        return
    print("milliseconds and multiples of the baseline; MB of peak memory\n" + HEAD)
    for count in asked.sizes:
        for kind in ("file", "sqlite"):
            print(row(kind, count), flush=True)


if __name__ == "__main__":
    main()
