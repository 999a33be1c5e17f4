"""A seat in a talk with the Official Account, and one with a Zalo Bot, for the contract of every channel."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.channels.zalo_bot import ZaloBotChannel
from bot.channels.zalo_oa import ZaloOaChannel
from handlers.message import Address
from tests.fakes import zalo_bot_house, zalo_oa_house
from tests.fakes.clock import FakeClock
from tests.fakes.house import House
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server
from tests.fakes.zalo_oa_delivery import LADDER
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

#: The person at the Official Account, and the one at the Zalo Bot.
OA_USER, BOT_USER = zalo_oa_house.HOA, zalo_bot_house.HOA


class ZaloOaSeat:
    """In the chat of the Official Account; events come by webhook."""

    elsewhere = None

    def __init__(self, zalo: ZaloOaServer, clock: FakeClock) -> None:
        self.house, self._zalo, self._clock = House(), zalo, clock
        # What Zalo tells of our own messages is no part of the talk.
        self._zalo.echoes = self._zalo.receipts = False
        self.channel = self.fresh()
        self.address = Address("zalo-oa", zalo.oa_id, OA_USER)

    def fresh(self) -> ZaloOaChannel:
        """Another channel of the same account."""
        behind = zalo_oa_house.ZaloOaHouse(self._zalo, self._clock)
        return zalo_oa_house.channel_of(self._zalo, zalo_oa_house.surroundings_of(behind))

    async def say(self, *texts: str) -> None:
        """Write without waiting."""
        wanted = len(self.house.offered) + len(texts)
        for text in texts:
            self._zalo.say(OA_USER, text)
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    async def try_to_say(self, text: str) -> None:
        """Write; it is delivered."""
        self._zalo.say(OA_USER, text)
        await self._zalo.settled()

    async def pick(self, place: int) -> None:
        """Tap a button."""
        wanted = len(self.house.offered) + 1
        self._zalo.tap(OA_USER, place)
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    async def again(self) -> None:
        """Zalo delivers again when the first pause is over."""
        wanted = len(self.house.offered) + 1
        await self._zalo.until(lambda: self._zalo.waiting)
        self._clock.advance(LADDER[0])
        await self._zalo.tick()
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    def screen(self) -> str:
        """The messages, with the titles of their buttons."""
        shown = [(message.text, *(button.title for button in message.buttons)) for message in self._zalo.shown(OA_USER)]
        return "\n".join("\n".join(parts) for parts in shown)

    async def sees(self, words: str) -> None:
        """Wait for words."""
        await self._zalo.until(lambda: words in self.screen() or None)


class ZaloBotSeat:
    """In a private chat with a Zalo Bot that asks for updates; there are no buttons."""

    elsewhere = None

    def __init__(self, zalo: ZaloBotServer) -> None:
        self.house, self._zalo = House(), zalo
        self._zalo.meet(BOT_USER)
        self.channel = self.fresh()
        self.address = Address("zalo-bot", self.channel.account, BOT_USER)

    def fresh(self) -> ZaloBotChannel:
        """Another channel of the same bot."""
        return zalo_bot_house.channel_of(self._zalo)

    async def say(self, *texts: str) -> None:
        """Write without waiting."""
        wanted = len(self.house.offered) + len(texts)
        for text in texts:
            self._zalo.say(BOT_USER, text)
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    async def try_to_say(self, text: str) -> None:
        """Write; it waits at Zalo."""
        self._zalo.say(BOT_USER, text)

    async def pick(self, place: int) -> None:
        """Type the number."""
        await self.say(str(place))

    async def again(self) -> None:
        """The channel has kept it, and hands it over again by itself."""
        wanted = len(self.house.offered) + 1
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    def screen(self) -> str:
        """The messages; choices stand numbered in them."""
        return "\n".join(message.text for message in self._zalo.shown(BOT_USER))

    async def sees(self, words: str) -> None:
        """Wait for words."""
        await self._zalo.until(lambda: words in self.screen() or None)


@asynccontextmanager
async def zalo_oa_seat() -> AsyncIterator[ZaloOaSeat]:
    """A seat at an Official Account whose webhook is open."""
    clock = FakeClock()
    async with zalo_oa_server(clock=clock) as zalo:
        seat = ZaloOaSeat(zalo, clock)
        async with zalo_oa_house.doorstep(zalo, seat.channel):
            await seat.house.open(seat.channel)
            yield seat


@asynccontextmanager
async def zalo_bot_seat() -> AsyncIterator[ZaloBotSeat]:
    """A seat at a Zalo Bot that polls."""
    async with zalo_bot_server() as zalo:
        seat = ZaloBotSeat(zalo)
        await seat.house.open(seat.channel)
        yield seat
        await seat.channel.stop()
