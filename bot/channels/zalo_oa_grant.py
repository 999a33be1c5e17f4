"""Keeps the account's token pair good: refreshed ahead of time, by one at a time, written down before it is used."""

import asyncio
import datetime as dt
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from bot.channels.base import Alarm, Grant
from bot.channels.zalo_oa_api import ZaloOaUnreachable
from bot.channels.zalo_oa_oauth import GrantRefused, OAuth
from bot.clock import Clock, to_ms
from bot.errors import Halted, SendError, StoreError, TryLater
from handlers.turn import OpenTask

log = structlog.get_logger(__name__)

#: A pair is refreshed when its access token is good for less than this: after 20 of its 25 hours. Should Zalo ever give
#: one for a shorter time, it is refreshed in the last fifth of that.
AHEAD, FIFTH = dt.timedelta(hours=5), 5
#: Seconds a process may refresh before another one may; longer than the call may take twice.
LOCK_SECONDS = 90.0
#: Seconds between looks at the time, and between tries for the lock.
LOOK, LOCK_LOOK = 60.0, 0.2
#: Seconds before a new pair is tried to be written down again: at first, and at most.
WRITE_AGAIN, WRITE_SELDOM = 0.2, 10.0
#: Seconds until a refresh that came to nothing is tried again, by whoever asks then.
PAUSE = 30.0
#: A token that came by a refresh and is refused so soon after: another refresh would bring another like it.
FRESH = dt.timedelta(minutes=5)
MEND = "an administrator of the OA runs: bot zalo login"
NETWORK_MEND = "look at the network and at oauth_url in [zalo_oa]; it goes on by itself once Zalo answers"
SHARED_MEND = "let only one bot use this app (a second one takes the first one's tokens away), then run: bot zalo login"


class Grants(Protocol):
    """Where the pair is kept, shared by every process. Every method may raise StoreError."""

    async def load(self) -> Grant | None:
        """The pair, None before the first login."""

    async def lock(self, seconds: float) -> bool:
        """Be the only one that refreshes, for some seconds; False while somebody else is."""

    async def unlock(self) -> None:
        """Let others refresh."""

    async def begin(self, grant: Grant, now: dt.datetime) -> None:
        """Write down that a refresh of this pair begins."""

    async def save(self, grant: Grant) -> None:
        """Put a new pair in the place of the one it was got for, with a line in the audit; that of a login stays."""


