"""kill -9 again and again while 50 people talk: `python -m tests.faults.kill_talks [--engine sqlite|postgresql|both]`.

A real `bot run` is killed at random moments and started again on the same database. Every person keeps asking and
leaving requests on the chat page's protocol, resends what was not acknowledged, as the page does, and goes on.
Afterwards the database is held against what people saw: every acknowledged message is there once and answered (or
still pending), every lead a person was told of is there once, and no lead is there that its person did not ask for.
"""

import argparse
import asyncio
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy import create_engine, text

from tests.fakes import postgres
from tests.fakes.web_client import Lost, WebVisitor

#: A reference code as people are told it.
CODE = re.compile(r"\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}\b")
QUESTIONS = ("Lĩnh vực nào được ưu tiên?", "xuong co khi co dc ho tro mua may ko", "số điện thoại của Sở")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class House:
    """A `bot run` that can be killed and started again on the same database and ports."""

    def __init__(self, url: str, folder: Path) -> None:
        self.port, self.kills, self.folder = free_port(), 0, folder
        self.environment = os.environ | {
            "BOT_STORAGE__URL": url,
            "BOT_WEB__PORT": str(self.port),
            "BOT_DESK__PORT": str(free_port()),
            "BOT_LIMITS__BURST": "1000",
            "BOT_LIMITS__PER_MINUTE": "100000",
            "BOT_LIMITS__PER_ADDRESS_PER_MINUTE": "100000",
            "BOT_LIMITS__SOCKETS_PER_ADDRESS": "1000",
            "BOT_LOGS__LEVEL": "warning",
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the chat page is."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it answers."""
        command = [str(Path(sys.executable).with_name("bot")), "run"]
        with (self.folder / "bot.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        async with aiohttp.ClientSession() as session:
            for _ in range(300):
                if self.process.poll() is not None:
                    raise SystemExit((self.folder / "bot.log").read_text("utf-8")[-2000:])
                with suppress(aiohttp.ClientError):
                    async with session.get(f"{self.address}/health"):
                        return
                await asyncio.sleep(0.1)
        raise SystemExit("bot run did not answer within 30 s")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def end(self) -> None:
        """Stop it politely."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


@dataclass
class Person:
    """Somebody who asks and leaves requests until told to stop; what they were told is kept."""

    number: int
    house: House
    stopped: asyncio.Event
    acknowledged: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)

    async def talk(self) -> None:
        """Ask, leave a request, and so on."""
        visitor = WebVisitor(self.house.address)
        try:
            for round in itertools.count():
                await self._say(visitor, QUESTIONS[(self.number + round) % len(QUESTIONS)])
                if self.stopped.is_set():
                    return
                await self._request(visitor, f"cần máy số {self.number}-{round}")
        finally:
            with suppress(Lost, OSError, aiohttp.ClientError):
                await visitor.close()

    async def _request(self, visitor: WebVisitor, need: str) -> None:
        await self._choose(visitor, "lead:start")
        for said in (need, "Cơ sở Thử", "Trần Thị Thử", "0903123456"):
            await self._say(visitor, said)
        self.needs.append(need)
        answer = await self._choose(visitor, "consent:yes")
        self.codes += CODE.findall(answer)[:1]

    async def _say(self, visitor: WebVisitor, words: str) -> str:
        return await self._put(visitor, "say", words)

    async def _choose(self, visitor: WebVisitor, choice: str) -> str:
        return await self._put(visitor, "choose", choice)

    async def _put(self, visitor: WebVisitor, how: str, words: str) -> str:
        """Send until it is acknowledged, then read until its answer came, over as many connections as it takes."""
        id = f"{self.number}-{len(self.acknowledged)}-{random.randrange(1 << 40):x}"
        deadline = time.monotonic() + 120
        open_ = False
        while time.monotonic() < deadline:
            try:
                if not open_:
                    await visitor.open(patience=5)
                    open_ = True
                if id not in self.acknowledged:
                    await self._send(visitor, how, words, id)
                return await self._answer(visitor, id)
            except (Lost, OSError, TimeoutError, aiohttp.ClientError):
                open_ = False
                with suppress(Lost, OSError, TimeoutError, aiohttp.ClientError):
                    await visitor.close()
                await asyncio.sleep(0.05)
        raise SystemExit(f"person {self.number}: no answer to '{words}' within two minutes")

    async def _send(self, visitor: WebVisitor, how: str, words: str, id: str) -> None:
        kind = visitor.say(words, id=id) if how == "say" else visitor.choose(words, id=id)
        if await kind == "stored":
            self.acknowledged.append(id)

    async def _answer(self, visitor: WebVisitor, id: str) -> str:
        """The first message of ours that stands above the person's own last one."""
        while True:
            bubble = await visitor.next(patience=20)
            own = next((b.number for b in reversed(visitor.bubbles) if b.id == id), None)
            if own is None or bubble.number is None or bubble.number > own:
                return bubble.text


async def run(engine: str, url: str, folder: Path, people: int, kills: int) -> bool:
    """Talk, kill, check; whether everything held."""
    house, stopped = House(url, folder), asyncio.Event()
    await house.start()
    persons = [Person(number, house, stopped) for number in range(people)]
    tasks = [asyncio.create_task(person.talk()) for person in persons]
    began = time.monotonic()
    for _ in range(kills):
        await asyncio.sleep(random.uniform(0.5, 4.0))
        house.kill()
        await house.start()
    await asyncio.sleep(3)
    stopped.set()
    await asyncio.gather(*tasks)
    seconds = time.monotonic() - began
    house.end()
    problems = held_against(url, persons)
    acknowledged = sum(len(person.acknowledged) for person in persons)
    leads = sum(len(person.codes) for person in persons)
    print(
        f"{engine}: {house.kills} kills in {seconds:.0f} s, {people} people, {acknowledged} acknowledged messages, "
        f"{leads} leads told; problems: {len(problems)}"
    )
    for problem in problems[:20]:
        print("  ", problem)
    return not problems


def held_against(url: str, persons: list[Person]) -> list[str]:
    """What the database holds against what people saw."""
    problems: list[str] = []
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:

        def rows(sql: str) -> list[tuple[str, ...]]:
            return [tuple(row) for row in connection.execute(text(sql))]

        states = {update.partition(":")[2]: state for update, state in rows("SELECT update_id, state FROM inbox")}
        heard = Counter(row[0].partition(":")[2] for row in rows("SELECT update_id FROM messages WHERE ours = 0"))
        keys = rows("SELECT key FROM outbox WHERE lane = 'conversation'")
        answered = {key.rpartition("/")[0].rpartition(":")[2] for (key,) in keys}
        codes = Counter(row[0] for row in rows("SELECT code FROM leads"))
        needs = Counter(row[0] for row in rows("SELECT need FROM leads"))
    engine.dispose()
    for person in persons:
        for id in person.acknowledged:
            state = states.get(id)
            if state is None:
                problems.append(f"acknowledged but not stored: {id}")
            elif state == "done" and (heard[id] != 1 or id not in answered):
                problems.append(f"done but heard {heard[id]} times, answered: {id in answered}: {id}")
            elif state == "failed":
                problems.append(f"failed: {id}")
        problems += [
            f"lead {code} was told and is there {codes[code]} times" for code in person.codes if codes[code] != 1
        ]
        problems += [f"'{need}' made {needs[need]} leads" for need in person.needs if needs[need] != 1]
        if len(person.codes) != len(person.needs):
            problems.append(
                f"person {person.number} sent {len(person.needs)} requests and was told {len(person.codes)}"
            )
    asked = {need for person in persons for need in person.needs}
    problems += [f"nobody asked for '{need}'" for need in needs if need not in asked]
    return problems


def main() -> None:
    """Run on the engines asked for; exit 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--kills", type=int, default=10)
    asked = parser.parse_args()
    held = True
    with tempfile.TemporaryDirectory() as name:
        if asked.engine in ("sqlite", "both"):
            url = f"sqlite:///{name}/talks.db"
            held &= asyncio.run(run("sqlite", url, Path(name), asked.people, asked.kills))
        if asked.engine in ("postgresql", "both"):
            server = postgres.start("durable")
            try:
                url = server.database("talks")
                held &= asyncio.run(run("postgresql", url, Path(name), asked.people, asked.kills))
            finally:
                server.stop()
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
