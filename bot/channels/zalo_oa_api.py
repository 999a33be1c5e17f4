"""The Official Account's API: one small method a call (developers.zalo.me, Official Account API v3.0 and v2.0)."""

import hashlib
import hmac
import io
import json
import mimetypes
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import aiohttp

from bot.channels.network import NOT_SENT
from bot.clock import from_ms

#: Zalo does not take the access token: it ended, was replaced, or (business host) is wrong; with or without a minus.
TOKEN_REFUSED = frozenset({216, 220, 124, 401})
GATEWAY_TIMED_OUT: Final = 504
CONNECTIONS: Final = 64
CONNECT_SECONDS: Final = 10.0
#: Most characters of Zalo's own words that an error carries.
QUOTED: Final = 200


class ZaloOaError(Exception):
    """Zalo's own no, with HTTP 200 as it does: its `code` (negative), its words, and the path that was called.

    -1 stands for an answer without a code that can be read.
    """

    def __init__(self, code: int, message: str, api: str) -> None:
        super().__init__(f"{api}: {code} {message}")
        self.code, self.message, self.api = code, message, api


class ZaloOaUnreachable(Exception):
    """Nobody answered, or somebody else than Zalo. `sent`: the call may have been carried out all the same."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out: Zalo's id of it, "" where it told none."""

    message_id: str = ""


@dataclass(frozen=True, slots=True)
class PersonQuota:
    """What Zalo counts of one person: their last interaction, and the consultation messages that are `left`."""

    last_interaction: datetime | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class OaInfo:
    """The account: `oa_type` 2 is business, 4 government; dates as Zalo writes them."""

    oa_id: str
    name: str
    is_verified: bool = False
    oa_type: str = ""
    package: str = ""
    valid_through: str = ""


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """An approved template: its state, and the longest value of each parameter in characters."""

    status: str = ""
    longest: Mapping[str, int] = field(default_factory=dict)


class Token(Protocol):
    """Gives an access token; `refused` is the one Zalo did not take, so that a new one is got. Raises a SendError."""

    def __call__(self, refused: str = "") -> Awaitable[str]:
        """A good access token."""


