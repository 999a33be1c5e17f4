"""Reads a raw Telegram update into what a person said."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import telegram

from bot.clock import VIETNAM
from handlers.message import Address, Contact, File, Inbound

CHANNEL = "telegram"
#: What we ask for; Telegram keeps everything else to itself.
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
COMMAND = re.compile(r"/\w+@(\w+)")
#: What somebody is who may be written to, or whose group the bot is in; and who may not.
IN, OUT = ("creator", "administrator", "member", "restricted"), ("left", "kicked")

FileKind = Literal["photo", "document", "voice", "sticker", "video", "other"]
#: Where a message keeps its file, and what it is to us. An animation comes as a document too, so it goes first.
FILES: Sequence[tuple[str, FileKind]] = (
    ("animation", "other"),
    ("audio", "other"),
    ("document", "document"),
    ("sticker", "sticker"),
    ("video", "video"),
    ("video_note", "video"),
    ("voice", "voice"),
)


def read(update: telegram.Update, account: str, now: dt.datetime) -> Inbound | None:
    """The update as an Inbound; None for what we do not take: channels, other bots, unknown kinds.

    Of a group (`shared`) only words to the bot, and what becomes of the group itself. A tap is dated `now`, for
    Telegram dates only the message that was tapped.
    """
    if update.message:
        return _message(update.message, update.update_id, account)
    if changed := update.edited_message:
        # Only words: a shared live location, for one, is edited every few seconds.
        words = (changed.text or changed.caption) and _is_private(changed.chat)
        edited = _message(changed, update.update_id, account) if words else None
        return edited and replace(edited, kind="edited", sent_at=_time(changed.edit_date) or now)
    if update.callback_query:
        return _tap(update.callback_query, update.update_id, account, now)
    if update.my_chat_member:
        return _membership(update.my_chat_member, update.update_id, account)
    return None


def _message(message: telegram.Message, update: int, account: str) -> Inbound | None:
    person, private = message.from_user, _is_private(message.chat)
    if not private and not _is_group(message.chat):
        return None
    # An administrator of a group who stays unnamed writes as the group itself.
    unnamed = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    if person is None or (person.is_bot and not unnamed):
        return None
    answered = message.reply_to_message
    base = Inbound(
        str(update),
        Address(CHANNEL, account, str(message.chat.id), _thread(message)),
        str(person.id),
        "text",
        message.date.astimezone(VIETNAM),
        message.text or message.caption or "",
        reply_to=str(answered.message_id) if answered else "",
        shared=not private,
    )
    if message.migrate_to_chat_id:
        return replace(base, kind="moved", text=str(message.migrate_to_chat_id))
    if message.text is not None:
        return base
    if not private:
        return None
    if card := message.contact:
        name = " ".join(filter(None, (card.first_name, card.last_name)))
        own = card.user_id == person.id
        return replace(base, kind="contact", contact=Contact(card.phone_number, name, own))
    if message.location:
        place = message.location
        return replace(base, kind="location", text=f"{place.latitude:.6f}, {place.longitude:.6f}")
    if file := _file(message):
        return replace(base, kind="file", files=(file,))
    return None


def _tap(query: telegram.CallbackQuery, update: int, account: str, now: dt.datetime) -> Inbound | None:
    message = query.message
    if message is None or not query.data or not _is_private(message.chat):
        return None
    # Of a message too old to be shown, Telegram tells nothing but its id.
    shown = message if isinstance(message, telegram.Message) else None
    return Inbound(
        str(update),
        Address(CHANNEL, account, str(message.chat.id), _thread(shown) if shown else ""),
        str(query.from_user.id),
        "choice",
        now,
        _label(shown, query.data) if shown else "",
        query.data,
        reply_to=str(message.message_id),
    )


def _membership(change: telegram.ChatMemberUpdated, update: int, account: str) -> Inbound | None:
    """Whether we may still write there: a person blocked the bot or let it in again, a group put it out or took it."""
    private = _is_private(change.chat)
    before, after = change.old_chat_member.status, change.new_chat_member.status
    if not private and not _is_group(change.chat):
        return None
    if after in OUT:
        kind: Literal["blocked", "unblocked"] = "blocked"
    elif before in OUT and after in IN:
        kind = "unblocked"
    else:
        return None
    address, at = Address(CHANNEL, account, str(change.chat.id)), change.date.astimezone(VIETNAM)
    return Inbound(str(update), address, str(change.from_user.id), kind, at, shared=not private)


def _file(message: telegram.Message) -> File | None:
    if message.photo:
        # The same picture in several sizes, the largest last.
        largest = message.photo[-1]
        return File(largest.file_id, "photo", size=largest.file_size or 0)
    for field, kind in FILES:
        found: Any = getattr(message, field)
        if found:
            name, mime = getattr(found, "file_name", None) or "", getattr(found, "mime_type", None) or ""
            return File(found.file_id, kind, name, mime, found.file_size or 0)
    return None


def _label(message: telegram.Message, choice: str) -> str:
    """The words on the button that was tapped."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return next((button.text for row in rows for button in row if button.callback_data == choice), "")


def _is_private(chat: telegram.Chat) -> bool:
    return chat.type == telegram.Chat.PRIVATE


def _is_group(chat: telegram.Chat) -> bool:
    return chat.type in (telegram.Chat.GROUP, telegram.Chat.SUPERGROUP)


def is_for_another(inbound: Inbound, username: str) -> bool:
    """Whether a group's command names another bot: "/help@other_bot"; of our own name `username`, "" if not known."""
    named = COMMAND.match(inbound.text) if inbound.shared and username else None
    return named is not None and named[1].lower() != username.lower()


def _thread(message: telegram.Message) -> str:
    """The topic of a group; a private chat is one talk, whatever topics its person makes there."""
    topic = message.message_thread_id if message.is_topic_message and not _is_private(message.chat) else None
    return str(topic) if topic else ""


def _time(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.astimezone(VIETNAM) if moment else None
