"""The people of a dialogue at each channel: a keyboard and a screen, the chat page's protocol, Telegram's Bot API."""

import asyncio
import io
import queue
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from bot.app import App
from bot.channels.base import Channel, Take, Taken, Wake
from bot.channels.terminal import TerminalChannel
from bot.clock import Clock
from handlers.message import Inbound
from tests.fakes.dialogue import ChannelName, Kind
from tests.fakes.talker import NUMBERED, Heard, Talker
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.web_client import WebVisitor
from tests.fakes.zalo_talkers import ZaloBot, ZaloOa

#: Telegram's own programs send a longer text in pieces of this size.
PIECE = 4096


class Seat(TerminalChannel):
    """A terminal of its own, for the bot knows one person at each; `taken` is set when the line in hand is taken."""

    def __init__(self, who: str, clock: Clock, ids: Callable[[], str], screen: io.StringIO) -> None:
        self.account, self.keys, self.taken = who, Keys(), asyncio.Event()
        words = {"prompt": "", "hint": "", "opening": "", "not_stored": "(not stored)"}
        super().__init__(self.keys, screen, chat=who, clock=clock, ids=ids, words=words, colour=False)

    async def start(self, take: Take, wake: Wake) -> None:
        """As every terminal."""

        async def noted(inbound: Inbound) -> Taken:
            try:
                return await take(inbound)
            finally:
                self.taken.set()

        await super().start(noted, wake)


class Keys:
    """A keyboard: what is typed waits until it is read."""

    def __init__(self) -> None:
        self._typed: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def type(self, line: str) -> None:
        """A line and Enter."""
        self._typed.put(f"{line}\n".encode())

    def leave(self) -> None:
        """End of input."""
        self._typed.put(b"")

    def read(self, size: int, /) -> bytes:
        """What was typed next."""
        return self._typed.get()


class Terminal(Talker):
    """Everybody has a terminal."""

    def __init__(self, people: Sequence[str], clock: Clock) -> None:
        self._clock, self._number = clock, count(1)
        self._screens = {who: io.StringIO() for who in people}
        self._seats: dict[str, Seat] = {}
        self._since = dict.fromkeys(people, 0)

    def channels(self) -> tuple[Channel, ...]:
        """A terminal for everybody; the old ones are left."""
        self._leave()
        self._seats = {who: Seat(who, self._clock, self._new_id, screen) for who, screen in self._screens.items()}
        return tuple(self._seats.values())

    async def close(self) -> None:
        """Leave."""
        self._leave()

    async def say(self, who: str, text: str) -> None:
        """Type a line."""
        seat = self._seats[who]
        seat.taken.clear()
        seat.keys.type(text)
        await seat.taken.wait()

    async def tap(self, who: str, which: int | str) -> None:
        """Type the number."""
        offered = NUMBERED.findall(self._screens[who].getvalue())
        found = [number for number, label in offered if which in (int(number), label)]
        if not found:
            raise LookupError(f"no choice {which!r} was offered: {offered}")
        await self.say(who, found[-1])

    def heard(self, who: str) -> tuple[Heard, ...]:
        """What was printed; the numbered lines are the labels."""
        printed = self._screens[who].getvalue()[self._since[who] :]
        labels = tuple(label for _, label in NUMBERED.findall(printed))
        return (Heard(NUMBERED.sub("", printed), labels),) if printed.strip() else ()

    def forget(self, who: str) -> None:
        """Look below."""
        self._since[who] = len(self._screens[who].getvalue())

    def _new_id(self) -> str:
        return f"line-{next(self._number)}"

    def _leave(self) -> None:
        for seat in self._seats.values():
            seat.keys.leave()


