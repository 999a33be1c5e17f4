"""`bot run`: everything, until it is told to stop."""

import asyncio
import gc
import signal
import sys

import click
import structlog

from bot import logs
from bot.app import App
from bot.cli import demo
from bot.cli.ports import taken
from bot.cli.settings import config_option, settings_file, settings_of
from bot.clock import to_ms
from bot.config import Settings
from bot.errors import BotError, ConfigError
from bot.store import officers
from bot.store.connection import Connection
from bot.web.desk_link import address
from handlers.person import Officer

log = structlog.get_logger(__name__)

#: Where --demo keeps its things, unless the settings name a database.
DEMO = "sqlite:///data/demo.db"
#: The officer of a first start without settings.
FIRST = "Trực ban"
#: What whoever switches Telegram on has to know.
TELEGRAM = (
    "bot: warning: Telegram is switched on. It has been under a blocking order in Viet Nam since May 2025, so not "
    "everybody reaches it; and what people write there passes servers abroad, which the department must allow "
    "(docs/telegram.md)"
)


@click.command("run")
@config_option
@click.option("--demo", "is_demo", is_flag=True, help="Add an officer, a talk and a lead, in a database of its own.")
def command(config: str | None, is_demo: bool) -> None:
    """Run everything: chat page, desk, and the channels of the settings."""
    settings = settings_of(config)
    logs.configure(settings.logs.level, settings.logs.format, sys.stderr)
    if is_demo and "url" not in settings.storage.model_fields_set:
        settings = settings.model_copy(update={"storage": settings.storage.model_copy(update={"url": DEMO})})
    try:
        asyncio.run(_run(settings, is_demo=is_demo, is_first=settings_file(config) is None))
    except BotError:
        raise
    except Exception:
        log.exception("run.failed")
        raise


async def _run(settings: Settings, *, is_demo: bool, is_first: bool) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopping.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)  # whoever asks a second time does not want to wait

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    app = App(settings)
    await _start(app)
    try:
        await _tell(app, is_demo=is_demo, is_first=is_first)
        await stopping.wait()
        print("Đang dừng… (stopping)", flush=True)
    finally:
        await app.stop()


async def _start(app: App) -> None:
    try:
        await app.start()
        # The knowledge and the libraries stay for good: looking through them again and again held everything up for
        # 100 ms at a time.
        gc.collect()
        gc.freeze()
    except ConfigError:
        # The usual reason; said by the name of the setting that has to be changed.
        for section, reason in taken(app.settings):
            raise ConfigError(
                f"[{section}] cannot listen on {reason}; end the program that uses it, or set another [{section}] port"
            ) from None
        raise


async def _tell(app: App, *, is_demo: bool, is_first: bool) -> None:
    """Say where everything is, and what an operator should know."""
    settings, web = app.settings, app.settings.web
    unconfirmed = sum(not entry.confirmed for entry in app.base.entries.values())
    switched = (
        ("Zalo OA", settings.zalo_oa.enabled),
        ("Zalo Bot", settings.zalo_bot.enabled),
        ("Telegram", settings.telegram.enabled),
    )
    public = " and ".join(name for name, on in switched if on)
    if public and unconfirmed:
        print(
            f"bot: warning: {unconfirmed} of {len(app.base.entries)} entries are not confirmed by the department, and "
            f"people reach it by {public}; each answer says so ([answers] hold_unconfirmed = true holds them back)",
            file=sys.stderr,
        )
    if settings.telegram.enabled:
        print(TELEGRAM, file=sys.stderr)
    port = app.public_listener.port if app.public_listener else web.port
    print(f"Trang trò chuyện (chat page): {address(web.host, port, web.public_url)}/", flush=True)
    officer = await demo.show(app) if is_demo else await _first(app) if is_first else None
    if officer is not None:
        print(f"Bàn tiếp nhận (desk, once, 15 minutes): {await app.desk_link(officer)}", flush=True)
    else:
        print("Bàn tiếp nhận (desk): bot staff desk-link NAME", flush=True)
    print("Ctrl+C để dừng (to stop).", flush=True)


async def _first(app: App) -> Officer:
    """Somebody to enter the desk where nothing was set up yet."""

    def find(connection: Connection) -> Officer:
        known = officers.everyone(connection)
        return known[0][0] if known else officers.add(connection, FIRST, "", to_ms(app.clock.now()))

    return await app.store.write(find)
