"""Whatever is typed or tapped, at any point of a talk, gets a good reply."""

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.message import LONGEST_CHOICE
from handlers.person import Conversation, Waiting
from tests.fakes.context import Store, Talk
from tests.fakes.entries import QUESTION, knowledge

#: Most characters a reply may have: what the narrowest channel shows in one message.
LONGEST_REPLY = 4000
REAL = (
    *("mua máy", QUESTION, "hỗ trợ máy", "Công ty Dừa Xanh", "0912345678", "7F3K2Q", "2", "9"),
    *("/start", "menu", "help", "English", "gặp cán bộ", "yêu cầu của tôi", "danh sách", "/staff"),
    *("đồng ý", "không", "sửa", "hủy", "quay lại", "bỏ qua", "đừng nhắn nữa", "xóa số của tôi"),
    *("<b>x</b><script>alert(1)</script>", "\u202eabc\u202c", "{need}", "{", "%s", "🔥" * 50),
)
IDS = (
    *("menu", "menu:schemes", "menu:schemes:99", "none", "human", "request", "stop", "language:en", "language:xx"),
    *("erase", "erase:yes", "erase:no", "privacy", "consent:yes", "consent:no", "consent:edit"),
    *("lead:start", "lead:start:kc.machinery", "lead:start:", "lead:7F3K2Q:claim", "lead::"),
    *("entry:", "entry:kc.machinery", "more:kc.machinery", "more:"),
    *(f"profile:{step}:{verb}" for step in ("need", "phone", "edit", "confirm") for verb in ("skip", "back", "need")),
    *("profile:need:keep", "profile:need:topic", "profile:need:question", "profile:need:cancel"),
)
TEXTS = st.one_of(
    st.sampled_from(REAL), st.text(max_size=60), st.text(alphabet="aàáâđeêioôơuưy nghtmclb?.", max_size=80)
)
CHOICES = st.one_of(st.sampled_from(IDS), st.text(min_size=1, max_size=16))
STEPS = st.sampled_from(["", "need", "enterprise", "contact_name", "phone", "confirm", "edit", "no such step"])
VALUES = st.one_of(st.none(), st.text(max_size=20), st.integers())


def check(talk: Talk) -> None:
    """The last turn said something, short enough, with choices that can be tapped."""
    assert talk.turn.replies
    for reply in talk.turn.replies:
        assert reply.text.strip()
        assert len(reply.text) <= LONGEST_REPLY
    for reply in talk.turn.replies[:-1]:
        assert not reply.offered
    offered = talk.turn.replies[-1].offered
    assert len({choice.id for choice in offered}) == len(offered)
    assert all(choice.label.strip() and len(choice.id.encode()) <= LONGEST_CHOICE for choice in offered)
    waiting = talk.person.conversation.waiting
    assert not (waiting and waiting.number and offered)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(TEXTS.map(lambda text: ("say", text)), CHOICES.map(lambda id: ("tap", id))), max_size=6))
def test_any_talk_gets_replies(moves: list[tuple[str, str]]) -> None:
    talk = Talk(Store(knowledge()))
    for how, what in moves:
        talk.say(what) if how == "say" else talk.tap(what)
        check(talk)


@settings(max_examples=150, deadline=None)
@given(
    STEPS,
    st.dictionaries(st.sampled_from(["need", "enterprise", "contact_name", "phone", "topic"]), VALUES),
    TEXTS,
    CHOICES,
)
def test_any_stored_state_gets_replies(step: str, data: dict[str, object], text: str, choice: str) -> None:
    for handler in ("profile", "privacy", "gone"):
        talk = Talk(Store(knowledge()))
        talk.person = type(talk.person)(
            1, talk.person.address, Conversation(waiting=Waiting(handler, step, data), topic="kc.machinery")
        )
        talk.say(text)
        check(talk)
        talk.tap(choice)
        check(talk)


def test_a_hundred_thousand_characters_are_read_quickly_and_answered() -> None:
    talk = Talk(Store(knowledge()))
    for text in ("x" * 100_000, "đừng nhắn " * 10_000, "\u0301" * 100_000, "0912345678 " * 9_000, "(" * 100_000):
        talk.say(text)
        check(talk)
        talk.say("để lại yêu cầu")
        talk.say(text)
        check(talk)
        talk.say("hủy")
