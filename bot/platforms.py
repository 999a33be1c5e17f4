"""Opens the channels of the settings on platforms of others, and lends them what they need of the bot."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.channels import telegram_webhook
from bot.channels.base import Abilities, Channel, Quota, Remaining
from bot.channels.door import Webhook
from bot.channels.telegram import TelegramChannel
from bot.channels.zalo_bot import ZaloBotChannel
from bot.channels.zalo_bot_webhook import PATH
from bot.channels.zalo_oa import FREE, PAID, OaSettings, Surroundings, ZaloOaChannel
from bot.channels.zalo_oa_api import ZaloOaApi
from bot.channels.zalo_oa_grant import ZaloOaGrant
from bot.channels.zalo_oa_oauth import OAuth
from bot.clock import Clock, to_ms
from bot.config import Settings
from bot.forms import Forms
from bot.store import people, reach, work
from bot.store.grants import StoredGrants
from bot.store.store import Store
from bot.turns import AbilitiesOf
from handlers.catalogue import wording
from handlers.commands import menu
from handlers.message import Address
from handlers.person import Language
from handlers.reach import Windows
from handlers.turn import OpenTask


@dataclass(frozen=True, slots=True)
class Platforms:
    """The channels, and what the public site mounts for them."""

    channels: tuple[Channel, ...]
    routes: tuple[web.RouteDef, ...]


class Lent:
    """What channels get of the bot: the staff's list, the windows, the forms, somebody's number, their own words."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._public = settings.web.public_url
        self._forms = Forms(settings.storage.forms)

    async def alarm(self, task: OpenTask) -> None:
        """Put something on the staff's list."""
        now = to_ms(self._clock.now())
        await self._store.write(lambda connection: work.open_task(connection, task, now))

    async def note(self, address: Address, said: Remaining) -> None:
        """Keep what a platform says of a person."""
        now = to_ms(self._clock.now())
        await self._store.write(lambda connection: reach.note(connection, address, said, now))

    async def phone(self, address: Address) -> str:
        """The number of somebody who agreed to be contacted, as +84…; "" otherwise."""
        return await self._store.read(lambda connection: people.agreed_phone(connection, address))

    def form(self, name: str) -> Path | None:
        """Where a form lies."""
        return self._forms.path(name)

    def link(self, name: str) -> str:
        """The public address of a form; "" without a public site, and for a form that is not there."""
        return f"{self._public}/forms/{name}" if self._public and self._forms.path(name) else ""

    def words(self, language: Language) -> Mapping[str, str]:
        """The channels' own sentences."""
        say = wording(language).say
        return {
            key: say(f"channel.{key}") for key in ("hint", "share_title", "share_text", "share_button", "share_closed")
        }


def platforms(settings: Settings, store: Store, clock: Clock, holder: str) -> Platforms:
    """The channels that are switched on; `holder` names this process among those that share the store."""
    lent = Lent(settings, store, clock)
    channels: list[Channel] = []
    routes: tuple[web.RouteDef, ...] = ()
    if settings.telegram.enabled:
        telegram = _telegram(settings, clock, lent)
        channels.append(telegram)
        routes += telegram.routes()
    if settings.zalo_oa.enabled:
        oa = _zalo_oa(settings, store, clock, holder, lent)
        channels.append(oa)
        routes += oa.routes()
    if settings.zalo_bot.enabled:
        zalo_bot = _zalo_bot(settings, clock, lent)
        channels.append(zalo_bot)
        routes += zalo_bot.routes()
    return Platforms(tuple(channels), routes)


def abilities_alone(settings: Settings) -> AbilitiesOf:
    """For commands that open no channel: until when the people of an account can be told for nothing."""
    oa = settings.zalo_oa
    counting = Abilities(0, 0, 0, edits=False, per_second=1, windows=Windows(FREE, PAID, oa.price))
    return lambda channel, account: counting if (channel, account) == (ZaloOaChannel.name, oa.oa_id) else None


def _telegram(settings: Settings, clock: Clock, lent: Lent) -> TelegramChannel:
    ours, secret = settings.telegram, settings.telegram.webhook_secret.get_secret_value()
    return TelegramChannel(
        ours.token.get_secret_value(),
        clock=clock,
        base_url=ours.base_url,
        proxy=ours.proxy,
        webhook=Webhook(settings.web.public_url + telegram_webhook.PATH, secret) if secret else None,
        forms=lent.form,
        words=lent.words,
        commands=lambda language, shared: menu(wording(language), shared=shared),
        bulk_per_second=ours.bulk_per_second,
        alarm=lent.alarm,
    )


def _zalo_oa(settings: Settings, store: Store, clock: Clock, holder: str, lent: Lent) -> ZaloOaChannel:
    ours = settings.zalo_oa
    secret = ours.app_secret.get_secret_value()
    oauth = OAuth(ours.app_id, secret, ours.oauth_url, clock)
    grant = ZaloOaGrant(StoredGrants(store, clock, f"zalo-oa/{ours.oa_id}", holder), oauth, clock, lent.alarm)
    api = ZaloOaApi(grant.token, openapi_url=ours.openapi_url, business_url=ours.business_url, app_secret=secret)
    chosen = OaSettings(
        app_id=ours.app_id,
        oa_id=ours.oa_id,
        webhook_key=ours.webhook_key.get_secret_value(),
        app_secret=secret,
        per_minute=ours.per_minute,
        price=ours.price,
        template=ours.notice_template,
        template_price=ours.template_price,
        fields=ours.notice_fields,
        picture=ours.share_picture,
        silent_hours=ours.silent_hours,
        capture=ours.capture,
    )
    around = Surroundings(clock, lent.alarm, lent.note, lent.words, lent.form, lent.link, lent.phone)
    return ZaloOaChannel(chosen, api, grant, around)


def _zalo_bot(settings: Settings, clock: Clock, lent: Lent) -> ZaloBotChannel:
    ours, public = settings.zalo_bot, settings.web.public_url
    secret = ours.webhook_secret.get_secret_value()
    return ZaloBotChannel(
        ours.token.get_secret_value(),
        clock=clock,
        base_url=ours.base_url,
        webhook=Webhook(public + PATH, secret) if secret else None,
        files=lent.link,
        hint=lambda language: lent.words(language)["hint"],
        quota=Quota(ours.people, ours.per_month),
        per_second=ours.per_second,
        alarm=lent.alarm,
    )
