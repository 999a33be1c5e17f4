"""A small base without a fault, and what the check says once one part of it is changed."""

import datetime as dt
from dataclasses import replace
from typing import Any

from knowledge.base import Problem, References
from knowledge.check import problems
from knowledge.entry import Action, Entry, Phrasings, Source
from knowledge.facts import Fact, Topic, Use
from knowledge.fields import Text
from knowledge.menu import Section

TODAY = dt.date(2026, 11, 24)


def fact(id: str, use: Use, vi: str, en: str = "-", confidence: str = "1S") -> Fact:
    return Fact(id, "Khuyến công", vi, en, ("KC28",), "HL", confidence, use)


FACTS = (
    fact(
        "KC-11",
        "CAV",
        "Máy móc: tối đa 50% chi phí, không quá 300 triệu đồng/cơ sở; dùng lao động tại chỗ từ 20% (TT 28/2018).",
        "Up to 50%, VND 300 million, NOT 300 billion; at least 20% local workers.",
    ),
    fact("KC-23", "OK", "Máy phải mới, mua từ 11/05/2018. Chương trình có 93,48 tỷ đồng.", "New machines, 93.48bn."),
    fact("KC-22", "HIST", "Năm 2020 có 7 cơ sở."),
    fact("KC-13", "REF", "Nhãn hiệu 80% theo NĐ 45/2012 Điều 9; gọi 0275.3822365."),
    fact("KC-19", "REF", "Một văn bản chưa thấy: TT 19/2021.", confidence="UNV"),
    fact("PD-05", "INT", "Phản hồi trong 02 ngày làm việc."),
    fact("SD-41", "CAV", "Điện thoại: 0275.3822365."),
    fact("KC-09", "OK", "TT 28/2018/TT-BTC (28/03/2018), Điều 8 khoản 4."),
)
TOPICS = (Topic("kc.machinery", "Mua máy", ("KC-11",)), Topic("kc.apply", "Hồ sơ", ("KC-23",)))
GOOD = Entry(
    id="kc.machinery",
    kind="scheme",
    title=Text("Mua máy", "Machines"),
    answer=Text("Được, tối đa 50%, không quá 300 triệu đồng.", "Yes, up to 50%, at most VND 300 million."),
    more=Text(
        "Theo TT 28/2018/TT-BTC Điều 8, đối chiếu 11/2026.\nMáy mua từ 11/5/2018; lao động tại chỗ từ 20%.",
        "Circular 28/2018/TT-BTC, article 8.\nMachines bought after 11 May 2018. The programme has VND 93.48 billion.",
    ),
    caveat=Text("Không phải cam kết; tùy dự toán.", "Not a commitment; subject to the budget."),
    status="in force",
    checked_on=dt.date(2026, 11, 23),
    review_by=dt.date(2027, 3, 15),
    phrasings=Phrasings(
        tuple(f"mua máy loại {n}" for n in range(30)), tuple(f"buy machine number {n}" for n in range(10))
    ),
    facts=("KC-11", "KC-23", "KC-22", "KC-13", "KC-19"),
    sources=(Source("TT 28/2018/TT-BTC", "Điều 8 khoản 4", issued="2018-03-28"),),
    related=("kc.apply",),
    actions=(Action("ask a person"), Action("entry", "kc.apply", Text("Hồ sơ", "Papers"))),
    route="department",
)
APPLY = replace(
    GOOD,
    id="kc.apply",
    title=Text("Hồ sơ", "Papers"),
    related=("kc.machinery",),
    actions=(Action("link", "https://dichvucong.gov.vn"),),
    phrasings=Phrasings(tuple(f"hồ sơ loại {n}" for n in range(30)), tuple(f"paper number {n}" for n in range(10))),
)


def found(
    *entries: Entry,
    topics: tuple[Topic, ...] = TOPICS,
    today: dt.date = TODAY,
    menu: tuple[tuple[str, ...], ...] = (("kc.machinery", "kc.apply"),),
) -> tuple[Problem, ...]:
    """What the check says about these entries."""
    references = References(
        facts={fact.id: fact for fact in FACTS},
        topics={topic.id: topic for topic in topics},
        routes=frozenset({"department"}),
        contacts={"phones": "0275.3822365"},
        menu=tuple(Section(str(n), Text("M"), Text("?"), ids) for n, ids in enumerate(menu)),
        forms=frozenset({"don.docx"}),
    )
    return problems(entries, references, today)


def broken(**change: Any) -> list[tuple[str, str]]:
    """Field and words of each problem, after one entry of the good base was changed."""
    said = found(replace(GOOD, **change), APPLY)
    assert all(problem.place == "kc.machinery.toml" and problem.mend for problem in said)
    return [(problem.field, problem.text) for problem in said]
