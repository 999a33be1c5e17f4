"""aiogram as a contender: the echo on its dispatcher, by its own request handler on aiohttp.

Kinds: `background` (the hook is answered first, its default) and `waits` (answered when the handler is through); each
also with `-durable`: one row is committed before the answer is sent, with the settings our store gives SQLite, by a
thread that does nothing else, so that the event loop goes on meanwhile. The row goes in by the bare driver, at once:
the least that keeps anything at all, far from a turn of ours, and in the background still after the hook was answered.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aiogram import BaseMiddleware, Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message, TelegramObject, Update
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tests.bench.telegram_terms import CONNECTIONS, PATH, SECRET, TOKEN, marked, place


class Rows(BaseMiddleware):
    """Writes every update down before it is handled: one row, one commit."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE updates (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL, text TEXT)")

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Hand on what is durable."""
        assert isinstance(event, Update) and event.message is not None
        row = event.update_id, event.message.chat.id, event.message.text
        await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, row)
        return await handler(event, data)

    def _keep(self, row: tuple[int, int, str | None]) -> None:
        # Outside a transaction of ours each statement is a commit.
        self._connection.execute("INSERT INTO updates VALUES (?, ?, ?)", row)


async def answer(message: Message, event_update: Update) -> None:
    """Say the same."""
    await message.answer(marked(message.text or "", event_update.update_id))


def main() -> None:
    """Run the kind that was asked for until it is told to stop."""
    at = place(__doc__)
    way, _, durable = at.kind.partition("-")
    bot = Bot(TOKEN, AiohttpSession(api=TelegramAPIServer.from_base(at.api)))
    dispatcher = Dispatcher()
    dispatcher.message.register(answer)
    if durable:
        dispatcher.update.outer_middleware(Rows(at.folder / "rows.db"))

    async def tell(app: web.Application) -> None:
        await bot.set_webhook(
            at.public_url + PATH, secret_token=SECRET, max_connections=CONNECTIONS, allowed_updates=["message"]
        )

    app = web.Application()
    background = way == "background"
    SimpleRequestHandler(dispatcher, bot, handle_in_background=background, secret_token=SECRET).register(app, PATH)
    app.on_startup.append(tell)
    web.run_app(app, host="127.0.0.1", port=at.port, print=lambda *_: None, access_log=None)


if __name__ == "__main__":
    main()
