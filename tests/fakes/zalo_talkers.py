"""The people of a dialogue on Zalo: in a talk with the Official Account, and with a Zalo Bot."""

from collections.abc import Sequence
from typing import Any, get_args

from bot.app import App
from bot.clock import Clock
from handlers.catalogue import wording
from handlers.person import Language
from tests.fakes.dialogue import Kind
from tests.fakes.talker import NUMBERED, Heard, Talker
from tests.fakes.zalo_bot_server import ZaloBotServer
from tests.fakes.zalo_oa_grants import settings_of, stored
from tests.fakes.zalo_oa_server import ZaloOaServer

#: What stands below numbered choices.
HINTS = tuple(wording(language).say("channel.hint") for language in get_args(Language))
#: Longest message Zalo's own programs send.
LONGEST = 2000


class ZaloOa(Talker):
    """Everybody has the Official Account's chat open."""

    def __init__(self, people: Sequence[str], clock: Clock) -> None:
        self._zalo, self._clock = ZaloOaServer(clock), clock
        # What Zalo tells of our own messages may come while the bot is stopped, and would be told again later.
        self._zalo.receipts = self._zalo.echoes = False
        self._numbers = {who: f"24684588352919{number}" for number, who in enumerate(people, 7001)}
        self._since = dict.fromkeys(people, 0)
        self._app: App | None = None

    def settings(self) -> dict[str, Any]:
        """Its id, its secrets, and where Zalo is."""
        return settings_of(self._zalo, per_minute=60_000)

    async def open(self) -> None:
        """Start Zalo's side; it outlives the bot."""
        await self._zalo.start()

    async def meet(self, app: App) -> None:
        """An admin has logged in once; the webhook is where the bot listens now."""
        self._app = app
        await stored(self._zalo, app.store, self._clock)
        assert app.public_listener is not None
        await self._zalo.hook(f"http://127.0.0.1:{app.public_listener.port}/webhooks/zalo-oa")

    async def close(self) -> None:
        """Stop it."""
        await self._zalo.stop()

    async def say(self, who: str, text: str) -> None:
        """Type a text."""
        assert self._app is not None
        # A bot that ran all the time has renewed its tokens; here months pass in one step.
        await stored(self._zalo, self._app.store, self._clock)
        for at in range(0, len(text), LONGEST):
            self._zalo.say(self._numbers[who], text[at : at + LONGEST])
        await self._zalo.settled()

    async def tap(self, who: str, which: int | str) -> None:
        """Tap a button, or type the number where the choices are too many for buttons."""
        for shown in reversed(self._zalo.shown(self._numbers[who])):
            if shown.buttons:
                titles = [button.title for button in shown.buttons]
                if which in titles or (isinstance(which, int) and 1 <= which <= len(titles)):
                    self._zalo.tap(self._numbers[who], which)
                    return await self._zalo.settled()
                raise LookupError(f"no button {which!r}, only {titles}")
            if number := _number(shown.text, which):
                return await self.say(who, number)
        raise LookupError(f"no choice {which!r} was offered")

    async def send(self, who: str, kind: Kind, value: str) -> None:
        """Share a contact, a place, a file."""
        user = self._numbers[who]
        match kind:
            case "contact":
                self._zalo.submit_info(user, "Nguyễn Thị Lan", value)
            case "location":
                self._zalo.send_location(user)
            case "photo":
                self._zalo.send_image(user, value)
            case "document":
                self._zalo.send_file(user)
            case "voice":
                self._zalo.send_audio(user)
            case "sticker":
                self._zalo.send_sticker(user)
            case _:
                raise LookupError(f"nobody can send ({kind}) here")
        await self._zalo.settled()

    def heard(self, who: str) -> tuple[Heard, ...]:
        """The messages shown; numbered lines are the labels, and buttons where there are no numbers."""
        found = [shown for shown in self._zalo.shown(self._numbers[who]) if shown.change > self._since[who]]
        return tuple(_heard(shown.text, [button.title for button in shown.buttons]) for shown in found)

    def forget(self, who: str) -> None:
        """Look only at what comes from now on."""
        shown = self._zalo.shown(self._numbers[who])
        self._since[who] = max((message.change for message in shown), default=0)


class ZaloBot(Talker):
    """Everybody has the Zalo Bot's chat open; the bot asks for updates."""

    def __init__(self, people: Sequence[str], clock: Clock) -> None:
        self._zalo = ZaloBotServer(clock=clock)
        self._ids = {who: f"6ede9afa66b88fe6{number}" for number, who in enumerate(people, 7001)}
        self._since = dict.fromkeys(people, 0)

    def settings(self) -> dict[str, Any]:
        """Where its Bot API is."""
        ours = {"enabled": True, "token": self._zalo.token, "base_url": self._zalo.url, "per_second": 1000}
        return {"zalo_bot": ours}

    async def open(self) -> None:
        """Start Zalo's side; it outlives the bot."""
        await self._zalo.start()

    async def close(self) -> None:
        """Stop it."""
        await self._zalo.stop()

    async def say(self, who: str, text: str) -> None:
        """Type a text."""
        for at in range(0, len(text), LONGEST):
            self._zalo.say(self._ids[who], text[at : at + LONGEST])
        await self._taken()

    async def tap(self, who: str, which: int | str) -> None:
        """Type the number; there are no buttons."""
        for shown in reversed(self._zalo.shown(self._ids[who])):
            if number := _number(shown.text, which):
                return await self.say(who, number)
        raise LookupError(f"no choice {which!r} was offered")

    async def send(self, who: str, kind: Kind, value: str) -> None:
        """Send a picture, a voice, a sticker."""
        match kind:
            case "photo":
                self._zalo.send_image(self._ids[who], value)
            case "voice":
                self._zalo.send_voice(self._ids[who])
            case "sticker":
                self._zalo.send_sticker(self._ids[who])
            case _:
                raise LookupError(f"nobody can send ({kind}) here")
        await self._taken()

    def heard(self, who: str) -> tuple[Heard, ...]:
        """The messages shown; numbered lines are the labels."""
        found = [shown for shown in self._zalo.shown(self._ids[who]) if shown.change > self._since[who]]
        return tuple(_heard(shown.text, []) for shown in found)

    def forget(self, who: str) -> None:
        """Look only at what comes from now on."""
        self._since[who] = max((shown.change for shown in self._zalo.shown(self._ids[who])), default=0)

    async def _taken(self) -> None:
        """Until the bot asks for more: it does only once it has written down what it was given."""
        await self._zalo.until(lambda: (not self._zalo.waiting and self._zalo.polls) or None)


def _number(text: str, which: int | str) -> str:
    """The number to type for a choice; "" if the text does not offer it."""
    return next((number for number, label in NUMBERED.findall(text) if which in (int(number), label)), "")


def _heard(text: str, titles: list[str]) -> Heard:
    for hint in HINTS:
        text = text.replace(hint, "")
    labels = tuple(label for _, label in NUMBERED.findall(text)) or tuple(titles)
    return Heard(NUMBERED.sub("", text), labels)