class Web(Talker):
    """Everybody has the chat page open."""

    def __init__(self, people: Sequence[str], clock: Clock) -> None:
        self._visitors = {who: WebVisitor("") for who in people}
        self._since = dict.fromkeys(people, 0)

    def settings(self) -> dict[str, Any]:
        """No bounds on how fast one may write, for the clock stands still."""
        return {"limits": {"burst": 10_000, "per_address_per_minute": 10_000}}

    async def meet(self, app: App) -> None:
        """Open the page, as it does by itself after a lost connection."""
        assert app.public_listener is not None
        for visitor in self._visitors.values():
            await visitor.close()
            visitor.url = f"http://127.0.0.1:{app.public_listener.port}"
            await visitor.open()

    async def close(self) -> None:
        """Close the pages."""
        for visitor in self._visitors.values():
            await visitor.close()

    async def say(self, who: str, text: str) -> None:
        """Type a text."""
        _stored(await self._visitors[who].say(text))

    async def tap(self, who: str, which: int | str) -> None:
        """Tap a button."""
        _stored(await self._visitors[who].tap(which))

    def heard(self, who: str) -> tuple[Heard, ...]:
        """The messages shown."""
        return tuple(map(_page, self._shown(who)[self._since[who] :]))

    def forget(self, who: str) -> None:
        """Look below."""
        self._since[who] = len(self._shown(who))

    def _shown(self, who: str) -> list[dict[str, Any]]:
        """Every message of the bot, once."""
        frames = (frame for frame in self._visitors[who].frames if frame["type"] == "message")
        return list({frame["message"]: frame for frame in frames}.values())


class Telegram(Talker):
    """Everybody has Telegram."""

    def __init__(self, people: Sequence[str], clock: Clock) -> None:
        self._server = TelegramServer(clock=clock)
        self._numbers = {who: number for number, who in enumerate(people, 7001)}
        self._heard: dict[str, list[Heard]] = {who: [] for who in people}
        self._since = dict.fromkeys(people, 0)

    def settings(self) -> dict[str, Any]:
        """Where its Bot API is."""
        return {"telegram": {"enabled": True, "token": self._server.token, "base_url": self._server.url}}

    async def open(self) -> None:
        """Start Telegram's side; it outlives the bot."""
        await self._server.start()

    async def close(self) -> None:
        """Stop it."""
        await self._server.stop()
        assert not self._server.unfit

    async def say(self, who: str, text: str) -> None:
        """Type a text."""
        for at in range(0, len(text), PIECE):
            self._server.say(self._numbers[who], text[at : at + PIECE])
        await self._taken()

    async def tap(self, who: str, which: int | str) -> None:
        """Tap a button."""
        try:
            self._server.tap(self._numbers[who], which)
        except AssertionError as error:
            raise LookupError(str(error)) from None
        await self._taken()

    async def send(self, who: str, kind: Kind, value: str) -> None:
        """Share a contact, a place, a file."""
        user = self._numbers[who]
        match kind:
            case "contact":
                self._server.share_contact(user, value)
            case "location":
                self._server.share_location(user)
            case "photo" | "document" | "voice" | "sticker" | "video":
                self._server.send_file(user, kind, value)
        await self._taken()

    def heard(self, who: str) -> tuple[Heard, ...]:
        """The messages shown; one that changes comes again."""
        for shown in sorted(self._server.shown(self._numbers[who]), key=lambda shown: shown.change):
            if shown.change > self._since[who]:
                self._since[who] = shown.change
                self._heard[who].append(Heard(shown.text, tuple(label for label, _ in shown.buttons)))
        return tuple(self._heard[who])

    def forget(self, who: str) -> None:
        """Look only at what comes from now on."""
        self.heard(who)
        self._heard[who].clear()

    async def _taken(self) -> None:
        """Until the bot has told Telegram that it keeps everything handed out."""
        await self._server.until(lambda: not self._server.unconfirmed)


#: Made with the names of the people and the bot's clock.
Make = Callable[[Sequence[str], Clock], Talker]
TALKERS: dict[ChannelName, Make] = {
    "terminal": Terminal,
    "web": Web,
    "telegram": Telegram,
    "zalo-oa": ZaloOa,
    "zalo-bot": ZaloBot,
}


def _page(frame: dict[str, Any]) -> Heard:
    parts = [*frame.get("cards", ()), frame]
    texts = [frame["text"], *(f"{card['title']} {card['text']}" for card in parts[:-1])]
    texts += [f"{link['label']}: {link['url']}" for link in frame.get("links", ())]
    return Heard(" ".join(texts), tuple(c["label"] for part in parts for c in part.get("choices", ())))


def _stored(answer: str) -> None:
    if answer != "stored":
        raise LookupError(f"the bot refused the message: {answer}")