class ZaloOaApi:
    """The account behind a token. Every method raises ZaloOaError, ZaloOaUnreachable, or what `token` raises.

    `openapi_url` and `business_url` are Zalo's two hosts; `read_seconds` is how long an answer may take. With the
    `app_secret` every call proves that it comes from the app, as an app may be set to demand.
    """

    def __init__(
        self, token: Token, *, openapi_url: str, business_url: str, app_secret: str = "", read_seconds: float = 20.0
    ) -> None:
        self._token, self._openapi, self._business = token, openapi_url.rstrip("/"), business_url.rstrip("/")
        self._secret, self._read_seconds = app_secret.encode(), read_seconds
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection; the next call opens them anew."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send_cs(self, user: str, message: Mapping[str, Any]) -> Sent:
        """A consultation message (tin tư vấn) to a person, in the shape of bot/channels/zalo_oa_outgoing.py."""
        body = {"recipient": {"user_id": user}, "message": message}
        return _sent(await self._post("/v3.0/oa/message/cs", body))

    async def send_template(self, user: str, template: str, data: Mapping[str, str]) -> Sent:
        """An approved template to a person by their id in this account."""
        body = {"user_id": user, "template_id": template, "template_data": data}
        return _sent(await self._post("/v3.0/oa/message/template", body))

    async def send_template_phone(self, phone: str, template: str, data: Mapping[str, str], tracking_id: str) -> Sent:
        """The same by telephone number ("84912345678"). `tracking_id` (at most 48 characters) names the message."""
        body = {"phone": phone, "template_id": template, "template_data": data, "tracking_id": tracking_id}
        return _sent(await self._post("/message/template", body, host=self._business))

    async def upload_image(self, content: bytes, name: str) -> str:
        """Upload a picture (jpg or png, at most 1 MB); its attachment id, good for 7 days."""
        return await self._upload("image", content, name, "attachment_id")

    async def upload_file(self, content: bytes, name: str) -> str:
        """Upload a file (pdf, doc, docx, csv, at most 5 MB); its token, good for 7 days."""
        return await self._upload("file", content, name, "token")

    async def quota(self, user: str) -> PersonQuota:
        """Until when and how often a person may be written to."""
        found = _table(await self._post("/v3.0/oa/quota/message", {"user_id": user}))
        replies = _table(found.get("cs_reply"))
        last = _number(found.get("last_interaction"))
        moment = from_ms(last) if last is not None and 0 < last < 10**14 else None
        return PersonQuota(moment, _number(replies.get("remain")))

    async def oa_quota(self) -> tuple[int, ...]:
        """What is left of each package of paid consultation messages."""
        asked = {"quota_owner": "OA", "product_type": "cs", "quota_type": "sub_quota"}
        found = await self._post("/v3.0/oa/quota/message", asked)
        assets = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
        return tuple(left for asset in assets if (left := _number(_table(asset).get("remain"))) is not None)

    async def get_oa(self) -> OaInfo:
        """The account itself: the cheapest way to see whether the token is good."""
        found = _table(await self._get("/v2.0/oa/getoa"))
        return OaInfo(
            _word(found, "oa_id") or _word(found, "oaid"),
            _word(found, "name"),
            str(found.get("is_verified")).lower() in ("true", "1"),
            _word(found, "oa_type"),
            _word(found, "package_name"),
            _word(found, "package_valid_through_date"),
        )

    async def template_info(self, template: str) -> TemplateInfo:
        """A template's state and its parameters."""
        query = {"template_id": template}
        found = _table(await self._get("/template/info/v2", query, host=self._business))
        listed = found.get("listParams")
        params = [_table(param) for param in listed] if isinstance(listed, list) else []
        longest = {_word(param, "name"): _number(param.get("maxLength")) or 0 for param in params}
        return TemplateInfo(_word(found, "status"), longest)

    async def _post(self, path: str, body: Mapping[str, Any], *, host: str = "") -> object:
        return await self._call("POST", host or self._openapi, path, {"json": body})

    async def _get(self, path: str, query: Mapping[str, str] | None = None, *, host: str = "") -> object:
        return await self._call("GET", host or self._openapi, path, {"params": query})

    async def _upload(self, kind: str, content: bytes, name: str, key: str) -> str:
        def form() -> aiohttp.FormData:
            # The name as it is: quoted, a person would read "B%C3%A1o c%C3%A1o.pdf".
            made = aiohttp.FormData(quote_fields=False)
            # Read piece by piece: bytes of this size would hold everybody else up.
            made.add_field("file", io.BytesIO(content), filename=name, content_type=mimetypes.guess_type(name)[0])
            return made

        path = f"/v2.0/oa/upload/{kind}"
        id = _word(_table(await self._call("POST", self._openapi, path, {"data": form})), key)
        if not id:
            # A message with it would be refused for good; uploading again does no harm.
            raise ZaloOaUnreachable(f"{path}: no {key} in the answer", sent=False)
        return id

    async def _call(self, method: str, host: str, path: str, what: Mapping[str, Any]) -> object:
        """Make a call; its data. A token that was refused is replaced once, and the call repeated once."""
        token = await self._token()
        try:
            return await self._once(method, host, path, what, token)
        except ZaloOaError as error:
            if abs(error.code) not in TOKEN_REFUSED:
                raise
        return await self._once(method, host, path, what, await self._token(refused=token))

    async def _once(self, method: str, host: str, path: str, what: Mapping[str, Any], token: str) -> object:
        # A form can be sent once only, so it is made for each try.
        more = {key: value() if callable(value) else value for key, value in what.items()}
        timeout = aiohttp.ClientTimeout(
            total=CONNECT_SECONDS + self._read_seconds, sock_connect=CONNECT_SECONDS, sock_read=self._read_seconds
        )
        try:
            async with self._opened().request(
                method,
                host + path,
                headers=self._headers(token),
                timeout=timeout,
                # Whoever answers in Zalo's place must not be able to send the token elsewhere.
                allow_redirects=False,
                **more,
            ) as response:
                status, payload = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # Without its text: that may hold the URL, and the header.
            name = type(error).__name__
            failure = ZaloOaUnreachable(f"{path}: no answer ({name})", sent=not isinstance(error, NOT_SENT))
        else:
            answer = _answer(payload)
            if answer is not None:
                return _data(answer, path, token)
            # A page of a web server on the way, as of an outage: it was not Zalo that decided anything. Only a gateway
            # that waited in vain had handed the call on.
            sent = status < 400 or status == GATEWAY_TIMED_OUT
            failure = ZaloOaUnreachable(f"{path}: HTTP {status} from somebody else than Zalo", sent=sent)
        # Raised here, where the error that holds the URL is no longer its context.
        raise failure

    def _headers(self, token: str) -> dict[str, str]:
        if not self._secret:
            return {"access_token": token}
        return {
            "access_token": token,
            "appsecret_proof": hmac.new(self._secret, token.encode(), hashlib.sha256).hexdigest(),
        }

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": "cau-noi"})
        return self._session


def _answer(payload: bytes) -> dict[str, Any] | None:
    """Zalo's answer; None for anything else."""
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and "error" in answer else None


def _data(answer: Mapping[str, Any], path: str, token: str) -> object:
    code = _number(answer.get("error"))
    if code != 0:
        words = " ".join(_word(answer, "message").replace(token or "\0", "***").split())
        raise ZaloOaError(code if code is not None else -1, words[:QUOTED], path)
    return answer.get("data")


def _sent(data: object) -> Sent:
    # Never an error: the message is out, and must not go out again because the answer looks new.
    found = _table(data)
    return Sent(_word(found, "message_id") or _word(found, "msg_id"))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _number(value: object) -> int | None:
    """A number, told as a number or as a text."""
    try:
        return int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except ValueError:
        return None
