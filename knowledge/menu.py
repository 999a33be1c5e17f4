"""What there is to ask, in lists a person can tap through."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from knowledge.fields import EntryError, Fields, Text


@dataclass(frozen=True, slots=True)
class Section:
    """A list of the menu: its key in choice ids, its title, what is asked above it, and its entries in order."""

    key: str
    title: Text
    ask: Text
    entries: tuple[str, ...]


def menu_from(path: Path) -> tuple[Section, ...]:
    """Read the menu in the order of the file. Raises EntryError."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EntryError(path.name, "(file)", f"cannot be read: {error}") from error
    return tuple(_section(key, Fields(raw, path.name).table(key)) for key in raw)


def _section(key: str, read: Fields) -> Section:
    title, ask = read.text("title", required=True), read.text("ask", required=True)
    found = Section(key, title, ask, read.strings("entries"))
    read.done()
    return found
