"""What `bot check --online` asks Telegram: whether it knows our token, and how it is to hand us what people write."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from bot.channels.telegram_webhook import PATH
from bot.cli.check_machine import Told
from bot.config import Settings

#: Seconds to wait for an answer.
PATIENCE = 15
#: Updates waiting at Telegram from which on something must be wrong.
MANY = 100
#: The answers to a token Telegram does not know.
UNKNOWN = (401, 404)


def telegram(settings: Settings) -> Told:
    """Whether Telegram knows our token, and where it delivers. The token stands in no line."""
    ours = settings.telegram
    try:
        name, hook = _ask(settings, "getMe")["username"], _ask(settings, "getWebhookInfo")
        told, waiting, failure = hook["url"], int(hook["pending_update_count"]), hook.get("last_error_message", "")
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        # Of an error no more than its kind: its text may hold the address, and so the token.
        code = error.code if isinstance(error, urllib.error.HTTPError) else 0
        if code in UNKNOWN:
            yield True, f"[telegram] token: Telegram refuses it ({code}); copy it anew from @BotFather"
            return
        reason = f"HTTP {code}" if code else str(getattr(error, "reason", type(error).__name__))
        yield True, f"[telegram] {ours.base_url} cannot be asked ({reason}); mend the line, or set base_url or proxy"
        return
    yield False, f"[telegram] the token is that of @{name}; {waiting} updates wait at Telegram"
    wanted = settings.web.public_url + PATH if ours.webhook_secret.get_secret_value() else ""
    if wanted and not wanted.startswith("https:"):
        yield True, "[web] public_url: Telegram posts to an https address only; set it, or leave out webhook_secret"
    if told and told != wanted:
        # Not where: a secret of another set-up may stand in the address.
        yield (
            False,
            "[telegram] a webhook of another set-up is known to Telegram; the next start of the bot replaces it",
        )
    elif wanted and not told:
        yield False, "[telegram] webhook_secret: Telegram knows no webhook yet; the next start of the bot sets it"
    elif wanted:
        yield False, f"[telegram] Telegram delivers to {wanted}"
    if told and told == wanted and failure:
        # The last failure ever, perhaps of a restart long ago: it matters only where something waits.
        line = f"[telegram] Telegram could not deliver to {wanted} ({failure})"
        yield bool(waiting), f"{line}; mend the way there" if waiting else f"{line} some time ago"
    if waiting > MANY:
        yield True, f"[telegram] {waiting} updates wait at Telegram; is the bot running, and can it be reached?"


def _ask(settings: Settings, method: str) -> dict[str, Any]:
    """The result of a call without parameters."""
    ours = settings.telegram
    way = urllib.request.ProxyHandler({"https": ours.proxy, "http": ours.proxy} if ours.proxy else None)
    where = f"{ours.base_url}/bot{ours.token.get_secret_value()}/{method}"
    with urllib.request.build_opener(way).open(where, timeout=PATIENCE) as answer:
        result: dict[str, Any] = json.load(answer)["result"]
        return result
