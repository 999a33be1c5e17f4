"""What a bot puts below a message or under the writing field, as Telegram takes it in a test."""

import json
from dataclasses import dataclass, field

from tests.fakes.telegram_text import Json

#: Bytes a button may carry.
DATA_BYTES = 64
#: Fields that say what a tap on an inline button does, of those a bot without payments and games may use.
ACTIONS = {"callback_data", "url", "copy_text", "web_app", "login_url", "switch_inline_query"}


class BadMarkup(Exception):
    """Why it is not taken."""


@dataclass(frozen=True)
class Markup:
    """What was sent along: `inline` as it came, `buttons` those that bring a callback, as (label, data).

    `keyboard` is None where the writing field stays as it is; else its labels, none where it is put away.
    """

    inline: Json = field(default_factory=dict)
    buttons: tuple[tuple[str, str], ...] = ()
    keyboard: tuple[str, ...] | None = None
    asks_contact: frozenset[str] = frozenset()
    one_time: bool = False


def markup(raw: str, *, private: bool) -> Markup:
    """Read the parameter reply_markup, "" if there is none. Raises BadMarkup."""
    try:
        given = json.loads(raw or "{}")
    except ValueError:
        raise BadMarkup("object expected as reply markup") from None
    if "inline_keyboard" in given:
        return _inline(given["inline_keyboard"])
    if "keyboard" in given:
        return _keyboard(given, private)
    if given.get("remove_keyboard"):
        return Markup(keyboard=())
    return Markup()


def _inline(rows: list[list[Json]]) -> Markup:
    buttons = [button for row in rows for button in row]
    for button in buttons:
        actions = ACTIONS & set(button)
        if not button.get("text", "").strip() or not actions:
            raise BadMarkup("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if len(actions) > 1 or not 1 <= len(button.get("callback_data", "x").encode()) <= DATA_BYTES:
            raise BadMarkup("BUTTON_DATA_INVALID")
    brought = tuple((button["text"], button["callback_data"]) for button in buttons if "callback_data" in button)
    return Markup({"inline_keyboard": rows} if buttons else {}, brought)


def _keyboard(given: Json, private: bool) -> Markup:
    rows = [[key if isinstance(key, dict) else {"text": key} for key in row] for row in given["keyboard"]]
    keys = [key for row in rows for key in row]
    if not keys or not all(key.get("text", "").strip() for key in keys):
        raise BadMarkup('can\'t parse keyboard button: field "text" must not be empty')
    asks = frozenset(key["text"] for key in keys if key.get("request_contact"))
    if asks and not private:
        raise BadMarkup("phone number can be requested in private chats only")
    labels = tuple(key["text"] for key in keys)
    return Markup(keyboard=labels, asks_contact=asks, one_time=bool(given.get("one_time_keyboard")))
