"""The people who use Telegram in a test: what they do there becomes updates, what the bot says is what they see."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from bot.clock import Clock, SystemClock

T = TypeVar("T")
Json = dict[str, Any]
FileKind = Literal["photo", "document", "voice", "sticker", "video", "video_note", "audio"]

#: Seconds a test waits for something that should happen at once.
SECONDS = 10.0

FILES: dict[FileKind, Any] = {
    "photo": [
        {"file_id": "photo-small", "file_unique_id": "ps", "width": 90, "height": 60, "file_size": 1200},
        {"file_id": "photo-large", "file_unique_id": "pl", "width": 1280, "height": 853, "file_size": 98_000},
    ],
    "document": {
        "file_id": "document-1",
        "file_unique_id": "d1",
        "file_name": "báo cáo.pdf",
        "mime_type": "application/pdf",
        "file_size": 4096,
    },
    "voice": {
        "file_id": "voice-1",
        "file_unique_id": "v1",
        "duration": 3,
        "mime_type": "audio/ogg",
        "file_size": 9000,
    },
    "sticker": {
        "file_id": "sticker-1",
        "file_unique_id": "s1",
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "👍",
        "file_size": 20_000,
    },
    "video": {
        "file_id": "video-1",
        "file_unique_id": "vi1",
        "width": 640,
        "height": 360,
        "duration": 5,
        "mime_type": "video/mp4",
        "file_size": 500_000,
    },
    "video_note": {"file_id": "note-1", "file_unique_id": "n1", "length": 240, "duration": 4, "file_size": 70_000},
    "audio": {
        "file_id": "audio-1",
        "file_unique_id": "a1",
        "duration": 60,
        "file_name": "ghi âm.mp3",
        "mime_type": "audio/mpeg",
        "file_size": 900_000,
    },
}


@dataclass
class Shown:
    """A message of the bot as the person sees it; `buttons` as (label, callback data), from top to bottom."""

    number: int
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    edited: bool = False
    #: When it last changed, counted in changes of the whole server.
    change: int = 0


@dataclass
class Person:
    """One who uses Telegram: what they see, and which of it is new since they last did something."""

    id: int
    shown: list[Shown] = field(default_factory=list)
    acted: int = 0
    blocked: bool = False
    said: Json = field(default_factory=dict)


class People:
    """Everybody who talks with the bot; a person is a number.

    What they do (`say`, `tap` …) returns at once; `await wait_for(...)` sees what comes of it. Messages are dated by
    `clock`.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        #: Taps whose button still spins on the person's screen: callback id → person.
        self.spinning: dict[str, int] = {}
        self.people: dict[int, Person] = {}
        self.updates: list[Json] = []
        self._changed = asyncio.Event()
        self._count, self._number, self._update = 0, 100, 5000

    def meet(self, user: int) -> Person:
        """Somebody who started a talk with the bot once, so it may write to them."""
        return self.people.setdefault(user, Person(user))

    def say(self, user: int, text: str, *, reply_to: int = 0) -> None:
        """Write a text, perhaps as an answer to a message of the bot."""
        answered = {"reply_to_message": self.stored(user, reply_to)} if reply_to else {}
        self._write(user, text=text, **answered)

    def edit(self, user: int, text: str) -> None:
        """Change the text written last."""
        person = self._acts(user)
        person.said = {**person.said, "text": text, "edit_date": self._time()}
        self.push({"edited_message": person.said})

    def tap(self, user: int, which: int | str) -> str:
        """Tap a button of the newest message with buttons: by its place from 1, its callback data or its label."""
        person = self.meet(user)
        shown = next((shown for shown in reversed(person.shown) if shown.buttons), None)
        if shown is None:
            raise AssertionError(f"person {user} sees no button, only {[shown.text for shown in person.shown]}")
        found = [
            data
            for place, (label, data) in enumerate(shown.buttons, 1)
            if which in ((place,) if isinstance(which, int) else (label, data))
        ]
        if not found:
            raise AssertionError(f"no button {which!r} below {shown.text!r}, only {shown.buttons}")
        self._acts(user)
        id = f"tap{self.next_number()}"
        self.spinning[id] = user
        message = self.stored(user, shown.number)
        query = {"id": id, "from": _user(user), "message": message, "chat_instance": "1", "data": found[0]}
        self.push({"callback_query": query})
        return id

    def share_contact(self, user: int, phone: str, *, own: bool = True, name: str = "Nguyễn Thị Hoa") -> None:
        """Send a contact card: their own, or somebody else's."""
        card = {"phone_number": phone, "first_name": name, "user_id": user if own else user + 1}
        self._write(user, contact=card)

    def share_location(self, user: int) -> None:
        """Send where they are."""
        self._write(user, location={"latitude": 10.24, "longitude": 106.37})

    def send_file(self, user: int, kind: FileKind, caption: str = "") -> None:
        """Send a file, with words under it or none."""
        self._write(user, **{kind: FILES[kind]}, **({"caption": caption} if caption else {}))

    def block(self, user: int) -> None:
        """Block the bot."""
        self._membership(user, blocked=True)

    def unblock(self, user: int) -> None:
        """Let the bot write again."""
        self._membership(user, blocked=False)

    def push(self, update: Json) -> int:
        """Hand out any update; returns its number."""
        self._update += 1
        self.updates.append({"update_id": self._update, **update})
        self.stir()
        return self._update

    # What people see.

    def shown(self, user: int) -> list[Shown]:
        """What the bot wrote to a person, oldest first, as it stands now."""
        return self.meet(user).shown

    def fresh(self, user: int) -> list[Shown]:
        """What the bot wrote or changed since the person last did something."""
        person = self.meet(user)
        return [shown for shown in person.shown if shown.change > person.acted]

    async def wait_for(self, user: int, what: str | Callable[[Shown], bool], seconds: float = SECONDS) -> Shown:
        """The first message that fits, by words it holds or a rule, of those new since the person's last act."""

        def found() -> Shown | None:
            fits = (lambda shown: what in shown.text) if isinstance(what, str) else what
            return next((shown for shown in self.fresh(user) if fits(shown)), None)

        try:
            return await self.until(found, seconds)
        except TimeoutError:
            seen = [shown.text for shown in self.fresh(user)]
            raise AssertionError(f"person {user} waited {seconds:g} s for {what!r} and sees {seen}") from None

    async def until(self, condition: Callable[[], T | None], seconds: float = SECONDS) -> T:
        """What a condition gives once it is true; it is asked at every change. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                changed = self._changed
                if result := condition():
                    return result
                await changed.wait()

    def _acts(self, user: int) -> Person:
        person = self.meet(user)
        person.acted = self.stir()
        return person

    def _write(self, user: int, **content: Any) -> None:
        person = self._acts(user)
        number = self.next_number()
        person.said = {"message_id": number, "date": self._time(), "chat": _chat(user), "from": _user(user), **content}
        self.push({"message": person.said})

    def _membership(self, user: int, *, blocked: bool) -> None:
        self._acts(user).blocked = blocked
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        change = {"chat": _chat(user), "from": _user(user), "date": self._time()}
        states = {"old_chat_member": _member(before), "new_chat_member": _member(after)}
        self.push({"my_chat_member": {**change, **states}})

    def stored(self, user: int, number: int) -> Json:
        """A message of the bot as the Bot API hands it out."""
        shown = next(shown for shown in self.shown(user) if shown.number == number)
        message: Json = {"message_id": number, "date": self._time(), "chat": _chat(user), "from": bot()}
        if shown.buttons:
            rows = [[{"text": label, "callback_data": data}] for label, data in shown.buttons]
            message["reply_markup"] = {"inline_keyboard": rows}
        return {**message, "text": shown.text}

    def next_number(self) -> int:
        """A number no message and no tap has yet."""
        self._number += 1
        return self._number

    def _time(self) -> int:
        return int(self.clock.now().timestamp())

    def stir(self) -> int:
        """Wake everybody who waits for a change; the number of this one."""
        self._count += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return self._count


def _user(user: int) -> Json:
    return {"id": user, "is_bot": False, "first_name": f"Người {user}", "language_code": "vi"}


def bot() -> Json:
    """The bot as a user."""
    return {"id": 4242, "is_bot": True, "first_name": "Cầu Nối", "username": "caunoi_bot"}


def _chat(user: int) -> Json:
    return {"id": user, "type": "private", "first_name": f"Người {user}"}


def _member(status: str) -> Json:
    return {"user": bot(), "status": status, **({"until_date": 0} if status == "kicked" else {})}
