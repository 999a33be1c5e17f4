"""A good base is clean; broken in one way, it names just that, with the mend."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge.base import Problem
from knowledge.check import read_folder
from knowledge.entry import Action, Form, Phrasings
from knowledge.facts import Topic
from knowledge.fields import Text
from tests.fakes.checked import APPLY, GOOD, TODAY, TOPICS, broken, found


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
