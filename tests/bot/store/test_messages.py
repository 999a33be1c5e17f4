"""The words of a talk, both ways, as the page shows them again."""

from collections.abc import Callable

from sqlalchemy import Connection

from bot.channels.base import Said
from bot.clock import from_ms
from bot.store import messages as rooms
from bot.store import people
from bot.store.store import Store
from bot.store.tables import messages
from handlers.message import Choice, Reply
from tests.fakes.rows import address, count, update


def talk(chat: str, *words: str) -> Callable[[Connection], list[int]]:
    """Work: a talk of question and answer in turn, one a millisecond."""

    def run(connection: Connection) -> list[int]:
        there = people.arrive(connection, address(chat), 1).address_id
        numbers = []
        for at, said in enumerate(words):
            if at % 2:
                numbers.append(rooms.said(connection, there, Reply(said, (Choice("help", "Trợ giúp"),)), at))
            else:
                numbers.append(rooms.heard(connection, there, update(f"u{at}"), said, at))
        return numbers

    return run


async def test_a_talk_comes_back_both_ways_in_order(store: Store) -> None:
    hello, answer = await store.write(talk("lan", "chào", "Chào anh/chị"))
    assert await store.read(lambda c: rooms.history(c, address(), 0, 10)) == (
        Said(hello, False, Reply("chào"), from_ms(0), "u0"),
        Said(answer, True, Reply("Chào anh/chị", (Choice("help", "Trợ giúp"),)), from_ms(1)),
    )


async def test_history_is_the_newest_part_after_a_message_of_this_talk_only(store: Store) -> None:
    numbers = await store.write(talk("lan", "1", "2", "3", "4", "5"))
    await store.write(talk("nam", "khác"))
    newest = await store.read(lambda c: rooms.history(c, address(), 0, 2))
    assert [said.reply.text for said in newest] == ["4", "5"]
    after = await store.read(lambda c: rooms.history(c, address(), numbers[2], 10))
    assert [said.reply.text for said in after] == ["4", "5"]
    assert await store.read(lambda c: rooms.history(c, address("nobody"), 0, 10)) == ()


async def test_old_words_are_forgotten(store: Store) -> None:
    await store.write(talk("lan", "1", "2", "3", "4"))
    assert await store.write(lambda c: rooms.forget(c, 3)) == 3
    kept = await store.read(lambda c: rooms.history(c, address(), 0, 10))
    assert [said.reply.text for said in kept] == ["4"]


async def test_words_taken_back_are_gone(store: Store) -> None:
    numbers = await store.write(talk("lan", "1", "2"))
    await store.write(lambda c: rooms.unsaid(c, numbers[1]))
    assert await store.read(lambda c: count(c, messages)) == 1
