"""The one record of the old contacts, and entries with its lines filled in where they refer to it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from knowledge.entry import Entry
from knowledge.fields import EntryError, Fields, Text

#: How a text refers to a line of the record: {phones}.
REFERENCE = re.compile(r"\{(\w+)\}")
LINES = ("email", "phones", "centre_phones")


def contacts_from(path: Path) -> Mapping[str, str]:
    """Read the record: the line for each name of LINES. Raises EntryError."""
    try:
        read = Fields(tomllib.loads(path.read_text("utf-8")), path.name)
    except (OSError, ValueError) as error:
        raise EntryError(path.name, "(file)", f"cannot be read: {error}") from error
    found = {line: read.string(line, required=True) for line in LINES}
    read.done()
    return found


def filled(entry: Entry, contacts: Mapping[str, str]) -> Entry:
    """The entry as people read it. A reference to no line of the record stays as it stands."""
    answer, more, caveat = (_filled(text, contacts) for text in (entry.answer, entry.more, entry.caveat))
    return replace(entry, answer=answer, more=more, caveat=caveat)


def _filled(text: Text, contacts: Mapping[str, str]) -> Text:
    if "{" not in text.vi and "{" not in text.en:
        return text
    return Text(*(REFERENCE.sub(lambda at: contacts.get(at[1], at[0]), words) for words in (text.vi, text.en)))
