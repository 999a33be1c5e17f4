"""What an answer states stands in its facts, told as they may be told; anything else is named with the mend."""

from dataclasses import replace
from typing import Any

import pytest

from knowledge.eligibility import Criterion
from knowledge.entry import Source
from knowledge.fields import Text
from tests.fakes.checked import APPLY, GOOD, TODAY, broken, found


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
