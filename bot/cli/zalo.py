"""`bot zalo login`: an administrator of the Official Account lets the bot in; the token pair goes into the database."""

import asyncio
import sys
from urllib.parse import parse_qs, urlsplit

import click

from bot.channels.base import Grant
from bot.channels.zalo_oa_api import OaInfo, ZaloOaApi, ZaloOaError, ZaloOaUnreachable
from bot.channels.zalo_oa_oauth import GrantRefused, OAuth, challenge_of, verifier_of
from bot.cli.failure import CommandError
from bot.cli.settings import config_option, login, opened, settings_of
from bot.clock import Clock, SystemClock, to_ms
from bot.config import Settings
from bot.store import work
from bot.store.grants import StoredGrants
from bot.store.store import Store

#: Where Zalo sends the administrator back to, below the public address, unless --redirect says otherwise.
CALLBACK = "/zalo"


@click.group("zalo")
def command() -> None:
    """The Zalo Official Account: login."""


@command.command("login")
@click.option("--code", help="What Zalo sent back: the whole address of the page, or the code in it.")
@click.option("--redirect", help="The Callback URL of the console, where it is not [web] public_url with /zalo.")
@config_option
def log_in(code: str | None, redirect: str | None, config: str | None) -> None:
    """Print the link of the consent, take the code, and keep the tokens. The running bot goes on with them by itself.

    Without --code it asks for it; without a terminal it only prints the link.
    """
    settings, clock = settings_of(config), SystemClock()
    ours, secret = settings.zalo_oa, settings.zalo_oa.app_secret.get_secret_value()
    if not (ours.app_id and ours.oa_id and secret):
        raise CommandError(
            "[zalo_oa]: set app_id, oa_id and BOT_ZALO_OA__APP_SECRET first; docs/zalo.md says where from"
        )
    if code is None:
        where = redirect or (settings.web.public_url and settings.web.public_url + CALLBACK)
        if not where:
            raise CommandError("set [web] public_url, or give the console's Callback URL by --redirect https://…")
        _explain(challenge_of(verifier_of(secret)), where, _oauth(settings, clock).consent_link(where))
        if not sys.stdin.isatty():
            print("Sau đó (then): bot zalo login --code …")
            return
        code = click.prompt("Dán địa chỉ hoặc mã (paste the address or the code)")
    with opened(settings, make=True) as store:
        info = asyncio.run(_take(settings, store, clock, _code_of(code, ours.oa_id)))
    print(f'Đã đăng nhập vào OA "{info.name}" (logged in). Bot đang chạy tự dùng mã mới; mã tự gia hạn khi bot chạy.')


def _explain(challenge: str, redirect: str, link: str) -> None:
    print("1. developers.zalo.me → ứng dụng → Sản phẩm → Official Account → Thiết lập chung:")
    print(f"   Callback URL: {redirect}")
    print(f"   Code Challenge: {challenge}")
    print("2. Quản trị viên OA mở liên kết này, chọn OA, bấm Cho phép (an OA administrator opens this and allows):")
    print(f"   {link}")
    print("3. Chép cả địa chỉ trình duyệt hiện sau đó, kể cả khi trang báo lỗi. Mã dùng được trong 10 phút.")
    print(
        "   (Copy the whole address the browser shows then, even if the page is an error. It is good for 10 minutes.)"
    )


def _code_of(given: str, oa: str) -> str:
    """The code in what was pasted. Raises CommandError where it is none, or of another account."""
    text = given.strip()
    if "?" not in text:
        return text
    found = parse_qs(urlsplit(text).query)
    code, of = found.get("code", [""])[0], found.get("oa_id", [oa])[0]
    if not code:
        raise CommandError("--code: there is no 'code=' in this address: copy it again after pressing Cho phép")
    if of != oa:
        raise CommandError(
            f"--code: this is the OA {of}, and [zalo_oa] oa_id is {oa}: choose the other OA, or change oa_id"
        )
    return code


async def _take(settings: Settings, store: Store, clock: Clock, code: str) -> OaInfo:
    """Change the code for tokens, see whose they are, and keep them."""
    try:
        grant = await _oauth(settings, clock).exchange(code)
    except GrantRefused as refused:
        raise CommandError(
            f"Zalo refuses the code ({refused}): begin again, it is good once and for 10 minutes"
        ) from None
    except ZaloOaUnreachable as error:
        raise CommandError(
            f"{settings.zalo_oa.oauth_url} does not answer ({error}): try again, or look at the network"
        ) from None
    info = await _whose(settings, grant)
    await _keep(store, clock, settings, grant)
    if info is None:
        raise CommandError("the tokens are kept, but Zalo does not say now whose they are: bot check --online")
    return info


def _oauth(settings: Settings, clock: Clock) -> OAuth:
    ours = settings.zalo_oa
    return OAuth(ours.app_id, ours.app_secret.get_secret_value(), ours.oauth_url, clock)


async def _keep(store: Store, clock: Clock, settings: Settings, grant: Grant) -> None:
    grants = StoredGrants(store, clock, f"zalo-oa/{settings.zalo_oa.oa_id}", f"login by {login()}")
    await grants.save(grant)
    now = to_ms(clock.now())
    await store.write(lambda connection: work.note(connection, "command line", "zalo.logged-in", "", now))


async def _whose(settings: Settings, grant: Grant) -> OaInfo | None:
    """The account of the tokens; None where Zalo does not tell. Raises CommandError for another than that of the
    settings: its tokens must not take the place of good ones.
    """
    ours, secret = settings.zalo_oa, settings.zalo_oa.app_secret.get_secret_value()

    async def token(refused: str = "") -> str:
        return grant.access

    api = ZaloOaApi(token, openapi_url=ours.openapi_url, business_url=ours.business_url, app_secret=secret)
    try:
        info = await api.get_oa()
    except (ZaloOaError, ZaloOaUnreachable):
        return None
    finally:
        await api.close()
    if info.oa_id and info.oa_id != ours.oa_id:
        raise CommandError(
            f"these tokens are of the OA {info.oa_id} ({info.name}), and [zalo_oa] oa_id is {ours.oa_id}, so they are "
            "not kept: log in again with the right OA, or change oa_id"
        )
    return info
