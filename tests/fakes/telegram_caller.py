"""A client of the Bot API that takes nothing for granted: it shows the status and the answer as they came."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.fakes.telegram_server import TelegramServer


@dataclass(frozen=True)
class Answer:
    """What came back; `json` is None for a page."""

    status: int
    json: Any

    @property
    def result(self) -> Any:
        """What a call that was taken gives."""
        assert self.json["ok"], self.json
        return self.json["result"]

    @property
    def why(self) -> str:
        """What a refusal says."""
        return str(self.json["description"])


class Caller:
    """`async with Caller(server) as bot: await bot.call("sendMessage", chat_id=7, text="chào")`."""

    def __init__(self, server: TelegramServer) -> None:
        self._server = server
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Caller":
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *raised: object) -> None:
        assert self._session
        await self._session.close()

    async def call(self, method: str, **given: Any) -> Answer:
        """Make a call; bytes are sent as a file, everything but strings as JSON."""
        assert self._session
        form = aiohttp.FormData(quote_fields=False)
        for name, value in given.items():
            if isinstance(value, bytes):
                form.add_field(name, value, filename=f"{name}.pdf", content_type="application/pdf")
            else:
                form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        url = f"{self._server.url}/bot{self._server.token}/{method}"
        async with self._session.post(url, data=form) as answer:
            text = await answer.text()
            return Answer(answer.status, json.loads(text) if answer.content_type == "application/json" else None)

    async def say(self, chat: int, text: str, **more: Any) -> Answer:
        """Send a message."""
        return await self.call("sendMessage", chat_id=chat, text=text, **more)
