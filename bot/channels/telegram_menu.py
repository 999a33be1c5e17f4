"""The commands Telegram shows beside the writing field, in both languages, for private chats and for groups."""

import asyncio
from collections.abc import Callable

import structlog
import telegram
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram_errors import mend, seconds
from bot.channels.telegram_request import Bot
from handlers.person import Language

log = structlog.get_logger(__name__)

#: The commands with their descriptions, in a language; for groups or for private chats.
Commands = Callable[[Language, bool], tuple[tuple[str, str], ...]]


def no_commands(language: Language, shared: bool) -> tuple[tuple[str, str], ...]:
    """A bot without a menu."""
    return ()


async def tell_commands(bot: Bot, commands: Commands, pauses: tuple[float, ...]) -> None:
    """Tell Telegram the commands, until it has taken them. Who uses it in a third language reads Vietnamese."""
    scopes = ((telegram.BotCommandScopeAllPrivateChats(), False), (telegram.BotCommandScopeAllGroupChats(), True))
    languages: tuple[tuple[str, Language], ...] = (("", "vi"), ("en", "en"))
    failures = 0
    for scope, shared in scopes:
        for code, language in languages:
            shown = [telegram.BotCommand(*command) for command in commands(language, shared)]
            while shown:
                try:
                    await bot.set_my_commands(shown, scope=scope, language_code=code or None)
                    break
                except (BadRequest, InvalidToken) as error:
                    log.error("telegram.commands_refused", error=error.message, mend=mend(error))
                    return
                except TelegramError as error:
                    pause = pauses[min(failures, len(pauses) - 1)]
                    await asyncio.sleep(seconds(error) if isinstance(error, RetryAfter) else pause)
                    failures += 1
