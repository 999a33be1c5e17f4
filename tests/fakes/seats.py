"""A seat at each channel: one person, the channel before them, and the house behind it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from bot.channels.base import Channel, Taken
from bot.channels.telegram import TelegramChannel
from bot.channels.web import WebChannel
from bot.channels.web_frames import chat_of
from bot.clock import SystemClock
from handlers.message import Address, Inbound, Reply
from tests.fakes.house import House, Rule
from tests.fakes.telegram_server import TelegramServer, telegram_server
from tests.fakes.terminal import Keyboard, Screen, terminal
from tests.fakes.web_client import Frame, WebVisitor
from tests.fakes.web_house import WebHouse, keys, open_house
from tests.fakes.zalo_seats import zalo_bot_seat, zalo_oa_seat

#: The number of the person who uses Telegram.
USER = 77


class Behind(Protocol):
    """What the contract needs of a house."""

    rule: Rule
    full: bool

    @property
    def offered(self) -> list[Inbound]:
        """Every update offered, the refused and the repeated too, in order."""

    @property
    def taken(self) -> Mapping[str, Inbound]:
        """What became durable, by its id."""

    def tell(self, address: Address, reply: Reply) -> object:
        """Say something to a chat as soon as somebody is there."""


class Seat(Protocol):
    """One person at a channel that is started."""

    @property
    def house(self) -> Behind:
        """What is behind the channel."""

    @property
    def channel(self) -> Channel:
        """The channel before them."""

    @property
    def address(self) -> Address:
        """Where the person is."""

    @property
    def elsewhere(self) -> Address | None:
        """Where nobody is now; None where the channel cannot know."""

    def fresh(self) -> Channel:
        """Another channel of this kind, never started."""

    async def say(self, *texts: str) -> None:
        """Write texts, one right after the other; returns once each was offered to the house."""

    async def try_to_say(self, text: str) -> None:
        """Write a text that nobody may take in; returns when it would have been."""

    async def pick(self, place: int) -> None:
        """Choose what was offered last, by its place from 1; returns once it was offered to the house."""

    async def again(self) -> None:
        """Do what one does after a refusal; returns once the last update was offered to the house again."""

    def screen(self) -> str:
        """Everything the person sees."""

    async def sees(self, words: str) -> None:
        """Wait until the person sees these words. Raises TimeoutError."""


class TerminalSeat:
    """At the keyboard."""

    elsewhere = Address("terminal", "local", "minh")

    def __init__(self) -> None:
        self.house, self.keyboard, self.shown = House(), Keyboard(), Screen()
        self.channel = terminal(self.keyboard.reader, self.shown)
        self.address = Address("terminal", "local", "lan")

    def fresh(self) -> Channel:
        """Another terminal."""
        return terminal(self.keyboard.reader, Screen())

    async def say(self, *texts: str) -> None:
        """Type lines at once."""
        wanted = len(self.house.offered) + len(texts)
        self.keyboard.type("".join(f"{text}\n" for text in texts))
        await self.house.until(lambda: len(self.house.offered) == wanted)

    async def try_to_say(self, text: str) -> None:
        """Type a line and end the input, which is noticed behind the line."""
        self.keyboard.type(f"{text}\n")
        self.keyboard.end()
        async with asyncio.timeout(10):
            await self.channel.ended.wait()

    async def pick(self, place: int) -> None:
        """Type the number."""
        await self.say(str(place))

    async def again(self) -> None:
        """Type the line that is shown below the refusal."""
        line = self.screen().partition("Chưa ghi được.\n")[2].partition("\n")[0]
        await self.say(line)

    def screen(self) -> str:
        """What stands there."""
        return self.shown.getvalue()

    async def sees(self, words: str) -> None:
        """Wait for words."""
        await self.shown.until(words)


class RecordingWebHouse(WebHouse):
    """A web house that also remembers what it refused."""

    def __init__(self) -> None:
        super().__init__(keys)
        self.offered: list[Inbound] = []

    async def take(self, inbound: Inbound) -> Taken:
        """As the web house."""
        self.offered.append(inbound)
        return await super().take(inbound)


class WebSeat:
    """At the department's page."""

    elsewhere = Address("web", "site", "0" * 32)

    def __init__(self, house: RecordingWebHouse, visitor: WebVisitor) -> None:
        self.house, self.visitor = house, visitor

    @property
    def channel(self) -> WebChannel:
        """The channel of the house."""
        return self.house.channel

    @property
    def address(self) -> Address:
        """The hash of the visitor's token."""
        return Address("web", "site", chat_of(self.visitor.token or "") or "")

    def fresh(self) -> Channel:
        """Another web channel."""
        return WebChannel(
            clock=SystemClock(), history=self.house.history, words=keys, greeting=self.house.channel.greeting
        )

    async def say(self, *texts: str) -> None:
        """Write without waiting for the answer to what was written before."""
        await asyncio.gather(*(self.visitor.say(text) for text in texts))

    async def try_to_say(self, text: str) -> None:
        """Write; the page is told to keep it."""
        await self.visitor.send({"type": "say", "id": "later", "text": text})
        await self.visitor.frame("slow")

    async def pick(self, place: int) -> None:
        """Tap a button."""
        await self.visitor.tap(place)

    async def again(self) -> None:
        """The page sends again by itself what was refused, once it is opened again."""
        last = self.house.offered[-1]
        await self.visitor.say(last.text, id=last.id.partition(":")[2])

    def screen(self) -> str:
        """What the page draws of every message, once."""
        messages = {frame["message"]: frame for frame in self.visitor.frames if frame["type"] == "message"}
        return "\n".join(_drawn(frame) for frame in messages.values())

    async def sees(self, words: str) -> None:
        """Wait for words."""
        await self.visitor.until(lambda: words in self.screen())


