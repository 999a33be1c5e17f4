"""Spreadsheet files: sheets of rows under headings, written whole and read as they were typed."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

#: Most characters a cell holds.
LONGEST_CELL = 32_767
#: Words, a whole number, a day, or nothing.
Cell = str | int | dt.date | None
#: Whatever the reader finds in a cell.
Row = Sequence[Any]


class WorkbookError(ValueError):
    """A spreadsheet cannot be read or written; the message names the place and the mend."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, its headings with their widths in characters, and its rows."""

    name: str
    headings: tuple[tuple[str, int], ...]
    rows: tuple[Sequence[Cell], ...]


def write(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write the file, replacing an old one only when the new one is whole. Raises WorkbookError."""
    for sheet in sheets:
        for number, row in enumerate(sheet.rows, 2):
            if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in row):
                mend = f"a cell holds {LONGEST_CELL} characters; shorten the text, or export as .jsonl"
                raise WorkbookError(f"{path.name}, sheet '{sheet.name}', row {number}: {mend}")
    put(path, lambda draft: _write(draft, sheets))


def put(path: Path, make: Callable[[Path], object]) -> None:
    """Have a file made beside `path` and replace the old one when the new one is whole. Raises WorkbookError."""
    draft = path.with_name(f".{path.name}.new")
    try:
        make(draft)
        draft.replace(path)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        draft.unlink(missing_ok=True)
        raise WorkbookError(f"{path}: cannot be written ({error}); check its folder, rights and space") from error


def _write(path: Path, sheets: Sequence[Sheet]) -> None:
    # Text that begins with "=" stays text: a spreadsheet must not run what somebody typed into a form.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        styles = {
            "heading": book.add_format({"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "date": book.add_format({"num_format": "dd/mm/yyyy", "valign": "top"}),
        }
        for sheet in sheets:
            _draw(book.add_worksheet(sheet.name), sheet, styles)


def _draw(drawn: Any, sheet: Sheet, styles: dict[str, Any]) -> None:
    drawn.freeze_panes(1, 1)
    for column, (heading, width) in enumerate(sheet.headings):
        drawn.set_column(column, column, width)
        drawn.write_string(0, column, heading, styles["heading"])
    for number, row in enumerate(sheet.rows, 1):
        for column, cell in enumerate(row):
            match cell:
                case str() if cell:
                    drawn.write_string(number, column, cell, styles["text"])
                case int():
                    drawn.write_number(number, column, cell, styles["text"])
                case dt.date():
                    drawn.write_datetime(number, column, cell, styles["date"])
    if sheet.rows:
        drawn.autofilter(0, 0, len(sheet.rows), len(sheet.headings) - 1)


def read(path: Path) -> dict[str, tuple[Row, ...]]:
    """The sheets by name, each as its rows from the first one on. Raises WorkbookError."""
    if not path.is_file():
        raise WorkbookError(f"{path}: is not there; name a file that was exported")
    try:
        book = CalamineWorkbook.from_path(path)
        return {name: tuple(_rows(book, name)) for name in book.sheet_names}
    except (OSError, CalamineError) as error:
        raise WorkbookError(f"{path}: cannot be read as .xlsx ({error}); save it as an Excel workbook") from error


def _rows(book: CalamineWorkbook, name: str) -> Iterator[Row]:
    yield from book.get_sheet_by_name(name).to_python(skip_empty_area=False)
