"""What a bot shows to people in a test, and what Telegram refuses of it."""

import json
import math
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any

from bot.clock import Clock
from tests.fakes.telegram_delivery import Deliveries
from tests.fakes.telegram_files import known
from tests.fakes.telegram_groups import GROUP_LIMIT, GROUP_SECONDS, Group
from tests.fakes.telegram_markup import BadMarkup, Markup, markup
from tests.fakes.telegram_people import Person, Place, Shown
from tests.fakes.telegram_text import Json, Unparsable, parsed, utf16

Given = dict[str, str]
Call = Callable[[Given], Awaitable[Any]]

#: Longest texts, in UTF-16 units after their markup is read.
TEXT, CAPTION, CALLBACK = 4096, 1024, 200
ACTIONS = {"typing", "upload_photo", "upload_document", "find_location", "choose_sticker", "record_voice"}


class Refused(Exception):
    """The server's answer to a call it does not take."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.parameters = status, parameters


class Sending(Deliveries):
    """The calls that show something. A test may lower `group_limit`, the messages and edits a minute of a group."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.group_limit = GROUP_LIMIT
        self.files: dict[str, Json] = known()
        #: Until when a chat refuses everything, and when a group got its newest messages; on the steady clock.
        self._floods: dict[int, float] = {}
        self._sent: defaultdict[int, deque[float]] = defaultdict(deque)
        self.methods: dict[str, Call] = {
            "sendMessage": self._send_message,
            "sendDocument": self._send_document,
            "sendPhoto": self._send_photo,
            "editMessageText": self._edit_message,
            "answerCallbackQuery": self._answer_callback,
            "sendChatAction": self._chat_action,
        }

    def flood(self, chat: int, seconds: float) -> None:
        """Refuse every call to a chat for so long, with 429 and the seconds that are left."""
        self._floods[chat] = self.clock.steady() + seconds

    async def _send_message(self, given: Given) -> Json:
        place, thread = self.reached(given)
        text, content = _worded(given, "text", TEXT, "message")
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        return self._show(place, thread, given, text, content)

    async def _send_document(self, given: Given) -> Json:
        return self._send_file(given, "document")

    async def _send_photo(self, given: Given) -> Json:
        return self._send_file(given, "photo")

    def _send_file(self, given: Given, kind: str) -> Json:
        (place, thread), upload = self.reached(given), given.get(kind, "")
        if not upload:
            raise Refused(400, f"Bad Request: there is no {kind} in the request")
        caption, words = _worded(given, "caption", CAPTION, "message caption")
        id = f"sent-{self.next_number()}"
        file: Json = {"file_id": id, "file_unique_id": id, "file_size": len(upload.encode())}
        self.files[id] = file
        content = {"photo": [{**file, "width": 640, "height": 480}]} if kind == "photo" else {"document": file}
        if kind == "document":
            file["file_name"] = upload.partition(":")[0]
        shown = f"{upload}\n{caption}" if caption else upload
        return self._show(place, thread, given, shown, {**content, **words})

    def _show(self, place: Place, thread: int, given: Given, text: str, content: Json) -> Json:
        below = _markup(given, place)
        answered = json.loads(given.get("reply_parameters", "{}"))
        there = {shown.number for shown in place.shown}
        if answered and answered["message_id"] not in there and not answered.get("allow_sending_without_reply"):
            raise Refused(400, "Bad Request: message to be replied not found")
        self._pace(place)
        number, now = self.next_number(), self.time()
        if below.inline:
            content = {**content, "reply_markup": below.inline}
        shown = Shown(number, text, below.buttons, thread=thread, content=content, date=now)
        if isinstance(place, Person) and below.keyboard is not None:
            place.keyboard, place.asks_contact, place.one_time = below.keyboard, below.asks_contact, below.one_time
        shown.change = self.stir()
        place.shown.append(shown)
        return self.stored(place.id, number)

    async def _edit_message(self, given: Given) -> Json:
        (place, _), number = self.reached(given), int(given["message_id"])
        text, content = _worded(given, "text", TEXT, "message")
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        below = _markup(given, place)
        if below.keyboard is not None:
            raise Refused(400, "Bad Request: inline keyboard expected")
        shown = next((shown for shown in reversed(place.shown) if shown.number == number), None)
        if shown is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if "text" not in shown.content:
            raise Refused(400, "Bad Request: there is no text in the message to edit")
        if below.inline:
            content["reply_markup"] = below.inline
        if shown.content == content:
            same = "specified new message content and reply markup are exactly the same"
            raise Refused(400, f"Bad Request: message is not modified: {same} as a current content of the message")
        self._pace(place)
        shown.text, shown.buttons, shown.content = text, below.buttons, content
        shown.edited, shown.change = True, self.stir()
        return self.stored(place.id, number)

    async def _answer_callback(self, given: Given) -> bool:
        if utf16(given.get("text", "")) > CALLBACK:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        if self.spinning.pop(given["callback_query_id"], None) is None:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.stir()
        return True

    async def _chat_action(self, given: Given) -> bool:
        self.reached(given)
        if given.get("action") not in ACTIONS:
            raise Refused(400, "Bad Request: wrong parameter action in request")
        return True

    def reached(self, given: Given) -> tuple[Place, int]:
        """The chat and the topic of a call, if the bot may write there."""
        raw = given.get("chat_id", "")
        chat = int(raw) if re.fullmatch(r"-?\d+", raw) else 0
        place = self.groups.get(chat) or self.people.get(chat)
        if place is None:
            raise Refused(400, "Bad Request: chat not found")
        if (left := self._floods.get(chat, 0.0) - self.clock.steady()) > 0:
            raise _too_many(left)
        if isinstance(place, Person):
            if place.deactivated:
                raise Refused(403, "Forbidden: user is deactivated")
            if place.blocked:
                raise Refused(403, "Forbidden: bot was blocked by the user")
        if isinstance(place, Group):
            if place.moved_to:
                moved = "Bad Request: group chat was upgraded to a supergroup chat"
                raise Refused(400, moved, migrate_to_chat_id=place.moved_to)
            if not place.member:
                raise Refused(403, f"Forbidden: bot was kicked from the {place.kind} chat")
        return place, _thread(given, place)

    def _pace(self, place: Place) -> None:
        """Count a message or an edit; a group takes only so many a minute."""
        if not isinstance(place, Group):
            return
        sent, now = self._sent[place.id], self.clock.steady()
        while sent and now - sent[0] >= GROUP_SECONDS:
            sent.popleft()
        if len(sent) >= self.group_limit:
            raise _too_many(sent[-self.group_limit] + GROUP_SECONDS - now if self.group_limit else GROUP_SECONDS)
        sent.append(now)


