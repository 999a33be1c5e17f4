"""A process that uses the tokens: `python -m tests.faults.grant_process STORE ZALO SECRET HOLDER STOP`.

For each line "call" it makes one call of Zalo's API and prints what became of it: "good", or the error's kind and
words; also "locked out" when another process refreshes, and "alarm: …" for what staff are told. With STOP "before the
call" or "before the write" it prints "stopped" there, in the middle of a refresh, and waits for the line "go on".
"""

import asyncio
import datetime as dt
import sys

import structlog

from bot.channels.base import Grant
from bot.channels.zalo_oa_api import ZaloOaApi, ZaloOaError, ZaloOaUnreachable
from bot.channels.zalo_oa_grant import ZaloOaGrant
from bot.channels.zalo_oa_oauth import OAuth
from bot.clock import SystemClock
from bot.errors import SendError
from bot.store.grants import StoredGrants
from bot.store.store import Store
from handlers.turn import OpenTask
from tests.fakes.zalo_oa_delivery import APP_ID

NAME = "zalo-oa/42"
#: Seconds that the lock of a process lasts after it was killed; the product's would keep the test waiting.
LOCKED = 3.0


def say(words: str) -> None:
    """Print a line, at once."""
    print(" ".join(words.split()), flush=True)


class Watched(StoredGrants):
    """The place of the tokens, telling what happens there, and stopping where it should."""

    def __init__(self, store: Store, holder: str, stop: str) -> None:
        super().__init__(store, SystemClock(), NAME, holder)
        self._stop, self.go_on = stop, asyncio.Event()

    async def lock(self, seconds: float) -> bool:
        """As the store does, for a shorter time."""
        taken = await super().lock(min(seconds, LOCKED))
        if not taken:
            say("locked out")
        return taken

    async def begin(self, grant: Grant, now: dt.datetime) -> None:
        """As the store does; then perhaps no further."""
        await super().begin(grant, now)
        await self._reach("before the call")

    async def save(self, grant: Grant) -> None:
        """As the store does, if it comes so far."""
        await self._reach("before the write")
        await super().save(grant)

    async def _reach(self, place: str) -> None:
        if self._stop == place:
            say("stopped")
            await self.go_on.wait()


async def alarm(task: OpenTask) -> None:
    """Tell staff."""
    say(f"alarm: {task.kind} {task.about}")


async def call(api: ZaloOaApi) -> None:
    """Make a call and tell of it."""
    try:
        await api.get_oa()
    except (SendError, ZaloOaError, ZaloOaUnreachable) as error:
        say(f"{type(error).__name__}: {error} {getattr(error, 'mend', '')}")
    else:
        say("good")


async def main(url: str, zalo: str, secret: str, holder: str, stop: str) -> None:
    """Do what the lines say until there are no more."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    store, clock = Store(url, size=3), SystemClock()
    grants = Watched(store, holder, stop)
    grant = ZaloOaGrant(grants, OAuth(APP_ID, secret, zalo, clock), clock, alarm)
    api = ZaloOaApi(grant.token, openapi_url=zalo, business_url=zalo)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    say("ready")
    calls = []
    while line := await lines.readline():
        if line == b"call\n":
            calls.append(asyncio.create_task(call(api)))
        else:
            grants.go_on.set()
    await asyncio.gather(*calls)
    await api.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
