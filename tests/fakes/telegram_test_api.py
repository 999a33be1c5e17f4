"""telegram-test-api: somebody else's fake of Telegram, which shares no misunderstanding with ours."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp

from tests.fakes import npm

NAME = "telegram-test-api"
#: Seconds for its start, for one act of a person, and for its end.
PATIENCE = 30.0

Json = dict[str, Any]


class TelegramTestApi:
    """A running one, for any number of bots: it takes every token, and keeps what belongs to each apart.

    It knows nine methods, private chats and inline buttons only, refuses nothing, and differs from Telegram in so much
    that a bot needs the bridge of telegram_bridge.py before it.
    """

    def __init__(self, process: asyncio.subprocess.Process, url: str, session: aiohttp.ClientSession) -> None:
        self._process, self._url, self._session = process, url, session
        self._acting = asyncio.Lock()

    async def act(self, token: str, user: int, kind: Literal["message", "command", "callback"], **content: Any) -> None:
        """Let a person do something in their chat with a bot: "message" and "command" have `text`, "callback" `data`
        and `message`, the tapped one. Its own client makes the update of it.

        Returns once it waits to be asked for or the bot's webhook has taken it. Raises AssertionError if that failed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._acting, asyncio.timeout(PATIENCE):
            line = json.dumps({"token": token, "user": user, "kind": kind, **content})
            self._process.stdin.write(f"{line}\n".encode())
            answer: Json = json.loads(await self._process.stdout.readline())
        assert answer["ok"], f"telegram-test-api could not pass on {content}: {answer['error']}"

    async def history(self, token: str) -> list[Json]:
        """What people and the bot said, oldest first, edited as it stands now; the bot's have `message.chat_id`."""
        async with self._session.post(f"{self._url}/getUpdatesHistory", json={"token": token}) as answer:
            result: list[Json] = (await answer.json())["result"]
        return result

    async def call(self, token: str, method: str, parameters: Mapping[str, str]) -> tuple[int, Json]:
        """Call a method as a bot does; the status and the body of its answer."""
        async with self._session.post(f"{self._url}/bot{token}/{method}", data=dict(parameters)) as answer:
            body: Json = await answer.json()
            return answer.status, body


@asynccontextmanager
async def telegram_test_api() -> AsyncIterator[TelegramTestApi]:
    """It on loopback while the block runs; skips the test loudly where it can't be had."""
    package = npm.package(NAME, npm.PACKAGES[NAME])
    with tempfile.TemporaryDirectory(prefix="telegram-test-api-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(npm.node(), Path(__file__).with_suffix(".js"), package),
            env=npm.environment(Path(folder)),
            cwd=folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with aiohttp.ClientSession() as session:
                yield TelegramTestApi(process, await _url(process), session)
        finally:
            await _end(process)


async def _url(process: asyncio.subprocess.Process) -> str:
    """Where it listens, once it does; that is the first line it prints."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        line = await process.stdout.readline()
    assert line, "telegram-test-api ended before it listened; what it said stands above"
    url: str = json.loads(line)["url"]
    return url


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and end it where it does not."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(PATIENCE):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
