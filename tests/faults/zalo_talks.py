"""People ask and leave requests on both of Zalo's channels while much goes wrong: `python -m tests.faults.zalo_talks`.

A real `bot run` talks with people on the Official Account and on the Zalo Bot. Round after round everybody does one
thing, and in between events come twice, late, after failed deliveries and in another order, calls fail or lose their
answer, 26 hours pass for the tokens, and the bot is killed and started again. Afterwards what everybody saw is held
against the database: every message answered once, one lead and one code for each, no secret in what was printed.
"""

import argparse
import asyncio
import datetime as dt
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.run import LOOK, killed_at_last
from tests.fakes.zalo_bot_server import zalo_bot_server
from tests.fakes.zalo_crowd import CODE, NAME, PATIENCE, PHONE, STEPS, Person, Step
from tests.fakes.zalo_oa_server import zalo_oa_server
from tests.fakes.zalo_run import AheadClock, ZaloRun

NOTICE = re.compile(r"Yêu cầu mới (\w{6})")
OFFICER = "6ede9afa66b88fe60000"
INVITATION = re.compile(r": ([0-9A-Z]{10})$", re.MULTILINE)
CS = "/v3.0/oa/message/cs"
#: Looks without any change after which nothing is on its way any more.
QUIET = 10
#: Past the 25 hours of an access token.
TOKEN_ENDS = dt.timedelta(hours=26)


