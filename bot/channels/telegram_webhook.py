"""How Telegram is told of the door through which it delivers updates, and who knocks there without the secret."""

import asyncio

import structlog
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.channels.door import Door, Receive, Webhook
from bot.channels.telegram_errors import mend, seconds
from bot.channels.telegram_polling import Report
from bot.channels.telegram_read import UPDATES
from bot.channels.telegram_request import Bot

log = structlog.get_logger(__name__)

#: Where Telegram posts to, below our public address; and the header with the secret it was given.
PATH, HEADER = "/webhooks/telegram", "X-Telegram-Bot-Api-Secret-Token"
#: Deliveries at once; Telegram keeps those of one chat in order by itself.
CONNECTIONS = 40


class WebhookDoor(Door):
    """Takes deliveries in while it is open; opening it tells Telegram its address, again after each failure."""

    def __init__(self, bot: Bot, webhook: Webhook, receive: Receive, report: Report, pauses: tuple[float, ...]) -> None:
        super().__init__(PATH, HEADER, webhook, receive, name="telegram")
        self._bot, self._report, self._pauses = bot, report, pauses
        self._refusals = 0

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
