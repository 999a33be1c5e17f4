"""Entries are read whole or refused with the place, the field and the mend."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from knowledge.eligibility import Criterion
from knowledge.entry import Action, Form, Source, from_file, from_folder, from_mapping, to_mapping
from knowledge.fields import EntryError, Text

SMALLEST: Mapping[str, Any] = {
    "id": "kc.machinery",
    "kind": "scheme",
    "title": {"vi": "Mua máy"},
    "answer": {"vi": "Được."},
    "status": "in force",
    "checked_on": dt.date(2026, 11, 23),
}
CRITERION: dict[str, Any] = {
    "about": "form",
    "one_of": ["household"],
    "text": {"vi": "Hộ kinh doanh"},
    "fact": "KC-03",
    "document": "NĐ 235/2025/NĐ-CP",
}
WHOLE = """
id = "kc.machinery"
kind = "scheme"
title = {vi = " Mua máy ", en = "Machines"}
answer.vi = "Được."
answer.en = "Yes."
more.vi = "Thêm"
caveat.vi = "Tùy dự toán."
facts = ["KC-11"]
sources = [{document = "TT 28/2018/TT-BTC", article = "Điều 8", issued = 2018-03-28}]
status = "likely in force"
checked_on = 2026-11-23
confirmed_by = "Phòng Công nghiệp"
confirmed_on = 2026-11-30
valid_from = 2018-05-11
valid_to = 2027-12-31
review_by = 2027-03-15
owner = "Trung tâm"
related = ["kc.apply"]
actions = ["ask a person", {kind = "entry", target = "kc.apply", label = {vi = "Hồ sơ", en = "Papers"}}]
route = "department"
files = [{name = "don-de-nghi.pdf", title = {vi = "Đơn đề nghị", en = "Application"}}]
eligibility = [
  {about = "form", one_of = ["household"], text = {vi = "Hộ"}, fact = "KC-03", document = "NĐ 235", article = "1"},
  {about = "capital", at_most = 9, at_least = 0, text = {vi = "Vốn"}, fact = "KC-3", document = "X", either = "size"},
]
phrasings = {vi = ["mua máy"], en = ["buy machines"]}
"""


def test_a_whole_entry_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "kc.machinery.toml"
    path.write_text(WHOLE, "utf-8")
    entry = from_file(path)
    assert entry.title == Text("Mua máy", "Machines")
    assert entry.sources == (Source("TT 28/2018/TT-BTC", "Điều 8", issued="2018-03-28"),)
    assert entry.actions == (Action("ask a person"), Action("entry", "kc.apply", Text("Hồ sơ", "Papers")))
    assert (entry.valid_from, entry.valid_to) == (dt.date(2018, 5, 11), dt.date(2027, 12, 31))
    assert entry.confirmed
    assert entry.files == (Form("don-de-nghi.pdf", Text("Đơn đề nghị", "Application")),)
    form, capital = entry.eligibility
    assert form == Criterion("form", Text("Hộ"), "KC-03", "NĐ 235", "1", one_of=("household",))
    assert (capital.at_least, capital.at_most, capital.either) == (0, 9, "size")


def test_an_entry_survives_the_way_through_json(tmp_path: Path) -> None:
    path = tmp_path / "kc.machinery.toml"
    path.write_text(WHOLE, "utf-8")
    entry = from_file(path)
    assert from_mapping(json.loads(json.dumps(to_mapping(entry))), "json") == entry


def test_empty_fields_are_not_written() -> None:
    smallest = {**SMALLEST, "checked_on": "2026-11-23", "status": "in force"}
    assert to_mapping(from_mapping({**smallest, "caveat": {"vi": ""}, "related": []}, "x")) == smallest


def test_the_smallest_entry_needs_no_more_than_its_required_fields() -> None:
    entry = from_mapping(SMALLEST, "x.toml")
    assert (entry.sources, entry.actions, entry.review_by, entry.confirmed) == ((), (), None, False)


@pytest.mark.parametrize("field", sorted(SMALLEST))
def test_a_required_field_that_is_missing_is_named(field: str) -> None:
    with pytest.raises(EntryError) as caught:
        from_mapping({key: value for key, value in SMALLEST.items() if key != field}, "x.toml")
    assert caught.value.place == "x.toml"
    assert caught.value.field.split(".")[0] == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "grant"),
        ("status", "maybe"),
        ("title", "Mua máy"),
        ("title", {"vi": "Mua máy", "fr": "Machines"}),
        ("answer", {"vi": 5}),
        ("phrasings", ["mua máy"]),
        ("phrasings", {"vi": "mua máy"}),
        ("facts", "KC-11"),
        ("facts", ["KC-11", " "]),
        ("sources", 5),
        ("sources", ["TT 28/2018"]),
        ("sources", [{"article": "Điều 8"}]),
        ("sources", [{"document": "TT 28/2018", "artikel": "8"}]),
        ("actions", 5),
        ("actions", ["call"]),
        ("actions", [{"kind": "entry", "taget": "kc.apply"}]),
        ("actions", [{"kind": "menu", "label": "Xem"}]),
        ("sources", [{"document": "TT 28/2018", "issued": "28/03/2018"}]),
        ("files", ["don.docx"]),
        ("files", [{"name": "don.docx"}]),
        ("files", [{"name": "../don.docx", "title": {"vi": "Đơn"}}]),
        ("files", [{"name": "đơn.docx", "title": {"vi": "Đơn"}}]),
        ("files", [{"name": "don.exe", "title": {"vi": "Đơn"}}]),
        ("eligibility", [CRITERION | {"about": "colour"}]),
        ("eligibility", [CRITERION | {"one_of": ["shop"]}]),
        ("eligibility", [CRITERION | {"one_of": []}]),
        ("eligibility", [CRITERION | {"at_most": 5}]),
        ("eligibility", [CRITERION | {"fact": ""}]),
        ("eligibility", [CRITERION | {"document": ""}]),
        ("eligibility", [CRITERION | {"about": "employees"}]),
        ("eligibility", [CRITERION | {"about": "employees", "one_of": []}]),
        ("eligibility", [CRITERION | {"about": "employees", "one_of": [], "at_most": "10"}]),
        ("eligibility", [CRITERION | {"about": "employees", "one_of": [], "at_most": -1}]),
        ("eligibility", [CRITERION | {"about": "employees", "one_of": [], "at_most": True}]),
        ("checked_on", "23/11/2026"),
        ("review_by", dt.datetime(2027, 3, 15, 8, 0, tzinfo=dt.UTC)),
        ("valid_to", 2027),
        ("owner", 7),
        ("reviewby", dt.date(2027, 3, 15)),
    ],
)
def test_a_field_that_cannot_be_meant_is_refused_and_named(field: str, value: object) -> None:
    with pytest.raises(EntryError) as caught:
        from_mapping({**SMALLEST, field: value}, "x.toml")
    assert caught.value.field.split("[")[0].split(".")[0] == field
    assert caught.value.mend


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "kc.machinery.toml"
    path.write_text("id = ", "utf-8")
    with pytest.raises(EntryError, match="not valid TOML"):
        from_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EntryError, match="cannot be read"):
        from_file(path)


def test_a_file_is_named_like_its_entry(tmp_path: Path) -> None:
    path = tmp_path / "kc.machines.toml"
    path.write_text(WHOLE, "utf-8")
    with pytest.raises(EntryError, match=r"kc\.machines"):
        from_file(path)


def test_a_folder_is_read_in_the_order_of_the_ids(tmp_path: Path) -> None:
    for id in ("b.two", "a.one"):
        (tmp_path / f"{id}.toml").write_text(WHOLE.replace("kc.machinery", id), "utf-8")
    assert [entry.id for entry in from_folder(tmp_path)] == ["a.one", "b.two"]


def test_a_text_falls_back_to_vietnamese() -> None:
    assert Text("máy", "machine").get("en") == "machine"
    assert Text("máy").get("en") == "máy"
    assert not Text()


def test_an_entry_expires_the_day_after_and_history_never_grows_stale() -> None:
    entry = from_mapping({**SMALLEST, "valid_to": "2026-12-30", "review_by": "2026-12-30"}, "x")
    last, next_day = dt.date(2026, 12, 30), dt.date(2026, 12, 31)
    assert (entry.expired(last), entry.expired(next_day)) == (False, True)
    assert (entry.stale(last), entry.stale(next_day)) == (False, True)
    history = from_mapping({**SMALLEST, "status": "history", "review_by": "2026-12-30"}, "x")
    assert not history.stale(next_day)
