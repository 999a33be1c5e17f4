"""The door through which the Zalo Bot Platform delivers updates, and how it is told of that door."""

import asyncio

import structlog

from bot.channels.door import Door, Receive, Webhook
from bot.channels.zalo_bot_api import ZaloBotApi, ZaloBotError
from bot.channels.zalo_bot_errors import TOKEN_MEND, TOKEN_REFUSED, TOO_OFTEN, mend, send_error
from bot.channels.zalo_bot_polling import Report
from bot.errors import Ambiguous, TryLater

log = structlog.get_logger(__name__)

#: Where the platform posts to, below our public address; and the header with the secret it was given.
PATH, HEADER = "/webhooks/zalo-bot", "X-Bot-Api-Secret-Token"


class WebhookDoor(Door):
    """Takes deliveries in while it is open; opening it tells the platform its address, where it knows another."""

    def __init__(
        self, api: ZaloBotApi, webhook: Webhook, receive: Receive, report: Report, pauses: tuple[float, ...]
    ) -> None:
        super().__init__(PATH, HEADER, webhook, receive, name="zalo_bot")
        self._api, self._report, self._pauses = api, report, pauses
        self._refusals = 0

    def _refused(self, given: bool) -> None:
        self._refusals += 1
        if self._refusals > 1:
            return
        log.warning("zalo_bot.secret_refused", given=given, mend="if it was Zalo, it is told the new secret now")
        if given and self._telling is not None and self._telling.done() and not self._closed:
            # Once a start: the address is the same, so nobody has told Zalo that the secret is another one now.
            self._telling = asyncio.create_task(self._tell(anew=True), name="zalo_bot-webhook")

    async def _tell(self, *, anew: bool = False) -> None:
        """Have the platform deliver to us. Asked first, unless `anew`: it may be told only a few times a day."""
        failures = 0
        while True:
            try:
                if not anew and (await self._api.get_webhook_info()).url == self._webhook.url:
                    log.info("zalo_bot.webhook_known")
                    return
                tried = (await self._api.set_webhook(self._webhook.url, self._webhook.secret)).verification
            except ZaloBotError as error:
                if isinstance(send_error(error), TryLater | Ambiguous) and error.code != TOO_OFTEN:
                    log.warning("zalo_bot.webhook_later", error=str(error), mend=mend(error))
                    await asyncio.sleep(self._pauses[min(failures, len(self._pauses) - 1)])
                    failures += 1
                    continue
                log.error("zalo_bot.webhook_refused", error=str(error))
                await self._report("zalo-webhook", f"the webhook was refused ({error})", _mend(error))
                return
            if tried is None or tried.ok:
                log.info("zalo_bot.webhook_set", outcome=tried.outcome if tried else "")
                return
            log.error("zalo_bot.webhook_not_reached", outcome=tried.outcome, hint=tried.hint)
            await self._report("zalo-webhook", f"Zalo could not reach the webhook ({tried.outcome})", tried.hint)
            return


def _mend(error: ZaloBotError) -> str:
    if error.code == TOKEN_REFUSED:
        return TOKEN_MEND
    if error.code in (TOO_OFTEN, 429):
        return "Zalo takes this only a few times a day: start again tomorrow"
    return "the address must be public https, the secret 8 to 256 characters; then start again"
