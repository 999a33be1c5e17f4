"""The list for confirming holds every figure with its facts, and says which topics only send people on."""

import datetime as dt
from dataclasses import replace

from knowledge.base import References
from knowledge.confirming import refers, sheets, stated
from knowledge.entry import Entry, Source
from knowledge.facts import Fact, Topic, Use
from knowledge.fields import Text


def fact(id: str, use: Use, vi: str) -> Fact:
    """A fact of one source."""
    return Fact(id, "Khuyến công", vi, "-", ("KC28", "KCPT"), "HL", "2S", use)


FACTS = {
    found.id: found
    for found in (
        fact("KC-11", "CAV", "Tối đa 50%, không quá 300 triệu đồng/cơ sở."),
        fact("KC-12", "OK", "Không quá 300 triệu đồng; gọi 0275.3822365."),
        fact("KC-13", "REF", "Nhãn hiệu 80%."),
    )
}
TOPICS = {
    topic.id: topic
    for topic in (Topic("kc.rates-local", "Mức khác", ("KC-13",)), Topic("kc.machinery", "Máy", ("KC-11", "KC-13")))
}
REFERENCES = References(FACTS, TOPICS, frozenset(), {"phones": "0275.3822365"})
MACHINERY = Entry(
    id="kc.machinery",
    kind="scheme",
    title=Text("Mua máy", "Machines"),
    answer=Text("Có.\nTối đa 50%, tối đa 300 triệu đồng theo Thông tư 28/2018/TT-BTC.", "Up to 50%."),
    more=Text("Gọi {phones}.", "Call."),
    caveat=Text("Tùy dự toán.", "Depends."),
    status="in force",
    checked_on=dt.date(2026, 11, 25),
    facts=("KC-11", "KC-12", "KC-13"),
    sources=(Source("TT 28/2018/TT-BTC", "Điều 8"),),
)
LOCAL = replace(MACHINERY, id="kc.rates-local", answer=Text("Chưa có nguồn."), more=Text(), facts=("KC-13",))


def test_every_figure_stands_with_the_facts_that_hold_it() -> None:
    found = [(s.field, s.figure.shown, [fact.id for fact in s.facts]) for s in stated(MACHINERY, REFERENCES)]
    assert found == [("answer", "50%", ["KC-11"]), ("answer", "300 triệu", ["KC-11", "KC-12"])]


def test_a_topic_only_refers_where_no_fact_of_its_plan_may_be_told() -> None:
    assert refers(LOCAL, REFERENCES)
    assert not refers(MACHINERY, REFERENCES)
    assert not refers(replace(LOCAL, kind="assistant"), REFERENCES)


def test_the_sheets_follow_the_topics_and_leave_room_for_the_verdict() -> None:
    answers, figures, referred, unknown = sheets([MACHINERY, LOCAL], REFERENCES, [("A1", "Liên hệ", "Địa chỉ?")])
    assert [row[0] for row in answers.rows] == ["kc.rates-local", "kc.machinery"]
    assert answers.rows[1][4] == "Gọi 0275.3822365."
    assert answers.rows[1][8] == 3
    assert [(row[3], row[5]) for row in figures.rows] == [
        ("50%", "KC-11"),
        ("300 triệu", "KC-11, KC-12"),
        ("0275.3822365", "KC-12"),
    ]
    assert figures.rows[0][9] == "KC28, KCPT"
    assert [(row[0], row[2], row[5]) for row in referred.rows] == [
        ("kc.rates-local", "cả mục", "KC-13: Nhãn hiệu 80%."),
        ("kc.machinery", "một phần", "KC-13: Nhãn hiệu 80%."),
    ]
    assert unknown.rows == (("A1", "Liên hệ", "Địa chỉ?"),)
    for sheet in (answers, figures, referred):
        assert [heading for heading, _ in sheet.headings][-4:] == ["Đúng?", "Sửa thành", "Người xác nhận", "Ngày"]
        assert all(len(row) == len(sheet.headings) - 4 for row in sheet.rows)
