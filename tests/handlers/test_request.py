"""What became of a request: all of it for its sender, the state alone for anybody else."""

import pytest

from tests.fakes.context import Store, Talk
from tests.fakes.entries import knowledge


@pytest.fixture
def talk() -> Talk:
    """Somebody who sent a request."""
    talk = Talk(Store(knowledge()))
    for text in ("để lại yêu cầu", "mua máy sấy", "Dừa Xanh", "chị Lan", "0912 345 678", "đồng ý"):
        talk.say(text)
    return talk


def test_ones_own_request_is_shown_with_state_day_and_what_comes_next(talk: Talk) -> None:
    (code,) = talk.store.leads
    for said in ("yêu cầu của tôi", code, f"mã {code.lower()}"):
        talk.say(said)
        for value in (code, "đang chờ cán bộ nhận", "23/11/2026", "mua máy sấy", "Tiếp theo"):
            assert value in talk.said
    talk.tap("request")
    assert code in talk.said


def test_somebody_elses_code_shows_the_state_alone(talk: Talk) -> None:
    (code,) = talk.store.leads
    other = Talk(talk.store, "other")
    other.say(code)
    assert "đang chờ cán bộ nhận" in other.said
    for secret in ("máy sấy", "Dừa Xanh", "Lan", "0912", "23/11"):
        assert secret not in other.said


def test_an_unknown_code_is_said_to_be_unknown(talk: Talk) -> None:
    talk.say("mã ZZZZZ9")
    assert "không tìm thấy yêu cầu ZZZZZ9" in talk.said


def test_who_sent_nothing_is_told_how_to(talk: Talk) -> None:
    other = Talk(talk.store, "other")
    other.say("hồ sơ của tôi tới đâu rồi")
    assert "chưa gửi yêu cầu nào" in other.said
    assert other.offered[0] == "lead:start"
    assert other.turn.entry == "bot.complaint"


def test_a_word_like_a_code_may_be_an_answer_or_a_question(talk: Talk) -> None:
    talk.store.knowledge.teach("cnc345", "kc.machinery")
    assert talk.say("cnc345").entry == "kc.machinery"
    other = Talk(talk.store, "other")
    for text in ("để lại yêu cầu", "mua máy sấy", "CNC345"):
        other.say(text)
    assert other.step == "profile:contact_name"


def test_a_complaint_says_what_the_bot_cannot_see_and_shows_ones_own_requests(talk: Talk) -> None:
    (code,) = talk.store.leads
    assert talk.say("nộp 3 tháng chưa thấy trả lời").entry == "bot.complaint"
    assert code in talk.said
    assert talk.offered == ["lead:start:bot.complaint", "entry:contact.department", "menu"]
