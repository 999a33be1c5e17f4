"""A house behind a real Official Account's channel: it keeps what it is handed, and fails or waits when told to."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.channels.base import Grant, Outgoing, Remaining, Taken
from bot.channels.zalo_oa import OaSettings, Surroundings, ZaloOaChannel
from bot.channels.zalo_oa_api import ZaloOaApi
from bot.channels.zalo_oa_grant import ZaloOaGrant
from bot.channels.zalo_oa_oauth import OAuth
from bot.channels.zalo_oa_webhook import PATH
from bot.web.server import Listener, site
from handlers.message import Address, Inbound, Lane, Reply
from handlers.person import Language
from handlers.turn import OpenTask
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_delivery import OA_ID, Json
from tests.fakes.zalo_oa_server import ZaloOaServer

HOA, BA = "246845883529197922", "246845883529197923"
PLACE = "https://sct.example.vn/forms"
WORDS = {"hint": "Gõ số để chọn.", "share_title": "Chia sẻ số điện thoại", "share_text": "Để cán bộ gọi lại"}
CS, TEMPLATE, QUOTA = "/v3.0/oa/message/cs", "/v3.0/oa/message/template", "/v3.0/oa/quota/message"
BY_PHONE = "/message/template"


class KeptGrants:
    """Keeps a pair of tokens in memory, for one process."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant

    async def load(self) -> Grant | None:
        """The pair."""
        return self.grant

    async def lock(self, seconds: float) -> bool:
        """There is nobody else."""
        return True

    async def unlock(self) -> None:
        """There is nobody else."""

    async def begin(self, grant: Grant, now: dt.datetime) -> None:
        """Remember when a refresh began."""
        self.grant = replace(grant, tried_at=now)

    async def save(self, grant: Grant) -> None:
        """Take a new pair."""
        self.grant = grant


class ZaloOaHouse:
    """Takes in what the channel hands over, as the inbox does. `gate` holds everything back until it is set."""

    def __init__(self, zalo: ZaloOaServer, clock: FakeClock) -> None:
        self._zalo, self.clock = zalo, clock
        self.offered: list[Inbound] = []
        self.taken: list[Inbound] = []
        self.tasks: list[OpenTask] = []
        #: What Zalo said of people's windows.
        self.noted: list[tuple[Address, Remaining]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: list[Exception] = []
        #: What an alarm or a note raises instead of being kept.
        self.deaf: Exception | None = None
        #: Forms by name; those named in `public` have an address too.
        self.forms: dict[str, Path] = {}
        self.public: set[str] = set()
        #: Numbers of those who agreed to be contacted, by their chat.
        self.phones: dict[str, str] = {}
        self.url = ""

    async def take(self, inbound: Inbound) -> Taken:
        """Keep an update, once."""
        self.offered.append(inbound)
        self._zalo.stir()
        await self.gate.wait()
        if self.broken:
            raise self.broken.pop(0)
        if inbound.id in {known.id for known in self.taken}:
            return Taken.DUPLICATE
        self.taken.append(inbound)
        self._zalo.stir()
        return Taken.ANSWERED

    async def alarm(self, task: OpenTask) -> None:
        """Keep what staff are told."""
        if self.deaf:
            raise self.deaf
        self.tasks.append(task)
        self._zalo.stir()

    async def note(self, address: Address, said: Remaining) -> None:
        """Keep what Zalo says of a person."""
        self.noted.append((address, said))
        self._zalo.stir()

    async def phone(self, address: Address) -> str:
        """A number, as +84…"""
        return self.phones.get(address.chat, "")

    def link(self, name: str) -> str:
        """A form's address."""
        return f"{PLACE}/{name}" if name in self.public else ""

    async def was_offered(self, count: int) -> list[Inbound]:
        """Everything handed over, whatever became of it, once there is so much of it."""
        return await self._zalo.until(lambda: self.offered if len(self.offered) >= count else None)

    async def has_noted(self, count: int) -> list[tuple[Address, Remaining]]:
        """What Zalo said of people, once it said so much."""
        return await self._zalo.until(lambda: self.noted if len(self.noted) >= count else None)


def surroundings_of(house: ZaloOaHouse) -> Surroundings:
    """What the house lends a channel."""
    return Surroundings(house.clock, house.alarm, house.note, words, house.forms.get, house.link, house.phone)


def words(language: Language) -> Mapping[str, str]:
    """The channel's own sentences."""
    return WORDS


def channel_of(
    zalo: ZaloOaServer, around: Surroundings, *, read_seconds: float = 5.0, **settings: Any
) -> ZaloOaChannel:
    """The channel of an account whose admin has just logged in."""
    access, refresh = zalo.grant()
    now = around.clock.now()
    oauth = OAuth(zalo.app_id, zalo.app_secret, zalo.url, around.clock)
    kept = KeptGrants(Grant(access, refresh, now + dt.timedelta(hours=25), now))
    grant = ZaloOaGrant(kept, oauth, around.clock, around.alarm)
    api = ZaloOaApi(grant.token, openapi_url=zalo.url, business_url=zalo.url, read_seconds=read_seconds)
    keys = {name: getattr(zalo, name) for name in ("app_id", "oa_id", "webhook_key", "app_secret")}
    return ZaloOaChannel(OaSettings(**keys | settings), api, grant, around)


@asynccontextmanager
async def doorstep(zalo: ZaloOaServer, channel: ZaloOaChannel) -> AsyncIterator[str]:
    """Our public site on loopback; Zalo delivers there while the block runs. The channel is started by somebody else.

    Gives the address of the webhook.
    """
    listener = Listener(site(channel.routes()), "127.0.0.1", 0)
    await listener.start()
    try:
        url = f"http://127.0.0.1:{listener.port}{PATH}"
        await zalo.hook(url)
        yield url
    finally:
        await channel.quiet()
        await channel.stop()
        await listener.stop()


@asynccontextmanager
async def opened(zalo: ZaloOaServer, house: ZaloOaHouse, **settings: Any) -> AsyncIterator[ZaloOaChannel]:
    """A channel started before a house."""
    channel = channel_of(zalo, surroundings_of(house), **settings)
    async with doorstep(zalo, channel) as house.url:
        await channel.start(house.take, lambda address: None)
        yield channel


def out(reply: Reply, user: str = HOA, *, lane: Lane = "conversation", key: str = "key") -> Outgoing:
    """A message on its way to a person."""
    return Outgoing(1, key, Address("zalo-oa", OA_ID, user), reply, "vi", lane=lane)


def answer_to(event: Json) -> str:
    """The key of the first answer to what somebody wrote."""
    return f"zalo-oa/{OA_ID}/{event['message']['msg_id']}/0"
