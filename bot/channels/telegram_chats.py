"""How long each chat must be left alone: where Telegram said so, and where a group has had its messages of a minute."""

from collections import deque

from bot.clock import Clock
from bot.errors import TryLater
from handlers.message import Address

#: Messages and edits a group takes in so many seconds, all its topics together (core.telegram.org/bots/faq).
GROUP_MESSAGES, GROUP_SECONDS = 20, 60.0
#: Chats with a pause that is over are forgotten when there are more than this.
MANY = 1_000


class Chats:
    """Asked before each call and told after it. One chat's pause delays nobody else."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: Chat → until when nothing may be sent there, on the steady clock.
        self._until: dict[str, float] = {}
        #: Group → when it got its newest messages.
        self._groups: dict[str, deque[float]] = {}

    def enter(self, to: Address) -> None:
        """Count a message to a chat, just before it goes. Raises TryLater where it must not go yet."""
        now = self._clock.steady()
        if (wait := self._until.get(to.chat, now) - now) > 0:
            raise TryLater("telegram: this chat has had too many messages", wait)
        if not is_group(to):
            return
        sent = self._groups.setdefault(to.chat, deque(maxlen=GROUP_MESSAGES))
        if len(sent) == GROUP_MESSAGES and (wait := sent[0] + GROUP_SECONDS - now) > 0:
            raise TryLater("telegram: this group has had its messages of a minute", wait)
        sent.append(now)

    def pause(self, to: Address, seconds: float) -> None:
        """Telegram asked to leave a chat alone for so long."""
        now = self._clock.steady()
        if len(self._until) > MANY:
            self._until = {chat: until for chat, until in self._until.items() if until > now}
        self._until[to.chat] = now + seconds


def is_group(to: Address) -> bool:
    """Whether several people read there: Telegram numbers its groups below zero."""
    return to.chat.startswith("-")
