"""The first handler that takes a message decides; whatever happens, the person is answered or rightly left alone."""

from dataclasses import replace

import pytest

from bot.router import STAFF_TALKS, route
from handlers.context import Context, Handler
from handlers.intents import read
from handlers.message import Choice, Inbound, InboundKind, Reply
from handlers.order import ORDER
from handlers.person import Conversation, Officer, Person, Waiting
from handlers.turn import Audit, Turn
from tests.fakes.context import FakeContext, Store, Talk
from tests.fakes.entries import QUESTION, knowledge


@pytest.fixture
def talk() -> Talk:
    """Somebody new."""
    return Talk(Store(knowledge()))


def says(name: str, *replies: Reply, waiting: Waiting | None = None, resume: str = "") -> Handler:
    """A handler that takes everything."""

    def handle(message: Inbound, person: Person, context: Context) -> Turn:
        return Turn(replace(person.conversation, waiting=waiting or person.conversation.waiting), replies)

    def again(person: Person, context: Context) -> Turn:
        return Turn(person.conversation, (Reply(resume, (Choice("again", "Again"),)),))

    return Handler(name, handle, again if resume else None, frozenset({"step"}) if resume else frozenset())


def routed(talk: Talk, *order: Handler, conversation: Conversation | None = None) -> Turn:
    """A text through an order of handlers, from somebody who knows that a program answers unless told otherwise."""
    person = replace(talk.person, conversation=conversation or Conversation(introduced=True))
    message = Inbound("1", person.address, "a", "text", talk.store.now, "xyz")
    return route(message, person, FakeContext(talk.store, person, read("xyz", talk.store.knowledge.search)), order)


def test_the_first_that_takes_it_decides(talk: Talk) -> None:
    passes = Handler("passes", lambda message, person, context: None)
    turn = routed(talk, passes, says("first", Reply("one")), says("second", Reply("two")))
    assert [reply.text for reply in turn.replies] == ["one"]


def test_an_order_that_does_not_take_everything_is_an_error(talk: Talk) -> None:
    with pytest.raises(LookupError, match="must take everything"):
        routed(talk, Handler("passes", lambda message, person, context: None))


def test_the_one_that_waits_is_resumed_after_another_answered(talk: Talk) -> None:
    waits = Handler("waits", lambda m, p, c: None, says("", resume="and now?").resume, frozenset({"step"}))
    state = Conversation(waiting=Waiting("waits", "step"), introduced=True)
    answers = says("answers", Reply("answer", (Choice("more", "More"),)))
    turn = routed(talk, waits, answers, conversation=state)
    assert [reply.text for reply in turn.replies] == ["answer", "and now?"]
    assert turn.state.offered.ids == ("again",)


def test_the_one_that_answered_itself_is_not_resumed(talk: Talk) -> None:
    state = Conversation(waiting=Waiting("waits", "step"), introduced=True)
    turn = routed(talk, says("waits", Reply("mine"), resume="and now?"), conversation=state)
    assert [reply.text for reply in turn.replies] == ["mine"]


def test_one_that_only_begins_to_wait_now_is_not_resumed(talk: Talk) -> None:
    begins = says("begins", Reply("first question"), waiting=Waiting("waits", "step"))
    waits = Handler("waits", lambda m, p, c: None, says("", resume="and now?").resume, frozenset({"step"}))
    turn = routed(talk, waits, begins)
    assert [reply.text for reply in turn.replies] == ["first question"]


@pytest.mark.parametrize("waiting", [Waiting("gone", "step"), Waiting("waits", "gone")])
def test_a_handler_or_step_that_is_gone_is_dropped_politely(talk: Talk, waiting: Waiting) -> None:
    state = Conversation(waiting=waiting, introduced=True)
    turn = routed(talk, says("waits", Reply("ok"), resume="and now?"), conversation=state)
    assert "vừa được cập nhật" in turn.replies[0].text
    assert turn.state.waiting is None


def test_a_state_of_another_version_is_dropped_politely_once(talk: Talk) -> None:
    talk.person = replace(talk.person, conversation=Conversation(dropped=True))
    talk.say(QUESTION)
    assert "vừa được cập nhật" in talk.said
    assert talk.turn.entry == "kc.machinery"
    talk.say(QUESTION)
    assert "vừa được cập nhật" not in talk.said


