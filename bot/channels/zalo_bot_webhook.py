"""The door through which the Zalo Bot Platform delivers updates, and how it is told of that door."""

import asyncio
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from bot.channels.door import Door, Receive
from bot.channels.zalo_bot_api import ZaloBotApi, ZaloBotError
from bot.channels.zalo_bot_errors import TOKEN_MEND, TOKEN_REFUSED, TOO_OFTEN, mend, send_error
from bot.channels.zalo_bot_polling import Report
from bot.errors import Ambiguous, TryLater

log = structlog.get_logger(__name__)

#: Where the platform posts to, below our public address; and the header with the secret it was given.
PATH, HEADER = "/webhooks/zalo-bot", "X-Bot-Api-Secret-Token"


@dataclass(frozen=True, slots=True)
class Webhook:
    """`url`: the whole public https address that leads to PATH; `secret`: 8 to 256 characters nobody else knows."""

    url: str
    secret: str = field(repr=False)


class WebhookDoor:
    """Takes deliveries in while it is open; opening it tells the platform its address, where it knows another."""

    def __init__(
        self, api: ZaloBotApi, webhook: Webhook, receive: Receive, report: Report, pauses: tuple[float, ...]
    ) -> None:
        self._api, self._webhook, self._report, self._pauses = api, webhook, report, pauses
        self._door = Door(PATH, HEADER, webhook.secret, receive, self._refused, name="zalo_bot")
        self._refusals = 0
        self._telling: asyncio.Task[None] | None = None

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts."""
        return self._door.routes()

    def start(self) -> None:
        """Open the door."""
        self._door.open()
        self._telling = asyncio.create_task(self._tell(), name="zalo-bot-webhook")

    async def end(self) -> None:
        """Take in nothing more; what came in is taken to its end. The platform goes on delivering: it hears 503."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._door.close()

    def _refused(self, given: bool) -> None:
        self._refusals += 1
        if self._refusals > 1:
            return
        log.warning("zalo_bot.secret_refused", given=given, mend="if it was Zalo, it is told the new secret now")
        if given and self._telling is not None and self._telling.done() and not self._door.closed:
            # Once a start: the address is the same, so nobody has told Zalo that the secret is another one now.
            self._telling = asyncio.create_task(self._tell(anew=True), name="zalo-bot-webhook")

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
