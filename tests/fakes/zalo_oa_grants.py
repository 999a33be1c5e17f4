"""A bot that an admin of the fake Official Account has logged in already."""

import datetime as dt
from typing import Any

from bot.channels.base import Grant
from bot.channels.zalo_oa_oauth import REFRESH_LASTS
from bot.clock import Clock
from bot.store.grants import StoredGrants
from bot.store.store import Store
from tests.fakes.zalo_oa_server import ZaloOaServer


def settings_of(zalo: ZaloOaServer, **more: Any) -> dict[str, Any]:
    """The settings of a bot that belongs to this account."""
    ours = {
        "enabled": True,
        "app_id": zalo.app_id,
        "oa_id": zalo.oa_id,
        "app_secret": zalo.app_secret,
        "webhook_key": zalo.webhook_key,
        "openapi_url": zalo.url,
        "business_url": zalo.url,
        "oauth_url": zalo.url,
    }
    return {"zalo_oa": ours | more}


def fresh(zalo: ZaloOaServer, clock: Clock) -> Grant:
    """A pair of tokens that is good from now."""
    access, refresh = zalo.grant()
    now = clock.now()
    return Grant(access, refresh, now + dt.timedelta(hours=25), now)


async def stored(zalo: ZaloOaServer, store: Store, clock: Clock) -> None:
    """Put such a pair where the bot looks for it, unless there is one that is not too old."""
    grants = StoredGrants(store, clock, f"zalo-oa/{zalo.oa_id}", "login")
    kept = await grants.load()
    if kept is None or clock.now() - kept.obtained_at > REFRESH_LASTS:
        await grants.save(fresh(zalo, clock))