@dataclass
class Talks:
    """Everybody, and what goes wrong in which round."""

    run: ZaloRun
    people: list[Person]
    officer: Person
    killed_in: Sequence[int]
    #: Calls whose answer was lost after they were carried out: each may repeat one message.
    doubts: int = 0
    #: What people saw in the moments of a kill: what was just sent may come again.
    in_flight: int = 0
    _repeated_before: int = 0

    async def play(self) -> None:
        """Round after round, to the last lead."""
        troubles: dict[int, Callable[[], Awaitable[None]]] = {
            0: self._other_order,
            1: self._twice,
            2: self._tokens_end,
            3: self._no_answers,
            4: self._failing_calls,
            6: self._other_order,
        }
        for number, step in enumerate(STEPS):
            if trouble := troubles.get(number):
                await trouble()
            if number in self.killed_in:
                await self.run.settled()
                self._repeated_before = self.repeated()
            for person in self.people:
                person.does(step)
            if number in self.killed_in:
                await self._kill()
            if number == 3:
                await self._hear_again()
            await self.run.climb()
            await asyncio.gather(*(person.hears(step) for person in self.people))
        await self.run.climb()
        await self.run.settled()

    async def _other_order(self) -> None:
        self.run.oa.shuffled(max(2, len(self._on(self.run.oa)) // 2))

    async def _twice(self) -> None:
        self.run.oa.twice = self.run.zalo_bot.twice = True

    async def _tokens_end(self) -> None:
        self.run.clock.advance(TOKEN_ENDS)

    async def _no_answers(self) -> None:
        """Zalo hangs up before it has an answer: some of the events arrived, and all of them come again."""
        self.run.oa.patience = 0.002

    async def _hear_again(self) -> None:
        oa = self.run.oa
        await oa.until(lambda: len(oa.waiting) >= len(self._on(oa)) or None, PATIENCE)
        oa.patience = 5.0

    async def _failing_calls(self) -> None:
        oa, zalo_bot = self.run.oa, self.run.zalo_bot
        oa.fail(CS, late=True)
        oa.fail(CS, -32, "The OA has exceeded the API rate limit of a minute")
        oa.fail(CS, status=502, html="<html>Bad Gateway</html>")
        zalo_bot.fail("sendMessage", late=True)
        zalo_bot.fail("sendMessage", status=502)
        self.doubts += 2

    async def _kill(self) -> None:
        """When about a third of the people have their answer."""
        enough = max(1, len(self.people) // 3)

        def some() -> bool | None:
            return sum(person.answered() for person in self.people) >= enough or None

        looks = [asyncio.create_task(zalo.until(some, PATIENCE)) for zalo in (self.run.oa, self.run.zalo_bot)]
        await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
        self.run.kill()
        await self._quiet()
        # Shown, and not yet written down as sent: these may come once more.
        self.in_flight += self.repeated() - self._repeated_before
        await self.run.start()

    async def _quiet(self) -> None:
        """Until the platforms have carried out what a killed bot had handed to the network."""
        before, looks = -1, 0
        while looks < QUIET:
            now = sum(len(person.seen()) for person in (*self.people, self.officer))
            before, looks = now, looks + 1 if now == before else 0
            await asyncio.sleep(LOOK)

    def repeated(self) -> int:
        """How many more messages were shown than are written down as sent."""
        shown = sum(len(person.seen()) for person in (*self.people, self.officer))
        (sent,) = self.run.rows("SELECT count(*) FROM outbox WHERE state = 'sent'")[0]
        return shown - int(str(sent))

    def problems(self) -> list[str]:
        """What does not agree between what everybody saw and what the database and the log hold."""
        run, found = self.run, self.run.loose_ends()
        heard = run.counts("SELECT chat FROM messages JOIN addresses a ON a.id = address_id WHERE ours = 0")
        left = run.counts("SELECT chat FROM outbox JOIN addresses a ON a.id = address_id WHERE state = 'sent'")
        codes = run.counts("SELECT code FROM leads")
        needs = run.counts("SELECT need FROM leads")
        for person in (*self.people, self.officer):
            who, seen = f"person {person.number}", person.seen()
            if heard[person.id] != person.acts:
                found.append(f"{who} did {person.acts} things and was heard {heard[person.id]} times")
            if len(seen) < left[person.id]:
                found.append(f"{who} was shown {len(seen)} messages of {left[person.id]}")
        for person in self.people:
            told = {code for text in person.seen() if STEPS[-1].answer in text for code in CODE.findall(text)}
            if told != {person.code} or codes[person.code] != 1 or needs[f"cần máy số {person.number}"] != 1:
                found.append(f"person {person.number} was told {told}, their code is there {codes[person.code]} times")
        if len(codes) != len(self.people):
            found.append(f"{len(codes)} leads of {len(self.people)} people")
        noticed = {code for text in self.officer.seen() for code in NOTICE.findall(text)}
        found += [f"the officer was not told of {code}" for code in set(codes) - noticed]
        if self.repeated() > self.doubts + self.in_flight:
            found.append(f"{self.repeated()} repeated messages, {self.doubts} + {self.in_flight} may be")
        if run.oa.refreshes != 1:
            found.append(f"{run.oa.refreshes} refreshes of the tokens, not 1")
        if run.oa.cancelled or run.oa.waiting:
            found.append("the webhook was cancelled, or events still wait")
        found += [f"printed: {secret}" for secret in run.leaks(PHONE, PHONE.removeprefix("0"), NAME)]
        found += [f"logged: {line}" for line in run.bad_lines()]
        return found

    def measured(self) -> str:
        """What happened, in a line or two."""
        tries = Counter(status for _, _, status in self.run.oa.deliveries)
        late = sum(retry > 0 for _, retry, _ in self.run.oa.deliveries)
        lost = sum(person.lost for person in self.people)
        return (
            f"{len(self.people)} people, {sum(person.acts for person in self.people)} messages, "
            f"{len({person.code for person in self.people if person.code})} codes told, {self.run.kills} kills\n"
            f"  events: {len(self.run.oa.events)}, deliveries by status {dict(tries)} (0: no answer), {late} repeated; "
            f"refreshes of the tokens: {self.run.oa.refreshes}\n"
            f"  repeated messages: {self.repeated()} (lost answers {self.doubts}, in flight at a kill "
            f"{self.in_flight}); lost between Zalo Bot's polling and the store: {lost}"
        )

    def _on(self, zalo: object) -> list[Person]:
        return [person for person in self.people if person.zalo is zalo]


async def talked(folder: Path, people: int, killed_in: Sequence[int]) -> Talks:
    """Everything over a new database in `folder`, with so many `people` on each channel; the bot has ended."""
    clock = AheadClock()
    async with zalo_oa_server(clock=clock) as oa, zalo_bot_server(clock=clock) as zalo_bot:
        oa.patience = 5.0
        with killed_at_last(ZaloRun(folder, oa, zalo_bot, clock)) as run:
            await run.log_in()
            invited = await run.command("staff", "invite", "--name", "Trần Văn Hai")
            await run.start()
            officer = Person(zalo_bot, OFFICER, 0, run)
            officer.does(Step("say", "/staff " + INVITATION.findall(invited)[0], ""))
            await zalo_bot.wait_for(OFFICER, "Chào Trần Văn Hai", PATIENCE)
            everybody = [Person(oa, f"24684588352919{7001 + number}", number, run) for number in range(1, people + 1)]
            everybody += [
                Person(zalo_bot, f"6ede9afa66b88fe6{7001 + number}", people + number, run)
                for number in range(1, people + 1)
            ]
            talks = Talks(run, everybody, officer, killed_in)
            await talks.play()
            await run.command("leads", "reconcile")
            await run.end()
            return talks


def main() -> None:
    """Talk and tell what was measured; exit 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=25, help="on each of the two channels")
    parser.add_argument("--kills", type=int, nargs="*", default=[5, 7], help="the rounds in which it is killed, 0 to 7")
    parser.add_argument("--keep", type=Path, help="a folder for the database and the log, which stay there")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        talks = asyncio.run(talked(asked.keep or Path(name), asked.people, asked.kills))
        problems = talks.problems()
        print(f"zalo: {talks.measured()}; {time.monotonic() - began:.0f} s; problems: {len(problems)}")
    for problem in problems[:20]:
        print("  ", problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
