"""Entries name the old contacts, and people read their numbers."""

import datetime as dt
from pathlib import Path

import pytest

from knowledge.contacts import LINES, contacts_from, filled
from knowledge.entry import Entry
from knowledge.fields import EntryError, Text

SHIPPED = Path(__file__).parents[2] / "knowledge" / "contacts.toml"
ENTRY = Entry("contact.x", "contact", Text("{phones}"), Text("Gọi {phones}", "Call {phones}"), "unknown", dt.date.min)


def test_the_record_is_that_of_the_article() -> None:
    assert contacts_from(SHIPPED) == {
        "email": "sct@bentre.gov.vn",
        "phones": "0275.3822 365 – 0275.3822 251",
        "centre_phones": "0275.6281888 – 0275.3822403",
    }


def test_references_are_filled_where_people_read() -> None:
    told = filled(ENTRY, {"phones": "0275"})
    assert (told.answer, told.title) == (Text("Gọi 0275", "Call 0275"), ENTRY.title)


def test_a_reference_to_nothing_stays_and_other_braces_too() -> None:
    odd = Entry("contact.x", "contact", Text("T"), Text("{fone} {} { phones }"), "unknown", dt.date.min)
    assert filled(odd, {"phones": "0275"}) == odd


@pytest.mark.parametrize("line", LINES)
def test_a_record_without_a_line_is_refused(tmp_path: Path, line: str) -> None:
    kept = [text for text in SHIPPED.read_text("utf-8").splitlines() if not text.startswith(f"{line} =")]
    path = tmp_path / "contacts.toml"
    path.write_text("\n".join(kept), "utf-8")
    with pytest.raises(EntryError, match=f"field '{line}'"):
        contacts_from(path)
    path.write_text(f"{SHIPPED.read_text('utf-8')}\nfax = 'x'", "utf-8")
    with pytest.raises(EntryError, match="field 'fax'"):
        contacts_from(path)
