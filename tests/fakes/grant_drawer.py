"""Where a token pair lies in a test, with a list of what was done in which order; and a keeper beside it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from bot.channels.base import Grant
from bot.channels.zalo_oa_grant import ZaloOaGrant
from bot.channels.zalo_oa_oauth import OAuth
from bot.errors import StoreUnavailable
from handlers.turn import OpenTask
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_grants import fresh
from tests.fakes.zalo_oa_server import OAUTH, ZaloOaServer


class Drawer:
    """Implements bot.channels.zalo_oa_grant.Grants in memory, for one process. `stir` is called at every step."""

    def __init__(self, grant: Grant | None, stir: Callable[[], object]) -> None:
        self.grant, self._stir = grant, stir
        #: What was done: load, lock, unlock, begin, save.
        self.done: list[str] = []
        #: What is refused next, by its name: so many times.
        self.broken: dict[str, int] = {}
        #: How often that was tried in vain.
        self.refused = 0
        #: Somebody else holds the lock.
        self.locked = False
        #: What somebody else did just before the lock is taken.
        self.before_lock: Callable[[], object] = lambda: None

    async def load(self) -> Grant | None:
        """The pair."""
        self._do("load")
        return self.grant

    async def lock(self, seconds: float) -> bool:
        """Take the lock, unless `locked`."""
        self._do("lock")
        self.before_lock()
        return not self.locked

    async def unlock(self) -> None:
        """Give it back."""
        self._do("unlock")

    async def begin(self, grant: Grant, now: dt.datetime) -> None:
        """Mark the pair."""
        self._do("begin")
        if self.grant and self.grant.refresh == grant.refresh:
            self.grant = replace(self.grant, tried_at=now)

    async def save(self, grant: Grant) -> None:
        """Keep another pair, if it follows the one that is there."""
        self._do("save")
        if not (grant.previous and self.grant and self.grant.refresh != grant.previous):
            self.grant = grant

    def _do(self, what: str) -> None:
        self._stir()
        if self.broken.get(what, 0) > 0:
            self.broken[what] -= 1
            self.refused += 1
            raise StoreUnavailable("The database cannot be used: free some space.")
        self.done.append(what)


class KeeperHouse:
    """A keeper of a pair that was given at the clock's present time, and what it told the staff."""

    def __init__(self, zalo: ZaloOaServer, clock: FakeClock, *, read_seconds: float = 20.0) -> None:
        self.zalo, self.clock, self._read_seconds = zalo, clock, read_seconds
        self.drawer = Drawer(fresh(zalo, clock), zalo.stir)
        self.tasks: list[OpenTask] = []
        #: So many alarms cannot be written down.
        self.broken_alarms = 0
        self.keeper = self.another()

    @property
    def pair(self) -> Grant:
        """What lies in the drawer."""
        assert self.drawer.grant is not None
        return self.drawer.grant

    @property
    def asked(self) -> int:
        """How many calls came to Zalo's OAuth host."""
        return sum(call.path == OAUTH for call in self.zalo.calls)

    def another(self, secret: str = "", url: str = "") -> ZaloOaGrant:
        """A keeper as after a start of the bot, on the same drawer."""
        oauth = OAuth(
            self.zalo.app_id,
            secret or self.zalo.app_secret,
            url or self.zalo.url,
            self.clock,
            read_seconds=self._read_seconds,
        )
        return ZaloOaGrant(self.drawer, oauth, self.clock, self.alarm)

    def login(self) -> Grant:
        """An administrator lets the bot in anew."""
        self.drawer.grant = fresh(self.zalo, self.clock)
        return self.drawer.grant

    async def alarm(self, task: OpenTask) -> None:
        """Keep what staff are told, unless the list cannot be written now."""
        if self.broken_alarms:
            self.broken_alarms -= 1
            raise StoreUnavailable("The database cannot be used: free some space.")
        self.tasks.append(task)
        self.zalo.stir()
