"""Our contender: the whole bot with its webhook and a SQLite file.

Kinds: `echo` says the text again as the others do, and like them knows nothing; `echo-read` does so after the search
that every text of the real bot goes through; `real` answers from the knowledge as shipped.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

from bot import logs
from bot.app import App, Parts
from bot.config import load
from handlers.context import Context, Handler
from handlers.message import Inbound, Reply
from handlers.order import ORDER
from handlers.person import Person
from handlers.turn import Turn
from tests.bench.telegram_terms import SECRET, TOKEN, Place, marked, place

Handle = Callable[[Inbound, Person, Context], Turn | None]


def echo(inbound: Inbound, person: Person, context: Context) -> Turn:
    """Say the same."""
    return Turn(person.conversation, (Reply(marked(inbound.text, inbound.id)),))


def with_mark(handle: Handle) -> Handle:
    """A real handler whose last reply tells which update it answers."""

    def run(inbound: Inbound, person: Person, context: Context) -> Turn | None:
        turn = handle(inbound, person, context)
        if turn is None or not turn.replies:
            return turn
        *before, last = turn.replies
        return replace(turn, replies=(*before, replace(last, text=marked(last.text, inbound.id))))

    return run


ECHO = (Handler("echo", echo),)
REAL = tuple(replace(handler, handle=with_mark(handler.handle)) for handler in ORDER)
PARTS = {
    "echo": Parts(order=ECHO, shipped=lambda: ()),
    "echo-read": Parts(order=ECHO),
    "real": Parts(order=REAL),
}


async def serve(at: Place) -> None:
    """Run until it is told to stop."""
    settings = load(
        None,
        {
            "BOT_STORAGE__URL": f"sqlite:///{at.folder / 'bot.db'}",
            "BOT_WEB__PORT": str(at.port),
            "BOT_WEB__PUBLIC_URL": at.public_url,
            "BOT_DESK__PORT": "0",
            "BOT_TELEGRAM__ENABLED": "true",
            "BOT_TELEGRAM__TOKEN": TOKEN,
            "BOT_TELEGRAM__BASE_URL": at.api,
            "BOT_TELEGRAM__WEBHOOK_SECRET": SECRET,
        },
    )
    logs.configure(settings.logs.level, settings.logs.format, sys.stderr)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    app = App(settings, PARTS[at.kind])
    await app.start()
    gc.collect()  # as `bot run` does
    gc.freeze()
    try:
        await stopping.wait()
    finally:
        await app.stop()


if __name__ == "__main__":
    asyncio.run(serve(place(__doc__)))
