"""The door through which Zalo tells the Official Account's events: signed, durable before they are acknowledged."""

import asyncio
import datetime as dt
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from bot.channels.zalo_oa_read import read
from bot.channels.zalo_oa_signature import HEADER, TIME_HEADER, fits, variant
from bot.clock import Clock, from_ms
from bot.errors import StoreUnavailable
from handlers.message import Inbound

log = structlog.get_logger(__name__)

#: Where Zalo posts to, below the public address.
PATH = "/webhooks/zalo-oa"
#: Largest event in bytes; a long text with a quote has about 20,000.
LARGEST = 256 * 1024
#: An event older or younger than this is refused. Not less: Zalo repeats for two hours, this machine's clock may be
#: wrong, and the inbox knows what it took in for thirty days.
OLDEST = dt.timedelta(days=7)


#: Seconds an event waits while the bot is starting; Zalo gives two for the answer.
OPENING = 1.0
#: Seconds between two words about signatures that do not fit.
SELDOM = 60.0


class OaWebhook:
    """Takes events in. `keys` holds app_id, oa_id, webhook_key, app_secret; the last only tells which formula fits.

    `hear` returns once an update is durable. `capture` names a file that keeps the last event whose signature did not
    fit, for the first day ("": none).
    """

    def __init__(self, keys: Mapping[str, str], clock: Clock, hear: Callable[[Inbound], Awaitable[None]]) -> None:
        self._keys, self._clock, self._hear = keys, clock, hear
        self.capture = ""
        self._opened, self._closed = asyncio.Event(), False
        self._told_at = -SELDOM
        #: When the last event with a good signature came, of whatever kind.
        self.heard_at: dt.datetime | None = None

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts."""
        return (web.post(PATH, self._post),)

    def open(self) -> None:
        """Take events in from now on."""
        self.heard_at = self._clock.now()
        self._opened.set()

    def close(self) -> None:
        """Take nothing in any more. Late: whether Zalo repeats what it hears 503 to, nobody knows."""
        self._closed = True

    async def _post(self, request: web.Request) -> web.Response:
        # The site itself reads a little more than this, and not more.
        body, header = await request.read(), request.headers.get(HEADER, "")
        if len(body) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST, len(body))
        event = _event(body)
        if event == {}:
            # The console's "Kiểm tra" sends this before there is any key to sign with; nothing stands in it.
            return web.Response()
        stamp = str((event or {}).get("timestamp") or request.headers.get(TIME_HEADER, ""))
        if event is None or not self._signed(header, body, stamp):
            raise web.HTTPForbidden
        if not self._fresh(stamp):
            log.error("zalo_oa.too_old", mend="if this lasts, set this machine's clock; otherwise somebody repeats")
            raise web.HTTPForbidden
        self.heard_at = self._clock.now()
        if not await self._is_open():
            raise web.HTTPServiceUnavailable
        await self._take(event)
        return web.Response()

    async def _is_open(self) -> bool:
        """Whether events are taken in; one that comes while the bot is starting waits for that, within Zalo's time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(OPENING):
                await self._opened.wait()
        return self._opened.is_set() and not self._closed

    async def _take(self, event: Mapping[str, Any]) -> None:
        try:
            inbound = read(event, self._keys["oa_id"])
        except Exception as error:
            # Acknowledged all the same: it would come again and again, and in the end Zalo ends the webhook.
            log.error("zalo_oa.unreadable", happened=_name(event), error=type(error).__name__)
            return
        if inbound is None:
            log.debug("zalo_oa.not_taken", happened=_name(event))
            return
        try:
            await self._hear(inbound)
        except StoreUnavailable:
            raise
        except Exception as error:
            # The error's own text may quote the person.
            log.error("zalo_oa.take_failed", error=type(error).__name__)
            raise web.HTTPServiceUnavailable from None

    def _signed(self, header: str, body: bytes, stamp: str) -> bool:
        keys = self._keys
        if header and fits(header, keys["app_id"], body, stamp, keys["webhook_key"]):
            return True
        if self._clock.steady() - self._told_at >= SELDOM:
            # Now and then only: anybody can post here, and to look for a fitting formula takes a while.
            self._told_at = self._clock.steady()
            self._tell(header, body, stamp)
        return False

    def _tell(self, header: str, body: bytes, stamp: str) -> None:
        """Say which formula would fit a signature that does not, and keep the event if that is wished."""
        ids = {name: self._keys[name] for name in ("app_id", "oa_id")}
        secrets = {name: self._keys[name] for name in ("webhook_key", "app_secret")}
        fitting = variant(header, body, stamp, ids, secrets) if header else ""
        log.warning("zalo_oa.signature_refused", signed=bool(header), fitting=fitting, mend=_mend(header, fitting))
        if self.capture and header:
            _keep(Path(self.capture), {"header": header, "timestamp": stamp, "body": body.decode("utf-8", "replace")})

    def _fresh(self, stamp: str) -> bool:
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 14):
            return False
        return abs(self._clock.now() - from_ms(int(stamp))) <= OLDEST


def _event(body: bytes) -> dict[str, Any] | None:
    """The event; {} for an empty body, None for what is none."""
    if not body.strip():
        return {}
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _name(event: Mapping[str, Any]) -> str:
    return str(event.get("event_name", ""))[:60]


def _mend(header: str, fitting: str) -> str:
    if fitting:
        return f"it is {fitting}: compare app_id, oa_id and webhook_key in [zalo_oa] with the console"
    if not header:
        return "it is not signed: somebody else than Zalo, or a proxy that drops the header"
    return "webhook_key is the OA Secret Key of the console's Webhook page, not the app's secret"


def _keep(path: Path, what: Mapping[str, str]) -> None:
    """Write a file only its owner may read; a person's words stand in it."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            # Also one that somebody else made there before.
            os.fchmod(file.fileno(), 0o600)
            json.dump(what, file, ensure_ascii=False)
    except OSError as error:
        log.warning("zalo_oa.not_captured", error=type(error).__name__)
