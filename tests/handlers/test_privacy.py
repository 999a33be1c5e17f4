"""Stop, erase and privacy work anywhere, also in the middle of a form."""

import pytest

from handlers.turn import Audit, OpenTask
from tests.fakes.context import Store, Talk
from tests.fakes.entries import QUESTION, knowledge


@pytest.fixture
def talk() -> Talk:
    """Somebody at the first question of a request."""
    talk = Talk(Store(knowledge()))
    talk.say("để lại yêu cầu")
    assert talk.step == "profile:need"
    return talk


def test_stop_withdraws_every_consent_and_confirms_once_without_an_offer(talk: Talk) -> None:
    turn = talk.say("đừng nhắn nữa")
    assert [(c.purpose, c.given) for c in talk.store.consents] == [("contact", False), ("outreach", False)]
    assert len(turn.replies) == 1
    assert talk.offered == []
    assert talk.step == ""
    assert turn.entry == "bot.stop"


def test_who_stops_with_an_open_request_is_not_called_unknowingly(talk: Talk) -> None:
    for text in ("mua máy sấy", "Dừa Xanh", "Lan 0912345678", "đồng ý"):
        talk.say(text)
    (code,) = talk.store.leads
    talk.say("ngừng nhận tin")
    assert [task.about for task in talk.store.tasks.values() if task.kind == "stop"] == [code]
    assert talk.store.leads[code].state == "new"


@pytest.mark.parametrize("yes", ["có", "1", "Có, xóa thông tin", "đồng ý"])
def test_erase_asks_first_then_tells_who_does_it_and_by_when(talk: Talk, yes: str) -> None:
    assert talk.say("xóa số của tôi").entry == "bot.erase"
    assert talk.step == "privacy:erase"
    assert talk.store.tasks == {}
    turn = talk.say(yes)
    assert turn.entry == "bot.erase"
    assert "2 ngày làm việc" in talk.said
    assert "20 ngày" in talk.said
    assert [type(effect) for effect in turn.effects] == [OpenTask, Audit]
    assert talk.step == ""


def test_erasing_twice_a_day_is_one_task(talk: Talk) -> None:
    for _ in range(2):
        talk.say("xóa thông tin của tôi")
        talk.say("có")
    assert len(talk.store.tasks) == 1


@pytest.mark.parametrize("no", ["không", "hủy", "2", "Không, giữ lại"])
def test_who_changes_their_mind_loses_nothing(talk: Talk, no: str) -> None:
    talk.say("xóa số của tôi")
    talk.say(no)
    assert "giữ nguyên" in talk.said
    assert talk.store.tasks == {}


def test_a_question_in_between_is_answered_and_erasing_asked_once_more(talk: Talk) -> None:
    talk.say("xóa số của tôi")
    turn = talk.say(QUESTION)
    assert turn.entry == "kc.machinery"
    assert talk.offered == ["erase:yes", "erase:no"]
    assert talk.step == ""
    assert talk.say(QUESTION).replies[-1].choices[0].id == "more:kc.machinery"
    talk.tap("erase:yes")
    assert len(talk.store.tasks) == 1


def test_privacy_tells_what_why_who_and_the_rights(talk: Talk) -> None:
    turn = talk.say("lưu thông tin tôi làm gì")
    assert turn.entry == "bot.privacy"
    for word in ("số điện thoại", "cán bộ", "xóa", "chưa quyết định"):
        assert word in talk.said
    assert talk.step == "profile:need"


def test_a_tap_does_what_the_words_do(talk: Talk) -> None:
    assert talk.tap("erase").entry == "bot.erase"
    assert talk.tap("privacy").entry == "bot.privacy"
    assert talk.tap("stop").entry == "bot.stop"


def test_who_withdraws_on_the_platform_is_erased_by_staff_and_told_nothing(talk: Talk) -> None:
    turn = talk.send("withdrawn")
    assert turn.replies == ()
    assert [(c.purpose, c.given) for c in talk.store.consents] == [("contact", False), ("outreach", False)]
    (task,) = talk.store.tasks.values()
    assert (task.kind, task.about) == ("erase", "person 1, web/main/lan/")
    assert talk.step == ""
