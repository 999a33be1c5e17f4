"""What a dialogue needs of everybody who talks over one channel."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from bot.app import App
from bot.channels.base import Channel
from tests.fakes.dialogue import Kind

#: A choice where choices are numbered in the text.
NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as a person sees it, and the labels of the choices it offers."""

    text: str
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In one line, with every label in square brackets."""
        return " ".join([*self.text.split(), *(f"[{label}]" for label in self.labels)])


class Talker(ABC):
    """Everybody who talks over one channel. What they do returns once the bot has taken it in."""

    def settings(self) -> dict[str, Any]:
        """The settings the bot needs to be reached so."""
        return {}

    def channels(self) -> tuple[Channel, ...]:
        """Channels the bot does not open by itself; new ones for every start."""
        return ()

    async def open(self) -> None:
        """Before the bot's first start."""
        return

    async def meet(self, app: App) -> None:
        """The bot is there (again)."""
        return

    @abstractmethod
    async def close(self) -> None:
        """After the bot's last stop."""

    @abstractmethod
    async def say(self, who: str, text: str) -> None:
        """Type a text."""

    @abstractmethod
    async def tap(self, who: str, which: int | str) -> None:
        """Take an offered choice by its place or its label. Raises LookupError if there is none."""

    async def send(self, who: str, kind: Kind, value: str) -> None:
        """Send something that is no text."""
        raise LookupError(f"nobody can send ({kind}) here")

    @abstractmethod
    def heard(self, who: str) -> tuple[Heard, ...]:
        """What came to a person since they were made to forget, in the order it came."""

    @abstractmethod
    def forget(self, who: str) -> None:
        """Look only at what comes from now on."""
