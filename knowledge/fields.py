"""Reads the fields of one table of TOML or JSON, and says which one is wrong and how to mend it."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Characters without a shape; a spreadsheet or PostgreSQL would refuse or change them.
UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class EntryError(ValueError):
    """An entry cannot be read: where it is, which field, and how to mend it."""

    def __init__(self, place: str, field: str, mend: str) -> None:
        super().__init__(f"{place}: field '{field}': {mend}")
        self.place, self.field, self.mend = place, field, mend


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in the two languages; an empty string where there are none."""

    vi: str = ""
    en: str = ""

    def get(self, language: str) -> str:
        """The text in `language` ("vi" or "en"); Vietnamese where English is missing."""
        return (self.en if language == "en" else self.vi) or self.vi

    def __bool__(self) -> bool:
        return bool(self.vi)


class Fields:
    """The fields of one table; every field must be asked for once before `done`. All methods raise EntryError.

    `place` is the file or row, `within` the field this table is the value of ("sources[2]"), if it is one.
    """

    def __init__(self, raw: Mapping[str, Any], place: str, within: str = "") -> None:
        self.raw, self.place, self.within, self.asked = raw, place, within, set[str]()

    def fail(self, field: str, mend: str) -> EntryError:
        """The error for `field`, to be raised."""
        return EntryError(self.place, ".".join(filter(None, (self.within, field))), mend)

    def string(self, field: str, *, required: bool = False) -> str:
        """A text, stripped; "" where there is none."""
        value = self._take(field, "")
        if not isinstance(value, str):
            raise self.fail(field, "write it as text in quotes")
        if required and not value.strip():
            raise self.fail(field, "is missing or empty; write it")
        return self._said(field, value)

    def choice(self, field: str, allowed: Sequence[str]) -> Any:
        """One word out of `allowed`."""
        value = self.string(field, required=True)
        if value not in allowed:
            raise self.fail(field, f"'{value}' is not known; use one of: {', '.join(allowed)}")
        return value

    def strings(self, field: str) -> tuple[str, ...]:
        """A list of texts that are not empty."""
        value = self._take(field, [])
        if not isinstance(value, list | tuple) or not all(isinstance(x, str) and x.strip() for x in value):
            raise self.fail(field, 'write a list of texts: ["…", "…"]')
        return tuple(self._said(field, x) for x in value)

    def text(self, field: str, *, required: bool = False) -> Text:
        """A table with vi and en."""
        value = self._take(field, {})
        if not isinstance(value, Mapping) or set(value) - {"vi", "en"}:
            raise self.fail(field, f'write {field}.vi = "…" and {field}.en = "…"')
        read = Fields(value, self.place, ".".join(filter(None, (self.within, field))))
        return Text(read.string("vi", required=required), read.string("en"))

    def date(self, field: str) -> dt.date | None:
        """A calendar day, a TOML date or ISO text; None where there is none."""
        value = self._take(field, None)
        if value in (None, ""):
            return None
        if isinstance(value, str):
            try:
                return dt.date.fromisoformat(value)
            except ValueError:
                raise self.fail(field, f"'{value}' is not a day such as 2026-11-23") from None
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        raise self.fail(field, "write a day such as 2026-11-23, without a time")

    def day(self, field: str) -> dt.date:
        """A calendar day that must be there."""
        found = self.date(field)
        if found is None:
            raise self.fail(field, "is missing; write a day such as 2026-11-23")
        return found

    def number(self, field: str) -> int | None:
        """A whole number, not negative; None where there is none."""
        value = self._take(field, None)
        if value is not None and (type(value) is not int or value < 0):
            raise self.fail(field, "write a whole number such as 100, without dots")
        return value

    def whole(self, field: str) -> int:
        """A whole number that must be there."""
        found = self.number(field)
        if found is None:
            raise self.fail(field, "is missing; write a whole number")
        return found

    def table(self, field: str) -> "Fields":
        """A table; an empty one where there is none."""
        value = self._take(field, {})
        if not isinstance(value, Mapping):
            raise self.fail(field, f"write a table: {field}.vi = …")
        return Fields(value, self.place, ".".join(filter(None, (self.within, field))))

    def tables(self, field: str, word: str = "") -> Iterator["Fields"]:
        """The tables of a list. Where `word` names a field, a bare text stands for a table with only that field."""
        value = self._take(field, [])
        if not isinstance(value, list | tuple):
            raise self.fail(field, "write a list: [ … ]")
        for number, item in enumerate(value, 1):
            table = {word: item} if word and isinstance(item, str) else item
            if not isinstance(table, Mapping):
                raise self.fail(f"{field}[{number}]", "write a table: {name = …}")
            yield Fields(table, self.place, f"{field}[{number}]")

    def done(self) -> None:
        """Refuse fields nobody asked for: a typo must not hide a date."""
        for field in sorted(set(self.raw) - self.asked):
            raise self.fail(field, f"is not known here; use one of: {', '.join(sorted(self.asked))}")

    def _said(self, field: str, value: str) -> str:
        text = value.replace("\r\n", "\n").strip()
        if strange := UNSHOWN.search(text):
            raise self.fail(field, f"holds the character U+{ord(strange[0]):04X}, which cannot be shown; take it out")
        return text

    def _take(self, field: str, missing: Any) -> Any:
        self.asked.add(field)
        return self.raw.get(field, missing)
