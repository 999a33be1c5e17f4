"""An entry is shown with its source and date, short first, and never past its date as fact."""

import datetime as dt
from dataclasses import replace

import pytest

from handlers.entry_reply import FIRST_BUBBLE, MOST_CHOICES, cut, day, pages, source_line
from handlers.message import File
from handlers.turn import OpenTask
from knowledge.entry import Action, Entry, Form, Source
from knowledge.fields import Text
from tests.fakes.context import Store, Talk
from tests.fakes.entries import CIRCULAR, CONTACT, MACHINERY, QUESTION, knowledge


def talk_about(entry: Entry) -> Talk:
    """Somebody who knows already that a program answers, in a house with this entry."""
    talk = Talk(Store(knowledge(entry)))
    talk.say("/start")
    return talk


def shown(entry: Entry) -> Talk:
    """The same, after reading the entry."""
    talk = talk_about(entry)
    talk.tap(f"entry:{entry.id}")
    return talk


def test_the_first_line_answers_and_the_foot_says_source_and_state() -> None:
    lines = shown(MACHINERY).said.split("\n")
    assert lines[0] == "Có. Tối đa 300 triệu đồng một cơ sở."
    assert lines[1].startswith("Mức tối đa, không phải cam kết")
    assert lines[-2] == "Nguồn: Thông tư 28/2018/TT-BTC, Điều 8"
    assert lines[-1] == "Theo nguồn công khai, đối chiếu 11/2026; Sở chưa xác nhận."


def test_a_confirmed_entry_says_who_confirmed_it_and_when() -> None:
    talk = shown(replace(MACHINERY, confirmed_by="Phòng QLCN", confirmed_on=dt.date(2026, 11, 21)))
    assert talk.said.endswith("Phòng QLCN xác nhận ngày 21/11/2026.")
    assert "chưa xác nhận" not in talk.said


def test_the_choices_are_more_then_the_steps_then_related_and_at_most_three() -> None:
    assert shown(MACHINERY).offered == ["more:kc.machinery", "lead:start:kc.machinery", "entry:kc.used-machinery"]
    many = replace(MACHINERY, actions=(Action("start profile"), Action("ask a person"), Action("menu")))
    assert shown(many).offered == ["more:kc.machinery", "lead:start:kc.machinery", "human"]
    assert MOST_CHOICES == 3


def test_a_contact_offers_its_own_three_steps_with_their_own_words() -> None:
    talk = shown(CONTACT)
    labels = [choice.label for choice in talk.turn.replies[-1].choices]
    assert labels == ["Để lại yêu cầu", "Địa chỉ, giờ làm việc?", "Hỏi việc khác"]


def test_nothing_ends_without_a_way_on() -> None:
    bare = replace(MACHINERY, more=Text(), actions=(), related=(), sources=())
    talk = shown(bare)
    assert talk.offered == ["lead:start:kc.machinery"]
    assert "Nguồn:" not in talk.said


def test_links_and_lost_entries_are_no_choices() -> None:
    entry = replace(
        MACHINERY,
        actions=(Action("link", "https://dichvucong.gov.vn", Text("Cổng dịch vụ công")), Action("entry", "gone.entry")),
    )
    talk = shown(entry)
    assert talk.offered == ["more:kc.machinery", "lead:start:kc.machinery", "entry:kc.used-machinery"]
    assert [(link.label, link.url) for link in talk.turn.replies[-1].links] == [
        ("Cổng dịch vụ công", "https://dichvucong.gov.vn")
    ]


def test_the_forms_of_an_entry_go_with_its_answer_and_its_long_form_until_it_ends() -> None:
    entry = replace(MACHINERY, files=(Form("don.docx", Text("Đơn đề nghị", "Application")),))
    talk = talk_about(entry)
    for way in (f"entry:{entry.id}", f"more:{entry.id}"):
        assert talk.tap(way).replies[-1].files == (File("don.docx", "document", "Đơn đề nghị (don.docx)"),)
    ended = replace(entry, valid_to=dt.date(2026, 11, 22))
    assert talk_about(ended).tap(f"entry:{entry.id}").replies[-1].files == ()


def test_an_entry_about_what_the_bot_does_offers_to_do_it() -> None:
    stop = replace(MACHINERY, id="bot.stop", kind="assistant", actions=())
    assert shown(stop).offered[1] == "stop"


def test_the_long_form_shows_all_sources_and_does_not_offer_itself() -> None:
    talk = talk_about(MACHINERY)
    talk.say(QUESTION)
    talk.say("1")
    assert talk.said.startswith("Ai được xét")
    assert "• Thông tư 28/2018/TT-BTC, Điều 8: Kinh phí khuyến công (28/03/2018) https://vbpl.vn/28" in talk.said
    assert "• Nghị định 235/2025/NĐ-CP: Sửa đổi" in talk.said
    assert "chưa xác nhận" in talk.said
    assert "more:kc.machinery" not in talk.offered


