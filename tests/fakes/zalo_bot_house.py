"""A house behind a real Zalo Bot channel: it keeps what it is handed, and fails or waits when it is told to."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler
from structlog.typing import EventDict

from bot.channels.base import Outgoing, Taken
from bot.channels.door import Webhook
from bot.channels.zalo_bot import ZaloBotChannel
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.channels.zalo_bot_webhook import PATH
from bot.clock import SystemClock
from bot.web.server import Listener, site
from handlers.message import Address, Inbound, Lane, Reply
from handlers.turn import OpenTask
from tests.fakes.zalo_bot_server import ZaloBotServer

HOA, BA = "6ede9afa66b88fe6d6a9", "7fa0b1c2d3e4f5061728"
SECRET, HINT = "a-secret-of-the-webhook", "Gõ số để chọn."
PLACE = "https://sct.example.vn/forms"


class ZaloBotHouse:
    """Takes in what the channel hands over, as the inbox does. `gate` holds everything back until it is set."""

    def __init__(self, server: ZaloBotServer) -> None:
        self._server = server
        self.offered: list[Inbound] = []
        self.taken: list[Inbound] = []
        self.tasks: list[OpenTask] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: list[Exception] = []
        self.result = Taken.ANSWERED

    async def open(self, channel: ZaloBotChannel) -> None:
        """Start a channel before this house."""
        await channel.start(self.take, lambda address: None)

    async def take(self, inbound: Inbound) -> Taken:
        """Keep an update, once."""
        self.offered.append(inbound)
        self._server.stir()
        await self.gate.wait()
        if self.broken:
            raise self.broken.pop(0)
        if inbound.id in {known.id for known in self.taken}:
            return Taken.DUPLICATE
        self.taken.append(inbound)
        self._server.stir()
        return self.result

    async def alarm(self, task: OpenTask) -> None:
        """Keep what staff are told."""
        self.tasks.append(task)
        self._server.stir()

    async def has(self, count: int) -> list[Inbound]:
        """Everything taken, once there is so much of it."""
        return await self._server.until(lambda: self.taken if len(self.taken) >= count else None)

    async def was_offered(self, count: int) -> list[Inbound]:
        """Everything handed over, whatever became of it, once there is so much of it."""
        return await self._server.until(lambda: self.offered if len(self.offered) >= count else None)

    async def was_told(self) -> OpenTask:
        """The only thing staff were told, once there is one."""
        (task,) = await self._server.until(lambda: self.tasks)
        return task


def channel_of(
    server: ZaloBotServer,
    house: ZaloBotHouse | None = None,
    *,
    token: str = "",
    webhook: Webhook | None = None,
    read_seconds: float = 5.0,
    forms: tuple[str, ...] = (),
    place: str = PLACE,
    api: ZaloBotApi | None = None,
) -> ZaloBotChannel:
    """The channel as a test wants it: it tries again at once, and may wait for answers only a moment."""
    token = token or server.token
    return ZaloBotChannel(
        token,
        clock=SystemClock(),
        hint=lambda language: HINT,
        webhook=webhook,
        files=lambda name: f"{place}/{name}" if name in forms else "",
        alarm=(house or ZaloBotHouse(server)).alarm,
        pauses=(0.01, 0.02),
        poll_seconds=5,
        api=api or ZaloBotApi(token, server.url, read_seconds=read_seconds),
    )


def out(reply: Reply, user: str = HOA, *, lane: Lane = "conversation", key: str = "key") -> Outgoing:
    """A message on its way to a person."""
    return Outgoing(1, key, Address("zalo-bot", "123456789", user), reply, "vi", lane=lane)


async def logged(lines: list[EventDict], event: str) -> None:
    """Wait for a log line; the channel has nothing else that tells how the setting of its webhook ended."""
    async with asyncio.timeout(5):
        while event not in [line["event"] for line in lines]:
            await asyncio.sleep(0)


class Doorstep:
    """Our public site on loopback, with the webhook of a channel that is made and started here.

    `make` makes the channel for its webhook, `begin` starts it.
    """

    def __init__(
        self, make: Callable[[Webhook], ZaloBotChannel], begin: Callable[[ZaloBotChannel], Awaitable[None]]
    ) -> None:
        self._make, self._begin = make, begin
        # The address is part of the channel, and known only once somebody listens.
        self._listener = Listener(site((web.post(PATH, self._post),)), "127.0.0.1", 0)
        self.url = ""

    async def open(self) -> None:
        """Listen, then start the channel, as the bot does."""
        await self._listener.start()
        self.url = f"http://127.0.0.1:{self._listener.port}{PATH}"
        self.channel = self._make(Webhook(self.url, SECRET))
        await self._begin(self.channel)

    async def close(self) -> None:
        """End as the bot does: the channel is quiet first."""
        await self.channel.quiet()
        await self.channel.stop()
        await self._listener.stop()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        (route,) = self.channel.routes()
        handler: Handler = route.handler
        return await handler(request)


def doorstep_of(server: ZaloBotServer, house: ZaloBotHouse) -> Doorstep:
    """The webhook of a channel as a test wants it."""
    return Doorstep(lambda webhook: channel_of(server, house, webhook=webhook), house.open)
