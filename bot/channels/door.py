"""The door of a webhook whose deliveries carry a secret in a header: who may enter, and when it was taken in."""

import asyncio
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)

#: Takes in a raw update; returns once it is durable. Raises StoreUnavailable.
Receive = Callable[[object], Coroutine[Any, Any, None]]

#: Largest delivery in bytes; a text of some thousand characters has about 20,000.
LARGEST = 256 * 1024
#: Seconds a delivery waits while the bot is starting.
OPENING = 1.0


@dataclass(frozen=True, slots=True)
class Webhook:
    """`url`: the whole public https address the platform posts to; `secret`: what nobody else knows."""

    url: str
    secret: str = field(repr=False)


class Door(ABC):
    """Posts to `path` with the secret in `header`. It answers 200 only for what is durable, and 503 while it is closed.

    `name` stands before the events in the log.
    """

    def __init__(self, path: str, header: str, webhook: Webhook, receive: Receive, *, name: str) -> None:
        self._path, self._header, self._webhook, self._name = path, header, webhook, name
        self._receive = receive
        self._opened, self._closed = asyncio.Event(), False
        self._taking: set[asyncio.Task[None]] = set()
        self._telling: asyncio.Task[None] | None = None

    @abstractmethod
    async def _tell(self) -> None:
        """Have the platform deliver to us."""

    @abstractmethod
    def _refused(self, given: bool) -> None:
        """Somebody posted without the secret; `given`: with another one."""

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts."""
        return (web.post(self._path, self._post),)

    def start(self) -> None:
        """Open the door, and tell the platform of it."""
        self._opened.set()
        self._telling = asyncio.create_task(self._tell(), name=f"{self._name}-webhook")

    async def end(self) -> None:
        """Take in nothing more; what came in is taken to its end. The platform goes on delivering: it hears 503."""
        self._closed = True
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._taking:
            await asyncio.wait(set(self._taking))

    async def _post(self, request: web.Request) -> web.Response:
        given = request.headers.get(self._header, "")
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
            # With the right secret and yet no update. Anything but 200 would bring it again and again.
            log.info(f"{self._name}.not_an_update", bytes=len(body))
            return web.Response()
        # A task of its own: an impatient platform that hangs up does not end a turn half-way.
        taking = asyncio.create_task(self._receive(update), name=f"{self._name}-take")
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)
        try:
            await asyncio.shield(taking)
        except StoreUnavailable:
            raise web.HTTPServiceUnavailable from None
        except Exception as error:
            # The error's own text may quote the person.
            log.error(f"{self._name}.take_failed", error=type(error).__name__)
            raise web.HTTPServiceUnavailable from None
        return web.Response()


async def _body(request: web.Request) -> bytes:
    """The body, if it is not too large."""
    length = request.content_length or 0
    body = await request.read() if length <= LARGEST else b""
    if max(length, len(body)) > LARGEST:
        raise web.HTTPRequestEntityTooLarge(LARGEST, max(length, len(body)))
    return body
