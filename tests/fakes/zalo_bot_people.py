"""The people who write to a Zalo bot in a test: what they do becomes updates, what the bot says is what they see."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.clock import Clock, SystemClock, to_ms

T = TypeVar("T")
Json = dict[str, Any]

#: Seconds a test waits for something that should happen at once.
SECONDS = 10.0


@dataclass(frozen=True)
class Shown:
    """A message of the bot as the person sees it: words, or a picture, sticker or voice by its URL or id."""

    message_id: str
    text: str
    photo: str = ""
    sticker: str = ""
    voice: str = ""
    #: How the text is to be read: "" plain, "markdown" or "html".
    parse_mode: str = ""
    #: When it came, counted in changes of the whole server.
    change: int = 0


@dataclass
class Chat:
    """One person, or a group: what is shown there, and since when it is new."""

    id: str
    kind: str = "PRIVATE"
    shown: list[Shown] = field(default_factory=list)
    acted: int = 0


class People:
    """Everybody who writes to the bot; a person is a word such as "6ede9afa66b88fe6d6a9".

    What they do (`say`, `send_image` …) returns the id of their message at once; `await wait_for(...)` sees what comes
    of it. Messages are dated by `clock`, in milliseconds.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.chats: dict[str, Chat] = {}
        #: Updates not handed out yet, oldest first.
        self.waiting: list[Json] = []
        #: Every update is handed out twice, in both ways.
        self.twice = False
        self._changed = asyncio.Event()
        self._count, self._number = 0, 0

    @property
    def url(self) -> str:
        """Where pictures lie; the server knows."""
        raise NotImplementedError

    def meet(self, user: str, kind: str = "PRIVATE") -> Chat:
        """Somebody who wrote to the bot once, so it may write to them."""
        return self.chats.setdefault(user, Chat(user, kind))

    def say(self, user: str, text: str, name: str = "Ted") -> str:
        """Write a text."""
        return self._write("text", user, name, text=text)

    def send_image(self, user: str, caption: str = "", name: str = "Ted") -> str:
        """Send a photo, with words under it or none. Its URL is served by the fake."""
        return self._write("image", user, name, photo_url=f"{self.url}/photo.png", **_some(caption=caption))

    def send_sticker(self, user: str, name: str = "Ted") -> str:
        """Send a sticker."""
        sticker = "0e078a2fb66a5f34067b"
        return self._write("sticker", user, name, sticker=sticker, url=f"{self.url}/photo.png")

    def send_voice(self, user: str, name: str = "Ted") -> str:
        """Send a spoken message."""
        return self._write("voice", user, name, voice_url=f"{self.url}/voice.aac")

    def send_unsupported(self, user: str, name: str = "Ted") -> str:
        """Send what the platform does not pass on: a file, a contact card, a link card."""
        return self._write("unsupported", user, name)

    def group_says(self, group: str, user: str, text: str, name: str = "Ted") -> str:
        """Write in a group, to the bot."""
        return self._write("text", user, name, group, text=text)

    def event(self, update: Json) -> None:
        """Hand out any update, as it stands."""
        self.waiting.extend([update] * (2 if self.twice else 1))
        self.stir()

    # What people see.

    def shown(self, user: str) -> list[Shown]:
        """What the bot wrote to a person or into a group, oldest first."""
        return self.chats[user].shown if user in self.chats else []

    def fresh(self, user: str) -> list[Shown]:
        """What the bot wrote since the person last did something."""
        return [shown for shown in self.shown(user) if shown.change > self.chats[user].acted]

    async def wait_for(self, user: str, what: str | Callable[[Shown], bool], seconds: float = SECONDS) -> Shown:
        """The first message that fits, by words it holds or a rule, of those new since the person's last act."""

        def found() -> Shown | None:
            fits = (lambda shown: what in shown.text) if isinstance(what, str) else what
            return next((shown for shown in self.fresh(user) if fits(shown)), None)

        try:
            return await self.until(found, seconds)
        except TimeoutError:
            seen = [shown.text for shown in self.fresh(user)]
            raise AssertionError(f"{user} waited {seconds:g} s for {what!r} and sees {seen}") from None

    async def until(self, condition: Callable[[], T | None], seconds: float | None = SECONDS) -> T:
        """What a condition gives once it is true; it is asked at every change. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                changed = self._changed
                if result := condition():
                    return result
                await changed.wait()

    def next_id(self) -> str:
        """A message id nothing has yet, in the platform's form."""
        self._number += 1
        return f"2d758cb5e222{self._number:08x}"

    def now_ms(self) -> int:
        """The time of a message."""
        return to_ms(self.clock.now())

    def stir(self) -> int:
        """Wake everybody who waits for a change; the number of this one."""
        self._count += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return self._count

    def _write(self, kind: str, user: str, name: str, group: str = "", **content: str) -> str:
        chat = self.meet(group, "GROUP") if group else self.meet(user)
        chat.acted = self.stir()
        message = {
            "from": {"id": user, "display_name": name, "is_bot": False},
            "chat": {"id": chat.id, "chat_type": chat.kind},
            **content,
            "message_id": self.next_id(),
            "date": self.now_ms(),
        }
        self.event({"event_name": f"message.{kind}.received", "message": message})
        return str(message["message_id"])


def _some(**fields: str) -> dict[str, str]:
    """The fields that hold something."""
    return {name: value for name, value in fields.items() if value}
