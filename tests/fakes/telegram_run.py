"""A real `bot run` on the fake Telegram: by polling or by webhook, what it still has to do, and what it printed."""

import asyncio
from pathlib import Path

from tests.fakes.run import LOOK, STARTS, Run
from tests.fakes.telegram_server import TelegramServer

#: What Telegram shows at our door.
SECRET = "knock-knock_0123456789"
UNDER_WAY = (
    "SELECT (SELECT count(*) FROM inbox WHERE state = 'pending'), (SELECT count(*) FROM outbox WHERE state = 'ready')"
)


class TelegramRun(Run):
    """A bot in `folder` whose Telegram is this fake, which must be listening already; it polls without `webhook`."""

    def __init__(self, folder: Path, server: TelegramServer, *, webhook: bool) -> None:
        super().__init__(
            folder,
            {
                "BOT_TELEGRAM__ENABLED": "true",
                "BOT_TELEGRAM__TOKEN": server.token,
                "BOT_TELEGRAM__BASE_URL": server.url,
            },
        )
        self.server, self.webhook = server, webhook
        if webhook:
            self.settings |= {
                "BOT_TELEGRAM__WEBHOOK_SECRET": SECRET,
                "BOT_WEB__PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            }

    async def start(self) -> None:
        """Start it and wait until it answers, and until Telegram knows where to find it, or it asks Telegram."""
        server, known = self.server, len(self.server.calls)
        asks = "setWebhook" if self.webhook else "getUpdates"
        await super().start()
        async with asyncio.timeout(STARTS):
            # Asked, and carried out.
            while asks not in {name for name, _ in server.calls[known:]} or bool(server.webhook) != self.webhook:
                await asyncio.sleep(LOOK)

    async def settled(self, seconds: float = 60.0) -> None:
        """Until Telegram holds no update, none waits for its turn, and no reply has to leave. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.server.unconfirmed or any(self.rows(UNDER_WAY)[0]):
                await asyncio.sleep(LOOK)

    def leaks(self) -> list[str]:
        """What must not have been printed and was: the secret part of the token, the word at the door."""
        printed, (_, _, secret) = self.printed, self.server.token.partition(":")
        return [private for private in (secret, SECRET) if private in printed]
