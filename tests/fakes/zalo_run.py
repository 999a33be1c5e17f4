"""A real `bot run` on Zalo: its commands, what it printed, and what its database holds; killed and started at will."""

import asyncio
import datetime as dt
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import aiohttp

from bot.channels.zalo_oa_oauth import challenge_of, verifier_of
from bot.channels.zalo_oa_webhook import PATH
from bot.clock import SystemClock
from tests.fakes.command import START, bot, environment
from tests.fakes.zalo_bot_server import ZaloBotServer
from tests.fakes.zalo_oa_delivery import LADDER
from tests.fakes.zalo_oa_server import ZaloOaServer

#: Seconds until a bot that was started answers, and until one that was asked to stop is gone.
STARTS, STOPS = 60.0, 30.0
#: Seconds between looks whether it answers or has done everything.
LOOK = 0.05
#: What the fake gives out as tokens and codes; each may stand in nothing the bot prints.
GIVEN_OUT = re.compile(r"(?:access|refresh|code)-\d+-[0-9a-f]{24}")
#: Levels of lines somebody has to look after.
BAD = ("error", "critical")
UNDER_WAY = (
    "SELECT (SELECT count(*) FROM inbox WHERE state = 'pending'), (SELECT count(*) FROM outbox WHERE state = 'ready')"
)


class AheadClock:
    """The machine's clock, and as much further as it was advanced."""

    def __init__(self) -> None:
        self._machine, self._ahead = SystemClock(), dt.timedelta()

    def now(self) -> dt.datetime:
        """The time, aware, in UTC+7."""
        return self._machine.now() + self._ahead

    def steady(self) -> float:
        """Seconds that never jump back."""
        return self._machine.steady() + self._ahead.total_seconds()

    def advance(self, by: dt.timedelta) -> None:
        """Go ahead of the machine by so much more."""
        self._ahead += by


class ZaloRun:
    """Both channels of one bot in `folder`, whose platforms are these two fakes; they must be listening already."""

    def __init__(self, folder: Path, oa: ZaloOaServer, zalo_bot: ZaloBotServer, clock: AheadClock) -> None:
        self.folder, self.oa, self.zalo_bot, self.clock = folder, oa, zalo_bot, clock
        self.database, self.output = folder / "zalo.db", folder / "output.txt"
        self.port, self.kills = free_port(), 0
        oa.challenge = challenge_of(verifier_of(oa.app_secret))
        self.settings = {
            "BOT_STORAGE__URL": f"sqlite:///{self.database}",
            "BOT_WEB__PORT": str(self.port),
            "BOT_DESK__PORT": "0",
            "BOT_LOGS__LEVEL": "debug",
            "BOT_ZALO_OA__ENABLED": "true",
            "BOT_ZALO_OA__APP_ID": oa.app_id,
            "BOT_ZALO_OA__OA_ID": oa.oa_id,
            "BOT_ZALO_OA__APP_SECRET": oa.app_secret,
            "BOT_ZALO_OA__WEBHOOK_KEY": oa.webhook_key,
            "BOT_ZALO_OA__PER_MINUTE": "6000",
            "BOT_ZALO_OA__OPENAPI_URL": oa.url,
            "BOT_ZALO_OA__BUSINESS_URL": oa.url,
            "BOT_ZALO_OA__OAUTH_URL": oa.url,
            "BOT_ZALO_BOT__ENABLED": "true",
            "BOT_ZALO_BOT__TOKEN": zalo_bot.token,
            "BOT_ZALO_BOT__BASE_URL": zalo_bot.url,
        }
        self._process: subprocess.Popen[bytes] | None = None

    async def command(self, *arguments: str) -> str:
        """What another command of the bot printed; it is kept with everything else. Raises AssertionError."""
        # In a thread: the platforms it may ask live in this very loop.
        done = await asyncio.to_thread(bot, *arguments, folder=self.folder, settings=self.settings)
        with self.output.open("a", encoding="utf-8") as output:
            output.write(done.stdout + done.stderr)
        assert done.returncode == 0, f"bot {' '.join(arguments[:2])}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    async def log_in(self) -> None:
        """An administrator of the account allows the bot in, and gives the code to the command."""
        await self.command("zalo", "login", "--code", self.oa.consent())

    async def start(self) -> None:
        """Start `bot run` and wait until it answers; Zalo's console sends the account's events there."""
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, "run"],
                cwd=self.folder,
                env=environment(self.settings),
                stdout=output,
                stderr=output,
            )
        async with aiohttp.ClientSession() as session, asyncio.timeout(STARTS):
            while True:
                assert self._process.poll() is None, f"bot run ended:\n{self.printed[-2000:]}"
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/health"):
                        break
                await asyncio.sleep(LOOK)
        await self.oa.hook(f"http://127.0.0.1:{self.port}{PATH}")

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
        assert code == 0, f"bot run ended with {code}:\n{self.printed[-2000:]}"

    async def climb(self) -> None:
        """Let time pass on the ladder of repeated deliveries until every event was answered 200."""
        for pause in LADDER:
            with suppress(AssertionError):
                await self.oa.settled()
            if not self.oa.waiting:
                return
            self.clock.advance(pause + dt.timedelta(seconds=1))
            await self.oa.tick()
        await self.oa.settled()

    async def settled(self, seconds: float = 60.0) -> None:
        """Until no message waits for its turn and no reply has to leave. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.zalo_bot.waiting or any(self.rows(UNDER_WAY)[0]):
                await asyncio.sleep(LOOK)

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """What the database says."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()

    def counts(self, sql: str) -> Counter[str]:
        """How often each text stands in the first column."""
        return Counter(str(row[0]) for row in self.rows(sql))

    @property
    def printed(self) -> str:
        """Everything every command and `bot run` printed so far."""
        return self.output.read_text("utf-8", "replace")

    def leaks(self, *private: str) -> list[str]:
        """What must not have been printed and was: tokens, codes, keys, and the `private` words given."""
        printed, oa, (account, _, secret) = self.printed, self.oa, self.zalo_bot.token.partition(":")
        keys = (oa.app_secret, oa.webhook_key, verifier_of(oa.app_secret), f"{account}:{secret}", secret, *private)
        return sorted({*GIVEN_OUT.findall(printed), *(key for key in keys if key in printed)})

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


@contextmanager
def killed_at_last(run: ZaloRun) -> Iterator[ZaloRun]:
    """However the block ends, no process is left."""
    try:
        yield run
    finally:
        run.kill()
