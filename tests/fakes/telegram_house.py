"""A house behind a real Telegram channel: it keeps what it is handed, and fails or waits when it is told to."""

import asyncio
from pathlib import Path

from bot.channels.base import Alarm, Outgoing, Taken, unheard
from bot.channels.door import Webhook
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_menu import Commands, no_commands
from bot.channels.telegram_request import TelegramRequest
from bot.clock import Clock, SystemClock
from bot.forms import Forms
from handlers.message import Address, Inbound, Reply
from tests.fakes.telegram_server import TelegramServer

HOA, BA = 7001, 7002


class TelegramHouse:
    """Takes in what the channel hands over, as the inbox does. `gates` hold back a person's messages."""

    def __init__(self, server: TelegramServer) -> None:
        self._server = server
        self.offered: list[Inbound] = []
        self.taken: list[Inbound] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.broken: list[Exception] = []
        self.result = Taken.ANSWERED

    async def take(self, inbound: Inbound) -> Taken:
        """Keep an update, once."""
        self.offered.append(inbound)
        self._server.stir()
        if gate := self.gates.get(inbound.address.chat):
            await gate.wait()
        if self.broken:
            raise self.broken.pop(0)
        if inbound.id in {known.id for known in self.taken}:
            return Taken.DUPLICATE
        self.taken.append(inbound)
        self._server.stir()
        return self.result

    async def has(self, count: int) -> list[Inbound]:
        """Everything taken, once there is so much of it."""
        return await self._server.until(lambda: self.taken if len(self.taken) >= count else None)

    async def was_offered(self, count: int) -> list[Inbound]:
        """Everything handed over, whatever became of it, once there is so much of it."""
        return await self._server.until(lambda: self.offered if len(self.offered) >= count else None)


def channel_of(
    server: TelegramServer,
    token: str = "",
    read_seconds: float = 5.0,
    forms: Path | None = None,
    *,
    clock: Clock | None = None,
    webhook: Webhook | None = None,
    commands: Commands = no_commands,
    alarm: Alarm = unheard,
) -> TelegramChannel:
    """The channel as a test wants it: it tries again at once, and may wait for answers only a moment."""
    token = token or server.token
    request = TelegramRequest(server.url, token, read_seconds=read_seconds)
    return TelegramChannel(
        token,
        clock=clock or SystemClock(),
        base_url=server.url,
        webhook=webhook,
        request=request,
        pauses=(0.01, 0.02),
        forms=Forms(forms or "none").path,
        words=lambda language: {"share_button": "Gửi số của tôi", "share_closed": "Dạ."},
        commands=commands,
        alarm=alarm,
    )


def out(reply: Reply, user: int = HOA, replaces: str = "", *, thread: str = "", key: str = "key") -> Outgoing:
    """A message on its way to a person, or to a group, whose number is below zero."""
    return Outgoing(1, key, Address("telegram", "4242", str(user), thread), reply, "vi", replaces)
