"""Where the token pairs of platforms are kept; each with the refresh token before it."""

import datetime as dt
from typing import Any

from sqlalchemy import Connection, bindparam, null, select, update

from bot.channels.base import Grant
from bot.clock import Clock, from_ms, to_ms
from bot.store import leases, work
from bot.store.account_tables import grants
from bot.store.statement import MakeInsert, Statement
from bot.store.store import Store

NAMES = ("access", "refresh", "previous", "expires_at", "obtained_at")


def _put(insert: MakeInsert, *, over_any: bool) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in NAMES}
    asked = insert(grants).values(name=bindparam("name"), **values)
    return asked.on_conflict_do_update(
        index_elements=["name"],
        set_=values | {"tried_at": null()},
        where=None if over_any else grants.c.refresh == bindparam("previous"),
    ).returning(grants.c.name)


#: A pair of a login takes the place of any; a refreshed one only that of the pair it was got for.
_begin = Statement(lambda insert: _put(insert, over_any=True))
_renew = Statement(lambda insert: _put(insert, over_any=False))


class StoredGrants:
    """The pair named `name`, in the store that every process shares. `holder` names this process, and the audit."""

    def __init__(self, store: Store, clock: Clock, name: str, holder: str) -> None:
        self._store, self._clock, self._name, self._holder = store, clock, name, holder

    async def load(self) -> Grant | None:
        """The pair, None before the first login."""

        def read(connection: Connection) -> Grant | None:
            row = connection.execute(select(grants).where(grants.c.name == self._name)).first()
            if row is None:
                return None
            tried = from_ms(row.tried_at) if row.tried_at is not None else None
            expires, obtained = from_ms(row.expires_at), from_ms(row.obtained_at)
            return Grant(row.access, row.refresh, expires, obtained, row.previous, tried)

        return await self._store.read(read)

    async def lock(self, seconds: float) -> bool:
        """Be the only one that refreshes, for some seconds; False while another process is."""
        name = f"grant/{self._name}"
        return await self._store.write(lambda connection: leases.take(connection, name, self._holder, seconds))

    async def unlock(self) -> None:
        """Let others refresh."""
        name = f"grant/{self._name}"
        await self._store.write(lambda connection: leases.give_back_one(connection, name, self._holder))

    async def begin(self, grant: Grant, now: dt.datetime) -> None:
        """Write down that a refresh of this pair begins, so that after a crash it is known to be in doubt."""
        begun = (
            update(grants)
            .where(grants.c.name == self._name, grants.c.refresh == grant.refresh)
            .values(tried_at=to_ms(now))
        )
        await self._store.write(lambda connection: connection.execute(begun).close())

    async def save(self, grant: Grant) -> None:
        """Put a new pair in the place of the old one, with a line in the audit that holds no token.

        A refreshed pair that comes too late is dropped: somebody has logged in meanwhile, and that pair stays.
        """
        values = {
            "access": grant.access,
            "refresh": grant.refresh,
            "previous": grant.previous,
            "expires_at": to_ms(grant.expires_at),
            "obtained_at": to_ms(grant.obtained_at),
        }
        put, action = (_renew, "grant.renewed") if grant.previous else (_begin, "grant.begun")

        def write(connection: Connection) -> None:
            if put(connection, name=self._name, **values).first() is not None:
                now = to_ms(self._clock.now())
                work.note(connection, self._holder, action, self._name, now)
                # There is one such account: what staff had to do about its login is done.
                work.settle(connection, "zalo-grant:", now)

        await self._store.write(write, urgent=True)
