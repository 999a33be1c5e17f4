"""Durable turns a second on SQLite, against what the disk allows: `python -m tests.bench.turns`.

In one run, on one disk, with the same settings (WAL, synchronous FULL): one row a commit, rows grouped 50 a commit,
and whole turns through the inbox (read, decide, store state, words and outbox; acknowledged after the commit).
"""

import argparse
import asyncio
import itertools
import sqlite3
import tempfile
import time
from pathlib import Path

from bot.app import App, Parts
from bot.clock import SystemClock
from bot.config import Settings, Storage
from handlers.message import Address, Inbound
from tests.fakes.channel import FakeChannel

QUESTIONS = (
    "Lĩnh vực nào được ưu tiên?",
    "xuong co khi co dc ho tro mua may ko",
    "số điện thoại của Sở là gì",
    "Kinh phí 2016-2020 là bao nhiêu?",
    "bao bì thực phẩm có được ưu đãi không",
)


def raw(path: Path, rows: int, group: int) -> float:
    """Rows a second of one table, `group` rows a commit."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT NOT NULL)")
    began = time.perf_counter()
    for start in range(0, rows, group):
        connection.execute("BEGIN IMMEDIATE")
        for number in range(start, start + group):
            connection.execute("INSERT INTO t (a) VALUES (?)", (f"row {number}",))
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return rows / seconds


async def turns(path: Path, people: int, each: int) -> float:
    """Turns a second of `people` who write `each` messages, one after the other, all at once."""
    clock = SystemClock()
    app = App(Settings(storage=Storage(url=f"sqlite:///{path}")), Parts(channels=(FakeChannel(),), serve=False))
    await app.start()
    numbers = itertools.count()

    async def talk(person: int) -> None:
        address = Address("fake", "test", f"person {person}")
        for number in range(each):
            text = QUESTIONS[(person + number) % len(QUESTIONS)]
            await app.inbox.take(Inbound(str(next(numbers)), address, "me", "text", clock.now(), text))

    try:
        await asyncio.gather(*(talk(person) for person in range(people)))  # everybody is known, every text was read
        began = time.perf_counter()
        await asyncio.gather(*(talk(person) for person in range(people)))
        return people * each / (time.perf_counter() - began)
    finally:
        await app.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--each", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        one = raw(Path(folder, "one.db"), 2_000, 1)
        grouped = raw(Path(folder, "grouped.db"), 20_000, 50)
        ours = asyncio.run(turns(Path(folder, "turns.db"), asked.people, asked.each))
    print(f"raw, one row a commit        {one:10,.0f} /s    1.00")
    print(f"raw, 50 rows a commit        {grouped:10,.0f} /s   {grouped / one:5.2f}")
    print(f"durable turns, {asked.people:4} people   {ours:10,.0f} /s   {ours / one:5.2f} of the raw commit rate")


if __name__ == "__main__":
    main()
