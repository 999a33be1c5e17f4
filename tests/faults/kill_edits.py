"""kill -9 again and again while editors work: `python -m tests.faults.kill_edits [--kills 200] [--engine sqlite]`.

A child process drafts, publishes, removes, discards and seeds at random, as fast as it can, and tells each change once
it is durable. Its parent kills it at a random moment and looks at the base: it must be whole, hold everything that was
told, and at most the one change more that was not told yet. Another child goes on from there.
"""

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from bot.store import publishing
from bot.store.connection import Connection
from bot.store.migrate import migrate
from knowledge.library import Library
from knowledge.shelf import Shelf
from tests.fakes import postgres
from tests.faults.edited_base import IDS, NOW, SHIPPED_IDS, Base, Seen, Told, begin, entry, problems, release

KINDS = ("draft", "discard", "publish", "publish many", "remove", "seed")
#: A child lives at most so many seconds; a base grows with every edit, so a new one is begun after so many kills.
LIFE, KILLS_OF_A_BASE = 0.3, 25


def work(base: Base, chance: random.Random, tell: Callable[[Mapping[str, Any]], object]) -> None:
    """Edit until killed; tell before a change what it is about, and after it, once durable, what stands there now."""
    now = base.told()
    while True:
        kind = chance.choice(KINDS)
        possible = {
            "discard": [id for id in IDS if now.seen[id].drafts],
            "remove": [id for id in IDS if now.seen[id].words],
            "seed": SHIPPED_IDS,
        }.get(kind, IDS)
        ids = chance.sample(possible, min(len(possible), {"publish many": 4, "seed": len(SHIPPED_IDS)}.get(kind, 1)))
        tell({"about": ids})
        with base.opened() as (shelf, connection):
            change(shelf, connection, kind, ids, now, chance)
        before, now = now, base.told()
        done = kind if now.version > before.version else "nothing"
        tell({"kind": done, "version": now.version, "seen": {id: now.seen[id] for id in ids}})


def change(
    shelf: Shelf, connection: Connection | None, kind: str, ids: Sequence[str], before: Told, chance: random.Random
) -> None:
    """One change of the base, as the desk, an import or an upgrade makes it; none where `ids` is empty."""
    library, editor, version = Library(shelf), chance.choice(("lan", "minh")), before.version
    new = [entry(id, f"{kind} {chance.randrange(10**6)}") for id in ids]
    match kind:
        case "seed":
            library.seed(release(chance.randrange(10**6)), NOW)
        case "draft":
            library.draft(new[0], editor, NOW, version)
        case "discard" if ids:
            drafted_by = before.seen[ids[0]].drafts[0].partition(":")[0]
            if connection:
                publishing.discard(connection, ids[0], drafted_by, editor, NOW, version)
            else:
                library.discard(ids[0], drafted_by, version)
        case "remove" if ids:
            remove = partial(publishing.remove, connection) if connection else library.remove
            remove(ids[0], editor, NOW, version)
        case "publish" | "publish many":
            publish = partial(publishing.publish, connection) if connection else library.publish
            publish(new, editor, NOW, version)


def kill_once(base: Base, told: Told, number: int) -> tuple[Told, Counter[str], list[str]]:
    """Let a child work, kill it; what was told by then, the changes by kind, and what is wrong."""
    base.close()
    chance = random.Random(number)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            work(base, chance, lambda line: os.write(writing, json.dumps(line).encode() + b"\n"))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    heard = b"".join(listen(reading, chance.uniform(0, LIFE), lambda: os.kill(child, signal.SIGKILL)))
    _, status = os.waitpid(child, 0)
    kinds = Counter[str]()
    for line in heard.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            continue
        said = json.loads(line)
        if "about" in said:
            told = replace(told, about=frozenset(said["about"]))
        else:
            seen = {id: Seen(words, count, tuple(drafts)) for id, (words, count, drafts) in said["seen"].items()}
            told = Told(said["version"], {**told.seen, **seen})
            kinds[said["kind"]] += 1
    found = problems(base, told)
    if not os.WIFSIGNALED(status):
        found.append("the child ended by itself")
    return told, kinds, found


def listen(reading: int, seconds: float, kill: Callable[[], object]) -> Iterator[bytes]:
    """All that a child says until it is killed, `seconds` after its first word."""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        yield pipe.read(65536)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and select.select([pipe], [], [], left)[0]:
            if not (said := pipe.read(65536)):
                break
            yield said
        kill()
        while said := pipe.read(65536):
            yield said


def run(engine: str, urls: Iterator[str], kills: int) -> bool:
    """Kill, look, and so on; prints what came of it, and whether everything held."""
    began, kinds, untold, found = time.monotonic(), Counter[str](), 0, list[str]()
    base, told = Base(""), Told(0, {})
    for number in range(kills):
        if number % KILLS_OF_A_BASE == 0:
            base.close()
            base = Base(next(urls))
            told = begin(base)
        told, changes, wrong = kill_once(base, told, number)
        kinds += changes
        found += wrong
        if wrong:
            break
        # From here on what the base holds is known, also what the child had no time to tell.
        before, told = told, base.told()
        untold += told.version > before.version
    base.close()
    done = sum(kinds.values()) - kinds.pop("nothing", 0)
    if done * 2 < kills:
        found.append("the editors stood still, so this shows nothing")
    print(
        f"{engine}: {number + 1} kills in {time.monotonic() - began:.0f} s, {done} changes told "
        f"({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}), {untold} kills between a change "
        f"and its telling; problems: {len(found)}"
    )
    for problem in found[:20]:
        print("  ", problem)
    return not found


def databases(make: Callable[[int], str]) -> Iterator[str]:
    """The URLs of ever new databases with every table."""
    for number in range(sys.maxsize):
        url = make(number)
        migrate(url)
        yield url


def main() -> None:
    """Run on the engines asked for; exit 1 if anything was lost or broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "file", "all"), default="sqlite")
    parser.add_argument("--kills", type=int, default=200)
    asked = parser.parse_args()
    held = True
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if asked.engine in ("file", "all"):
            held &= run("file", (f"file:{folder}/{number}.json" for number in range(sys.maxsize)), asked.kills)
        if asked.engine in ("sqlite", "all"):
            held &= run("sqlite", databases(lambda number: f"sqlite:///{folder}/{number}.db"), asked.kills)
        if asked.engine in ("postgresql", "all"):
            server = postgres.start("durable")
            stack.callback(server.stop)
            held &= run("postgresql", databases(lambda number: server.database("edits")), asked.kills)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
