"""How Zalo brings updates to a bot's webhook in a test: one at a time, by a Java client that is content with 2xx."""

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bot.clock import Clock
from tests.fakes.network import is_loopback
from tests.fakes.zalo_bot_people import SECONDS, Json, People

#: What the Java client of Zalo calls itself; firewalls that look for browsers refuse it.
USER_AGENT = "Java/1.8.0_192"
#: Seconds a webhook may take for its answer. No official limit is known; one library says five.
PATIENCE = 5.0

HINTS = {
    "webhook.ok": "The webhook answered.",
    "webhook.http.403": "A firewall may refuse the User-Agent Java/<version>.",
    "webhook.err.unreachable": "Nobody listens at this address.",
    "webhook.err.timeout": "The webhook took too long.",
}


@dataclass(frozen=True)
class Webhook:
    """Where updates go: "" is nowhere, then they wait for getUpdates."""

    url: str = ""
    secret_token: str = ""
    updated_at: int = 0


class Deliveries(People):
    """Brings every update to the webhook once, in order; what failed is `kept` until `redeliver`.

    `answers` are the statuses the webhook gave to deliveries, 0 where no answer came.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.webhook = Webhook()
        #: Bodies as the documentation shows them, {"ok", "result"}; real ones are flat.
        self.wrapped = False
        #: Seconds a webhook may take.
        self.patience = PATIENCE
        #: What is sent to look whether a webhook answers, and whether with the secret: neither is documented.
        self.probe, self.probe_has_secret = b"{}", True
        self.kept: list[Json] = []
        self.answers: list[int] = []
        self._under_way = 0
        self._session: aiohttp.ClientSession | None = None
        self._postman: asyncio.Task[None] | None = None

    async def settled(self, seconds: float = SECONDS) -> None:
        """Wait until every update was handed out, by webhook with a 2xx for an answer."""
        try:
            await self.until(lambda: not (self.waiting or self._under_way or self.kept), seconds)
        except TimeoutError:
            left = f"{len(self.waiting)} updates wait, {len(self.kept)} failed; the webhook answered {self.answers}"
            raise AssertionError(left) from None

    async def redeliver(self) -> None:
        """Bring once more, in order, what failed; what fails again is kept again."""
        again, self.kept = self.kept, []
        for update in again:
            await self._deliver(update)

    async def start_deliveries(self) -> None:
        """Begin to watch for updates and a webhook."""
        # Cookies of one test must not travel; neither do those of Zalo.
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._postman = asyncio.create_task(self._bring())

    async def stop_deliveries(self) -> None:
        """End them; one under way is broken off."""
        if self._postman is not None:
            self._postman.cancel()
            await asyncio.gather(self._postman, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def verify(self) -> Json:
        """Whether the webhook answers now, as setWebhook and testWebhook tell it."""
        began = self.clock.steady()
        status, outcome = await self._post(self.probe, with_secret=self.probe_has_secret)
        found: Json = {"ok": outcome == "webhook.ok", "url": self.webhook.url, "outcome": outcome}
        if status:
            found |= {"status_code": status, "latency_ms": int((self.clock.steady() - began) * 1000)}
        return {**found, "hint": HINTS.get(outcome, "See the documentation.")}

    async def _bring(self) -> None:
        while True:
            await self.until(lambda: self.webhook.url and self.waiting, None)
            # Counted before it is taken out of `waiting`, so that `settled` never sees a moment with neither.
            await self._deliver(self.waiting[0], first=True)

    async def _deliver(self, update: Json, *, first: bool = False) -> None:
        self._under_way += 1
        if first:
            self.waiting.pop(0)
        outcome = ""
        try:
            body = {"ok": True, "result": update} if self.wrapped else update
            raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            status, outcome = await self._post(raw, with_secret=True)
            self.answers.append(status)
        finally:
            if outcome != "webhook.ok":
                self.kept.append(update)
            self._under_way -= 1
            self.stir()

    async def _post(self, body: bytes, *, with_secret: bool) -> tuple[int, str]:
        assert self._session is not None
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        if with_secret:
            headers["X-Bot-Api-Secret-Token"] = self.webhook.secret_token
        patience = aiohttp.ClientTimeout(total=self.patience)
        try:
            async with self._session.post(
                self.webhook.url, data=body, headers=headers, timeout=patience, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status, _outcome(answer.status)
        except TimeoutError:
            return 0, "webhook.err.timeout"
        except aiohttp.ClientConnectorError:
            return 0, "webhook.err.unreachable"
        except aiohttp.ClientError:
            return 0, "webhook.err.conn"


def refusal(url: str, secret: str) -> str:
    """Why a webhook is not taken: "" if it is. Plain http is for this machine, where tests run."""
    parts = urlsplit(url)
    if not parts.hostname:
        return "The url must not be empty" if not url else "The url is invalid"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        return "The url must start with https://"
    if not secret:
        return "The secret_token must not be empty"
    if not 8 <= len(secret) <= 256:
        return "The secret_token must have 8 to 256 characters"
    return ""


def _outcome(status: int) -> str:
    if 200 <= status < 300:
        return "webhook.ok"
    if status in (403, 404):
        return f"webhook.http.{status}"
    return "webhook.http.5xx" if status >= 500 else "webhook.http.other"
