"""Entries survive the way through both kinds of files, and a bad row is named before anything is taken."""

import datetime as dt
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import workbook
from knowledge.eligibility import Criterion
from knowledge.entry import Action, Entry, Form, Phrasings, Source
from knowledge.exchange import Exchanged, ExchangeError, from_lines, from_workbook, layouts, to_lines, to_workbook
from knowledge.fields import UNSHOWN, Text
from knowledge.workbook import Sheet, WorkbookError

DAY = dt.date(2026, 11, 25)
ENTRY = Entry(
    id="kc.machinery",
    kind="scheme",
    title=Text("Mua máy", "Machines"),
    answer=Text("Có.\nTối đa 50%.", "Yes."),
    status="in force",
    checked_on=DAY,
    phrasings=Phrasings(("mua máy", "=1+1", "@sum", "0912", "2026-11-25"), ("buy",)),
    more=Text("• Một\n\n• Hai", ""),
    facts=("KC-11", "KC-23"),
    sources=(Source("TT 28/2018/TT-BTC", "Điều 8", "Kinh phí", "2018-03-28", "https://vbpl.vn"), Source("NĐ 45")),
    confirmed_by="Phòng Công nghiệp",
    confirmed_on=DAY,
    valid_from=dt.date(1999, 1, 1),
    review_by=dt.date(2027, 1, 1),
    owner="Trung tâm",
    related=("kc.apply", "kc.plan"),
    actions=(Action("menu"), Action("entry", "kc.apply", Text("Hồ sơ", "Papers"))),
    route="department",
    files=(Form("don.docx", Text("Đơn", "Form")),),
    eligibility=(
        Criterion("form", Text("Hộ"), "KC-03", "NĐ 235", "Điều 1", ("household", "company")),
        Criterion("capital", Text("Vốn", "Capital"), "SM-05", "NĐ 80", at_least=0, at_most=20_000_000_000, either="a"),
    ),
)
SMALLEST = Entry("kc.apply", "procedure", Text("Hồ sơ"), Text("Hỏi."), "unknown", DAY)
ITEMS = (Exchanged(ENTRY, 7), Exchanged(SMALLEST))

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).map(
    lambda text: UNSHOWN.sub("", text.replace("\r\n", "\n")).strip() or "x"
)
texts = st.builds(Text, words, words | st.just(""))
days = st.dates(dt.date(1900, 3, 1), dt.date(2100, 1, 1))
names = st.text(string.ascii_lowercase, min_size=1, max_size=5)
entries = st.builds(
    Entry,
    id=names,
    kind=st.sampled_from(["scheme", "law", "contact"]),
    title=texts,
    answer=texts,
    status=st.sampled_from(["in force", "unknown"]),
    checked_on=days,
    phrasings=st.builds(Phrasings, st.lists(words, max_size=3).map(tuple), st.lists(words, max_size=2).map(tuple)),
    caveat=texts,
    facts=st.lists(names, max_size=3).map(tuple),
    sources=st.lists(st.builds(Source, words, words, words, days.map(str), words), max_size=2).map(tuple),
    review_by=days | st.none(),
    actions=st.lists(st.builds(Action, st.just("link"), words, texts), max_size=2).map(tuple),
    files=st.lists(st.builds(Form, names.map("{}.pdf".format), texts), max_size=1).map(tuple),
)


def through_lines(items: tuple[Exchanged, ...], folder: Path) -> tuple[Exchanged, ...]:
    """Written and read as JSON lines."""
    return from_lines("\n".join(to_lines(items)), "base.jsonl")


def through_workbook(items: tuple[Exchanged, ...], folder: Path) -> tuple[Exchanged, ...]:
    """Written and read as a spreadsheet."""
    to_workbook(items, folder / "base.xlsx")
    return from_workbook(folder / "base.xlsx")


WAYS = pytest.mark.parametrize("way", [through_lines, through_workbook])
Way = Callable[[tuple[Exchanged, ...], Path], tuple[Exchanged, ...]]


@WAYS
def test_nothing_is_lost_and_the_versions_come_back(way: Way, tmp_path: Path) -> None:
    assert [(item.entry, item.version) for item in way(ITEMS, tmp_path)] == [(ENTRY, 7), (SMALLEST, None)]


@WAYS
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(entries, max_size=3, unique_by=lambda entry: entry.id))
def test_whatever_people_write_comes_back(way: Way, tmp_path: Path, found: list[Entry]) -> None:
    assert [item.entry for item in way(tuple(map(Exchanged, found)), tmp_path)] == found


def test_every_field_has_a_column() -> None:
    parts: dict[str, Any] = {
        "entries": Entry, "sources": Source, "actions": Action, "files": Form, "eligibility": Criterion,
    }  # fmt: skip
    elsewhere = {"phrasings", *parts}
    for part, kind in parts.items():
        columns = {field.partition(".")[0] for field in layouts()[part].columns}
        assert columns | elsewhere >= set(kind.__dataclass_fields__)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"id": ', "base.jsonl, line 2: is no JSON"),
        ("5", "base.jsonl, line 2: is no entry"),
        ('{"id": "x"}', "base.jsonl, line 2: field 'kind': is missing or empty; write it"),
        ('{"id": "x", "colour": 1}', "base.jsonl, line 2: field 'kind'"),
    ],
)
def test_all_bad_lines_are_named_at_once(line: str, fault: str) -> None:
    good = next(to_lines(ITEMS))
    with pytest.raises(ExchangeError) as caught:
        from_lines(f"{good}\n{line}\n\n{good}\n", "base.jsonl")
    bad, twice = caught.value.faults
    assert bad.startswith(fault)
    assert twice.startswith("base.jsonl, line 4: 'kc.machinery' stands in base.jsonl, line 1 too")


