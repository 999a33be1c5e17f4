"""How long a chat is left alone, and the twenty messages a minute that all topics of a group share."""

import pytest

from bot.channels.telegram_chats import GROUP_MESSAGES, MANY, Chats, is_group
from bot.errors import TryLater
from handlers.message import Address
from tests.fakes.clock import FakeClock

HOA, BA = Address("telegram", "4242", "7001"), Address("telegram", "4242", "7002")
GROUP, TOPIC, OTHER = (
    Address("telegram", "4242", chat, thread) for chat, thread in (("-9", ""), ("-9", "7"), ("-8", ""))
)


def refused(chats: Chats, to: Address) -> float | None:
    """The seconds a chat must wait, None where a message may go; it is counted then."""
    try:
        chats.enter(to)
    except TryLater as error:
        return error.after
    return None


def test_only_the_chat_that_was_asked_to_wait_waits() -> None:
    clock = FakeClock()
    chats = Chats(clock)
    chats.pause(HOA, 7)
    clock.advance(3)
    assert refused(chats, HOA) == 4
    assert refused(chats, BA) is None
    clock.advance(4)
    assert refused(chats, HOA) is None


def test_the_topics_of_a_group_share_its_messages_of_a_minute() -> None:
    clock = FakeClock()
    chats = Chats(clock)
    for number in range(GROUP_MESSAGES):
        assert refused(chats, TOPIC if number % 2 else GROUP) is None
        clock.advance(1)
    assert refused(chats, GROUP) == 40
    assert refused(chats, TOPIC) == 40
    assert refused(chats, OTHER) is None, "another group has its own"
    clock.advance(40)
    assert refused(chats, TOPIC) is None
    assert refused(chats, GROUP) == 1, "each place becomes free when its message is a minute old"


def test_a_private_chat_has_no_such_count() -> None:
    chats = Chats(FakeClock())
    assert [refused(chats, HOA) for _ in range(GROUP_MESSAGES * 2)] == [None] * GROUP_MESSAGES * 2


def test_pauses_that_are_over_are_forgotten() -> None:
    clock = FakeClock()
    chats = Chats(clock)
    for number in range(MANY + 1):
        chats.pause(Address("telegram", "4242", str(number)), 5)
    clock.advance(6)
    chats.pause(HOA, 5)
    assert set(chats._until) == {HOA.chat}


@pytest.mark.parametrize(("chat", "expected"), [("7001", False), ("-9", True), ("-1001500600700", True)])
def test_groups_are_numbered_below_zero(chat: str, expected: bool) -> None:
    assert is_group(Address("telegram", "4242", chat)) is expected