class ZaloOaGrant:
    """Gives access tokens. `alarm` puts on the staff's list what only a person can mend.

    A refresh token is good once. So a refresh is written down as begun, then asked for, then its answer written down,
    and only then used; whoever dies in between leaves a pair with `tried_at`, with which Zalo is asked once more: if it
    was never asked, it answers. If Zalo refuses, nothing is asked again until another pair is stored.
    """

    def __init__(self, grants: Grants, oauth: OAuth, clock: Clock, alarm: Alarm) -> None:
        self._grants, self._oauth, self._clock, self._alarm = grants, oauth, clock, alarm
        self._alone = asyncio.Lock()
        self._held: Grant | None = None
        #: The access token Zalo refused last, which is not given out again.
        self._bad = ""
        #: The refresh token Zalo refused, and why: the same one is never tried again.
        self._lost: tuple[str, str] | None = None
        #: The refresh token that could not be tried, until when by the steady count it is left, and why.
        self._failed: tuple[str, float, str] | None = None
        #: The key of the task staff have.
        self._told = ""

    async def token(self, refused: str = "") -> str:
        """An access token; `refused` is one that Zalo did not take.

        Raises Halted when a person must act, TryLater while Zalo or the store cannot be reached.
        """
        self._bad = refused = refused or self._bad
        held = self._held
        # While somebody refreshes ahead of time, nobody has to wait for it.
        if held and self._is_good(held, refused) and (not self._is_due(held) or self._alone.locked()):
            return held.access
        try:
            return (await self._renewed(refused)).access
        except StoreError as error:
            held = self._held
            if held and self._is_good(held, refused):
                return held.access
            raise TryLater(f"zalo-oa: the tokens cannot be read or written now ({error})") from None

    async def watch(self, every: float = LOOK) -> None:
        """Look at the time for ever, every so many seconds, so that the pair is refreshed also while nobody sends."""
        said = ""
        while True:
            try:
                await self.token()
                said = ""
            except SendError as error:
                if said != str(error):
                    log.warning("zalo_oa.no_token", why=str(error))
                said = str(error)
            await asyncio.sleep(every)

    async def _renewed(self, refused: str) -> Grant:
        async with self._alone:
            grant = await self._stored(refused)
            while not self._suffices(grant, refused):
                if await self._grants.lock(LOCK_SECONDS):
                    return await _to_its_end(self._locked(refused))
                # Another process refreshes, or died while it did: what it gets is ours too.
                if self._is_good(grant, refused):
                    return grant
                await asyncio.sleep(LOCK_LOOK)
                grant = await self._stored(refused)
            return grant

    async def _locked(self, refused: str) -> Grant:
        try:
            # Somebody may have been faster between the look and the lock.
            grant = await self._stored(refused)
            return grant if self._suffices(grant, refused) else await self._refreshed(grant, refused)
        finally:
            await self._grants.unlock()

    async def _stored(self, refused: str) -> Grant:
        """The stored pair, which may be used or refreshed. Raises Halted or TryLater where neither is possible."""
        grant = await self._grants.load()
        if grant is None:
            await self._tell(f"none:{self._clock.now():%Y-%m-%d}", "nobody has logged in yet")
            raise Halted("zalo-oa: nobody has logged in", MEND, LOOK)
        self._held = grant
        loss = await self._loss(grant, self._lost[1]) if self._lost and self._lost[0] == grant.refresh else None
        if self._is_good(grant, refused):
            return grant
        if loss:
            raise loss
        rest = self._rest(grant)
        if rest > 0 and self._failed:
            raise await self._later(grant, self._failed[2], rest)
        age = self._clock.now() - grant.obtained_at
        if refused == grant.access and grant.previous and age < FRESH:
            raise Halted("zalo-oa: Zalo refuses a token it has just given", SHARED_MEND, (FRESH - age).total_seconds())
        return grant

    async def _refreshed(self, grant: Grant, refused: str) -> Grant:
        """The next pair, kept. Asked twice at most: where the first answer is lost, nobody knows what Zalo did."""
        again = grant.tried_at is not None
        await self._grants.begin(grant, self._clock.now())
        try:
            try:
                fresh = await self._oauth.refresh(grant.refresh)
            except ZaloOaUnreachable as error:
                if again or not error.sent:
                    raise
                log.warning("zalo_oa.refresh_unknown", why=str(error))
                fresh = await self._oauth.refresh(grant.refresh)
        except GrantRefused as error:
            return await self._refuse(grant, str(error), refused)
        except ZaloOaUnreachable as error:
            self._failed = (grant.refresh, self._clock.steady() + PAUSE, str(error))
            if self._is_good(grant, refused):
                return grant
            raise await self._later(grant, str(error), PAUSE) from None
        return await self._keep(fresh)

    async def _keep(self, fresh: Grant) -> Grant:
        """Write the new pair down, for as long as it takes: it exists nowhere else, and the old one is dead."""
        pause = WRITE_AGAIN
        while True:
            try:
                await self._grants.save(fresh)
                break
            except Exception as error:  # whatever it is, nothing else keeps this pair
                why = str(error) if isinstance(error, StoreError) else type(error).__name__
                log.error("zalo_oa.pair_not_written", error=why, mend="do not stop the bot; free the store")
            await asyncio.sleep(pause)
            pause = min(2 * pause, WRITE_SELDOM)
        # What is used is what is stored: perhaps somebody has logged in meanwhile.
        self._held = await self._grants.load() or fresh
        log.info("zalo_oa.refreshed", until=self._held.expires_at.isoformat())
        return self._held

    async def _refuse(self, grant: Grant, reason: str, refused: str) -> Grant:
        """Zalo refuses the refresh token: perhaps because somebody has put another pair in its place meanwhile."""
        self._lost = (grant.refresh, reason)
        stored = await self._grants.load()
        if stored is not None and stored.refresh != grant.refresh:
            self._held = stored
            return stored
        loss = await self._loss(grant, reason)
        if self._is_good(grant, refused):
            return grant
        raise loss

    async def _loss(self, grant: Grant, reason: str) -> Halted:
        """What is raised when a pair is lost; staff are told."""
        await self._tell(f"lost:{to_ms(grant.obtained_at)}", f"Zalo refuses the refresh token ({reason})")
        return Halted(f"zalo-oa: the login is lost ({reason})", MEND, LOOK)

    async def _later(self, grant: Grant, reason: str, seconds: float) -> TryLater:
        """What is raised while Zalo cannot be asked; staff are told once the access token is over."""
        if self._is_over(grant):
            what = f"the access token is over and cannot be refreshed ({reason})"
            await self._tell(f"over:{to_ms(grant.obtained_at)}", what, NETWORK_MEND)
        return TryLater(f"zalo-oa: the token cannot be refreshed now ({reason})", seconds)

    async def _tell(self, key: str, what: str, mend: str = MEND) -> None:
        if key == self._told:
            return
        log.error("zalo_oa.no_token_left", why=what, mend=mend)
        await self._alarm(OpenTask("zalo-grant", f"zalo-grant:{key}", f"{what}. {mend}"))
        self._told = key

    def _suffices(self, grant: Grant, refused: str) -> bool:
        """Whether a pair may be used as it is: it is good, and not due, or to refresh it now would be of no use."""
        if not self._is_good(grant, refused):
            return False
        lost = self._lost is not None and self._lost[0] == grant.refresh
        return lost or not self._is_due(grant) or self._rest(grant) > 0

    def _rest(self, grant: Grant) -> float:
        """Seconds for which a pair is left alone after a refresh that came to nothing."""
        if self._failed is None or self._failed[0] != grant.refresh:
            return 0.0
        return max(0.0, self._failed[1] - self._clock.steady())

    def _is_good(self, grant: Grant, refused: str) -> bool:
        return grant.access != refused and not self._is_over(grant)

    def _is_due(self, grant: Grant) -> bool:
        ahead = min(AHEAD, (grant.expires_at - grant.obtained_at) / FIFTH)
        return grant.expires_at - self._clock.now() < ahead

    def _is_over(self, grant: Grant) -> bool:
        return grant.expires_at <= self._clock.now()


async def _to_its_end(work: Coroutine[Any, Any, Grant]) -> Grant:
    """Do it to its end also where the caller is cancelled, as when the bot stops: Zalo's answer must be kept."""
    task = asyncio.create_task(work, name="zalo-oa-refresh")
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # heard, so that nobody reports it as never looked at
        raise
