"""How a reply looks on Telegram: its buttons, the field to share a number, and what stands in bold."""

from collections.abc import Collection
from html import escape

import telegram

from bot.channels.render import shorten
from handlers.message import Choice, Reply

#: What stands below a message or the writing field.
Markup = telegram.InlineKeyboardMarkup | telegram.ReplyKeyboardMarkup | telegram.ReplyKeyboardRemove | None


def buttons(reply: Reply, longest: int) -> telegram.InlineKeyboardMarkup | None:
    """One button a row, in the order of a numbered list: those of the cards, then the reply's own."""
    # Below several cards equal labels ("Nhận việc") would not tell which card they mean.
    labels = [choice.label for choice in reply.offered]
    named = [
        Choice(choice.id, f"{choice.label} · {card.title}" if labels.count(choice.label) > 1 else choice.label)
        for card in reply.cards
        for choice in card.choices
    ]
    rows = [
        [telegram.InlineKeyboardButton(shorten(choice.label, longest), callback_data=choice.id)]
        for choice in (*named, *reply.choices)
    ]
    return telegram.InlineKeyboardMarkup(rows) if rows else None


def field(reply: Reply, share: str) -> telegram.ReplyKeyboardMarkup:
    """A button that shares one's own number, labelled `share`; below it the reply's choices, each said when tapped.

    A message has one kind of buttons only, so the choices stand there too. Telegram allows it in private chats.
    """
    rows = [[telegram.KeyboardButton(share, request_contact=True)]]
    rows += [[telegram.KeyboardButton(choice.label)] for choice in reply.offered]
    return telegram.ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)


def marked(text: str, titles: Collection[str]) -> str:
    """The text as Telegram's HTML with the lines that are `titles` in bold; "" where nothing is."""
    lines = text.split("\n")
    if not any(line in titles for line in lines):
        return ""
    safe = (escape(line, quote=False) for line in lines)
    return "\n".join(f"<b>{line}</b>" if raw in titles else line for raw, line in zip(lines, safe, strict=True))
