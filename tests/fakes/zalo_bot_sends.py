"""What a Zalo bot may send in a test: texts, pictures, stickers and voices, to whom wrote before, within the quota."""

from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.clock import Clock
from tests.fakes.zalo_bot_people import Chat, Json, Shown
from tests.fakes.zalo_bot_webhook import Deliveries

#: The most characters of a text or caption, in UTF-16 units, the larger of the counts Zalo may mean.
LONGEST = 2000


@dataclass
class Quota:
    """What the free plan allows: people the bot ever wrote to, and messages it sends in a month of the clock."""

    people: int = 50
    messages: int = 3000


class Refused(Exception):
    """The server's answer to a call it does not take."""

    def __init__(self, error_code: int, description: str) -> None:
        super().__init__(description)
        self.error_code = error_code


class Sends(Deliveries):
    """What the bot sends is shown to the person, or refused."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.quota = Quota()
        #: Hosts whose pictures Zalo does not take.
        self.refused_hosts = {"upload.wikimedia.org"}
        self._reached: set[str] = set()
        self._sent: defaultdict[str, int] = defaultdict(int)

    @property
    def sent_this_month(self) -> int:
        """The messages that count against the quota now."""
        return self._sent[self._month()]

    async def send_message(self, given: Json) -> Json:
        """A text."""
        return self._show(self._chat(given), text=words(given, "text"), parse_mode=word(given, "parse_mode"))

    async def send_photo(self, given: Json) -> Json:
        """A picture by its public URL, with words under it or none."""
        chat, photo = self._chat(given), word(given, "photo")
        if not photo:
            raise Refused(400, "The photo must not be empty")
        if not photo.startswith(("http://", "https://")):
            raise Refused(400, "The photo must start with http:// or https://")
        if urlsplit(photo).hostname in {None, *self.refused_hosts}:
            raise Refused(400, "The photo URL is invalid")
        return self._show(chat, text=words(given, "caption") if "caption" in given else "", photo=photo)

    async def send_sticker_to(self, given: Json) -> Json:
        """A sticker by its id."""
        return self._show(self._chat(given), sticker=words(given, "sticker"))

    async def send_voice_to(self, given: Json) -> Json:
        """A spoken message by its URL."""
        return self._show(self._chat(given), voice=words(given, "voice_url"))

    async def send_chat_action(self, given: Json) -> None:
        """That the bot writes."""
        self._chat(given)
        if word(given, "action") != "typing":
            raise Refused(400, "The action is invalid")

    def _chat(self, given: Json) -> Chat:
        id = word(given, "chat_id")
        if not id:
            raise Refused(400, "The chat_id must not be empty")
        if id not in self.chats:
            raise Refused(400, "chat not found")
        return self.chats[id]

    def _show(self, chat: Chat, *, text: str = "", voice: str = "", **content: str) -> Json:
        full = len(self._reached) >= self.quota.people and chat.id not in self._reached
        if full or self.sent_this_month >= self.quota.messages:
            raise Refused(429, "Quota exceeded")
        self._reached.add(chat.id)
        self._sent[self._month()] += 1
        id = self.next_id()
        # A voice sent to a group is said to be lost without a word.
        if not (voice and chat.kind == "GROUP"):
            chat.shown.append(Shown(id, text, voice=voice, change=self.stir(), **content))
        return {"message_id": id, "date": self.now_ms()}

    def _month(self) -> str:
        return f"{self.clock.now():%Y-%m}"


def word(given: Json, name: str) -> str:
    """A text of a call, "" if it has none of that name."""
    value = given.get(name, "")
    return value if isinstance(value, str) else ""


def words(given: Json, name: str) -> str:
    """A text that must be there and short enough. Raises Refused."""
    value = word(given, name)
    if not value.strip():
        raise Refused(400, f"The {name} must not be empty")
    if len(value.encode("utf-16-le", "surrogatepass")) > 2 * LONGEST:
        raise Refused(400, f"The {name} must have 1 to {LONGEST} characters")
    return value
