"""A question asked of the entries alone goes the way of a message and stores nothing."""

import datetime as dt
import json
from dataclasses import asdict, replace

import pytest

from bot.router import route
from handlers.asking import BEGINNING, Asked, ask
from handlers.message import LONGEST_TEXT
from handlers.person import Conversation
from knowledge.search import Found
from tests.fakes.context import MORNING
from tests.fakes.entries import MACHINERY, QUESTION, knowledge

BASE = knowledge(replace(MACHINERY, review_by=dt.date(2026, 12, 1), confirmed_on=dt.date(2026, 11, 21)))


def asked(text: str, conversation: Conversation = BEGINNING, now: dt.datetime = MORNING) -> tuple[Asked, Conversation]:
    """The answer and the talk as it goes on."""
    answer, after, _ = ask(text, conversation, BASE, now, route)
    return answer, after


def test_an_answer_comes_with_its_entrys_facts_sources_and_state() -> None:
    answer, after = asked(QUESTION)
    assert (answer.outcome, answer.entry, answer.score, answer.also) == ("answer", "kc.machinery", 0.95, "")
    assert answer.facts == ("KC-11",)
    assert answer.sources[0]["document"] == "Thông tư 28/2018/TT-BTC"
    assert (answer.status, answer.confirmed_on, answer.stale) == ("likely in force", "2026-11-21", False)
    assert answer.text.startswith("Có.")
    assert after.topic == "kc.machinery"
    json.dumps(asdict(answer))


def test_the_day_is_an_argument() -> None:
    answer, _ = asked(QUESTION, now=MORNING + dt.timedelta(days=30))
    assert answer.stale
    assert "Chưa rà soát lại từ 01/12/2026" in answer.text


def test_choices_name_the_entries_and_a_number_takes_one() -> None:
    answer, after = asked("hỗ trợ máy")
    assert (answer.outcome, answer.choices, answer.score) == ("choices", ("kc.machinery", "kc.used-machinery"), 0.4)
    answer, _ = asked("2", after)
    assert (answer.outcome, answer.entry, answer.score) == ("answer", "kc.used-machinery", 1.0)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("xóa số của tôi", "bot.erase"),
        ("đừng nhắn nữa", "bot.stop"),
        ("gặp cán bộ", "bot.human"),
        ("lưu thông tin tôi làm gì", "bot.privacy"),
        ("nộp 3 tháng chưa thấy trả lời", "bot.complaint"),
        ("help", "bot.about"),
    ],
)
def test_a_wish_names_its_entry(text: str, entry: str) -> None:
    answer, _ = asked(text)
    assert (answer.outcome, answer.entry, answer.score) == ("answer", entry, 1.0)
    assert answer.text


def test_what_is_declined_says_how() -> None:
    BASE.taught["ve que"] = Found("unknown", reply="near", route="tax")
    answer, _ = asked("về quê")
    assert (answer.outcome, answer.reply, answer.route, answer.entry) == ("unknown", "near", "tax", "")
    answer, _ = asked("xyz")
    assert (answer.outcome, answer.reply) == ("unknown", "unknown")


def test_no_first_answer_is_spoiled_by_an_introduction() -> None:
    assert "trợ lý tự động" not in asked(QUESTION)[0].text


@pytest.mark.parametrize(
    "text", ["", "\x00", "x" * 100_000, "7F3K2Q", "/staff ABCDEF2345", "danh sách", "yêu cầu của tôi"]
)
def test_any_text_is_answered(text: str) -> None:
    answer, _ = asked(text)
    assert answer.text
    assert answer.question == text
    assert len(answer.text) <= LONGEST_TEXT


def test_a_whole_request_can_be_played_without_a_store() -> None:
    answer, talk = asked("để lại yêu cầu")
    for text in ("mua máy sấy", "Dừa Xanh", "Lan", "0912345678", "đồng ý"):
        answer, talk = asked(text, talk)
    assert "hiện chưa có cán bộ trực" in answer.text
