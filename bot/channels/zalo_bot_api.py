"""The Zalo Bot Platform's API: one small method a call, with the token known to nobody but the connection."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.channels.network import NOT_SENT

#: Connections at once; one of them waits for updates.
CONNECTIONS = 64
CONNECT_SECONDS: Final = 10.0
#: Seconds the platform may take to fetch a picture before it answers.
PHOTO_SECONDS: Final = 150.0
#: Seconds an answer may come later than the platform was asked to wait for an update.
POLL_GRACE: Final = 7.0
#: Most characters of a description or a foreign page that an error carries.
QUOTED = 200
#: The code of "no update came" and of a call whose outcome is not known.
TIMED_OUT = 408


class ZaloBotError(Exception):
    """A call that failed.

    `code` is the platform's own error code, 0 where somebody else answered or nobody did; `description` says why
    (at most QUOTED characters, without the token); `sent` tells that the call may have been carried out all the same.
    """

    def __init__(self, method: str, code: int, description: str, *, sent: bool = False) -> None:
        super().__init__(f"{method}: {f'{code} ' if code else ''}{description}")
        self.method, self.code, self.description, self.sent = method, code, description, sent


@dataclass(frozen=True, slots=True)
class Me:
    """Our account: the platform's id of it, its name, and the name people see."""

    id: str
    account_name: str = ""
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out: the platform's id of it, "" where it told none."""

    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """How the platform fared when it tried our webhook: `outcome` is a word such as "webhook.ok", `hint` a sentence."""

    ok: bool
    outcome: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """Where the platform delivers, "" for nowhere; how its try went where it has just been told."""

    url: str = ""
    verification: Verification | None = None


class ZaloBotApi:
    """The platform behind `base_url` ("https://bot-api.zaloplatforms.com") for the bot of this token.

    Every method raises ZaloBotError. `read_seconds` is how long an answer may take where nothing else is said.
    """

    def __init__(self, token: str, base_url: str, *, read_seconds: float = 20.0) -> None:
        secret = token.partition(":")[2] or token
        self._root = f"{base_url.rstrip('/')}/bot{quote(token, safe=':')}/"
        self._secret = re.compile("|".join({re.escape(secret), re.escape(quote(secret))}), re.IGNORECASE)
        self._read_seconds = read_seconds
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection; the next call opens them anew."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get_me(self) -> Me:
        """Our account. The cheapest way to see whether the token is good."""
        me = _fields(await self._call("getMe"))
        return Me(_text(me, "id"), _text(me, "account_name"), _text(me, "display_name"))

    async def get_updates(self, seconds: float) -> tuple[object, ...]:
        """Wait so many seconds for an update; raw ones, none or mostly one. What is returned here comes never again."""
        try:
            result = await self._call("getUpdates", {"timeout": round(seconds)}, seconds + POLL_GRACE)
        except ZaloBotError as error:
            if error.code == TIMED_OUT:
                return ()
            raise
        return tuple(result) if isinstance(result, list) else (result,) if result else ()

    async def set_webhook(self, url: str, secret: str) -> WebhookInfo:
        """Have updates delivered to a public https address. It is kept even where the platform's own try of it fails.

        `secret` (8 to 256 characters) comes back with every delivery. May be called only a few times a day.
        """
        return _webhook(await self._call("setWebhook", {"url": url, "secret_token": secret}))

    async def delete_webhook(self) -> WebhookInfo:
        """Have nothing delivered any more, so that updates can be asked for."""
        return _webhook(await self._call("deleteWebhook"))

    async def get_webhook_info(self) -> WebhookInfo:
        """Where updates are delivered now."""
        return _webhook(await self._call("getWebhookInfo"))

    async def send_message(self, chat: str, text: str) -> Sent:
        """Say 1 to 2,000 characters, as plain text."""
        return _sent(await self._call("sendMessage", {"chat_id": chat, "text": text}))

    async def send_photo(self, chat: str, photo: str) -> Sent:
        """Show the picture behind a public http(s) address; the platform may fetch it several times."""
        return _sent(await self._call("sendPhoto", {"chat_id": chat, "photo": photo}, PHOTO_SECONDS))

    async def send_chat_action(self, chat: str, action: str = "typing") -> None:
        """Show that an answer is being written."""
        await self._call("sendChatAction", {"chat_id": chat, "action": action})

    async def _call(self, method: str, parameters: Mapping[str, object] | None = None, seconds: float = 0) -> object:
        """Make a call; its result."""
        read = seconds or self._read_seconds
        try:
            async with self._opened().post(
                URL(self._root + method, encoded=True),
                json=parameters or {},
                timeout=aiohttp.ClientTimeout(
                    total=CONNECT_SECONDS + read, sock_connect=CONNECT_SECONDS, sock_read=read
                ),
                # Whoever answers in the platform's place must not be able to send the token elsewhere.
                allow_redirects=False,
            ) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            failure = _unreached(method, error)
        else:
            answer = _answer(body)
            if answer is None or 300 <= status < 400:
                # A page of a web server on the way. Its 401 must not look like a token that was refused.
                page = self._quoted(body.decode("utf-8", "replace"))
                words = f"HTTP {status} from somebody else than Zalo: {page}"[:QUOTED]
                # Who gives up waiting for Zalo does not know what Zalo did.
                failure = ZaloBotError(method, 0, words, sent=status == 504)
            elif answer.get("ok") is True:
                return answer.get("result")
            else:
                failure = self._refusal(method, status, answer)
        # Raised here, where the error that holds the URL is no longer its context.
        raise failure

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": "cau-noi"})
        return self._session

    def _refusal(self, method: str, status: int, answer: Mapping[str, Any]) -> ZaloBotError:
        """The platform's own no: with HTTP 200 or with the code as status, its names in either spelling."""
        code = _number(answer.get("error_code")) or _number(answer.get("errorCode")) or (status if status >= 400 else 0)
        words = next((text for key in ("description", "message", "error") if (text := _text(answer, key))), "no reason")
        return ZaloBotError(method, code, self._quoted(words), sent=code == TIMED_OUT)

    def _quoted(self, text: str) -> str:
        """The beginning of a foreign text in one line, without the token's secret part."""
        return " ".join(self._secret.sub("***", text).split())[:QUOTED]


def _unreached(method: str, error: Exception) -> ZaloBotError:
    """An error in the place of the connection's, without its text: that may hold the URL."""
    name = type(error).__name__
    if isinstance(error, NOT_SENT):
        return ZaloBotError(method, 0, f"Zalo cannot be reached ({name})")
    return ZaloBotError(method, 0, f"Zalo did not answer ({name})", sent=True)


def _answer(body: bytes) -> dict[str, Any] | None:
    """The platform's answer; None for anything else."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    own = isinstance(answer, dict) and any(key in answer for key in ("ok", "error_code", "errorCode"))
    return answer if own else None


def _number(value: object) -> int:
    """A code, told as a number or as a text; 0 for none."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,6}", value, re.ASCII):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _fields(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _sent(result: object) -> Sent:
    # Never an error: the message is out, and must not go out again because the answer looks new.
    return Sent(_text(_fields(result), "message_id"))


def _webhook(result: object) -> WebhookInfo:
    fields = _fields(result)
    tried = fields.get("verification")
    if not isinstance(tried, dict):
        return WebhookInfo(_text(fields, "url"))
    return WebhookInfo(
        _text(fields, "url"), Verification(tried.get("ok") is True, _text(tried, "outcome"), _text(tried, "hint"))
    )
