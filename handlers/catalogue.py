"""The bot's own sentences, one TOML file per language under wording/; the code that decides holds none."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from handlers.person import Language

FOLDER = Path(__file__).parent / "wording"


class WordingError(KeyError):
    """A sentence is missing, or was asked for without one of its values."""


class Wording:
    """The sentences of one language, by dotted key: `say("profile.ask.phone")`."""

    def __init__(self, language: Language, sentences: Mapping[str, str]) -> None:
        self.language: Language = language
        self.sentences = dict(sentences)

    def say(self, key: str, **values: object) -> str:
        """The sentence `key` with its {values} filled in. Raises WordingError where one is missing."""
        try:
            return self.sentences[key].format_map(values)
        except KeyError as missing:
            raise WordingError(f"wording/{self.language}.toml: '{key}' or its value {missing} is missing") from None

    def values(self, key: str) -> frozenset[str]:
        """The names of the values a sentence needs."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.sentences[key]) if name)


@cache
def wording(language: Language) -> Wording:
    """The shipped sentences of a language."""
    return Wording(language, dict(flat(tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8")))))


def flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested tables as dotted keys; only texts are allowed as leaves."""
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            found += flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            found.append((f"{prefix}{key}", value.strip()))
        else:
            raise WordingError(f"'{prefix}{key}': write a text in quotes")
    return found
