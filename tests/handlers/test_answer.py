"""A question is answered, offered as a choice, or honestly declined with a way on."""

from typing import Literal

import pytest

from handlers.turn import StoreQuestion
from knowledge.search import Found, Unanswered
from knowledge.text import fold
from tests.fakes.context import Store, Talk
from tests.fakes.entries import QUESTION, knowledge


@pytest.fixture
def talk() -> Talk:
    """Somebody new."""
    return Talk(Store(knowledge()))


def test_a_near_tie_is_offered_by_titles_and_kept_for_the_admins(talk: Talk) -> None:
    turn = talk.say("hỗ trợ máy")
    assert "Anh/chị hỏi về mục nào?" in talk.said
    assert talk.offered == ["entry:kc.machinery", "entry:kc.used-machinery", "none"]
    assert talk.store.questions == [StoreQuestion("hỗ trợ máy", "choices", ("kc.machinery", "kc.used-machinery"))]
    assert turn.entry == ""
    assert talk.say("2").entry == "kc.used-machinery"


def test_none_of_these_is_kept_and_leads_to_a_person(talk: Talk) -> None:
    talk.say("hỗ trợ máy")
    talk.say("3")
    assert talk.store.questions[-1] == StoreQuestion("hỗ trợ máy", "none")
    assert talk.offered == ["human", "menu"]
    talk.say("1")
    assert talk.offered[0] == "profile:need:question"


def test_none_without_a_question_is_no_dead_end(talk: Talk) -> None:
    talk.tap("none")
    assert talk.store.questions == []
    assert talk.offered == ["human", "menu"]


def test_what_is_not_understood_is_kept_and_a_person_is_offered(talk: Talk) -> None:
    talk.say("xyz abc")
    assert talk.store.questions == [StoreQuestion("xyz abc", "unknown")]
    assert talk.offered == ["human", "menu"]


def test_one_thought_in_two_messages_is_read_joined(talk: Talk) -> None:
    talk.store.knowledge.teach("xưởng em làm dừa muốn mua máy", "kc.machinery")
    talk.say("xưởng em làm dừa")
    talk.wait(seconds=20)
    assert talk.say("muốn mua máy").entry == "kc.machinery"
    talk.say("xưởng em làm dừa")
    talk.wait(seconds=21)
    assert talk.say("muốn mua máy").entry == ""


def test_a_question_goes_on_from_the_answer_before_it_for_a_while(talk: Talk) -> None:
    talk.store.knowledge.teach("kc.machinery > may cu thi sao", "kc.used-machinery")
    assert talk.say("máy cũ thì sao").entry == ""
    talk.say(QUESTION)
    talk.wait(minutes=119)
    assert talk.say("máy cũ thì sao").entry == "kc.used-machinery"
    talk.say(QUESTION)
    talk.wait(minutes=121)
    assert talk.say("máy cũ thì sao").entry == ""


def test_what_is_clear_by_itself_does_not_go_on_from_anything(talk: Talk) -> None:
    talk.store.knowledge.teach(f"kc.machinery > {fold(QUESTION)}", "kc.used-machinery")
    talk.say(QUESTION)
    assert talk.say(QUESTION).entry == "kc.machinery"


def test_a_choice_is_not_a_thought_that_goes_on(talk: Talk) -> None:
    talk.store.knowledge.teach("hỗ trợ máy xyz", "kc.machinery")
    talk.say("hỗ trợ máy")
    assert talk.say("xyz").entry == ""


def test_a_message_that_is_clear_alone_is_not_spoiled_by_the_one_before(talk: Talk) -> None:
    talk.store.knowledge.teach(f"xyz abc {QUESTION}", "kc.machinery", "contact.hours", score=0.4)
    talk.say("xyz abc")
    assert talk.say(QUESTION).entry == "kc.machinery"
    assert talk.person.conversation.unknown_text == ""


@pytest.mark.parametrize(
    ("reply", "route", "words", "kept"),
    [
        ("far", "", "ngoài phần em biết", False),
        ("abuse", "", "xin lỗi", False),
        ("near", "tax", "cơ quan thuế", True),
        ("near", "", "cơ quan khác", True),
        ("near", "unknown-route", "cơ quan khác", True),
    ],
)
def test_each_way_to_decline_has_its_sentence_and_a_way_on(
    talk: Talk, reply: Unanswered, route: str, words: str, kept: bool
) -> None:
    talk.store.knowledge.taught["cau hoi"] = Found("unknown", reply=reply, route=route)
    talk.say("câu hỏi")
    assert words in talk.said
    assert bool(talk.store.questions) == kept
    assert talk.offered


def test_the_authority_is_named_in_english_too(talk: Talk) -> None:
    talk.store.knowledge.taught["question"] = Found("unknown", reply="near", route="tax")
    talk.say("English")
    talk.say("question")
    assert "the tax office" in talk.said


def test_a_lone_greeting_is_returned_once_shortly(talk: Talk) -> None:
    talk.store.knowledge.taught["anh oi"] = Found("unknown", reply="greeting")
    talk.say("/start")
    talk.say("anh ơi")
    assert "em nghe" in talk.said
    assert len(talk.said) < 60
    talk.say("anh ơi")
    assert "em nghe" not in talk.said
    assert "gõ điều cần hỏi" in talk.said
    talk.wait(hours=1)
    talk.say("anh ơi")
    assert "em nghe" in talk.said


@pytest.mark.parametrize(("reply", "said"), [("thanks", "không có chi"), ("farewell", "em chào anh/chị")])
def test_thanks_and_farewells_are_returned(talk: Talk, reply: Literal["thanks", "farewell"], said: str) -> None:
    talk.store.knowledge.taught["cam on"] = Found("unknown", reply=reply)
    talk.say("cảm ơn")
    assert said in talk.said
    assert talk.offered == ["menu"]
    assert talk.store.questions == []


@pytest.mark.parametrize("text", ["có", "không", "hủy", "quay lại", "bỏ qua"])
def test_a_word_that_answers_nothing_is_no_question_for_the_admins(talk: Talk, text: str) -> None:
    talk.say(text)
    assert talk.store.questions == []
    assert talk.offered == ["human", "menu"]


def test_an_entry_that_was_taken_out_meanwhile_is_not_an_error(talk: Talk) -> None:
    talk.store.knowledge.entries = {}
    talk.say(QUESTION)
    assert talk.offered == ["human", "menu"]
    talk.say("hỗ trợ máy")
    assert talk.offered == ["human", "menu"]
