"""What a command cannot do as it was asked."""

from bot.errors import BotError


class CommandError(BotError):
    """Arguments or files a command cannot use; its text is one sentence with the mend."""
