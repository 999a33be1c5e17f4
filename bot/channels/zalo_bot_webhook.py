"""The door through which the Zalo Bot Platform delivers updates, and how it is told of that door."""

import asyncio
import hmac
import json
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from bot.channels.zalo_bot_api import ZaloBotApi, ZaloBotError
from bot.channels.zalo_bot_errors import TOKEN_MEND, TOKEN_REFUSED, TOO_OFTEN, mend, send_error
from bot.channels.zalo_bot_polling import Receive, Report
from bot.channels.zalo_bot_read import event_of
from bot.errors import Ambiguous, StoreUnavailable, TryLater

log = structlog.get_logger(__name__)

#: Where the platform posts to, below our public address; and the header with the secret it was given.
PATH, HEADER = "/webhooks/zalo-bot", "X-Bot-Api-Secret-Token"
#: Largest delivery in bytes; a text of 2,000 characters has about 10,000.
LARGEST = 256 * 1024
#: Seconds a delivery waits while the bot is starting.
OPENING = 1.0


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
        self._api, self._webhook, self._receive, self._report = api, webhook, receive, report
        self._pauses = pauses
        self._opened, self._closed = asyncio.Event(), False
        self._refusals = 0
        self._taking: set[asyncio.Task[None]] = set()
        self._telling: asyncio.Task[None] | None = None

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts."""
        return (web.post(PATH, self._post),)

    def start(self) -> None:
        """Open the door."""
        self._opened.set()
        self._telling = asyncio.create_task(self._tell(), name="zalo-bot-webhook")

    async def end(self) -> None:
        """Take in nothing more; what came in is taken to its end. The platform goes on delivering: it hears 503."""
        self._closed = True
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._taking:
            await asyncio.wait(set(self._taking))

    async def _post(self, request: web.Request) -> web.Response:
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._webhook.secret.encode()):
            self._refused(bool(given))
            raise web.HTTPForbidden
        body = await _body(request)
        with suppress(TimeoutError):
            # Of a bot that is just starting: it will be open in a moment.
            async with asyncio.timeout(OPENING):
                await self._opened.wait()
        if self._closed or not self._opened.is_set():
            raise web.HTTPServiceUnavailable
        try:
            update: object = json.loads(body)
        except (ValueError, RecursionError):
            # With the right secret and yet no update: the platform's own try. Anything but 200 would count against us.
            log.info("zalo_bot.not_an_update", happened="?", bytes=len(body))
            return web.Response()
        # A task of its own: an impatient platform that hangs up does not end a turn half-way.
        taking = asyncio.create_task(self._receive(update), name="zalo-bot-take")
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)
        try:
            await asyncio.shield(taking)
        except StoreUnavailable:
            raise web.HTTPServiceUnavailable from None
        except Exception as error:
            # The error's own text may quote the person.
            log.error("zalo_bot.take_failed", happened=event_of(update), error=type(error).__name__)
            raise web.HTTPServiceUnavailable from None
        return web.Response()

    def _refused(self, given: bool) -> None:
        self._refusals += 1
        if self._refusals > 1:
            return
        log.warning("zalo_bot.secret_refused", given=given, mend="if it was Zalo, it is told the new secret now")
        if given and self._telling is not None and self._telling.done() and not self._closed:
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


async def _body(request: web.Request) -> bytes:
    """The body, if it is not too large."""
    length = request.content_length or 0
    body = await request.read() if length <= LARGEST else b""
    if max(length, len(body)) > LARGEST:
        raise web.HTTPRequestEntityTooLarge(LARGEST, max(length, len(body)))
    return body


def _mend(error: ZaloBotError) -> str:
    if error.code == TOKEN_REFUSED:
        return TOKEN_MEND
    if error.code in (TOO_OFTEN, 429):
        return "Zalo takes this only a few times a day: start again tomorrow"
    return "the address must be public https, the secret 8 to 256 characters; then start again"
