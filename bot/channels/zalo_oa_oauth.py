"""Zalo's OAuth v4 for Official Accounts: the consent link, a code or a refresh token for a new pair."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from bot.channels.base import Grant
from bot.channels.network import NOT_SENT
from bot.channels.zalo_oa_api import ZaloOaUnreachable
from bot.clock import Clock

TOKENS, CONSENT = "/v4/oa/access_token", "/v4/oa/permission"
CONNECT_SECONDS: Final = 10.0
#: How long a refresh token is good, and an access token where Zalo does not say.
REFRESH_LASTS, ACCESS_LASTS = dt.timedelta(days=90), dt.timedelta(hours=25)
#: Most characters of Zalo's words that an error carries.
QUOTED = 200
#: What must not be quoted of a call and its answer.
SECRETS = ("code", "code_verifier", "access_token", "refresh_token")
#: Zalo's code of the rate limit, and the statuses of a server that has no time, or fails.
TOO_OFTEN, TOO_MANY, SERVER_ERROR = "-32", 429, 500


class GrantRefused(Exception):
    """Zalo takes neither the code nor the refresh token; its text is Zalo's reason, without any token."""


class OAuth:
    """The app at Zalo's OAuth host. `read_seconds` is how long an answer may take."""

    def __init__(
        self, app_id: str, app_secret: str, oauth_url: str, clock: Clock, *, read_seconds: float = 20.0
    ) -> None:
        self._app_id, self._secret, self._url, self._clock = app_id, app_secret, oauth_url.rstrip("/"), clock
        self._read_seconds = read_seconds

    async def exchange(self, code: str) -> Grant:
        """A pair for the code of a consent (10 minutes, once). Raises GrantRefused or ZaloOaUnreachable."""
        verifier = verifier_of(self._secret)
        return await self._ask({"code": code, "grant_type": "authorization_code", "code_verifier": verifier})

    async def refresh(self, refresh: str) -> Grant:
        """The next pair; the old one is worth nothing from then on. Raises GrantRefused or ZaloOaUnreachable."""
        return await self._ask({"refresh_token": refresh, "grant_type": "refresh_token"}, previous=refresh)

    def consent_link(self, redirect: str) -> str:
        """Where an administrator of the account lets the app in."""
        asked = {
            "app_id": self._app_id,
            "redirect_uri": redirect,
            "code_challenge": challenge_of(verifier_of(self._secret)),
        }
        return f"{self._url}{CONSENT}?{urlencode(asked)}"

    async def _ask(self, asked: dict[str, str], previous: str = "") -> Grant:
        timeout = aiohttp.ClientTimeout(
            total=CONNECT_SECONDS + self._read_seconds, sock_connect=CONNECT_SECONDS, sock_read=self._read_seconds
        )
        try:
            # Once a day: a session of its own leaves nothing open.
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    self._url + TOKENS,
                    data=asked | {"app_id": self._app_id},
                    headers={"secret_key": self._secret},
                    allow_redirects=False,
                ) as response,
            ):
                status, payload = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            failure: Exception = ZaloOaUnreachable(
                f"{TOKENS}: no answer ({type(error).__name__})", sent=not isinstance(error, NOT_SENT)
            )
        else:
            answer = _answer(status, payload)
            if answer is None:
                # Also with an error's status: what stands before Zalo may fail after Zalo has answered.
                failure = ZaloOaUnreachable(f"{TOKENS}: HTTP {status} from somebody else than Zalo", sent=True)
            elif _is_word(answer.get("access_token")) and _is_word(answer.get("refresh_token")):
                return self._grant(answer, previous)
            elif str(answer.get("error")) == TOO_OFTEN or status == TOO_MANY or status >= SERVER_ERROR:
                # No word about the token, so it is not lost: later Zalo may take it.
                failure = ZaloOaUnreachable(f"{TOKENS}: HTTP {status}, not now", sent=status >= SERVER_ERROR)
            else:
                secrets = (self._secret, *(asked.get(key, "") for key in SECRETS), *map(answer.get, SECRETS))
                failure = GrantRefused(_reason(answer, secrets))
        raise failure

    def _grant(self, answer: dict[str, Any], previous: str) -> Grant:
        now = self._clock.now()
        try:
            seconds = int(str(answer.get("expires_in")))
        except ValueError:
            seconds = 0
        # Whatever stands there, the pair must not be lost for it.
        lasts = dt.timedelta(seconds=seconds) if 0 < seconds <= REFRESH_LASTS.total_seconds() else ACCESS_LASTS
        return Grant(str(answer["access_token"]), str(answer["refresh_token"]), now + lasts, now, previous)


def verifier_of(secret: str) -> str:
    """The PKCE verifier of an app, 43 characters: always the same, for the console keeps its challenge."""
    digest = hmac.new(secret.encode(), b"cau-noi: PKCE verifier", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def challenge_of(verifier: str) -> str:
    """The Code Challenge of a verifier, as the console wants it."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _answer(status: int, payload: bytes) -> dict[str, Any] | None:
    """Zalo's answer; None for anything else. Zalo says no with status 200; others also speak of an "error"."""
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or not any(key in answer for key in ("access_token", "error_name", "error")):
        return None
    zalos = status == 200 or "access_token" in answer or "error_name" in answer or isinstance(answer["error"], int)
    return answer if zalos else None


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _reason(answer: dict[str, Any], secrets: tuple[object, ...]) -> str:
    """Why not, in Zalo's words: it has several fields for them."""
    words = [
        str(answer[key]) for key in ("error", "error_name", "error_reason", "error_description") if answer.get(key)
    ]
    text = " · ".join(dict.fromkeys(words)) or "one of the two tokens is missing in its answer"
    for secret in secrets:
        text = text.replace(secret, "***") if isinstance(secret, str) and secret else text
    return " ".join(text.split())[:QUOTED]
