"""kill -9 with acknowledged updates in flight: `python -m tests.faults.telegram_flight`.

Telegram delivers updates by webhook and holds every answer back; when all are acknowledged the bot is killed, started
again, and killed once more while its answers get through. Afterwards every update must have had its turn once. The
same kill meets python-telegram-bot alone, to show what becomes of acknowledged updates that are nowhere written down.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from bot.clock import SystemClock
from tests.fakes.run import STARTS, Listener, killed_at_last
from tests.fakes.telegram_crowd import Person, flooding
from tests.fakes.telegram_run import SECRET, TelegramRun
from tests.fakes.telegram_server import TelegramServer, telegram_server

#: Seconds until everything must have been acknowledged, or answered.
PATIENCE = 120.0
#: Messages of each person; answers that can be under way at once, one to each.
EACH, MOST = 5, 60
FIRST, LAST = 80_001, 79_999
HEARD = "SELECT update_id FROM messages WHERE ours = 0"
ANSWERED = "SELECT replace(replace(key, 'telegram/4242/', ''), '/0', '') FROM outbox WHERE key LIKE 'telegram/%/0'"


@dataclass
class Flight:
    """What became of `updates` that were acknowledged; `held`: answers under way at the first kill."""

    name: str
    updates: int
    held: int = 0
    lost: int = 0
    #: Messages that were shown once more than they were written.
    repeated: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """In one line."""
        return (
            f"{self.name}: {self.updates} updates acknowledged, {self.held} answers under way at the kill; "
            f"lost: {self.lost}, shown twice: {self.repeated}, problems: {len(self.problems)}"
        )


@dataclass
class Killed:
    """A bot that was killed and came to rest, and everybody who wrote to it."""

    run: TelegramRun
    people: list[Person]
    held: int

    def flight(self) -> Flight:
        """What the database holds against what the people did and saw."""
        run, people = self.run, self.people
        heard, answered = run.counts(HEARD), run.counts(ANSWERED)
        ids = [str(done.update) for person in people for done in person.done]
        turns = {id: (heard[id], answered[id]) for id in ids}
        (left,) = run.rows("SELECT count(*) FROM outbox WHERE state = 'sent'")[0]
        repeated = _shown(people) - int(str(left))
        found = run.loose_ends()
        found += [f"turns and answers of update {id}: {turn}" for id, turn in turns.items() if turn != (1, 1)]
        found += [f"person {person.id} was not answered in order" for person in people if not _in_order(person)]
        # At most what was under way at the first kill, and one message to each at the second.
        if not 0 <= repeated <= self.held + (run.kills - 1) * len(people):
            found.append(f"{repeated} messages came again, {self.held} were under way")
        found += [f"printed: {secret[:4]}…" for secret in run.leaks()]
        lost = sum(turn == (0, 0) for turn in turns.values())
        return Flight("bot run", len(ids), self.held, lost, repeated, found)


async def ours(folder: Path, updates: int, *, twice: bool) -> Killed:
    """`bot run` over a new database in `folder`, killed with every answer held back, and `twice` amid answers.

    It has ended. What was under way at a kill Telegram carries out all the same, and the bot cannot know.
    """
    async with telegram_server() as server:
        with killed_at_last(TelegramRun(folder, server, webhook=True)) as run:
            await run.start()
            gate = server.hold("sendMessage")
            people = _everybody(server, updates)
            await _acknowledged(server, people, min(len(people), MOST))
            killed = Killed(run, people, _asked(server))
            run.kill()
            await run.start()
            await server.until(lambda: _asked(server) > killed.held or None, PATIENCE)
            gate.set()
            if twice:
                await server.until(lambda: _shown(people) > killed.held + updates // 3 or None, PATIENCE)
                run.kill()
                await run.start()
            await run.settled(PATIENCE)
            await run.end()
    return killed


async def theirs(folder: Path, updates: int, at_once: int) -> Flight:
    """python-telegram-bot alone, killed once; it has ended."""
    flight = Flight(f"python-telegram-bot, {at_once} at once", updates)
    async with telegram_server() as server:
        with killed_at_last(Listener(folder)) as plain:
            await _launch(plain, server, at_once)
            gate = server.hold("sendMessage")
            people = _everybody(server, updates)
            await _acknowledged(server, people, 1)
            flight.held = _asked(server)
            plain.kill()
            await _launch(plain, server, at_once)
            gate.set()
            # It answers in turn, so by then everything it still knew was answered.
            server.say(LAST, "xong")
            await server.wait_for(LAST, "xong", PATIENCE)
            shown = [len({message.text for message in server.shown(person.id)}) for person in people]
            flight.lost = updates - sum(shown)
    return flight


def _everybody(server: TelegramServer, updates: int) -> list[Person]:
    """People who did so much together, each some of it at once."""
    clock, sizes = SystemClock(), [EACH] * (updates // EACH) + ([updates % EACH] if updates % EACH else [])
    people = [flooding(FIRST + number, size, server, clock) for number, size in enumerate(sizes)]
    for person in people:
        person.go_on()
    return people


async def _acknowledged(server: TelegramServer, people: Sequence[Person], under_way: int) -> None:
    """Until every update was taken with 200, and at least so many answers are under way."""
    ids = {done.update for person in people for done in person.done}

    def all_taken() -> bool | None:
        return ids <= {update for update, status in server.deliveries if status == 200} or None

    await server.until(all_taken, PATIENCE)
    await server.called("sendMessage", under_way, PATIENCE)


async def _launch(plain: Listener, server: TelegramServer, at_once: int) -> None:
    known = len(server.calls)
    arguments = (server.url, server.token, str(plain.port), SECRET, f"--at-once={at_once}")
    await plain.launch("-m", "tests.faults.telegram_plain", *arguments, settings={})
    await server.until(lambda: "setWebhook" in {method for method, _ in server.calls[known:]} or None, STARTS)


def _shown(people: Sequence[Person]) -> int:
    return sum(len(person.server.shown(person.id)) for person in people)


def _asked(server: TelegramServer) -> int:
    return sum(method == "sendMessage" for method, _ in server.calls)


def _in_order(person: Person) -> bool:
    """Whether somebody sees the answers in the order of their messages; one that came again at once counts once."""
    seen = [text for text, _ in groupby(shown.text for shown in person.server.shown(person.id))]
    return len(seen) == len(person.done) and all(
        done.answer in text for done, text in zip(person.done, seen, strict=True)
    )


async def flights(updates: int) -> list[Flight]:
    """Ours, and theirs with one update at a time (their default) and with many."""
    found = list[Flight]()
    with tempfile.TemporaryDirectory() as name:
        found.append((await ours(Path(name), updates, twice=True)).flight())
    for at_once in (1, 256):
        with tempfile.TemporaryDirectory() as name:
            found.append(await theirs(Path(name), updates, at_once))
    return found


def main() -> None:
    """Kill and tell what was lost; exit 1 if ours lost or doubled anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=300)
    asked = parser.parse_args()
    began = time.monotonic()
    found = asyncio.run(flights(asked.updates))
    for flight in found:
        print(flight)
    print(f"{time.monotonic() - began:.0f} s")
    problems = found[0].problems
    for problem in problems[:20]:
        print("  ", problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
