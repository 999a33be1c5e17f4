"""What `bot check --online` asks Zalo: whose the tokens are, how long they are good, what the packages allow."""

import asyncio
import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from bot.channels.base import Grant
from bot.channels.zalo_bot_api import ZaloBotApi, ZaloBotError
from bot.channels.zalo_bot_webhook import PATH as BOT_PATH
from bot.channels.zalo_oa_api import OaInfo, ZaloOaApi, ZaloOaError, ZaloOaUnreachable
from bot.channels.zalo_oa_errors import send_error
from bot.channels.zalo_oa_oauth import REFRESH_LASTS
from bot.channels.zalo_oa_signature import fits, variant
from bot.channels.zalo_oa_webhook import PATH as OA_PATH
from bot.clock import Clock
from bot.config import Settings
from bot.errors import Halted
from bot.store import quota
from bot.store.grants import StoredGrants
from bot.store.store import Store

#: Whether a line is a problem (or a notice), and the line.
Told = Iterator[tuple[bool, str]]
Line = tuple[bool, str]
#: Days before the refresh token ends from which that is a problem.
SOON = dt.timedelta(days=14)
FAR = 15


def settings_alone(settings: Settings) -> Told:
    """What can be seen without asking anybody."""
    oa, bot, public = settings.zalo_oa, settings.zalo_bot, settings.web.public_url
    if oa.enabled and not public.startswith("https:"):
        yield True, "[web] public_url: Zalo posts events to an https address only; set the one people see"
    if bot.enabled and bot.webhook_secret.get_secret_value() and not public.startswith("https:"):
        yield (
            True,
            "[web] public_url: the Zalo Bot's webhook needs an https address; set it, or leave out webhook_secret",
        )
    if oa.enabled and oa.notice_template and not any("{text}" in value for value in oa.notice_fields.values()):
        yield True, "[zalo_oa] notice_fields: no parameter holds {text}, so a template would tell nothing"
    if oa.enabled and not oa.notice_template:
        yield False, "[zalo_oa] without notice_template people silent for 7 days are called by an officer"
    if oa.enabled and oa.capture:
        yield False, "[zalo_oa] capture is set: it keeps a person's words in a file; empty it once the webhook works"


def online(settings: Settings, clock: Clock, open_store: Callable[[], Store | None]) -> Told:
    """What Zalo says; `open_store` opens the database if there is one."""
    if settings.zalo_oa.enabled:
        store = open_store()
        try:
            yield from asyncio.run(_listed(_oa(settings, clock, store)))
        finally:
            if store is not None:
                store.close()
        yield from _webhook(settings)
        yield from _captured(settings)
    if settings.zalo_bot.enabled:
        store = open_store()
        try:
            yield from asyncio.run(_listed(_bot(settings, clock, store)))
        finally:
            if store is not None:
                store.close()


async def _listed(lines: AsyncIterator[Line]) -> list[Line]:
    return [line async for line in lines]


async def _oa(settings: Settings, clock: Clock, store: Store | None) -> AsyncIterator[Line]:
    ours = settings.zalo_oa
    grant = None
    if store is not None:
        grant = await StoredGrants(store, clock, f"zalo-oa/{ours.oa_id}", "check").load()
    if grant is None:
        yield True, "[zalo_oa] nobody has logged in: bot zalo login"
        return
    left = grant.obtained_at + REFRESH_LASTS - clock.now()
    yield (
        left < SOON,
        f"[zalo_oa] the login is good for {max(left.days, 0)} days more"
        + (
            ": start the bot, which renews it, or run bot zalo login"
            if left < SOON
            else "; a running bot renews it daily"
        ),
    )
    if grant.expires_at <= clock.now():
        # Not renewed here: the running bot alone may spend a refresh token, and does so hours before.
        yield True, "[zalo_oa] the access token has ended: start the bot, which renews it; if it runs, bot zalo login"
        return
    async for line in _account(settings, clock, grant):
        yield line


