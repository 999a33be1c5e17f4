"""What a failed call to the Zalo Bot Platform means for the message it carried, and how it is mended."""

from typing import Final

from bot.channels.zalo_bot_api import TIMED_OUT, ZaloBotError
from bot.errors import Ambiguous, Halted, Refused, SendError, TryLater, UsedUp

#: The platform's codes: the token is wrong, the month's messages or the people are used up.
TOKEN_REFUSED, QUOTA = 401, 429
#: The day's calls of this kind are used up.
TOO_OFTEN = 426
#: Codes after which the same call fails again; 404 also comes from a host that does not know the call.
FINAL: Final = (400, 404)
#: Seconds until an account whose quota is used up tries again.
QUOTA_PAUSE: Final = 6 * 3600.0

TOKEN_MEND: Final = (
    "copy the bot's token again from the mini app Zalo Bot Creator into [zalo_bot] of the settings, then start again"
)
QUOTA_MEND: Final = (
    "the bot's messages of this month, or its places for people, are used up: wait for the next month, "
    "take a larger plan, or reach people by another channel"
)


def send_error(error: ZaloBotError) -> SendError:
    """The decision about a message. What is not known has to be mended on our side or theirs, and the message waits."""
    reason = f"zalo-bot: {error}"
    if error.code == TOKEN_REFUSED:
        return Halted(reason, TOKEN_MEND)
    if error.code == QUOTA:
        return UsedUp(reason, QUOTA_MEND, QUOTA_PAUSE)
    if error.code in FINAL:
        return Refused(reason)
    return Ambiguous(reason) if error.sent or error.code == TIMED_OUT else TryLater(reason)


def mend(error: ZaloBotError) -> str:
    """What to do about a call that fails again and again."""
    if error.code == TOKEN_REFUSED:
        return TOKEN_MEND
    if error.code == QUOTA:
        return QUOTA_MEND
    if error.code == 404:
        return "the server does not know this call: compare base_url with https://bot-api.zaloplatforms.com"
    if error.code in (400, 409):
        return "another program reads this bot's messages, or sets a webhook: end it, or use a bot of its own"
    return "it is tried again; if it lasts, look at the network and base_url"
