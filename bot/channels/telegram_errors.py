"""What each refusal of Telegram means for the message it met, and how a person mends what can be mended."""

import datetime as dt
from collections.abc import Callable
from typing import Final

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.errors import Ambiguous, Closed, Gone, Halted, Moved, Refused, SendError, StoreUnavailable, TryLater
from handlers.message import Address

#: Seconds before anything is sent again after the token was refused.
TOKEN_PAUSE = 600.0
TOKEN_MEND = "copy the token again from @BotFather, then start again"

#: What each of the library's errors means, most specific first: BadRequest and TimedOut are NetworkErrors too. What
#: is in none of these tables has to be mended on our side or theirs, and the message waits for it.
MEANINGS: Final[tuple[tuple[type[TelegramError], Callable[[str], SendError]], ...]] = (
    (Forbidden, Gone),
    (BadRequest, Refused),
    (TimedOut, Ambiguous),
)
#: Words in a BadRequest, in small letters: the chat is no more, or it is there and may not be written to.
NO_CHAT = ("chat not found", "user not found", "peer_id_invalid", "chat_id is empty")
NO_RIGHT = ("not enough rights", "have no rights", "chat_write_forbidden", "chat_restricted", "administrator rights")
#: Of a topic: deleted, or closed by staff. Messages go into the group's main topic then, so that none is missed.
NO_TOPIC = ("message thread not found", "topic_deleted", "topic_closed", "topic_id_invalid")
#: The markup is at fault, not the words.
NO_MARKUP = ("can't parse entities", "entity_")


def send_error(error: TelegramError, to: Address) -> SendError:
    """What a failed call means for the message to `to` that it carried."""
    reason = f"telegram: {error.message}"
    if isinstance(error, RetryAfter):
        return TryLater("telegram: too many messages", seconds(error))
    if isinstance(error, ChatMigrated):
        return Moved("telegram: the group has a new number", str(error.new_chat_id), to.thread)
    if isinstance(error, InvalidToken):
        return Halted("telegram: the token is refused", TOKEN_MEND, TOKEN_PAUSE)
    if isinstance(error, BadRequest):
        if to.thread and says(error, NO_TOPIC):
            return Moved("telegram: the topic is deleted or closed", to.chat)
        if says(error, NO_CHAT):
            return Gone(reason)
        if says(error, NO_RIGHT):
            return Closed("telegram: the bot may not write in this chat")
    meaning = next((meaning for kind, meaning in MEANINGS if isinstance(error, kind)), TryLater)
    return meaning(reason)


def says(error: TelegramError, words: tuple[str, ...]) -> bool:
    """Whether an error's text holds one of these."""
    text = error.message.lower()
    return any(word in text for word in words)


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, dt.timedelta) else after


def mend(error: Exception) -> str:
    """What a person can do about a failed question for updates or a webhook that cannot be set."""
    if isinstance(error, InvalidToken):
        return TOKEN_MEND
    if isinstance(error, Conflict):
        return "another program reads this bot's messages, or a webhook is set: end it, or use a token of its own"
    if isinstance(error, BadRequest):
        return "the address must be public https on port 443, 80, 88 or 8443; then start again"
    if isinstance(error, StoreUnavailable):
        return "messages wait at Telegram until the store takes them"
    return "it is tried again; if it lasts, look at the network, the proxy and base_url"