async def _account(settings: Settings, clock: Clock, grant: Grant) -> AsyncIterator[Line]:
    ours = settings.zalo_oa

    secret = ours.app_secret.get_secret_value()

    async def token(refused: str = "") -> str:
        return grant.access

    api = ZaloOaApi(
        token, openapi_url=ours.openapi_url, business_url=ours.business_url, app_secret=secret, read_seconds=FAR
    )
    try:
        info = await api.get_oa()
        for line in _about(info, ours.oa_id):
            yield line
        packages = await api.oa_quota()
        yield False, f"[zalo_oa] paid messages left in the package: {sum(packages) if packages else 'not told'}"
        if ours.notice_template:
            found = await api.template_info(ours.notice_template)
            if unknown := sorted(set(ours.notice_fields) ^ set(found.longest)):
                names = ", ".join(unknown)
                yield True, f"[zalo_oa] notice_fields: these and the template's parameters differ: {names}"
            else:
                yield False, f"[zalo_oa] the template {ours.notice_template} is {found.status or 'there'}"
    except (ZaloOaError, ZaloOaUnreachable) as error:
        failure = send_error(error, clock.now(), jitter=lambda low, high: low)
        mend = failure.mend if isinstance(failure, Halted) else "try again later"
        yield True, f"[zalo_oa] Zalo says no ({error}); {mend}"
    finally:
        await api.close()


def _about(info: OaInfo, oa: str) -> Told:
    if info.oa_id and info.oa_id != oa:
        yield (
            True,
            f"[zalo_oa] oa_id: the login is of the OA {info.oa_id} ({info.name}): log in with {oa}, or change it",
        )
        return
    package = f", package {info.package} until {info.valid_through or 'no end told'}" if info.package else ""
    kind = {"2": "business", "4": "government"}.get(info.oa_type, f"type {info.oa_type or 'not told'}")
    yield False, f'[zalo_oa] the login is of "{info.name}" ({kind}{package})'
    if not info.is_verified:
        yield True, "[zalo_oa] the OA is not verified: verify it in oa.zalo.me"


def _webhook(settings: Settings) -> Told:
    """Whether our own webhook answers the probe of Zalo's console, from here."""
    where = settings.web.public_url + OA_PATH
    if not settings.web.public_url:
        return
    request = urllib.request.Request(where, b"{}", {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=FAR) as answer:
            fine = answer.status == 200
    except (OSError, ValueError) as error:
        reason = error.code if isinstance(error, urllib.error.HTTPError) else type(error).__name__
        yield True, f"[zalo_oa] {where} does not answer ({reason}): start the bot, or let the proxy pass this path"
    else:
        yield not fine, f"[zalo_oa] {where} answers as Zalo's console wants it"


def _captured(settings: Settings) -> Told:
    """Which formula fits the event that was kept because its signature did not."""
    ours, path = settings.zalo_oa, Path(settings.zalo_oa.capture or "-")
    if not ours.capture or not path.exists():
        return
    try:
        kept = json.loads(path.read_text("utf-8"))
        header, stamp, body = kept["header"], kept["timestamp"], kept["body"].encode()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        yield True, f"[zalo_oa] capture: {path} cannot be read: delete it, and let Zalo send once more"
        return
    key, secret = ours.webhook_key.get_secret_value(), ours.app_secret.get_secret_value()
    if fits(header, ours.app_id, body, stamp, key):
        yield False, f"[zalo_oa] the event in {path} fits these settings now: delete it, and empty capture"
        return
    found = variant(header, body, stamp, {"app_id": ours.app_id, "oa_id": ours.oa_id}, {
        "webhook_key": key, "app_secret": secret,
    })  # fmt: skip
    told = f"is signed by {found}: mend the settings so" if found else "fits no formula known: copy webhook_key again"
    yield True, f"[zalo_oa] the event in {path} {told}"


async def _bot(settings: Settings, clock: Clock, store: Store | None) -> AsyncIterator[Line]:
    ours = settings.zalo_bot
    api = ZaloBotApi(ours.token.get_secret_value(), ours.base_url, read_seconds=FAR)
    wanted = settings.web.public_url + BOT_PATH if ours.webhook_secret.get_secret_value() else ""
    try:
        me = await api.get_me()
        yield False, f"[zalo_bot] the token is that of {me.display_name or me.account_name or me.id}"
        there = (await api.get_webhook_info()).url
        if there != wanted:
            told = f"the webhook is {there or 'not set'}, and should be {wanted or 'not set'}"
            yield False, f"[zalo_bot] {told}: the start of the bot changes it"
    except ZaloBotError as error:
        mend = "copy the token again from Zalo Bot Creator" if error.code == 401 else "look at the network and base_url"
        yield True, f"[zalo_bot] Zalo says no ({error}); {mend}"
    finally:
        await api.close()
    if store is not None:
        account = ours.token.get_secret_value().partition(":")[0]
        now = clock.now()
        used, people = await store.read(lambda c: quota.used(c, "zalo-bot", account, now))
        full = people >= ours.people or used >= ours.per_month
        yield (
            full,
            f"[zalo_bot] {people} of {ours.people} people, {used} of {ours.per_month} messages this month"
            + (": take the larger plan, or move people to the OA" if full else ""),
        )
