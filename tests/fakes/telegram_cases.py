"""Bot API traffic, right and spoiled: the cases by which two readers of aiogram's models are compared."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The aiogram whose own validators judged every case alike: `python -m tests.fakes.telegram_aiogram` looks.
COMPARED = "3.31.0"

EXAMPLES = Path(__file__).parents[1] / "examples" / "telegram"
HOA = 7001
CHAT = {"id": HOA, "type": "private", "first_name": "Hoa"}
BUTTON = {"text": "Nhận", "callback_data": "a"}
LINK = {"text": "Mẫu", "url": "https://vidu.vn"}


def below(*buttons: dict[str, Any]) -> dict[str, Any]:
    """An inline keyboard."""
    return {"inline_keyboard": [list(buttons)]}


#: Calls as aiogram's models see them, and whether they fit.
CALLS: list[tuple[str, Any, bool]] = [
    ("sendMessage", {"chat_id": HOA, "text": "a"}, True),
    ("sendMessage", {"chat_id": "@ai", "text": "a", "parse_mode": "HTML", "message_thread_id": 7}, True),
    ("sendMessage", {"chat_id": HOA, "text": "a", "link_preview_options": {"is_disabled": True}}, True),
    ("sendMessage", {"chat_id": HOA, "text": "a", "link_preview_options": {"is_disable": True}}, False),
    ("sendMessage", {"chat_id": HOA, "text": "a", "parse_mod": "HTML"}, False),
    ("sendMessage", {"chat_id": HOA}, False),
    ("sendMessage", {"chat_id": HOA, "text": "a", "message_thread_id": "bảy"}, False),
    ("sendMessage", {"chat_id": HOA, "text": "a", "reply_markup": below(BUTTON)}, True),
    (
        "sendMessage",
        {"chat_id": HOA, "text": "a", "reply_markup": below(LINK)},
        True,
    ),
    ("sendMessage", {"chat_id": HOA, "text": "a", "reply_markup": below({"text": "a", "callback_dat": "a"})}, False),
    ("sendMessage", {"chat_id": HOA, "text": "a", "reply_markup": {"remove_keyboard": True}}, True),
    ("sendMessage", {"chat_id": HOA, "text": "a", "reply_markup": {"keyboard": [[{"text": "a"}]]}}, True),
    ("setWebhook", {"url": "https://vidu.vn", "allowed_updates": ["message"], "max_connections": 40}, True),
    ("setWebhook", {"url": "https://vidu.vn", "allowed_updates": "message"}, False),
    ("setWebhook", {"url": "https://vidu.vn", "secret": "a"}, False),
    ("setMyCommands", {"commands": [{"command": "a", "description": "b"}], "scope": {"type": "default"}}, True),
    ("setMyCommands", {"commands": [{"command": "a"}]}, False),
    ("sendTelepathy", {}, False),
    ("-> sendMessage", {"message_id": 1, "date": 1, "chat": CHAT, "text": "a"}, True),
    ("-> sendMessage", {"message_id": 1, "date": 1, "chat": CHAT, "txt": "a"}, False),
    ("-> sendMessage", {"message_id": 1, "chat": CHAT, "text": "a"}, False),
    ("-> getMe", {"id": 4242, "first_name": "Cầu Nối"}, False),
    ("-> getUpdates", [{"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": CHAT}}], True),
]


def examples() -> dict[str, dict[str, Any]]:
    """Updates as Telegram documents them."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(EXAMPLES.glob("*.json"))}


def spoiled(update: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The update with one thing wrong in it: each object with a field more, and each number a list."""

    def places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
        yield path, value
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, each in inner:
            yield from places(each, (*path, key))

    for path, value in places(update, ()):
        changed = copy.deepcopy(update)
        *way, last = path or ("",)
        holder = changed
        for step in way:
            holder = holder[step]
        if isinstance(value, dict):
            (holder[last] if path else holder)["mispelt"] = 1
            yield changed
        elif isinstance(value, int) and not isinstance(value, bool):
            holder[last] = [value]
            yield changed


def every() -> Iterator[tuple[str, Any, bool]]:
    """All cases, and whether each fits: "update", a method with parameters, or "-> method" with its result."""
    yield from CALLS
    for update in examples().values():
        yield "update", update, True
        for changed in spoiled(update):
            yield "update", changed, False