def _too_many(seconds: float) -> Refused:
    left = max(math.ceil(seconds), 1)
    return Refused(429, f"Too Many Requests: retry after {left}", retry_after=left)


def _thread(given: Given, place: Place) -> int:
    thread = int(given.get("message_thread_id", 0))
    if thread and not (isinstance(place, Group) and place.topics is not None and thread in place.topics):
        raise Refused(400, "Bad Request: message thread not found")
    if thread and isinstance(place, Group) and thread in place.closed and not place.admin:
        raise Refused(400, "Bad Request: TOPIC_CLOSED")
    return thread


def _worded(given: Given, name: str, longest: int, what: str) -> tuple[str, Json]:
    """A text as people read it, and what the Bot API tells of it."""
    text, entities = given.get(name, ""), list[Json]()
    mode = given.get("parse_mode", "")
    if mode and mode.lower() != "html":
        raise Refused(400, "Bad Request: unsupported parse_mode")
    if mode:
        try:
            text, entities = parsed(text)
        except Unparsable as error:
            raise Refused(400, f"Bad Request: can't parse entities: {error}") from None
    if utf16(text.strip()) > longest:
        raise Refused(400, f"Bad Request: {what} is too long")
    marks = "entities" if name == "text" else "caption_entities"
    content = {**({name: text.strip()} if text.strip() else {}), **({marks: entities} if entities else {})}
    return text.strip(), content


def _markup(given: Given, place: Place) -> Markup:
    try:
        return markup(given.get("reply_markup", ""), private=isinstance(place, Person))
    except BadMarkup as error:
        raise Refused(400, f"Bad Request: {error}") from None
