"""Crabline: somebody else's fake of the Zalo Bot Platform, which shares no misunderstanding with ours."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes import npm
from tests.fakes.zalo_bot_server import TOKEN

#: Seconds for its start, and for its end.
PATIENCE = 30.0

Json = dict[str, Any]


class Crabline:
    """A running one. Give the bot `base_url` and `token`.

    It knows texts only, answers errors with their code as HTTP status, lets one poll end the one before (409), and
    knows no multipart body, sticker, voice, testWebhook, length or chat that never wrote.
    """

    def __init__(self, manifest: Json, session: aiohttp.ClientSession) -> None:
        self.base_url: str = manifest["baseUrl"]
        self.token: str = manifest["botToken"]
        self._inbound: str = manifest["endpoints"]["adminInboundUrl"]
        self._headers = {"X-Crabline-Admin-Token": manifest["adminToken"]}
        self._record = Path(manifest["recorderPath"])
        self._session = session

    async def say(self, chat: str, text: str, *, name: str = "Ted", sender: str = "", kind: str = "PRIVATE") -> str:
        """Write to the bot; the id of the message. Where a webhook is set it returns after that took the message.

        Raises AssertionError if the message was not taken.
        """
        said = {"chatId": chat, "senderId": sender or chat, "senderName": name, "chatType": kind, "text": text}
        async with self._session.post(self._inbound, json=said, headers=self._headers) as answer:
            taken = await answer.json()
        assert taken["ok"], f"crabline could not pass on {text!r}: {taken}"
        return str(taken["result"]["message"]["message_id"])

    def calls(self) -> list[tuple[str, Json]]:
        """Every call of the bot as (method, parameters); written down before it is answered."""
        return [
            (event["path"].rpartition("/")[2], event.get("body", {}))
            for event in self._events()
            if event["type"] == "api"
        ]

    def sent(self) -> list[Json]:
        """The parameters of every text and picture the bot sent, the refused left out, oldest first."""
        sends = [event for event in self._events() if event["path"].endswith(("/sendMessage", "/sendPhoto"))]
        return [event["body"] for event in sends if event["accepted"]]

    def _events(self) -> list[Json]:
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        return [json.loads(line) for line in lines if line]


@asynccontextmanager
async def crabline(token: str = TOKEN) -> AsyncIterator[Crabline]:
    """Crabline on loopback while the block runs; skips the test loudly where it can't be had."""
    name = "@openclaw/crabline"
    program = npm.package(name, npm.PACKAGES[name]) / "dist" / "src" / "bin" / "crabline.js"
    with tempfile.TemporaryDirectory(prefix="crabline-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(npm.node(), program, "--json", "serve", "zalo", "--recorder", Path(folder) / "record.jsonl"),
            env=npm.environment(Path(folder)) | {"CRABLINE_BOT_TOKEN": token},
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with aiohttp.ClientSession() as session:
                yield Crabline(await _manifest(process), session)
        finally:
            await _end(process)


async def _manifest(process: asyncio.subprocess.Process) -> Json:
    """What it prints once it listens: one JSON object over several lines."""
    assert process.stdout is not None
    printed = b""
    async with asyncio.timeout(PATIENCE):
        while line := await process.stdout.readline():
            printed += line
            if line.rstrip() == b"}":
                manifest: Json = json.loads(printed)
                return manifest
    raise AssertionError(f"crabline ended before it listened: {printed.decode(errors='replace')[-500:]}")


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