def _drawn(frame: Frame) -> str:
    """The words of a message: its own, those of its cards and links, the labels of its buttons."""
    parts = [frame, *frame.get("cards", ())]
    words = [part.get(name, "") for part in parts for name in ("title", "text")]
    labels = [choice["label"] for part in parts for choice in part.get("choices", ())]
    links = [f"{link['label']}: {link['url']}" for link in frame.get("links", ())]
    return "\n".join((*words, *links, *labels))


class TelegramSeat:
    """In a private chat on Telegram."""

    elsewhere = None

    def __init__(self, server: TelegramServer) -> None:
        self.house, self.server = House(), server
        self.server.meet(USER)
        self.channel = self.fresh()
        self.address = Address("telegram", self.channel.account, str(USER))

    def fresh(self) -> TelegramChannel:
        """Another channel of the same bot."""
        return TelegramChannel(self.server.token, clock=SystemClock(), base_url=self.server.url, pauses=(0.01,))

    async def say(self, *texts: str) -> None:
        """Write without waiting."""
        wanted = len(self.house.offered) + len(texts)
        for text in texts:
            self.server.say(USER, text)
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    async def try_to_say(self, text: str) -> None:
        """Write; it waits at Telegram."""
        self.server.say(USER, text)

    async def pick(self, place: int) -> None:
        """Tap a button."""
        wanted = len(self.house.offered) + 1
        self.server.tap(USER, place)
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    async def again(self) -> None:
        """Telegram hands it out again by itself."""
        wanted = len(self.house.offered) + 1
        await self.house.until(lambda: len(self.house.offered) >= wanted)

    def screen(self) -> str:
        """The messages, with the labels of their buttons."""
        shown = [(message.text, *(label for label, _ in message.buttons)) for message in self.server.shown(USER)]
        return "\n".join("\n".join(parts) for parts in shown)

    async def sees(self, words: str) -> None:
        """Wait for words."""
        await self.server.until(lambda: words in self.screen() or None)


@asynccontextmanager
async def seat_at(channel: str) -> AsyncIterator[Seat]:
    """A seat at a channel, by its name, started."""
    match channel:
        case "terminal":
            at_keyboard = TerminalSeat()
            await at_keyboard.house.open(at_keyboard.channel)
            yield at_keyboard
            await at_keyboard.channel.stop()
            at_keyboard.keyboard.put_away()
        case "web":
            house = RecordingWebHouse()
            async with open_house(house), WebVisitor(house.url) as visitor:
                yield WebSeat(house, visitor)
        case "telegram":
            async with telegram_server() as server:
                in_chat = TelegramSeat(server)
                await in_chat.house.open(in_chat.channel)
                yield in_chat
                await in_chat.channel.stop()
        case "zalo-oa":
            async with zalo_oa_seat() as at_account:
                yield at_account
        case "zalo-bot":
            async with zalo_bot_seat() as with_bot:
                yield with_bot
        case _:
            raise LookupError(f"no seat at '{channel}'; give it one in tests/fakes/seats.py")