def test_choices_stand_on_the_last_reply_only_and_are_remembered_with_their_words(talk: Talk) -> None:
    a, b = Choice("a", "A"), Choice("b", "B")
    turn = routed(talk, says("x", Reply("one", (a, b)), Reply("two", (b,))))
    assert [reply.choices for reply in turn.replies] == [(), (b, a)]
    assert (turn.state.offered.ids, turn.state.offered.labels) == (("b", "a"), ("B", "A"))
    assert turn.state.offered.at == talk.store.now


def test_what_was_offered_is_forgotten_once_a_reply_offers_nothing(talk: Talk) -> None:
    talk.say(QUESTION)
    talk.say("đừng nhắn nữa")
    assert talk.offered == []


def test_an_edited_message_is_read_again_but_does_not_disturb_a_form(talk: Talk) -> None:
    assert talk.send("edited", text=QUESTION).entry == "kc.machinery"
    talk.say("để lại yêu cầu")
    before = talk.person
    assert talk.send("edited", text="mua máy khác").replies == ()
    assert talk.person == before


def test_a_block_is_noted_and_not_answered(talk: Talk) -> None:
    talk.say("để lại yêu cầu")
    turn = talk.send("blocked")
    assert turn.replies == ()
    assert turn.effects == (Audit("person.blocked"),)
    assert talk.step == ""


@pytest.mark.parametrize("kind", ["unblocked", "moved"])
def test_a_change_of_the_chat_itself_leaves_the_talk_as_it_is(talk: Talk, kind: InboundKind) -> None:
    talk.say("để lại yêu cầu")
    before = talk.person
    turn = talk.send(kind, text="-1001")
    assert (turn.replies, turn.effects) == ((), ())
    assert talk.person == before


def test_what_is_said_in_a_group_reaches_no_handler(talk: Talk) -> None:
    raises = Handler("raises", lambda message, person, context: pytest.fail("asked"))
    message = Inbound("1", talk.person.address, "a", "text", talk.store.now, "xyz", shared=True)
    context = FakeContext(talk.store, talk.person, read("xyz", talk.store.knowledge.search))
    person = replace(talk.person, officer=Officer(1, "Hoa"), conversation=Conversation(dropped=True))
    assert route(message, person, context, (raises,)) == Turn(person.conversation)


def test_while_an_officer_talks_the_bot_is_silent_except_for_rights(talk: Talk) -> None:
    talk.send("staff_echo", text="Chào chị, tôi là Hoa")
    assert talk.say(QUESTION).replies == ()
    assert talk.tap("human").replies == ()
    assert talk.say("xóa số của tôi").entry == "bot.erase"
    assert talk.say("có").entry == "bot.erase"
    assert talk.say("đừng nhắn nữa").entry == "bot.stop"
    assert talk.say(QUESTION).replies == ()
    talk.wait(seconds=STAFF_TALKS.total_seconds())
    assert talk.say(QUESTION).entry == "kc.machinery"


def test_an_officer_is_answered_also_while_it_is_silent(talk: Talk) -> None:
    talk.send("staff_echo")
    talk.store.invite(Officer(1, "Hoa"), "HAAAA23456")
    talk.say("/staff HAAAA23456")
    talk.say("danh sách")
    assert "không có yêu cầu" in talk.said


def test_the_introduction_gets_a_bubble_of_its_own_where_there_is_no_room(talk: Talk) -> None:
    turn = routed(talk, says("x", Reply("a" * 440, (Choice("a", "A"),))), conversation=Conversation())
    assert [len(reply.text) < 60 for reply in turn.replies] == [True, False]
    assert turn.state.introduced
    assert turn.state.offered.ids == ("a",)


def test_every_handler_has_a_name_of_its_own_and_steps_only_if_it_can_resume() -> None:
    assert len({handler.name for handler in ORDER}) == len(ORDER)
    assert all(bool(handler.steps) == (handler.resume is not None) for handler in ORDER)
