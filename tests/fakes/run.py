"""A process that listens, and a real `bot run`: what it printed, and what its database holds; killed and started."""

import asyncio
import json
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.fakes.command import START, bot, environment

#: Seconds until a process that was started answers, and until one that was asked to stop is gone.
STARTS, STOPS = 60.0, 30.0
#: Seconds between looks whether it answers or has done everything.
LOOK = 0.05
#: Levels of lines somebody has to look after.
BAD = ("error", "critical")
HEARD_TWICE = "SELECT update_id FROM messages WHERE ours = 0 GROUP BY address_id, update_id HAVING count(*) > 1"
#: Messages from people for which no reply was written.
UNANSWERED = """
SELECT m.update_id FROM messages m JOIN addresses a ON a.id = m.address_id WHERE m.ours = 0 AND NOT EXISTS
(SELECT 1 FROM outbox o WHERE o.key LIKE a.channel || '/' || a.account || '/' || m.update_id || '/%')
"""


class Listener:
    """A Python process in `folder` on a port of its own; what it prints is kept in `output`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output = folder, folder / "output.txt"
        self.port, self.kills = free_port(), 0
        self._process: subprocess.Popen[bytes] | None = None

    async def launch(self, *command: str, settings: Mapping[str, str], path: str = "/") -> None:
        """Start Python with these arguments and wait until the port answers a question for `path`, whatever it says.

        Raises AssertionError if the process ends first.
        """
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                cwd=self.folder,
                env=environment(settings),
                stdout=output,
                stderr=output,
            )
        async with aiohttp.ClientSession() as session, asyncio.timeout(STARTS):
            while True:
                assert self._process.poll() is None, f"{command[-1]} ended:\n{self.printed[-2000:]}"
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}{path}"):
                        return
                await asyncio.sleep(LOOK)

    def kill(self) -> None:
        """kill -9, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process, self.kills = None, self.kills + 1

    async def end(self) -> None:
        """Stop it politely. Raises AssertionError if it says that this went wrong."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        ended, self._process = self._process, None
        code = await asyncio.to_thread(ended.wait, STOPS)
        assert code == 0, f"it ended with {code}:\n{self.printed[-2000:]}"

    @property
    def printed(self) -> str:
        """Everything it printed so far."""
        return self.output.read_text("utf-8", "replace") if self.output.exists() else ""


class Run(Listener):
    """`bot run` in `folder` with these settings, an SQLite file of its own, and a log that tells everything."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.database = folder / "bot.db"
        self.settings = {
            "BOT_STORAGE__URL": f"sqlite:///{self.database}",
            "BOT_WEB__PORT": str(self.port),
            "BOT_DESK__PORT": "0",
            "BOT_LOGS__LEVEL": "debug",
            **settings,
        }

    async def command(self, *arguments: str) -> str:
        """What another command of the bot printed; it is kept with everything else. Raises AssertionError."""
        # In a thread: the platforms it may ask live in this very loop.
        done = await asyncio.to_thread(bot, *arguments, folder=self.folder, settings=self.settings)
        with self.output.open("a", encoding="utf-8") as output:
            output.write(done.stdout + done.stderr)
        assert done.returncode == 0, f"bot {' '.join(arguments[:2])}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    async def start(self) -> None:
        """Start `bot run` and wait until it answers."""
        await self.launch("-c", START, "run", settings=self.settings, path="/health")

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """What the database says."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()

    def counts(self, sql: str) -> Counter[str]:
        """How often each text stands in the first column."""
        return Counter(str(row[0]) for row in self.rows(sql))

    def loose_ends(self) -> list[str]:
        """What a database at rest must not hold: what was heard twice or not answered, what has to be done yet."""
        replies = self.counts("SELECT state FROM outbox WHERE state <> 'sent'")
        updates = self.counts("SELECT state FROM inbox WHERE state <> 'done'")
        return [
            *(f"heard twice: {update}" for update in self.counts(HEARD_TWICE)),
            *(f"not answered: {update}" for update in self.counts(UNANSWERED)),
            *(f"{count} replies are {state}" for state, count in replies.items()),
            *(f"{count} updates are {state}" for state, count in updates.items()),
        ]

    def bad_lines(self) -> list[str]:
        """The log lines of a bad level, and everything that is no log line where it looks like a failure."""
        found = [line for line in self.printed.splitlines() if _is_bad(line)]
        return [line[:300] for line in found]


def _is_bad(line: str) -> bool:
    try:
        logged = json.loads(line)
    except ValueError:
        return line.startswith("Traceback") or "Warning" in line
    return isinstance(logged, dict) and logged.get("level") in BAD


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


Started = TypeVar("Started", bound=Listener)


@contextmanager
def killed_at_last(run: Started) -> Iterator[Started]:
    """However the block ends, no process is left."""
    try:
        yield run
    finally:
        run.kill()
