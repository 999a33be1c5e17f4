"""A small knowledge base for tests of what is said: five entries, each with one thing to look at."""

import datetime as dt

from knowledge.entry import Action, Entry, Source
from knowledge.fields import Text
from knowledge.menu import Section
from tests.fakes.context import FakeKnowledge

CHECKED = dt.date(2026, 11, 20)
CIRCULAR = Source("Thông tư 28/2018/TT-BTC", "Điều 8", "Kinh phí khuyến công", "2018-03-28", "https://vbpl.vn/28")
DECREE = Source("Nghị định 235/2025/NĐ-CP", title="Sửa đổi Nghị định 45/2012/NĐ-CP")

MACHINERY = Entry(
    id="kc.machinery",
    kind="scheme",
    title=Text("Hỗ trợ mua máy móc", "Help to buy machinery"),
    answer=Text("Có. Tối đa 300 triệu đồng một cơ sở.", "Yes. Up to VND 300 million per facility."),
    caveat=Text("Mức tối đa, không phải cam kết; tùy dự toán.", "A ceiling, not a commitment; depends on the budget."),
    more=Text("Ai được xét: doanh nghiệp nhỏ và vừa.", "Who is considered: small and medium firms."),
    status="likely in force",
    checked_on=CHECKED,
    sources=(CIRCULAR, DECREE),
    facts=("KC-11",),
    related=("kc.used-machinery", "gone.entry"),
    actions=(Action("start profile"),),
    owner="Trung tâm",
)
USED = Entry(
    id="kc.used-machinery",
    kind="scheme",
    title=Text("Máy cũ có được hỗ trợ không", "Used machinery"),
    answer=Text("Không. Máy phải mới.", "No. It must be new."),
    status="in force",
    checked_on=CHECKED,
    sources=(CIRCULAR,),
)
CONTACT = Entry(
    id="contact.department",
    kind="contact",
    title=Text("Liên hệ Sở Công Thương", "Contact the Department"),
    answer=Text("Email: sct@bentre.gov.vn", "E-mail: sct@bentre.gov.vn"),
    more=Text("Các số khác.", "Other numbers."),
    status="unknown",
    checked_on=CHECKED,
    actions=(
        Action("start profile"),
        Action("entry", "contact.hours", Text("Địa chỉ, giờ làm việc?", "Address and hours?")),
        Action("menu"),
    ),
)
HOURS = Entry(
    id="contact.hours",
    kind="contact",
    title=Text("Giờ làm việc", "Opening hours"),
    answer=Text("Chưa có giờ làm việc được xác nhận.", "No confirmed hours."),
    status="unknown",
    checked_on=CHECKED,
)
TEXTILE = Entry(
    id="sector.textile",
    kind="sector",
    title=Text("Ngành dệt may", "Textiles"),
    answer=Text(
        "Theo báo cáo 28/08/2020, tỉnh mời gọi làm chỉ, nút, dây khóa.", "The 2020 report invited thread makers."
    ),
    status="history",
    checked_on=CHECKED,
)

QUESTION = "mua máy có được hỗ trợ không"


def knowledge(*more: Entry) -> FakeKnowledge:
    """The five entries and `more`, with one question taught for each of the first four."""
    found = FakeKnowledge({entry.id: entry for entry in (MACHINERY, USED, CONTACT, HOURS, TEXTILE, *more)})
    found.teach(QUESTION, "kc.machinery")
    found.teach("máy cũ thì sao?", "kc.used-machinery")
    found.teach("liên hệ sở", "contact.department")
    found.teach("giờ làm việc", "contact.hours")
    found.teach("hỗ trợ máy", "kc.machinery", "kc.used-machinery", score=0.4)
    lists = {"sectors": "sector", "schemes": "scheme", "contacts": "contact"}
    found.menu = tuple(
        Section(key, Text(key), Text(f"{key}?"), tuple(e.id for e in found.entries.values() if e.kind == kind))
        for key, kind in lists.items()
    )
    found.routes = {"tax": ("cơ quan thuế", "the tax office")}
    return found
