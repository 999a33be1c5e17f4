"""How Telegram is reached: the library's bot over aiohttp, with the token known to nobody but the connection."""

import json
import os
from collections.abc import Mapping
from typing import Any

import aiohttp
import telegram
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.channels.network import NOT_SENT

#: Connections at once; one of them waits for updates.
CONNECTIONS = 256


class TelegramRequest(BaseRequest):
    """The library's way to the network. `base_url` is the Bot API's ("https://api.telegram.org"), `proxy` "" or a URL.

    The library is given method names in the place of URLs, so neither its log lines nor its errors can hold the token.
    """

    def __init__(
        self, base_url: str, token: str, proxy: str = "", *, connect_seconds: float = 10, read_seconds: float = 20
    ) -> None:
        self._root, self._secret, self._proxy = f"{base_url}/bot{token}/", token.encode(), proxy or None
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer, where a call says nothing else."""
        return self._read_seconds

    async def initialize(self) -> None:
        """Make the connections' pool; the first call does it by itself."""
        self._opened()

    def _opened(self) -> aiohttp.ClientSession:
        # Without it the library warns whenever it builds a RetryAfter, which it does in the middle of an error.
        os.environ["PTB_TIMEDELTA"] = "1"
        if self._session is None:
            self._session = aiohttp.ClientSession(
                self._root, connector=aiohttp.TCPConnector(limit=CONNECTIONS), headers={"User-Agent": self.USER_AGENT}
            )
        return self._session

    async def shutdown(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Post the form; the status and the answer's bytes, which are Telegram's own.

        Raises NetworkError where nothing was delivered, TimedOut where it may have been.
        """
        read = read_timeout if isinstance(read_timeout, int | float) else self._read_seconds
        try:
            async with self._opened().request(
                method,
                url.rpartition("/")[2],
                data=_form(request_data) if request_data else None,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds, sock_read=read),
                proxy=self._proxy,
                # Whoever answers in Telegram's place must not be able to send the token elsewhere.
                allow_redirects=False,
            ) as response:
                status, payload = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = _failure(error)
        else:
            if from_telegram(status, payload):
                return status, payload if status == 200 else payload.replace(self._secret, b"***")
            failure = NetworkError(f"HTTP {status} from somebody else than Telegram")
        # Raised here, where the error that holds the URL is no longer its context.
        raise failure


def _form(data: RequestData) -> Mapping[str, str] | aiohttp.FormData:
    """A call's parameters, and its files if it carries any."""
    if not data.multipart_data:
        return data.json_parameters
    form = aiohttp.FormData(data.json_parameters)
    for field, (name, content, mime) in data.multipart_data.items():
        form.add_field(field, content, filename=name, content_type=mime)
    return form


class Bot(telegram.Bot):
    """The library's bot with the token left out, and with updates one may read one by one."""

    def __init__(self, request: TelegramRequest, account: str) -> None:
        super().__init__(account, base_url="", request=request, get_updates_request=request)

    async def say(self, chat: str, text: str, **more: object) -> str:
        """sendMessage; the message's id. `send_message` builds a whole Message of the answer, half of what it costs."""
        sent: dict[str, Any] = await self._post("sendMessage", {"chat_id": chat, "text": text, **more})
        return str(sent["message_id"])

    async def raw_updates(self, offset: int | None, seconds: int, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
        """Wait for updates from `offset` on. `get_updates` fails whole at one update it cannot read, for ever."""
        data = {"offset": offset, "timeout": seconds, "allowed_updates": kinds}
        updates: list[dict[str, Any]] = await self._post("getUpdates", data, read_timeout=seconds + 10)
        return updates


def from_telegram(status: int, payload: bytes) -> bool:
    """Whether an answer is the Bot API's own, and not a page of a relay, a proxy, or a web server on the way.

    Their 403 must not look like a person who left, nor their 404 like a wrong token.
    """
    try:
        answer = json.loads(payload)
    except ValueError:
        return False
    return isinstance(answer, dict) and ("result" in answer if status == 200 else "description" in answer)


def _failure(error: Exception) -> TelegramError:
    """The library's error in the place of the connection's, without its text: that may hold the URL."""
    if isinstance(error, NOT_SENT):
        return NetworkError(f"Telegram cannot be reached ({type(error).__name__})")
    return TimedOut(f"Telegram did not answer ({type(error).__name__})")