def test_a_version_nobody_exported_is_refused() -> None:
    with pytest.raises(ExchangeError, match="line 1: field 'version': leave it as it was exported"):
        from_lines(next(to_lines([Exchanged(SMALLEST, 3)])).replace("3", '"x"', 1), "base.jsonl")


def changed(folder: Path, part: str, change: Callable[[list[list[Any]]], None]) -> Path:
    """The spreadsheet of the items with the rows of one sheet changed, headings included."""
    to_workbook(ITEMS, folder / "base.xlsx")
    sheets = {
        name: [[int(cell) if isinstance(cell, float) else cell for cell in row] for row in rows]
        for name, rows in workbook.read(folder / "base.xlsx").items()
    }
    change(sheets[layouts()[part].sheet])
    found = [
        Sheet(name, tuple((str(cell), 9) for cell in rows[0]), tuple(rows[1:])) if rows else Sheet(name, (), ())
        for name, rows in sheets.items()
    ]
    workbook.write(folder / "changed.xlsx", found)
    return folder / "changed.xlsx"


def set_cell(row: int, column: int, value: object) -> Callable[[list[list[Any]]], None]:
    """A change of one cell; row 0 holds the headings."""

    def change(rows: list[list[Any]]) -> None:
        rows[row][column] = value

    return change


@pytest.mark.parametrize(
    ("part", "change", "fault"),
    [
        ("entries", set_cell(0, 5, "Trả lòi"), "sheet 'Mục': has no column Tiêu đề (tiếng Anh)"),
        ("phrasings", lambda rows: rows.clear(), "sheet 'Cách hỏi': has no column Mã mục, Ngôn ngữ, Câu hỏi"),
        ("entries", lambda rows: [row.append("x") for row in rows], "sheet 'Mục': the column x is not known"),
        ("entries", set_cell(2, 2, "grant"), "sheet 'Mục', row 3: field 'kind': 'grant' is not known"),
        ("entries", set_cell(2, 0, "kc.machinery"), "row 3: 'kc.machinery' stands in an earlier row too"),
        ("entries", set_cell(2, 1, "sáu"), "row 3: field 'version': leave it as it was exported"),
        ("phrasings", set_cell(3, 0, "kc.none"), "sheet 'Cách hỏi', row 4: 'kc.none' is no entry of this file"),
        ("phrasings", set_cell(3, 1, "fr"), "sheet 'Cách hỏi', row 4: the language is 'fr'; write vi or en"),
        ("phrasings", set_cell(3, 2, ""), "sheet 'Mục', row 2: field 'phrasings.vi'"),
        ("sources", set_cell(1, 4, "hôm qua"), "row 2: field 'sources[1].issued': 'hôm qua' is not a day"),
        ("eligibility", set_cell(2, 4, "nhiều"), "row 2: field 'eligibility[2].at_most': write a whole number"),
    ],
)
def test_a_bad_row_is_named_by_its_sheet_and_number(
    tmp_path: Path, part: str, change: Callable[[list[list[Any]]], None], fault: str
) -> None:
    with pytest.raises(ExchangeError) as caught:
        from_workbook(changed(tmp_path, part, change))
    assert any(fault in line for line in caught.value.faults), caught.value.faults
    assert all(line.startswith("changed.xlsx, sheet '") for line in caught.value.faults)


def test_what_people_type_into_cells_is_understood(tmp_path: Path) -> None:
    def typed(rows: list[list[Any]]) -> None:
        columns = list(layouts()["entries"].columns)
        rows[2][columns.index("checked_on")] = "24/11/2026"
        rows[2][columns.index("owner")] = 2026
        rows[2][columns.index("version")] = "12"
        rows.append([""] * len(columns))

    found = from_workbook(changed(tmp_path, "entries", typed))[1]
    assert (found.entry.checked_on, found.entry.owner, found.version) == (dt.date(2026, 11, 24), "2026", 12)


def test_a_file_that_is_no_spreadsheet_is_named(tmp_path: Path) -> None:
    (tmp_path / "base.xlsx").write_bytes(b"PK no zip")
    with pytest.raises(WorkbookError, match=r"base\.xlsx: cannot be read as \.xlsx"):
        from_workbook(tmp_path / "base.xlsx")
    with pytest.raises(WorkbookError, match=r"none\.xlsx: is not there"):
        from_workbook(tmp_path / "none.xlsx")


def test_a_text_too_long_for_a_cell_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "base.xlsx"
    to_workbook(ITEMS, path)
    before = path.read_bytes()
    long = Exchanged(Entry("kc.long", "law", Text("T"), Text("a" * 32_768), "unknown", DAY))
    with pytest.raises(WorkbookError, match=r"sheet 'Mục', row 2: a cell holds 32767 characters"):
        to_workbook([long], path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["base.xlsx"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="cannot be written"):
        to_workbook(ITEMS, tmp_path / "none" / "base.xlsx")
