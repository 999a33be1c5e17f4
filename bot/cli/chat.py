"""`bot chat`: talk to the bot in the terminal, also beside a running one."""

import asyncio
import secrets
import signal
import sys

import click

from bot import logs
from bot.app import App, Parts
from bot.channels.terminal import TerminalChannel, unbuffered
from bot.cli.settings import config_option, login, settings_of
from bot.clock import SystemClock
from bot.config import Settings
from handlers.catalogue import wording


@click.command("chat")
@config_option
def command(config: str | None) -> None:
    """Talk to it here. The talk is stored like every other."""
    settings = settings_of(config)
    logs.configure("error", settings.logs.format, sys.stderr)
    asyncio.run(_chat(settings))


async def _chat(settings: Settings) -> None:
    say, watched = wording("vi").say, sys.stdin.isatty()
    words = {key: say(f"terminal.{key}") for key in ("opening", "prompt", "not_stored")}
    words["hint"] = say("channel.hint")
    if not watched:
        words |= {"opening": "", "prompt": ""}
    clock = SystemClock()
    channel = TerminalChannel(
        unbuffered(sys.stdin),
        sys.stdout,
        chat=login(),
        clock=clock,
        ids=lambda: secrets.token_hex(8),
        words=words,
        colour=sys.stdout.isatty(),
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, channel.ended.set)
    app = App(settings, Parts(clock=clock, channels=(channel,), serve=False, role="chat"))
    await app.start()
    try:
        await channel.ended.wait()
        await channel.answered()
    finally:
        await app.stop()
