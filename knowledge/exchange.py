"""Entries as files for people and programs: JSON lines, and a spreadsheet with a sheet per part; nothing is lost.

Beside each entry stands the version of the base at which it last changed: whoever imports the file overwrites nobody
who edited meanwhile.
"""

import datetime as dt
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge import workbook
from knowledge.entry import Entry, from_mapping, to_mapping
from knowledge.fields import EntryError
from knowledge.workbook import Cell, Row, Sheet

#: Parts of an entry with a sheet of their own, a row for each of its tables; other fields are columns of "entries".
PARTS = ("sources", "actions", "files", "eligibility")
#: Fields that hold a list of words, in one cell with commas between.
LISTS = ("facts", "related", "one_of")
NUMBERS = ("version", "at_least", "at_most")
DAYS = ("checked_on", "review_by", "valid_from", "valid_to", "confirmed_on", "issued")
#: A day as people here type it: 23/11/2026.
TYPED_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
#: Widths of columns in characters, for sentences and for all else.
WIDE, NARROW = 60, 18
SENTENCES = ("answer", "caveat", "more", "phrasing", "text")


class ExchangeError(ValueError):
    """A file of entries cannot be used; one line for every bad row, with its place and mend."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An entry in a file: where it stands there, and the version of the base it last changed at (None: not told)."""

    entry: Entry
    version: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet of the spreadsheet: its name, and the headings of its columns by field."""

    sheet: str
    columns: Mapping[str, str]


@cache
def layouts() -> Mapping[str, Layout]:
    """The sheets by part, "entries" first and "phrasings" second."""
    tables = tomllib.loads((Path(__file__).parent / "headings.toml").read_text("utf-8"))
    return {part: Layout(table.pop("sheet"), table) for part, table in tables.items()}


def to_lines(items: Iterable[Exchanged]) -> Iterator[str]:
    """One JSON object an entry."""
    for item in items:
        version = {} if item.version is None else {"version": item.version}
        yield json.dumps(version | to_mapping(item.entry), ensure_ascii=False)


def from_lines(text: str, place: str) -> tuple[Exchanged, ...]:
    """Read JSON lines; `place` names the file. Raises ExchangeError for all bad lines at once."""
    faults, found = list[str](), list[tuple[str, Mapping[str, Any]]]()
    # Not splitlines: it also breaks at characters that may stand inside a JSON text.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            faults.append(f"{place}, line {number}: is no JSON ({error}); write one entry a line")
            continue
        if isinstance(value, dict):
            found.append((f"{place}, line {number}", value))
        else:
            faults.append(f"{place}, line {number}: is no entry; write an object: {{…}}")
    return _read(found, faults)


def to_workbook(items: Iterable[Exchanged], path: Path) -> None:
    """Write the spreadsheet. Raises WorkbookError."""
    rows: dict[str, list[list[Cell]]] = {part: [] for part in layouts()}
    for item in items:
        entry, plain = item.entry, to_mapping(item.entry) | {"version": item.version}
        rows["entries"].append(_cells("entries", plain))
        for language in ("vi", "en"):
            rows["phrasings"] += [[entry.id, language, words] for words in getattr(entry.phrasings, language)]
        for part in PARTS:
            rows[part] += [_cells(part, {"id": entry.id} | table) for table in plain.get(part, ())]
    workbook.write(path, [_sheet(layouts()[part], rows[part]) for part in rows])


def from_workbook(path: Path) -> tuple[Exchanged, ...]:
    """Read a spreadsheet of entries. Raises WorkbookError, and ExchangeError for all bad rows at once."""
    sheets, faults = workbook.read(path), list[str]()
    parts = {part: _part(sheets, layout, path.name, faults) for part, layout in layouts().items()}
    entries: dict[str, tuple[str, dict[str, Any]]] = {}
    for place, values in parts["entries"]:
        id = str(values.get("id", ""))
        entries.setdefault(id, (place, values))
        if entries[id][1] is not values:
            faults.append(f"{place}: '{id}' stands in an earlier row too; keep one of them")
    for part in ("phrasings", *PARTS):
        for place, values in parts[part]:
            id = str(values.pop("id", ""))
            if id not in entries:
                faults.append(f"{place}: '{id}' is no entry of this file; correct the id, or add its row")
            elif part != "phrasings":
                entries[id][1].setdefault(part, []).append(values)
            elif values.get("language") not in ("vi", "en"):
                faults.append(f"{place}: the language is '{values.get('language', '')}'; write vi or en")
            else:
                ways = entries[id][1].setdefault("phrasings", {}).setdefault(values["language"], [])
                ways.append(values.get("phrasing", ""))
    return _read(entries.values(), faults)


def _read(found: Iterable[tuple[str, Mapping[str, Any]]], faults: list[str]) -> tuple[Exchanged, ...]:
    items: dict[str, Exchanged] = {}
    for place, raw in found:
        version = raw.get("version")
        try:
            entry = from_mapping({field: value for field, value in raw.items() if field != "version"}, place)
            if version is not None and (type(version) is not int or version < 0):
                raise EntryError(place, "version", "leave it as it was exported, or empty")
        except EntryError as error:
            faults.append(str(error))
            continue
        if entry.id in items:
            faults.append(f"{place}: '{entry.id}' stands in {items[entry.id].place} too; keep one of them")
        items[entry.id] = Exchanged(entry, version, place)
    if faults:
        raise ExchangeError(faults)
    return tuple(items.values())


def _cells(part: str, table: Mapping[str, Any]) -> list[Cell]:
    return [_cell(field, table) for field in layouts()[part].columns]


def _cell(field: str, table: Mapping[str, Any]) -> Cell:
    outer, _, inner = field.partition(".")
    value = table.get(outer, {}).get(inner) if inner else table.get(field)
    if value is None:
        return None
    if field in DAYS:
        return dt.date.fromisoformat(value)
    return ", ".join(value) if field in LISTS else value


def _sheet(layout: Layout, rows: Iterable[list[Cell]]) -> Sheet:
    wide = {field: WIDE if field.partition(".")[0] in SENTENCES else NARROW for field in layout.columns}
    return Sheet(layout.sheet, tuple((layout.columns[field], wide[field]) for field in wide), tuple(rows))


def _part(
    sheets: Mapping[str, Sequence[Row]], layout: Layout, file: str, faults: list[str]
) -> list[tuple[str, dict[str, Any]]]:
    """The filled rows of a sheet as (place, fields). A sheet or column that is missing would erase what it held."""
    place = f"{file}, sheet '{layout.sheet}'"
    heading, *rows = sheets.get(layout.sheet) or [()]
    fields = {heading: field for field, heading in layout.columns.items()}
    order = [fields.get(str(cell).strip(), "") for cell in heading]
    if missing := [layout.columns[field] for field in layout.columns if field not in order]:
        faults.append(f"{place}: has no column {', '.join(missing)}; keep the sheets and headings of the export")
        return []
    if unknown := [str(cell) for cell, field in zip(heading, order, strict=True) if not field and str(cell).strip()]:
        faults.append(f"{place}: the column {', '.join(unknown)} is not known; take it out")
    found = list[tuple[str, dict[str, Any]]]()
    for number, row in enumerate(rows, 2):
        values: dict[str, Any] = {}
        for field, cell in zip(order, row, strict=False):
            if field and (value := _value(field, cell)) not in ("", []):
                outer, _, inner = field.partition(".")
                if inner:
                    values.setdefault(outer, {})[inner] = value
                else:
                    values[field] = value
        if values:
            found.append((f"{place}, row {number}", values))
    return found


def _value(field: str, cell: Any) -> Any:
    """What a cell means for a field; what it cannot mean stays as it is, for the entry's reader to refuse."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if field in DAYS:
        if isinstance(cell, dt.datetime):
            return cell.date()
        typed = TYPED_DAY.fullmatch(cell.strip()) if isinstance(cell, str) else None
        return f"{typed[3]}-{typed[2]:0>2}-{typed[1]:0>2}" if typed else cell
    if field in NUMBERS:
        return int(cell) if isinstance(cell, str) and cell.strip().isdecimal() else cell
    text = str(cell).strip()
    return [word.strip() for word in text.split(",") if word.strip()] if field in LISTS else text
