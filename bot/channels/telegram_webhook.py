"""How Telegram is told of the door through which it delivers updates, and who knocks there without the secret."""

import asyncio
from dataclasses import dataclass, field

import structlog
from aiohttp import web
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.channels.door import Door, Receive
from bot.channels.telegram_errors import mend, seconds
from bot.channels.telegram_polling import Report
from bot.channels.telegram_read import UPDATES
from bot.channels.telegram_request import Bot

log = structlog.get_logger(__name__)

#: Where Telegram posts to, below our public address; and the header with the secret it was given.
PATH, HEADER = "/webhooks/telegram", "X-Telegram-Bot-Api-Secret-Token"
#: Deliveries at once; Telegram keeps those of one chat in order by itself.
CONNECTIONS = 40


@dataclass(frozen=True, slots=True)
class Webhook:
    """`url`: the whole public https address that leads to PATH; `secret`: 1 to 256 of A-Z a-z 0-9 _ -."""

    url: str
    secret: str = field(repr=False)


class WebhookDoor:
    """Takes deliveries in while it is open; opening it tells Telegram its address, again after each failure."""

    def __init__(self, bot: Bot, webhook: Webhook, receive: Receive, report: Report, pauses: tuple[float, ...]) -> None:
        self._bot, self._webhook, self._report, self._pauses = bot, webhook, report, pauses
        self._door = Door(PATH, HEADER, webhook.secret, receive, self._refused, name="telegram")
        self._refusals = 0
        self._telling: asyncio.Task[None] | None = None

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts."""
        return self._door.routes()

    def start(self) -> None:
        """Open the door."""
        self._door.open()
        self._telling = asyncio.create_task(self._tell(), name="telegram-webhook")

    async def end(self) -> None:
        """Take in nothing more; what came in is taken to its end. Telegram keeps the rest: it hears 503."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._door.close()

    def _refused(self, given: bool) -> None:
        self._refusals += 1
        if self._refusals == 1:
            log.warning("telegram.secret_refused", given=given, mend="deliveries without our secret are turned away")

    async def _tell(self) -> None:
        """Give Telegram the address and the secret. At every start, for nobody can ask which secret it knows."""
        failures = 0
        while True:
            try:
                await self._bot.set_webhook(
                    self._webhook.url,
                    secret_token=self._webhook.secret,
                    allowed_updates=UPDATES,
                    max_connections=CONNECTIONS,
                )
            except (BadRequest, InvalidToken) as error:
                log.error("telegram.webhook_refused", error=error.message, mend=mend(error))
                await self._report("telegram-webhook", f"the webhook was refused ({error.message})", mend(error))
                return
            except TelegramError as error:
                log.warning("telegram.webhook_later", error=type(error).__name__, mend=mend(error))
                pause = self._pauses[min(failures, len(self._pauses) - 1)]
                await asyncio.sleep(seconds(error) if isinstance(error, RetryAfter) else pause)
                failures += 1
            else:
                log.info("telegram.webhook_set")
                return