def test_past_its_date_nothing_is_stated_and_a_person_is_offered() -> None:
    entry = replace(MACHINERY, valid_to=dt.date(2026, 11, 22))
    for way in (f"entry:{entry.id}", f"more:{entry.id}"):
        talk = talk_about(entry)
        turn = talk.tap(way)
        assert "300 triệu" not in talk.said
        assert "22/11/2026" in talk.said
        assert talk.offered[0] == "lead:start:kc.machinery"
        assert "more:kc.machinery" not in talk.offered
        assert [task.kind for task in turn.effects if isinstance(task, OpenTask)] == ["review"]


def test_on_its_last_day_it_is_still_stated() -> None:
    assert "300 triệu" in shown(replace(MACHINERY, valid_to=dt.date(2026, 11, 23))).said


def test_past_its_review_it_is_stated_with_a_remark_and_one_task_for_the_owner() -> None:
    entry = replace(MACHINERY, review_by=dt.date(2026, 11, 1))
    talk = shown(entry)
    assert "300 triệu" in talk.said
    assert "Chưa rà soát lại từ 01/11/2026." in talk.said
    talk.tap(f"entry:{entry.id}")
    assert [task.about for task in talk.store.tasks.values()] == ["kc.machinery: Trung tâm"]


def test_history_does_not_grow_stale() -> None:
    assert "rà soát" not in shown(replace(MACHINERY, status="history", review_by=dt.date(2020, 1, 1))).said


def test_a_long_answer_spills_into_a_second_bubble_and_nothing_is_lost() -> None:
    sentences = [f"Câu số {n} nói rõ thêm một điều kiện về máy móc." for n in range(20)]
    talk = shown(replace(MACHINERY, answer=Text(" ".join(sentences))))
    first, second = talk.turn.replies
    assert len(first.text) <= FIRST_BUBBLE
    assert "Nguồn:" in first.text
    assert all(sentence in first.text + second.text for sentence in sentences)
    assert "không phải cam kết" in second.text
    assert first.choices == ()


def test_two_questions_get_two_answers_and_one_list_of_choices() -> None:
    talk = talk_about(MACHINERY)
    talk.store.knowledge.teach("mua máy mới? sở ở đâu?", "kc.machinery", also="contact.department")
    turn = talk.say("mua máy mới? sở ở đâu?")
    assert turn.entry == "kc.machinery"
    assert len(turn.replies) == 2
    assert "sct@bentre.gov.vn" in turn.replies[1].text
    assert talk.offered == ["more:kc.machinery", "more:contact.department", "lead:start:kc.machinery"]
    assert turn.replies[1].choices[0].label == "Chi tiết: Hỗ trợ mua máy móc"


def test_english_has_its_own_sentences() -> None:
    talk = talk_about(MACHINERY)
    talk.say("English")
    talk.tap("entry:kc.machinery")
    assert talk.said.startswith("Yes. Up to VND 300 million")
    assert "not confirmed by the Department" in talk.said


def test_confirmed_contacts_come_first_and_the_old_numbers_become_one_last_line() -> None:
    talk = talk_about(CONTACT)
    talk.store.department = {
        "name": "Sở Công Thương tỉnh Vĩnh Long",
        "phone": "0270 3 111 222",
        "hours": "7g–17g",
        "confirmed_by": "Văn phòng Sở",
        "confirmed_on": "20/11/2026",
    }
    talk.tap("entry:contact.department")
    lines = talk.said.split("\n")
    assert lines[:3] == ["Sở Công Thương tỉnh Vĩnh Long", "Điện thoại: 0270 3 111 222", "Giờ làm việc: 7g–17g"]
    assert lines[3].startswith("Số cũ")
    assert "0275.3822 365" in lines[3]
    assert lines[-1] == "Văn phòng Sở xác nhận ngày 20/11/2026."
    talk.tap("entry:contact.hours")
    assert talk.said.startswith("Giờ làm việc: 7g–17g")


def test_contacts_nobody_confirmed_do_not_replace_the_curated_answer() -> None:
    talk = talk_about(CONTACT)
    talk.store.department = {"phone": "0270 3 111 222"}
    talk.tap("entry:contact.department")
    assert talk.said.startswith("Email: sct@bentre.gov.vn")


@pytest.mark.parametrize("room", [1, 20, 60, 450])
def test_cutting_loses_no_word(room: int) -> None:
    text = "Một câu. Hai câu! Ba câu?\n• mục một; mục hai\n• " + "dài" * 50
    head, rest = cut(text, room)
    assert f"{head}{rest}".replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")
    assert head
    assert all(len(page) <= room for page in pages(text, room))


def test_sources_and_days_are_written_as_people_here_do() -> None:
    assert source_line(CIRCULAR) == "Thông tư 28/2018/TT-BTC, Điều 8"
    assert source_line(Source("Bài báo", issued="2020"), full=True) == "Bài báo (2020)"
    assert day(dt.date(2026, 1, 2)) == "02/01/2026"
    assert day(None) == ""
