"""The tokens of an Official Account in a test: pairs that expire by the clock, and a refresh token good for one use."""

import base64
import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

from bot.clock import Clock
from tests.fakes.zalo_oa_delivery import APP_ID, Json

APP_SECRET = "app-secret-not-a-real-one"
ACCESS_LASTS = dt.timedelta(hours=25)
REFRESH_LASTS = dt.timedelta(days=90)
CODE_LASTS = dt.timedelta(minutes=10)


class GrantRefused(Exception):
    """Zalo's answer to a wrong OAuth call; it comes with HTTP 200. The codes below -14003 are made up."""

    def __init__(self, code: int, name: str, reason: str) -> None:
        super().__init__(reason)
        self.answer: Json = {
            "error_name": name,
            "error_reason": reason,
            "ref_doc": "https://developers.zalo.me/docs/social-api/tham-khao/ma-loi",
            "error_description": reason,
            "error": code,
        }


@dataclass
class _Refresh:
    until: dt.datetime
    access: str


class Tokens:
    """What one app was granted by one account."""

    def __init__(self, clock: Clock) -> None:
        self.app_id, self.app_secret = APP_ID, APP_SECRET
        self.verifier = "A" * 43
        #: What is saved in the console; "" stands for the one that belongs to `verifier`.
        self.saved_challenge = ""
        #: How often a pair was exchanged for a new one.
        self.refreshes = 0
        self._clock, self._count = clock, 0
        self._access: dict[str, dt.datetime] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._codes: dict[str, dt.datetime] = {}

    @property
    def challenge(self) -> str:
        """The code challenge saved in the console."""
        return self.saved_challenge or challenge_of(self.verifier)

    def grant(self) -> tuple[str, str]:
        """A good pair (access, refresh), valid from now; older pairs stay as they are."""
        self._count += 1
        access, refresh = f"access-{self._count}-{_noise(self._count)}", f"refresh-{self._count}-{_noise(-self._count)}"
        now = self._clock.now()
        self._access[access] = now + ACCESS_LASTS
        self._refresh[refresh] = _Refresh(now + REFRESH_LASTS, access)
        return access, refresh

    def consent(self) -> str:
        """A code, as an admin's consent gives it to the callback."""
        self._count += 1
        code = f"code-{self._count}-{_noise(self._count)}"
        self._codes[code] = self._clock.now() + CODE_LASTS
        return code

    def revoke(self) -> None:
        """The account takes back what it granted: no token is good any more."""
        self._access.clear()
        self._refresh.clear()

    def refusal(self, headers: dict[str, str], *, proof_required: bool = False) -> tuple[int, str] | None:
        """Why the headers of a call (lower-case names) let it do nothing, as (code, message); None if they are good."""
        access = headers.get("access_token", "")
        until = self._access.get(access)
        if until is None:
            return -216, "Access token is invalid"
        if until <= self._clock.now():
            return -216, "Access token has expired"
        proof = headers.get("appsecret_proof", "")
        good = hmac.new(self.app_secret.encode(), access.encode(), hashlib.sha256).hexdigest()
        if (proof or proof_required) and proof != good:
            return -242, "appsecret_proof is invalid"
        return None

    def answer(self, headers: dict[str, str], form: dict[str, str]) -> Json:
        """Answer a call of /v4/oa/access_token. Raises GrantRefused."""
        if headers.get("secret_key") != self.app_secret:
            raise GrantRefused(-14004, "Invalid secret key", "The secret key of the app is wrong")
        if form.get("app_id") != self.app_id:
            raise GrantRefused(-14001, "Invalid app id", "The app id is wrong")
        kind = form.get("grant_type")
        if kind == "authorization_code":
            self._redeem(form)
        elif kind == "refresh_token":
            self._rotate(form)
        else:
            raise GrantRefused(-14005, "Invalid grant type", "The grant type is unknown")
        access, refresh = self.grant()
        return {"access_token": access, "refresh_token": refresh, "expires_in": str(int(ACCESS_LASTS.total_seconds()))}

    def _redeem(self, form: dict[str, str]) -> None:
        until = self._codes.pop(form.get("code", ""), None)
        if until is None or until <= self._clock.now():
            raise GrantRefused(-14012, "Invalid authorization code", "The code is wrong, used or older than 10 minutes")
        if challenge_of(form.get("code_verifier", "")) != self.challenge:
            raise GrantRefused(-14013, "Invalid code verifier", "The code verifier does not fit the code challenge")

    def _rotate(self, form: dict[str, str]) -> None:
        found = self._refresh.pop(form.get("refresh_token", ""), None)
        if found is None or found.until <= self._clock.now():
            raise GrantRefused(-14014, "Invalid refresh token", "Invalid grant: the refresh token is used or expired")
        self._access.pop(found.access, None)
        self.refreshes += 1


def challenge_of(verifier: str) -> str:
    """The PKCE challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _noise(seed: int) -> str:
    return hashlib.sha256(f"token {seed}".encode()).hexdigest()[:24]
