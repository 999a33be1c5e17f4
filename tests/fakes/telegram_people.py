"""The people who use Telegram in a test: what they do there becomes updates, what the bot says is what they see."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.clock import Clock, SystemClock
from tests.fakes import telegram_schema
from tests.fakes.telegram_files import FILES, FileKind
from tests.fakes.telegram_text import Json, entities_of

T = TypeVar("T")

#: Seconds a test waits for something that should happen at once.
SECONDS = 10.0


@dataclass
class Shown:
    """A message of the bot as people see it; `buttons` as (label, callback data), from top to bottom."""

    number: int
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    edited: bool = False
    #: When it last changed, counted in changes of the whole server.
    change: int = 0
    #: The topic it stands in, 0 outside of topics.
    thread: int = 0
    #: What the Bot API tells of it besides where and when: its text with entities, or its file, and its buttons.
    content: Json = field(default_factory=dict)
    date: int = 0


@dataclass
class Place:
    """A chat the bot can write to: what stands there, and which of it is new since somebody last did something."""

    id: int
    shown: list[Shown] = field(default_factory=list)
    acted: int = 0

    def chat(self) -> Json:
        """The chat as messages name it."""
        raise NotImplementedError


@dataclass
class Person(Place):
    """One who uses Telegram, and their private chat with the bot."""

    blocked: bool = False
    #: The account is gone.
    deactivated: bool = False
    said: Json = field(default_factory=dict)
    #: The labels under the writing field, which of them share the own number, and whether one tap puts all away.
    keyboard: tuple[str, ...] = ()
    asks_contact: frozenset[str] = frozenset()
    one_time: bool = False

    def chat(self) -> Json:
        """The private chat."""
        return {"id": self.id, "type": "private", "first_name": f"Người {self.id}"}


class People:
    """Everybody who talks with the bot; a person is a number.

    What they do (`say`, `tap` …) returns at once; `await wait_for(...)` sees what comes of it. Messages are dated by
    `clock`. `unfit` is what aiogram's models object to in what went over the wire.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        #: Taps whose button still spins on the person's screen: callback id → person.
        self.spinning: dict[str, int] = {}
        self.people: dict[int, Person] = {}
        self.updates: list[Json] = []
        self.unfit: list[str] = []
        self._changed = asyncio.Event()
        self._count, self._number, self._update = 0, 100, 5000

    def meet(self, user: int) -> Person:
        """Somebody who started a talk with the bot once, so it may write to them."""
        return self.people.setdefault(user, Person(user))

    def place(self, chat: int) -> Place:
        """The chat of this number."""
        return self.meet(chat)

    def say(self, user: int, text: str, *, reply_to: int = 0) -> None:
        """Write a text, perhaps as an answer to a message of the bot."""
        answered = {"reply_to_message": self.stored(user, reply_to)} if reply_to else {}
        self._write(user, **worded(text), **answered)

    def edit(self, user: int, text: str) -> None:
        """Change the text written last."""
        person = self._acts(user)
        kept = {key: value for key, value in person.said.items() if key != "entities"}
        person.said = {**kept, **worded(text), "edit_date": self.time()}
        self.push({"edited_message": person.said})

    def tap(self, user: int, which: int | str) -> str:
        """Tap a button of the newest message with buttons: by its place from 1, its callback data or its label."""
        return self.tap_at(self.meet(user), user, which)

    def tap_at(self, place: Place, user: int, which: int | str, thread: int = 0) -> str:
        """As `tap`, in any chat; returns the id of the callback."""
        mine = [shown for shown in place.shown if shown.thread == thread]
        shown = next((shown for shown in reversed(mine) if shown.buttons), None)
        if shown is None:
            raise AssertionError(f"person {user} sees no button, only {[shown.text for shown in mine]}")
        found = [
            data
            for at, (label, data) in enumerate(shown.buttons, 1)
            if which in ((at,) if isinstance(which, int) else (label, data))
        ]
        if not found:
            raise AssertionError(f"no button {which!r} below {shown.text!r}, only {shown.buttons}")
        place.acted = self.stir()
        id = f"tap{self.next_number()}"
        self.spinning[id] = user
        message = self.stored(place.id, shown.number)
        query = {"id": id, "from": user_of(user), "message": message, "chat_instance": "1", "data": found[0]}
        self.push({"callback_query": query})
        return id

    def press(self, user: int, label: str) -> None:
        """Tap a button under the writing field: it shares the own number where it asks for it, else says its label."""
        person = self.meet(user)
        if label not in person.keyboard:
            raise AssertionError(f"no {label!r} under the writing field of person {user}, only {person.keyboard}")
        shares = label in person.asks_contact
        if person.one_time:
            person.keyboard = ()
        if shares:
            self.share_contact(user, f"+849{user % 10**8:08d}", name=f"Người {user}")
        else:
            self.say(user, label)

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

    def send_album(self, user: int, kinds: tuple[FileKind, ...], caption: str = "") -> str:
        """Send files at once, the words under the first; each is a message of its own. Returns the album's id."""
        album = f"1{self.next_number():016d}"
        for at, kind in enumerate(kinds):
            words = {"caption": caption} if caption and not at else {}
            self._write(user, media_group_id=album, **{kind: FILES[kind]}, **words)
        return album

    def block(self, user: int) -> None:
        """Block the bot."""
        self._membership(user, blocked=True)

    def unblock(self, user: int) -> None:
        """Let the bot write again."""
        self._membership(user, blocked=False)

    def deactivate(self, user: int) -> None:
        """Delete the account; nobody is told."""
        self.meet(user).deactivated = True

    def push(self, update: Json, *, odd: bool = False) -> int:
        """Hand out any update; returns its number. `odd`: Telegram would never send it, so no model is asked."""
        self._update += 1
        whole = {"update_id": self._update, **update}
        if not odd:
            self.unfit += telegram_schema.update_problems(whole)
        self.queue(whole)
        self.stir()
        return self._update

    def queue(self, update: Json) -> None:
        """Keep an update until the bot has it."""
        self.updates.append(update)

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
        by = {"chat": person.chat(), "from": user_of(user)}
        person.said = {"message_id": number, "date": self.time(), **by, **content}
        self.push({"message": person.said})

    def _membership(self, user: int, *, blocked: bool) -> None:
        person = self._acts(user)
        person.blocked = blocked
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        self.tell_membership(person, user, before, after)

    def tell_membership(self, place: Place, by: int, before: str, after: str) -> None:
        """Tell the bot what became of it in a chat, and who did it."""
        change = {"chat": place.chat(), "from": user_of(by), "date": self.time()}
        states = {"old_chat_member": _member(before), "new_chat_member": _member(after)}
        self.push({"my_chat_member": {**change, **states}})

    def stored(self, chat: int, number: int) -> Json:
        """A message of the bot as the Bot API hands it out."""
        place = self.place(chat)
        shown = next(shown for shown in reversed(place.shown) if shown.number == number)
        message: Json = {"message_id": number, "date": shown.date, "chat": place.chat(), "from": bot()}
        if shown.edited:
            message["edit_date"] = self.time()
        if shown.thread:
            message |= {"message_thread_id": shown.thread, "is_topic_message": True}
        return {**message, **shown.content}

    def next_number(self) -> int:
        """A number no message and no tap has yet."""
        self._number += 1
        return self._number

    def time(self) -> int:
        """Now, as messages are dated."""
        return int(self.clock.now().timestamp())

    def stir(self) -> int:
        """Wake everybody who waits for a change; the number of this one."""
        self._count += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return self._count


def worded(text: str) -> Json:
    """A text of a person with what Telegram marks in it."""
    marks = entities_of(text)
    return {"text": text, **({"entities": marks} if marks else {})}


def user_of(user: int) -> Json:
    """A person as a user."""
    return {"id": user, "is_bot": False, "first_name": f"Người {user}", "language_code": "vi"}


def bot() -> Json:
    """The bot as a user."""
    return {"id": 4242, "is_bot": True, "first_name": "Cầu Nối", "username": "caunoi_bot"}


def _member(status: str) -> Json:
    return {"user": bot(), "status": status, **({"until_date": 0} if status == "kicked" else {})}
