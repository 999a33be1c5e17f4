"""A real `bot run` on Zalo: its commands, what its platforms wait for, and what it must not have printed."""

import asyncio
import datetime as dt
import re
from contextlib import suppress
from pathlib import Path

from bot.channels.zalo_oa_oauth import challenge_of, verifier_of
from bot.channels.zalo_oa_webhook import PATH
from bot.clock import SystemClock
from tests.fakes.run import LOOK, Run
from tests.fakes.zalo_bot_server import ZaloBotServer
from tests.fakes.zalo_oa_delivery import LADDER
from tests.fakes.zalo_oa_server import ZaloOaServer

#: What the fake gives out as tokens and codes; each may stand in nothing the bot prints.
GIVEN_OUT = re.compile(r"(?:access|refresh|code)-\d+-[0-9a-f]{24}")
UNDER_WAY = (
    "SELECT (SELECT count(*) FROM inbox WHERE state = 'pending'), (SELECT count(*) FROM outbox WHERE state = 'ready')"
)


class AheadClock:
    """The machine's clock, and as much further as it was advanced."""

    def __init__(self) -> None:
        self._machine, self._ahead = SystemClock(), dt.timedelta()

    def now(self) -> dt.datetime:
        """The time, aware, in UTC+7."""
        return self._machine.now() + self._ahead

    def steady(self) -> float:
        """Seconds that never jump back."""
        return self._machine.steady() + self._ahead.total_seconds()

    def advance(self, by: dt.timedelta) -> None:
        """Go ahead of the machine by so much more."""
        self._ahead += by


class ZaloRun(Run):
    """Both channels of one bot in `folder`, whose platforms are these two fakes; they must be listening already."""

    def __init__(self, folder: Path, oa: ZaloOaServer, zalo_bot: ZaloBotServer, clock: AheadClock) -> None:
        self.oa, self.zalo_bot, self.clock = oa, zalo_bot, clock
        oa.challenge = challenge_of(verifier_of(oa.app_secret))
        settings = {
            "BOT_ZALO_OA__ENABLED": "true",
            "BOT_ZALO_OA__APP_ID": oa.app_id,
            "BOT_ZALO_OA__OA_ID": oa.oa_id,
            "BOT_ZALO_OA__APP_SECRET": oa.app_secret,
            "BOT_ZALO_OA__WEBHOOK_KEY": oa.webhook_key,
            "BOT_ZALO_OA__PER_MINUTE": "6000",
            "BOT_ZALO_OA__OPENAPI_URL": oa.url,
            "BOT_ZALO_OA__BUSINESS_URL": oa.url,
            "BOT_ZALO_OA__OAUTH_URL": oa.url,
            "BOT_ZALO_BOT__ENABLED": "true",
            "BOT_ZALO_BOT__TOKEN": zalo_bot.token,
            "BOT_ZALO_BOT__BASE_URL": zalo_bot.url,
        }
        super().__init__(folder, settings)

    async def log_in(self) -> None:
        """An administrator of the account allows the bot in, and gives the code to the command."""
        await self.command("zalo", "login", "--code", self.oa.consent())

    async def start(self) -> None:
        """Start `bot run` and wait until it answers; Zalo's console sends the account's events there."""
        await super().start()
        await self.oa.hook(f"http://127.0.0.1:{self.port}{PATH}")

    async def climb(self) -> None:
        """Let time pass on the ladder of repeated deliveries until every event was answered 200."""
        for pause in LADDER:
            with suppress(AssertionError):
                await self.oa.settled()
            if not self.oa.waiting:
                return
            self.clock.advance(pause + dt.timedelta(seconds=1))
            await self.oa.tick()
        await self.oa.settled()

    async def settled(self, seconds: float = 60.0) -> None:
        """Until no message waits for its turn and no reply has to leave. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.zalo_bot.waiting or any(self.rows(UNDER_WAY)[0]):
                await asyncio.sleep(LOOK)

    def leaks(self, *private: str) -> list[str]:
        """What must not have been printed and was: tokens, codes, keys, and the `private` words given."""
        printed, oa, (account, _, secret) = self.printed, self.oa, self.zalo_bot.token.partition(":")
        keys = (oa.app_secret, oa.webhook_key, verifier_of(oa.app_secret), f"{account}:{secret}", secret, *private)
        return sorted({*GIVEN_OUT.findall(printed), *(key for key in keys if key in printed)})
