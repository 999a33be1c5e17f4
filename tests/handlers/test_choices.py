"""A typed number or label chooses what was offered last, and nothing else."""

import pytest

from handlers.choices import typed_number
from tests.fakes.context import Store, Talk
from tests.fakes.entries import QUESTION, knowledge


@pytest.fixture
def talk() -> Talk:
    """Somebody who was just offered three choices."""
    talk = Talk(Store(knowledge()))
    talk.say(QUESTION)
    assert talk.offered == ["more:kc.machinery", "lead:start:kc.machinery", "entry:kc.used-machinery"]
    return talk


@pytest.mark.parametrize("text", ["3", "3.", "3)", "(3)", "số 3", "so 3", "Số 3.", " 3 ", "chọn 3", "option 3"])
def test_a_number_chooses(talk: Talk, text: str) -> None:
    assert talk.say(text).entry == "kc.used-machinery"


@pytest.mark.parametrize(
    "text", ["Máy cũ có được hỗ trợ không", "may cu co duoc ho tro khong", "MÁY CŨ CÓ ĐƯỢC HỖ TRỢ KHÔNG"]
)
def test_a_label_typed_in_full_chooses(talk: Talk, text: str) -> None:
    assert talk.say(text).entry == "kc.used-machinery"


@pytest.mark.parametrize("text", ["#3", "#entry:kc.used-machinery", "entry:kc.used-machinery", "3 máy", "máy"])
def test_other_texts_do_not(talk: Talk, text: str) -> None:
    talk.say(text)
    assert talk.turn.entry == ""


def test_a_number_outside_names_those_there_are_and_offers_them_again(talk: Talk) -> None:
    before = talk.offered
    talk.say("7")
    assert "từ 1 đến 3" in talk.said
    assert talk.offered == before
    assert talk.say("3").entry == "kc.used-machinery"


def test_a_number_means_nothing_after_a_day(talk: Talk) -> None:
    talk.wait(hours=24, seconds=1)
    talk.say("3")
    assert talk.turn.entry == ""
    assert "không có danh sách" in talk.said


def test_only_the_last_reply_offers(talk: Talk) -> None:
    talk.say("đừng nhắn nữa")
    assert talk.offered == []
    assert talk.say("3").entry == ""


def test_a_tapped_choice_of_an_older_message_still_works(talk: Talk) -> None:
    talk.say("help")
    assert talk.tap("entry:kc.used-machinery").entry == "kc.used-machinery"


def test_a_retired_choice_says_so_and_looks_for_what_it_named(talk: Talk) -> None:
    talk.store.knowledge.teach("Máy cũ có được hỗ trợ không", "kc.machinery")
    talk.store.knowledge.entries = {
        id: entry for id, entry in talk.store.knowledge.entries.items() if id != "kc.used-machinery"
    }
    talk.say("3")
    assert "vừa thay đổi" in talk.said
    assert talk.turn.entry == "kc.machinery"


@pytest.mark.parametrize(
    "id", ["entry:gone.entry", "more:gone", "nonsense", "menu:unknown", "profile:need:cancel", "consent:yes", "x" * 64]
)
def test_a_choice_nobody_knows_still_gets_a_way_on(talk: Talk, id: str) -> None:
    talk.tap(id)
    assert "vừa thay đổi" in talk.said
    assert "human" in talk.offered


def test_numbers_are_read_alone_only() -> None:
    assert typed_number("(12)") == 12
    assert typed_number("111") is None
    assert typed_number("2 máy") is None
    assert typed_number("#2") is None
