"""Many people type ahead on Telegram while one floods: `python -m tests.faults.telegram_talks`.

A real `bot run` answers over a Bot API whose every call takes a while. Everybody does several things at once, and
when they are answered the rest; one more person sends a flood at the start. Afterwards what Telegram was asked to show
is held against the database: every update answered once, each person's in the order they wrote. The same again
without the flood tells whether it kept the others waiting.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.clock import SystemClock, to_ms
from tests.fakes.run import killed_at_last
from tests.fakes.telegram_crowd import Person, flooding, talkative
from tests.fakes.telegram_run import TelegramRun
from tests.fakes.telegram_server import telegram_server

#: Seconds until everything must have been answered.
PATIENCE = 300.0
FIRST, FLOODER = 70_001, 69_999
#: What left for whom, in the order it was decided: update and number within its turn from the key.
LEFT = """
SELECT a.chat, o.key, o.replaces, o.platform_id, o.sent_at FROM outbox o JOIN addresses a ON a.id = o.address_id
WHERE o.lane = 'conversation'
"""


@dataclass(frozen=True)
class Left:
    """A reply that left: why, in whose place, as which message, and when in milliseconds."""

    update: int
    number: int
    replaces: str
    platform_id: str
    sent_at: int


@dataclass
class Talks:
    """Everybody who talked with one bot."""

    run: TelegramRun
    people: list[Person]
    flooder: Person | None
    late: bool = False

    async def play(self, over: float) -> None:
        """Until everybody, come within `over` seconds, has done everything and was answered, or waited too long."""
        coming = asyncio.create_task(self._come(over))
        try:
            async with asyncio.timeout(PATIENCE):
                while any(person.bursts for person in self.people):
                    ready = await self.run.server.until(self._ready, PATIENCE)
                    for person in ready:
                        person.go_on()
                await self.run.settled(PATIENCE)
        except TimeoutError:
            self.late = True
        await coming

    async def _come(self, over: float) -> None:
        """The flooding one first, then one after the other."""
        for person in self.everybody:
            person.go_on()
            await asyncio.sleep(over / len(self.people))

    def _ready(self) -> list[Person]:
        return [person for person in self.people if person.done and person.bursts and person.answered]

    @property
    def everybody(self) -> list[Person]:
        """The flooding one first, for they are."""
        return [self.flooder, *self.people] if self.flooder else self.people

    def left(self) -> dict[int, list[Left]]:
        """The replies to each person, in the order of what they answer."""
        found: defaultdict[int, list[Left]] = defaultdict(list)
        for chat, key, replaces, platform_id, sent_at in self.run.rows(LEFT):
            _, _, update, number = str(key).split("/")
            found[int(str(chat))].append(
                Left(int(update), int(number), str(replaces), str(platform_id), int(str(sent_at or 0)))
            )
        return {chat: sorted(rows, key=lambda row: (row.update, row.number)) for chat, rows in found.items()}

    def waits(self) -> list[int]:
        """Milliseconds from each message of the people to its answer, shortest first; not of the flooding one."""
        left = self.left()
        sent = {row.update: row.sent_at for rows in left.values() for row in rows if row.number == 0}
        done = [done for person in self.people for done in person.done if done.update in sent]
        return sorted(sent[done.update] - to_ms(done.at) for done in done)

    def problems(self) -> list[str]:
        """What does not agree between what people did, what Telegram was asked, and what the database holds."""
        found = ["not everything was answered in time"] if self.late else []
        found += self.run.loose_ends()
        heard = self.run.counts("SELECT update_id FROM messages WHERE ours = 0")
        left = self.left()
        for person in self.everybody:
            found += [f"heard {heard[update]} times: {update}" for update in _wrong(person, heard)]
            found += _differences(person, left.get(person.id, []))
        found += [f"the button of {tap} still spins" for tap in self.run.server.spinning]
        found += [f"printed: {secret[:4]}…" for secret in self.run.leaks()]
        found += [f"logged: {line}" for line in self.run.bad_lines()]
        return found

    def measured(self) -> str:
        """How long the people waited, and for how many answers."""
        waits = self.waits() or [0]
        p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        more = f" and {len(self.flooder.done)} of a flood" if self.flooder else ", no flood"
        return (
            f"{len(self.people)} people, {sum(len(person.done) for person in self.people)} messages{more}; "
            f"to the people's answers: p50 {p50 / 1000:.2f} s, p99 {p99 / 1000:.2f} s, longest {waits[-1] / 1000:.2f} s"
        )


def _wrong(person: Person, heard: dict[str, int]) -> list[str]:
    return [str(done.update) for done in person.done if heard[str(done.update)] != 1]


def _differences(person: Person, left: Sequence[Left]) -> list[str]:
    """Where the calls for a person's chat are not the replies written for them, in order, each once."""
    who, calls, shown = f"person {person.id}", person.calls(), {str(s.number) for s in person.server.shown(person.id)}
    if [row.update for row in left] != [done.update for done in person.done]:
        return [f"{who} did {len(person.done)} things, and {len(left)} replies left, or in another order"]
    if len(calls) != len(left):
        return [f"{who} was to get {len(left)} replies, and Telegram was asked {len(calls)} times"]
    found, newest = [], 0
    for done, row, (method, given) in zip(person.done, left, calls, strict=True):
        if done.answer not in given["text"]:
            found.append(f"{who}: update {done.update} was answered with {given['text'][:60]!r}")
        if method == "editMessageText":
            right = row.replaces != "" and given["message_id"] == row.platform_id
        else:
            right, newest = row.platform_id in shown and int(row.platform_id) > newest, int(row.platform_id)
        if not right:
            found.append(f"{who}: update {done.update} was answered by message {row.platform_id} out of order")
    if [row.sent_at for row in left] != sorted(row.sent_at for row in left):
        found.append(f"{who} was answered in another order")
    return found


async def talked(
    folder: Path, people: int, messages: int, latency: float, *, webhook: bool, flood: int, over: float = 0.0
) -> Talks:
    """Everything over a new database in `folder`; the bot has ended. `over`: seconds within which the people come."""
    clock = SystemClock()
    async with telegram_server() as server:
        server.latency = latency
        with killed_at_last(TelegramRun(folder, server, webhook=webhook)) as run:
            await run.start()
            crowd = [talkative(FIRST + number, messages, server, clock) for number in range(people)]
            talks = Talks(run, crowd, flooding(FLOODER, flood, server, clock) if flood else None)
            await talks.play(over)
            await run.end()
            return talks


def main() -> None:
    """Talk with the flood and without and tell what was measured; exit 1 if anything was lost, doubled or late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--messages", type=int, default=10, help="of each, 6 or more")
    parser.add_argument("--flood", type=int, default=150, help="messages of the one who floods")
    parser.add_argument("--latency", type=float, default=0.3, help="seconds of every call to Telegram")
    parser.add_argument("--over", type=float, default=20.0, help="seconds within which the people come")
    parser.add_argument("--by", choices=("polling", "webhook", "both"), default="both")
    asked = parser.parse_args()
    problems: list[str] = []
    for way in ("polling", "webhook") if asked.by == "both" else (asked.by,):
        for flood in (asked.flood, 0):
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as name:
                talks = asyncio.run(
                    talked(
                        Path(name),
                        asked.people,
                        asked.messages,
                        asked.latency,
                        webhook=way == "webhook",
                        flood=flood,
                        over=asked.over,
                    )
                )
                found = talks.problems()
                print(f"{way}: {talks.measured()}; {time.monotonic() - began:.0f} s; problems: {len(found)}")
            problems += found
    for problem in problems[:20]:
        print("  ", problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
