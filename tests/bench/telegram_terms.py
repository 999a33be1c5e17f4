"""What the processes of the Telegram benchmark agree on: token, webhook, marks of answers, and how each is started."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

#: Not a token of anybody; both libraries only look at its shape.
TOKEN = "4242:of-the-benchmark"
PATH = "/webhooks/telegram"
HEADER, SECRET = "X-Telegram-Bot-Api-Secret-Token", "a-secret-of-the-benchmark"
#: Deliveries at once that a bot asks for; Telegram's own default.
CONNECTIONS = 40
#: How an answer ends: with the number of the update it answers.
MARK = re.compile(r"#(\d+)$")


@dataclass(frozen=True)
class Place:
    """Where a contender runs: which `kind` of itself, the Bot API it calls, the port of its webhook, its own folder."""

    kind: str
    api: str
    port: int
    folder: Path

    @property
    def public_url(self) -> str:
        """What the webhook is reached at, without its path."""
        return f"http://127.0.0.1:{self.port}"

    def arguments(self) -> list[str]:
        """The command line `place` reads."""
        return [self.kind, "--api", self.api, "--port", str(self.port), "--folder", str(self.folder)]


def place(description: str | None) -> Place:
    """The place named on the command line of a contender."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("kind")
    parser.add_argument("--api", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    return Place(asked.kind, asked.api, asked.port, asked.folder)


def marked(text: str, update: int | str) -> str:
    """A text that tells which update it answers."""
    return f"{text} #{update}"
