"""A good base is clean; broken in one way, it names just that, with the mend."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge.base import Problem, References
from knowledge.check import problems, read_folder
from knowledge.eligibility import Criterion
from knowledge.entry import Action, Entry, Form, Phrasings, Source
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


def test_a_good_base_is_clean() -> None:
    assert found(GOOD, APPLY) == ()


def test_an_id_that_is_no_topic_is_named() -> None:
    other = replace(GOOD, id="kc.machines", related=("kc.apply",))
    said = found(other, replace(APPLY, related=("kc.machines",)), topics=TOPICS[1:], menu=())
    assert [(problem.field, problem.text) for problem in said] == [("id", "'kc.machines' is not in topics.tsv")]


def test_topics_without_their_entries_are_named_in_one_line() -> None:
    said = found(GOOD, APPLY, topics=(*TOPICS, Topic("kc.plan", "Kế hoạch", ()), Topic("kc.results", "Kết quả", ())))
    assert [str(problem) for problem in said] == [
        "topics.tsv: id: 2 of 4 topics have no entry: kc.plan, kc.results; "
        "write entries/<id>.toml, or mend it where it is unreadable"
    ]


@pytest.mark.parametrize("field", ["title", "answer", "more", "caveat"])
def test_vietnamese_without_english_is_named(field: str) -> None:
    text = Text("Không phải cam kết" if field == "caveat" else "Không có số")
    assert (f"{field}.en", "the English is missing") in broken(**{field: text})


def test_a_label_without_english_is_named() -> None:
    assert broken(actions=(Action("menu", label=Text("Xem")),)) == [("actions[1].label.en", "the English is missing")]


def test_an_entry_without_more_is_good() -> None:
    assert broken(more=Text()) == []


def test_what_is_known_with_a_reservation_only_is_told_with_one() -> None:
    wordless: dict[str, Any] = {"answer": Text("Được.", "Yes."), "more": Text(), "caveat": Text()}
    said = [("caveat.vi", "no caveat, though KC-11 may only be told with one (CAV)")]
    assert broken(**wordless) == said
    assert broken(**wordless | {"facts": ("KC-11", "KC-23")}) == said
    sure = found(GOOD, replace(APPLY, **wordless, facts=("KC-23",)))
    assert sure == ()


def test_an_entry_without_source_is_named() -> None:
    said = broken(sources=(), more=Text())
    assert said == [("sources", "no source")]


def test_an_entry_without_fact_or_with_an_unknown_one_is_named() -> None:
    wordless = {"answer": Text("Được.", "Yes."), "more": Text()}
    assert broken(facts=(), **wordless) == [("facts", "no fact")]
    assert broken(facts=("KC-11", "KC-99"), **wordless) == [("facts", "'KC-99' is not in facts.jsonl")]


def test_an_entry_lists_the_facts_its_topic_was_planned_on() -> None:
    wordless = {"answer": Text("Được.", "Yes."), "more": Text()}
    assert broken(facts=("KC-23",), **wordless) == [("facts", "KC-11 of topics.tsv not listed")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (Text("Máy phải mới, 3 chiếc.", "New."), "3"),
        (Text("Tối đa 400 triệu đồng.", "New."), "400 triệu"),
        (Text("Tối đa 300 tỷ đồng.", "New."), "300 tỷ"),
        (Text("Tối đa 60%.", "New."), "60%"),
        (Text("Từ 12/05/2018.", "New."), "12/05/2018"),
        (Text("Từ 06/2018.", "New."), "06/2018"),
        (Text("Theo NĐ 99/2025/NĐ-CP.", "New."), "99/2025/NĐ-CP"),
        (Text("Theo TT 28/2019/TT-BTC.", "New."), "28/2019/TT-BTC"),
        (Text("Theo Điều 7.", "New."), "Điều 7"),
        (Text("Gọi 0275.3822251.", "New."), "0275.3822251"),
        (Text("Mới.", "Up to VND 300 billion."), "VND 300 billion"),
        (Text("Mới.", "From 12 May 2018."), "12 May 2018"),
    ],
)
@pytest.mark.parametrize("field", ["answer", "more", "caveat"])
def test_a_figure_no_listed_fact_holds_is_named(field: str, text: Text, shown: str) -> None:
    reserved = Text(f"{GOOD.caveat.vi} {text.vi}", f"{GOOD.caveat.en} {text.en}")
    [(where, words)] = broken(**{field: reserved if field == "caveat" else text})
    assert where in (f"{field}.vi", f"{field}.en")
    assert words == f"no listed fact holds '{shown}'"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (Source("TT 29/2018/TT-BTC"), "29/2018/TT-BTC"),
        (Source("TT 28/2018/TT-BTC", "Điều 7"), "Điều 7"),
        (Source("TT 28/2018/TT-BTC", issued="2018-03-29"), "2018-03-29"),
    ],
)
def test_a_source_that_no_fact_knows_is_named(source: Source, shown: str) -> None:
    said = broken(sources=(*GOOD.sources, source))
    assert said == [("sources[2]", f"no fact holds '{shown}'")]
    assert broken(sources=(*GOOD.sources, source), confirmed_by="Sở", confirmed_on=TODAY) == []


def test_what_the_department_signed_rests_on_its_word() -> None:
    signed = {"confirmed_by": "Phòng Quản lý công nghiệp", "confirmed_on": TODAY}
    assert broken(more=Text("Máy phải mới, 3 chiếc.", "New, 3 of them."), **signed) == []


@pytest.mark.parametrize(
    "text",
    [
        Text("Tối đa 0,3 tỷ đồng, tức 300.000.000 đồng.", "Up to VND 300,000,000."),
        Text("Năm 2018, tháng 5/2018, ngày 11 tháng 5 năm 2018.", "May 2018, 11 May 2018, 2018."),
        Text("Năm 2020 có 07 cơ sở.", "In 2020 there were 7."),
        Text("Xem NĐ 45/2012/NĐ-CP Điều 9, Thông tư 28.", "See Decree 45, article 9."),
        Text("Ban hành 28/03/2018.", "Issued on 28 March 2018."),
        Text("Nộp qua https://dichvucong.gov.vn/?id=777 theo ISO 9001.", "Portal."),
    ],
)
def test_a_figure_that_is_held_may_be_written_otherwise(text: Text) -> None:
    assert broken(more=text) == []


def test_the_mend_of_a_missing_figure_names_the_fact_that_holds_it() -> None:
    [problem] = found(replace(GOOD, facts=("KC-11",), more=Text("Năm 2020 có 7 cơ sở.", "Old.")), APPLY)[1:]
    assert "'7'" in problem.text
    assert problem.mend == "list the fact it comes from (perhaps KC-22)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (Text("Nhãn hiệu tối đa 80%.", "Brands."), "80%"),
        (Text("Gọi 0275.3822365.", "Call."), "0275.3822365"),
        (Text("Xem TT 19/2021/TT-BCT.", "See."), "19/2021/TT-BCT"),
    ],
)
def test_a_figure_of_a_fact_that_gives_none_is_named(text: Text, shown: str) -> None:
    said = broken(more=text)
    assert said == [("more.vi", f"'{shown}' comes from a fact that gives no figures (REF or INT)")]


def test_a_figure_of_the_past_stands_beside_its_year() -> None:
    said = broken(more=Text("Có 7 cơ sở.", "There are 7."))
    assert said == [
        ("more.vi", "'7' is history and no year says so"),
        ("more.en", "'7' is history and no year says so"),
    ]
    assert broken(more=Text("Năm 2020:\n• 7 cơ sở", "In 2020:\n• 7 facilities")) == []


def test_a_figure_of_such_a_fact_may_stand_where_another_fact_holds_it() -> None:
    assert broken(more=Text("Gọi 0275.3822 365.", "Call."), facts=("KC-11", "KC-13", "SD-41")) == []


def test_only_an_assistant_entry_states_what_shapes_behaviour() -> None:
    text = {"more": Text("Trả lời trong 2 ngày.", "Within 2 days."), "facts": ("KC-11", "PD-05")}
    said = broken(**text)
    assert [field for field, _ in said] == ["more.vi", "more.en"]
    assert broken(**text, kind="assistant") == []


@pytest.mark.parametrize(
    ("kind", "text", "field"),
    [
        ("scheme", Text("Hỗ trợ 50% chi phí. Tối đa thôi.", "New."), "more.vi"),
        ("scheme", Text("Mức tối đa:\n• 300 triệu đồng", "New."), "more.vi"),
        ("scheme", Text("Mới.", "It pays VND 300 million."), "more.en"),
        ("procedure", Text("Hỗ trợ 50% chi phí.", "New."), "more.vi"),
        ("procedure", Text("Mới.", "It pays 50%."), "more.en"),
    ],
)
def test_a_rate_without_at_most_in_its_sentence_is_named(kind: str, text: Text, field: str) -> None:
    [(where, words)] = broken(kind=kind, more=text)
    assert (where, "without" in words) == (field, True)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("scheme", Text("Lao động tại chỗ từ 20%.", "At least 20% local workers.")),
        ("scheme", Text("Chương trình có 93,48 tỷ đồng.", "It has VND 93.48 billion.")),
        ("procedure", Text("Lao động tại chỗ chiếm 20%.", "Local workers are 20%.")),
    ],
)
def test_a_threshold_or_a_total_is_no_rate(kind: str, text: Text) -> None:
    assert broken(kind=kind, more=text) == []


def test_rates_without_saying_that_they_are_no_commitment_are_named() -> None:
    said = broken(caveat=Text("Tùy dự toán.", "Subject to the budget."))
    text = "rates of support without saying that they are no commitment"
    assert said == [("caveat.vi", text), ("caveat.en", text)]


@pytest.mark.parametrize(
    ("text", "field", "shown"),
    [
        (Text("Anh/chị sẽ được hỗ trợ.", "You may apply."), "more.vi", "sẽ được hỗ trợ"),
        (Text("Hồ sơ đủ thì chắc chắn được.", "You may apply."), "more.vi", "chắc chắn được"),
        (Text("Cán bộ sẽ gọi lại.", "You may apply."), "more.vi", "sẽ gọi lại"),
        (Text("Có thể được xét.", "You will receive it."), "more.en", "will receive"),
        (Text("Có thể được xét.", "An officer will call you back."), "more.en", "will call you back"),
    ],
)
def test_a_promise_is_named(text: Text, field: str, shown: str) -> None:
    assert broken(more=text) == [(field, f"'{shown}' promises")]


CRITERION = Criterion("own_capital_percent", Text("Từ 20", "From 20"), "KC-11", "TT 28/2018/TT-BTC", at_least=20)


@pytest.mark.parametrize(
    ("criterion", "field", "text"),
    [
        (replace(CRITERION, fact="KC-99"), "eligibility[1].fact", "'KC-99' is no listed fact"),
        (replace(CRITERION, fact="SD-41"), "eligibility[1].fact", "'SD-41' is no listed fact"),
        (replace(CRITERION, at_least=21), "eligibility[1]", "KC-11 does not hold 21"),
        (replace(CRITERION, about="revenue", at_least=1000), "eligibility[1]", "KC-11 does not hold 1,000 VND"),
        (replace(CRITERION, text=Text("Từ 20")), "eligibility[1].text.en", "the English is missing"),
    ],
)
def test_a_condition_without_its_source_is_named(criterion: Criterion, field: str, text: str) -> None:
    assert broken(eligibility=(criterion,)) == [(field, text)]


def test_a_condition_that_stands_in_its_fact_is_good() -> None:
    capital = replace(CRITERION, about="capital", at_least=None, at_most=300_000_000)
    assert broken(eligibility=(CRITERION, capital)) == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_first_bubble_that_is_too_long_is_named(language: str) -> None:
    caveat = {"vi": GOOD.caveat.vi, "en": GOOD.caveat.en}
    fits = {"vi": "Mới.", "en": "New."} | {language: "a" * (330 - len(caveat[language]))}
    assert broken(answer=Text(**fits), caveat=Text(**caveat)) == []
    said = broken(answer=Text(**fits | {language: fits[language] + "a"}), caveat=Text(**caveat))
    assert said == [(f"answer.{language}", "answer and caveat have 331 characters, more than 330")]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_title_too_long_for_a_button_is_named(language: str) -> None:
    title = {"vi": "Máy", "en": "Machines"}
    assert broken(title=Text(**title | {language: "a" * 48})) == []
    said = broken(title=Text(**title | {language: "a" * 49}))
    assert said == [(f"title.{language}", "49 characters, more than 48")]


def test_a_phrasing_of_two_entries_is_named_however_it_is_typed() -> None:
    taken = replace(APPLY, phrasings=replace(APPLY.phrasings, vi=(*APPLY.phrasings.vi, "MUA MAY loại 3")))
    [problem] = found(GOOD, taken)
    assert str(problem) == (
        "kc.machinery.toml: phrasings: 'mua máy loại 3' also stands in kc.apply.toml; keep it where it fits better"
    )


def test_too_few_different_phrasings_are_named() -> None:
    vi, en = GOOD.phrasings.vi, GOOD.phrasings.en
    assert broken(phrasings=Phrasings(vi[:29], en)) == [("phrasings.vi", "29 different ones, fewer than 30")]
    assert broken(phrasings=Phrasings((*vi[:29], "Mua May Loai 1"), en)) == [
        ("phrasings.vi", "29 different ones, fewer than 30")
    ]
    assert broken(phrasings=Phrasings(vi, en[:9])) == [("phrasings.en", "9 different ones, fewer than 10")]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"related": ("kc.none",)}, "related", "'kc.none' is no other entry"),
        ({"related": ("kc.machinery",)}, "related", "'kc.machinery' is no other entry"),
        ({"actions": (Action("entry", "kc.none"),)}, "actions[1].target", "'kc.none' is no entry"),
        ({"actions": (Action("entry"),)}, "actions[1].target", "'' is no entry"),
        ({"actions": (Action("link", "business.gov.vn"),)}, "actions[1].target", "'business.gov.vn' is no link"),
        ({"route": "ministry"}, "route", "'ministry' is not in routes.toml"),
        ({"actions": (), "related": ()}, "actions", "the answer is a dead end"),
        ({"files": (Form("to.docx", Text("Tờ", "P")),)}, "files[1].name", "'to.docx' is not in the folder of forms"),
        ({"more": Text("Gọi {fone}.", "Call."), "facts": ("KC-11", "SD-41")}, "more", "'{fone}' is no contact"),
    ],
)
def test_what_leads_nowhere_is_named(change: dict[str, Any], field: str, words: str) -> None:
    assert broken(**change) == [(field, words)]


def test_a_form_that_is_there_and_a_contact_that_is_known_are_good() -> None:
    assert broken(files=(Form("don.docx", Text("Đơn", "Application")),)) == []
    assert broken(files=(Form("don.docx", Text("Đơn")),)) == [("files[1].title.en", "the English is missing")]
    called = Text("Gọi {phones}.", "Call {phones}.")
    assert broken(more=called, facts=("KC-11", "SD-41")) == []
    assert [text for _, text in broken(more=called)] == [
        "'0275.3822365' comes from a fact that gives no figures (REF or INT)"
    ] * 2


def test_one_next_step_is_enough() -> None:
    assert broken(actions=()) == broken(related=()) == broken(route="") == []


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"review_by": None}, "review_by", "is missing"),
        ({"status": "history"}, "review_by", "history has no such date"),
        (
            {"status": "history", "review_by": None, "valid_to": dt.date(2020, 12, 31)},
            "valid_to",
            "history has no such date",
        ),
        ({"valid_to": dt.date(2026, 11, 23)}, "status", "'in force', yet valid only to 2026-11-23"),
        (
            {"valid_to": dt.date(2026, 11, 23), "status": "likely in force"},
            "status",
            "'likely in force', yet valid only to 2026-11-23",
        ),
        ({"checked_on": dt.date(2026, 11, 25)}, "checked_on", "2026-11-25 is after today, 2026-11-24"),
        ({"review_by": dt.date(2026, 11, 23)}, "review_by", "0 days after it was checked"),
        ({"review_by": dt.date(2027, 6, 27)}, "review_by", "216 days after it was checked"),
        ({"kind": "contact", "review_by": dt.date(2027, 2, 22)}, "review_by", "91 days after it was checked"),
        ({"valid_from": dt.date(2028, 1, 1), "valid_to": TODAY}, "valid_to", "2026-11-24 is before valid_from"),
        ({"confirmed_by": "Sở"}, "confirmed_by", "goes with confirmed_on"),
    ],
)
def test_a_date_that_contradicts_is_named(change: dict[str, Any], field: str, words: str) -> None:
    assert broken(**change) == [(field, words)]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "history", "review_by": None},
        {"valid_to": TODAY},
        {"valid_to": dt.date(2026, 11, 23), "status": "ended"},
        {"checked_on": TODAY},
    ],
)
def test_dates_that_agree_are_good(change: dict[str, Any]) -> None:
    assert broken(**change) == []


def test_reviews_crowded_on_one_day_are_named() -> None:
    day = dt.date(2027, 3, 15)
    many = [replace(APPLY, id=f"kc.{n}", phrasings=Phrasings(), review_by=day) for n in range(4)]
    said = [problem for problem in found(GOOD, *many) if "to be reviewed" in problem.text]
    assert [str(problem) for problem in said] == [
        "kc.3.toml: review_by: 5 entries are to be reviewed on 2027-03-15: kc.machinery, kc.0, kc.1, kc.2, kc.3; "
        "spread them, at most 3 a day"
    ]


@pytest.mark.parametrize(
    ("menu", "said"),
    [
        ((("kc.machinery",),), ["menu.toml: kc.apply: stands in no list; add it where people would look for it"]),
        ((("kc.machinery", "kc.apply"), ("kc.apply",)), ["menu.toml: kc.apply: is no topic, or stands there twice"]),
        ((("kc.machinery", "kc.apply", "kc.x"),), ["menu.toml: kc.x: is no topic, or stands there twice"]),
        ((("kc.machinery", "kc.apply"),), []),
    ],
)
def test_an_entry_stands_in_one_list_of_the_menu(menu: tuple[tuple[str, ...], ...], said: list[str]) -> None:
    lines = [str(problem) for problem in found(GOOD, APPLY, menu=menu)]
    assert len(lines) == len(said)
    assert all(line.startswith(words) for line, words in zip(lines, said, strict=True))


def test_a_clock_older_than_the_base_is_named_once() -> None:
    assert found(GOOD, APPLY, today=GOOD.checked_on) == ()
    assert [str(problem) for problem in found(GOOD, APPLY, today=dt.date(2026, 11, 22))] == [
        "clock: today: today is 2026-11-22, but the entries were checked up to 2026-11-23; "
        "set the clock of this machine, or the date that was given"
    ]


def test_every_problem_is_named_at_once() -> None:
    bad = replace(GOOD, title=Text("Máy"), sources=(), related=(), actions=(), review_by=None, route="x", more=Text())
    assert [problem.field for problem in found(bad, replace(APPLY, related=("x",), sources=()))] == [
        *("title.en", "sources", "route", "actions", "review_by"),
        *("sources", "more.vi", "more.en", "related"),
    ]


def test_a_folder_is_read_past_its_unreadable_files(tmp_path: Path) -> None:
    good = 'id = "{}"\nkind = "law"\ntitle.vi = "T"\nanswer.vi = "A"\nstatus = "in force"\nchecked_on = 2026-11-23\n'
    for id in ("a.good", "b.typo", "c.broken", "d.good"):
        (tmp_path / f"{id}.toml").write_text(good.format(id), "utf-8")
    (tmp_path / "b.typo.toml").write_text(good.format("b.typo") + "reviewby = 2027-01-01\n", "utf-8")
    (tmp_path / "c.broken.toml").write_text("id = ", "utf-8")
    entries, said = read_folder(tmp_path)
    assert [entry.id for entry in entries] == ["a.good", "d.good"]
    assert [(problem.place, problem.field) for problem in said] == [
        ("b.typo.toml", "reviewby"),
        ("c.broken.toml", "(file)"),
    ]
    assert str(said[0]) == str(said[0])
    assert "b.typo.toml: reviewby: unreadable; is not known here; use one of: actions, answer," in str(said[0])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    entries, [problem] = read_folder(tmp_path / "none")
    assert (entries, problem.text) == ((), "is not there")


def test_a_problem_is_one_line() -> None:
    assert str(Problem("x.toml", "(file)", "bad\n  TOML", "mend\tit")) == "x.toml: (file): bad TOML; mend it"
