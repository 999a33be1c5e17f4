"""The tokens of an Official Account while processes race for them, die in the middle, or are overtaken by a login."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress

import pytest

from bot.channels.base import Grant
from bot.clock import SystemClock
from bot.store.grants import StoredGrants
from bot.store.store import Store
from tests.fakes.command import ROOT, environment
from tests.fakes.zalo_oa_grants import fresh
from tests.fakes.zalo_oa_server import OAUTH, ZaloOaServer, zalo_oa_server
from tests.faults.grant_process import NAME

#: Seconds a process may take for a line.
PATIENCE = 60.0
#: A token of the fake.
TOKEN = re.compile(r"(access|refresh)-\w+-")
INFO = "/v2.0/oa/getoa"
#: What staff are told to do.
MEND = "an administrator of the OA runs: bot zalo login"
#: An access token Zalo does not take.
REFUSED = "access-0-of-yesterday"


class Bot:
    """A process that uses the tokens; see tests/faults/grant_process.py."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.heard: list[str] = []

    async def next(self) -> str:
        """The next line it prints, which is not that it is locked out again."""
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE):
            while True:
                line = (await self._process.stdout.readline()).decode().strip()
                assert line, f"it ended after {self.heard}"
                if line != "locked out" or self.heard[-1:] != ["locked out"]:
                    self.heard.append(line)
                    return line

    def tell(self, line: str) -> None:
        """Let it make a "call", or "go on" where it stopped."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())

    async def call(self) -> str:
        """Let it make a call, and see what becomes of it."""
        self.tell("call")
        return await self.outcome()

    async def outcome(self) -> str:
        """What became of a call."""
        while (line := await self.next()) == "locked out" or line.startswith("alarm: "):
            pass
        return line

    async def kill(self) -> None:
        """kill -9. Nothing it said holds a token."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        assert self._process.stdin
        assert self._process.stderr
        self._process.stdin.close()
        # Not communicate(): where a test failed somebody may still wait for the next line.
        said = await self._process.stderr.read()
        assert not TOKEN.search(said.decode() + "".join(self.heard))

    @property
    def alarms(self) -> list[str]:
        """What it told staff."""
        return [line for line in self.heard if line.startswith("alarm: ")]


class House:
    """Zalo, the store that processes share, and the processes."""

    def __init__(self, zalo: ZaloOaServer, store: Store, stack: AsyncExitStack) -> None:
        self.zalo, self._store, self._stack = zalo, store, stack
        self.grants = StoredGrants(store, SystemClock(), NAME, "login")

    @property
    def refreshes(self) -> int:
        """How often a new pair was asked for."""
        return sum(call.path == OAUTH for call in self.zalo.calls)

    @property
    def shown(self) -> list[str]:
        """The access tokens that came to Zalo, in order."""
        return [call.headers["access_token"] for call in self.zalo.calls if call.path == INFO]

    async def log_in(self, *, refused: bool = False) -> Grant:
        """Keep a new pair, as `bot zalo login` does; `refused`: Zalo does not take its access token any more."""
        grant = fresh(self.zalo, SystemClock())
        if refused:
            grant = Grant(REFUSED, grant.refresh, grant.expires_at, grant.obtained_at)
        await self.grants.save(grant)
        return grant

    async def bot(self, holder: str, stop: str = "") -> Bot:
        """Start a process."""
        url = self._store.engine.url.render_as_string(hide_password=False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.grant_process"),
            *(url, self.zalo.url, self.zalo.app_secret, holder, stop),
            cwd=ROOT,
            env=environment({}),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        bot = Bot(process)
        self._stack.push_async_callback(bot.kill)
        assert await bot.next() == "ready"
        return bot


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store, on each engine."""
    opened = Store(database_url, size=3)
    yield opened
    opened.close()


@pytest.fixture
async def house(store: Store) -> AsyncIterator[House]:
    """Zalo with the machine's clock, which every process has."""
    async with zalo_oa_server() as zalo, AsyncExitStack() as stack:
        yield House(zalo, store, stack)


async def test_of_two_processes_refused_at_once_one_refreshes(house: House) -> None:
    await house.log_in(refused=True)
    bots = [await house.bot("a"), await house.bot("b")]
    gate = house.zalo.hold(OAUTH)
    for bot in bots:
        bot.tell("call")
    # Zalo has refused both, one waits for its answer, the other for the one.
    await house.zalo.called(INFO, 2)
    first = [asyncio.create_task(bot.next()) for bot in bots]
    done, (waiting,) = await asyncio.wait(first, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == ["locked out"]
    gate.set()
    assert await waiting == "good"
    assert [await bot.outcome() for bot in bots if bot.heard[-1] != "good"] == ["good"]
    assert [await bot.call() for bot in bots] == ["good", "good"]
    assert (house.refreshes, house.zalo.refreshes) == (1, 1)
    kept = await house.grants.load()
    assert kept is not None
    assert set(house.shown) == {REFUSED, kept.access}
    assert all(not bot.alarms for bot in bots)


async def test_killed_between_zalos_answer_and_the_write_needs_a_login_and_says_so(house: House) -> None:
    before = await house.log_in(refused=True)
    killed = await house.bot("killed", stop="before the write")
    assert await killed.call() == "stopped"
    await killed.kill()
    left = await house.grants.load()
    assert left is not None
    assert (left.refresh, left.tried_at is not None) == (before.refresh, True)

    bot = await house.bot("next")
    outcome = await bot.call()
    assert outcome.startswith("Halted: ")
    assert outcome.endswith(MEND)
    assert house.refreshes == 2
    assert [await bot.call() for _ in range(3)] == [outcome] * 3
    assert house.refreshes == 2
    (alarm,) = bot.alarms
    assert alarm.startswith("alarm: zalo-grant ")
    assert alarm.endswith(MEND)

    await house.log_in()
    assert await bot.call() == "good"
    assert house.refreshes == 2


async def test_killed_before_zalo_was_asked_costs_nothing(house: House) -> None:
    await house.log_in(refused=True)
    killed = await house.bot("killed", stop="before the call")
    assert await killed.call() == "stopped"
    await killed.kill()
    bot = await house.bot("next")
    assert await bot.call() == "good"
    assert (house.refreshes, house.zalo.refreshes, bot.alarms) == (1, 1, [])


async def test_a_login_while_a_process_is_about_to_write_is_not_overwritten(house: House) -> None:
    await house.log_in(refused=True)
    slow = await house.bot("slow", stop="before the write")
    assert await slow.call() == "stopped"
    newest = await house.log_in()
    slow.tell("go on")
    assert await slow.outcome() == "good"
    assert house.shown[-1] == newest.access
    kept = await house.grants.load()
    assert kept is not None
    assert (kept.access, kept.refresh) == (newest.access, newest.refresh)
    assert (house.refreshes, slow.alarms) == (1, [])
