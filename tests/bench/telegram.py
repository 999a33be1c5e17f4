"""The Telegram channel against python-telegram-bot's Application and aiogram: `python -m tests.bench.telegram`.

In one run, on one machine: every contender in a process of its own behind the same webhook load (texts of many people,
one chat in order, as Telegram delivers) and before the same stub of the Bot API, which answers each call after
`--latency` seconds. Ours is the whole bot with its store on a file; of the others only those called durable keep
anything. Contenders called "echo" say the text again, "real" answers it. Before each measured run everybody wrote once.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bot.knowledge_base import shipped
from knowledge.search import questions_of
from tests.bench.telegram_figures import Figures, figures, verdict
from tests.bench.telegram_load import Text, Try
from tests.bench.telegram_terms import CONNECTIONS, PATH, Place
from tests.fakes.run import free_port

ROOT = Path(__file__).parents[2]
OURS, PTB, AIOGRAM = "tests.bench.telegram_ours", "tests.bench.telegram_ptb", "tests.bench.telegram_aiogram"
#: Seconds until a contender has to be ready, without a new answer until what is missing counts as lost, and in which an
#: answer may still come a second time.
STARTS, PATIENCE, SETTLE = 60.0, 10.0, 1.0
LOOK = 0.05
#: Seconds the contender that answers one update after the other may take for its load.
SEQUENTIAL_SECONDS = 15.0
HEAD = (
    "| contender | answers/s | ratio | hook p50 ms | hook p99 ms | hook to answer p99 ms | CPU ms an answer | peak MB "
    "| each once, in order |"
)


@dataclass(frozen=True)
class Contender:
    """A line of the table: the module and kind that are started."""

    name: str
    module: str
    kind: str
    #: Whether it makes one call after the other, so that the whole load would take it minutes.
    sequential: bool = False


CONTENDERS = (
    Contender("**ours**, echo, durable", OURS, "echo"),
    Contender("ours, echo after the search, durable", OURS, "echo-read"),
    Contender("ours, real answers, durable", OURS, "real"),
    Contender("PTB, sequential (default)", PTB, "sequential", sequential=True),
    Contender("PTB, concurrent_updates=256", PTB, "concurrent"),
    Contender("aiogram, in background (default)", AIOGRAM, "background"),
    Contender("aiogram, hook waits", AIOGRAM, "waits"),
    Contender("aiogram, in background, a commit an update", AIOGRAM, "background-durable"),
    Contender("aiogram, hook waits, a commit an update", AIOGRAM, "waits-durable"),
)


@dataclass(frozen=True)
class Asked:
    """The command line: texts in all, of how many people, how many different ones; seconds, connections, pace."""

    updates: int
    people: int
    questions: int
    latency: float
    connections: int
    per_second: float


class Stub:
    """The Bot API of all contenders, a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.url = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def noted(self) -> list[tuple[float, int, str]]:
        """The messages sent since this was asked the last time."""
        return [(at, chat, text) for at, chat, text in self._read("/noted")]

    def wait_for_webhook(self, process: "subprocess.Popen[str]") -> None:
        """Until a contender told its webhook. Raises AssertionError if it ended or took too long."""
        deadline = time.monotonic() + STARTS
        while not self._read("/count")["webhooks"]:
            assert process.poll() is None, f"it ended with {process.returncode}"
            assert time.monotonic() < deadline, "it told no webhook"
            time.sleep(LOOK)

    def wait_for_messages(self, expected: int) -> None:
        """Until so many messages were sent, or none any more."""
        seen, deadline = 0, time.monotonic() + PATIENCE
        while seen < expected and time.monotonic() < deadline:
            time.sleep(LOOK)
            if (now := int(self._read("/count")["messages"])) > seen:
                seen, deadline = now, time.monotonic() + PATIENCE
        time.sleep(SETTLE)

    def _read(self, page: str) -> Any:
        with urlopen(self.url + page, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def started(module: str, *arguments: str, log: Path) -> Iterator["subprocess.Popen[str]"]:
    """A module as a process of its own, which is told to stop at the end, and killed if it does not."""
    command = [sys.executable, "-m", module, *arguments]
    with log.open("a") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
    with process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def plan(asked: Asked, contender: Contender) -> tuple[list[Text], list[Text]]:
    """The texts everybody writes first, and those that are measured; the same for every contender."""
    chance, people, each = random.Random(6), asked.people, max(1, asked.updates // asked.people)
    known = sorted({text for said in questions_of(shipped()).values() for text in said})
    texts = chance.sample(known, min(asked.questions, len(known)))
    if contender.sequential:
        most = max(1, int(SEQUENTIAL_SECONDS / max(asked.latency, 0.001)))
        people = max(1, min(people, most // (each + 1)))
    count = people * (each + 1)
    numbered = [(1_000 + n, 500_000 + n % people, chance.choice(texts)) for n in range(count)]
    return numbered[:people], numbered[people:]


def measured(contender: Contender, asked: Asked, stub: Stub, folder: Path) -> Figures:
    """One run of one contender."""
    first, texts = plan(asked, contender)
    at = Place(contender.kind, stub.url, free_port(), folder)
    stub.noted()
    with started(contender.module, *at.arguments(), log=folder / "log") as process:
        stub.wait_for_webhook(process)
        _load(at, first, asked)
        stub.wait_for_messages(len(first))
        stub.noted()
        before = _cpu(process.pid)
        tries = _load(at, texts, asked)
        stub.wait_for_messages(len(texts))
        sent = stub.noted()
        return figures(texts, tries, sent, _cpu(process.pid) - before, _peak(process.pid))


def _load(at: Place, texts: Sequence[Text], asked: Asked) -> list[Try]:
    command = [sys.executable, "-m", "tests.bench.telegram_load", at.public_url + PATH]
    command += ["--connections", str(asked.connections), "--per-second", str(asked.per_second)]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(texts), stdout=subprocess.PIPE, text=True, check=True)
    return [tuple(made) for made in json.loads(done.stdout)]


def _cpu(process: int) -> float:
    """Seconds a process has computed, all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(process: int) -> float:
    """The most memory a process has had, in MB."""
    lines = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def table(runs: Mapping[Contender, Sequence[Figures]]) -> str:
    """The table, the middle run of each; the ratio is to the first. Faults are those of all runs."""
    lines = [HEAD, "|".join(["", "---", *["---:"] * 7, "---", ""])]
    middles = {it: sorted(found, key=lambda run: run.per_second)[len(found) // 2] for it, found in runs.items()}
    first = next(iter(middles.values())).per_second
    for contender, found in middles.items():
        cells = (
            contender.name,
            f"{found.per_second:.0f}",
            f"{found.per_second / first:.2f}" if first else "–",
            f"{found.hook_p50 * 1000:.0f}",
            f"{found.hook_p99 * 1000:.0f}",
            f"{found.answer_p99 * 1000:.0f}",
            f"{found.cpu * 1000:.1f}",
            f"{found.peak:.0f}",
            verdict(runs[contender]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=2_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--questions", type=int, default=10_000, help="how many texts there are to draw from")
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--per-second", type=float, default=0.0, help="deliveries a second; 0: as fast as they go")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each, of which the middle one is shown")
    parser.add_argument("--only", default="", help="only contenders whose module and kind contain this")
    given = parser.parse_args()
    asked = Asked(given.updates, given.people, given.questions, given.latency, given.connections, given.per_second)
    chosen = [contender for contender in CONTENDERS if given.only in f"{contender.module} {contender.kind}"]
    runs: dict[Contender, list[Figures]] = {contender: [] for contender in chosen}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with started("tests.bench.telegram_stub", "--latency", str(asked.latency), log=folder / "stub.log") as process:
            stub = Stub(process)
            # Round by round: what else the machine does meets all alike.
            for number in range(given.rounds):
                for contender, found in runs.items():
                    own = folder / f"{contender.module}-{contender.kind}-{number}"
                    own.mkdir()
                    found.append(measured(contender, asked, stub, own))
                    print(f"{number + 1} {contender.name}: {found[-1].per_second:.0f} answers/s", file=sys.stderr)
    print(table(runs))


if __name__ == "__main__":
    main()
