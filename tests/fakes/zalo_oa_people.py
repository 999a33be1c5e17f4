"""The people who write to an Official Account in a test: what they do becomes events, what it says is what they see."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.clock import VIETNAM, Clock, to_ms
from tests.fakes.zalo_oa_delivery import SECONDS, Delivery, Json

#: Messages of the account that cost nothing after each interaction, within `FREE`.
FREE_REPLIES = 8
FREE = dt.timedelta(hours=48)
NEVER = dt.datetime(1970, 1, 1, tzinfo=VIETNAM)


@dataclass(frozen=True)
class Button:
    """A button as the person sees it; `payload`: what a tap does (a query's text, a URL, a phone number)."""

    title: str
    type: str
    payload: str


@dataclass
class Shown:
    """A message of the account as the person sees it.

    `kind`: text, image, gif, sticker, file, list, request_user_info, template (ZBS) or staff (typed in the OA's chat
    tool); `cost`: đồng it was charged; `raw`: what was sent.
    """

    message_id: str
    text: str
    buttons: tuple[Button, ...] = ()
    kind: str = "text"
    quote: str = ""
    at: dt.datetime = NEVER
    cost: int = 0
    raw: Json = field(default_factory=dict)
    #: When it came, counted in changes of the whole server.
    change: int = 0


@dataclass
class Person:
    """One who uses Zalo: what they see, and what Zalo knows of them."""

    id: str
    name: str = "Nguyễn Thị Hoa"
    shown: list[Shown] = field(default_factory=list)
    acted: int = 0
    follower: bool = False
    #: Their last message, follow or tap: the windows count from here.
    interacted: dt.datetime | None = None
    #: Free messages that are left until the next interaction.
    free: int = 0
    #: Why the account may not write to them, as a code of Zalo; 0: it may.
    refusal: int = 0
    clicked: bool = False
    tags: set[str] = field(default_factory=set)
    shared: dict[str, str] = field(default_factory=dict)
    #: Both sides' messages as `conversation` gives them, oldest first.
    talk: list[Json] = field(default_factory=list)


class People(Delivery):
    """Everybody who talks with the account; a person is a string of digits.

    What they do (`say`, `tap` …) returns the event at once; `await wait_for(...)` sees what comes of it.
    """

    url = ""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.people: dict[str, Person] = {}

    def meet(self, user: str) -> Person:
        """Somebody with this id, perhaps one who never did anything with the account."""
        return self.people.setdefault(user, Person(user))

    # What people do.

    def say(self, user: str, text: str, quote: str = "") -> Json:
        """Write a text, perhaps quoting a message."""
        return self._write(user, "text", {"text": text, **({"quote_msg_id": quote} if quote else {})})

    def tap(self, user: str, which: int | str) -> str:
        """Tap a button of the newest message with buttons, by its place from 1 or its title; returns its payload.

        Only a query button says something to the account; a link or a phone number opens on the phone.
        """
        shown = next((shown for shown in reversed(self.shown(user)) if shown.buttons), None)
        if shown is None:
            raise AssertionError(f"person {user} sees no button, only {[shown.text for shown in self.shown(user)]}")
        found = [button for place, button in enumerate(shown.buttons, 1) if which in (place, button.title)]
        if not found:
            raise AssertionError(f"no button {which!r} below {shown.text!r}, only {shown.buttons}")
        if found[0].type.startswith("oa.query."):
            self.say(user, found[0].payload)
        return found[0].payload

    def send_image(self, user: str, text: str = "") -> Json:
        """Send a photo, with words under it or none."""
        media = {"thumbnail": f"{self.url}/media/nho.jpg", "url": f"{self.url}/media/anh.jpg"}
        return self._attach(user, "image", media, text)

    def send_file(self, user: str, name: str = "báo cáo.pdf") -> Json:
        """Send a document."""
        payload = {"url": f"{self.url}/media/tep", "name": name, "size": "4096", "type": "pdf", "checksum": "8f14e45f"}
        return self._attach(user, "file", payload)

    def send_sticker(self, user: str) -> Json:
        """Send a sticker."""
        return self._attach(user, "sticker", {"id": "20537", "url": f"{self.url}/media/sticker.png"})

    def send_audio(self, user: str) -> Json:
        """Send a recorded voice."""
        return self._attach(user, "audio", {"url": f"{self.url}/media/ghi-am.amr"})

    def send_location(self, user: str) -> Json:
        """Send where they are."""
        where = {"latitude": "10.24", "longitude": "106.37"}
        return self._attach(user, "location", {"coordinates": where})

    def send_link(self, user: str, link: str = "https://vinhlong.gov.vn", text: str = "") -> Json:
        """Send a link card."""
        payload = {"thumbnail": f"{self.url}/media/nho.jpg", "description": "Một trang", "url": link}
        return self._attach(user, "link", payload, text)

    def send_card(self, user: str, phone: str = "84912345678", name: str = "Trần Văn Ba") -> Json:
        """Send somebody's business card."""
        description = json.dumps({"caption": name, "phone": phone}, ensure_ascii=False)
        payload = {"thumbnail": f"{self.url}/media/nho.jpg", "description": description, "url": "https://zalo.me/1"}
        return self._attach(user, "business_card", payload, kind="link")

    def follow(self, user: str, source: str = "oa_profile") -> Json:
        """Follow the account, which opens its windows."""
        self._interacts(user).follower = True
        return self._relation(user, "follow", source=source)

    def unfollow(self, user: str) -> Json:
        """Follow it no longer."""
        self._acts(user).follower = False
        return self._relation(user, "unfollow", source="oa_profile")

    def click_chatnow(self, user: str) -> Json | None:
        """Tap "Nhắn tin" on the account's page: the account may write first. Zalo tells it once per person."""
        person = self._interacts(user)
        if person.clicked:
            return None
        person.clicked = True
        return self.event({"oa_id": self.oa_id, "user_id": user, **_by_app(user), "event_name": "user_click_chatnow"})

    def withdraw(self, user: str) -> Json:
        """Withdraw the consent to keep their data."""
        self._acts(user)
        return self.event({"oa_id": self.oa_id, "user_id": user, **_by_app(user), "event_name": "user_withdraw"})

    def submit_info(self, user: str, name: str, phone: str) -> Json:
        """Fill in the form of a request_user_info message."""
        self._acts(user).shared = {"name": name, "phone": phone, "address": "12 Phạm Hùng", "city": "Vĩnh Long"}
        home = {"user_city": "Vĩnh Long", "user_ward": "Phường Long Châu", "user_address": "12 Phạm Hùng"}
        info = {"name": name, "phone": phone, "user_dob": "30/10/1999", "gender": "Nam", "full_address": home}
        return self.event({**self.between(user), "event_name": "user_submit_info", "info": info})

    def restrict(self, user: str, code: int = -244) -> None:
        """Let Zalo refuse every message to a person with this code; 0 lets the account write again."""
        self.meet(user).refusal = code

    def staff_says(self, user: str, text: str, admin: str = "579745863508352884") -> Json:
        """An officer types in the account's own chat tool: the person sees it, the webhook gets it with admin_id."""
        shown = self.show(user, Shown(self.next_id(), text, kind="staff"))
        return self.echo(user, "text", {"text": text, "msg_id": shown.message_id}, admin=admin)

    # What people see.

    def shown(self, user: str) -> list[Shown]:
        """What the account wrote to a person, oldest first."""
        return self.meet(user).shown

    def fresh(self, user: str) -> list[Shown]:
        """What it wrote since the person last did something."""
        person = self.meet(user)
        return [shown for shown in person.shown if shown.change > person.acted]

    async def wait_for(self, user: str, what: str | Callable[[Shown], bool], seconds: float = SECONDS) -> Shown:
        """The first message that fits, by words it holds or a rule, of those new since the person's last act."""

        def found() -> Shown | None:
            fits = (lambda shown: what in shown.text) if isinstance(what, str) else what
            return next((shown for shown in self.fresh(user) if fits(shown)), None)

        try:
            return await self.until(found, seconds)
        except TimeoutError:
            seen = [shown.text for shown in self.fresh(user)]
            raise AssertionError(f"person {user} waited {seconds:g} s for {what!r} and sees {seen}") from None

    # What the server of the API does with them.

    def show(self, user: str, shown: Shown) -> Shown:
        """Put a message on a person's screen."""
        person = self.meet(user)
        shown.at, shown.change = self.clock.now(), self.stir()
        person.shown.append(shown)
        self._note(person, 0, shown.message_id, shown.text)
        return shown

    def echo(self, user: str, kind: str, message: Json, *, admin: str = "") -> Json:
        """Tell the webhook what the account sent."""
        sender = {"id": self.oa_id, **({"admin_id": admin} if admin else {})}
        event = {"sender": sender, "recipient": {"id": user}, **_by_app(user), "event_name": f"oa_send_{kind}"}
        return self.event({**event, "message": message})

    def between(self, user: str) -> Json:
        """The head of an event of a person about the account."""
        return {"sender": {"id": user}, "recipient": {"id": self.oa_id}, **_by_app(user)}

    def _acts(self, user: str) -> Person:
        person = self.meet(user)
        person.acted = self.stir()
        return person

    def _interacts(self, user: str) -> Person:
        person = self._acts(user)
        person.interacted, person.free = self.clock.now(), FREE_REPLIES
        return person

    def _write(self, user: str, name: str, content: Json) -> Json:
        person, id = self._interacts(user), self.next_id()
        self._note(person, 1, id, str(content.get("text", "")))
        event = {**self.between(user), "event_name": f"user_send_{name}", "message": {**content, "msg_id": id}}
        return self.event(event)

    def _attach(self, user: str, name: str, payload: Json, text: str = "", *, kind: str = "") -> Json:
        words: Json = {"text": text} if text else {}
        return self._write(user, name, {**words, "attachments": [{"type": kind or name, "payload": payload}]})

    def _relation(self, user: str, name: str, **more: Any) -> Json:
        head = {"oa_id": self.oa_id, "follower": {"id": user}, **_by_app(user)}
        return self.event({**head, "event_name": name, **more})

    def _note(self, person: Person, source: int, id: str, text: str) -> None:
        ends = (person.id, self.oa_id) if source else (self.oa_id, person.id)
        entry = {"src": source, "time": to_ms(self.clock.now()), "type": "text", "message": text, "message_id": id}
        person.talk.append({**entry, "from_id": ends[0], "to_id": ends[1], "from_display_name": person.name})


def _by_app(user: str) -> dict[str, str]:
    """Another id of the same person, which apps of one company share."""
    return {"user_id_by_app": "55" + user[:1:-1]}
