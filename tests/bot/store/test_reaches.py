"""Many people are looked up together with the same answers as one by one."""

import datetime as dt
from functools import partial

from sqlalchemy import Connection, event

from bot.channels.base import Remaining
from bot.clock import to_ms
from bot.store import messages, people
from bot.store.reach import note, reach_of, reaches
from bot.store.store import Store
from handlers.message import Address, Inbound, Reply
from handlers.reach import Windows
from tests.fakes.clock import FakeClock

RULE = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55)
OTHER = Windows(dt.timedelta(hours=1), dt.timedelta(days=2), 70, 200)
NOW = FakeClock().now()
#: Who: the hours since each of their words, what the platform said (hours since their last act, left, hours ago).
PEOPLE: dict[str, tuple[tuple[float, ...], tuple[float | None, int | None, float] | None]] = {
    "silent": ((), None),
    "fresh": ((500, 1), None),
    "days": ((72, 90), None),
    "gone": ((200,), None),
    "seen": ((200,), (3, 5, 2)),
    "used up": ((5,), (5, 0, 2)),
    "wrote again": ((5, 1), (5, 0, 2)),
    "unsaid": ((60,), (None, None, 2)),
    "only seen": ((), (3, 8, 2)),
}


def ago(hours: float) -> dt.datetime:
    """A time before now."""
    return NOW - dt.timedelta(hours=hours)


def written(connection: Connection, address: Address) -> None:
    """What is known of a person of PEOPLE, at an address, and a word of ours."""
    words, said = PEOPLE[address.chat]
    there = people.arrive(connection, address, to_ms(ago(600))).address_id
    for hours in words:
        heard = Inbound(f"{address.chat}{hours}", address, address.chat, "text", ago(hours), "chào")
        messages.heard(connection, there, heard, "chào", to_ms(ago(hours)))
    messages.said(connection, there, Reply("dạ"), to_ms(ago(0.5)))
    if said:
        last, left, asked = said
        note(connection, address, Remaining(None if last is None else ago(last), left), to_ms(ago(asked)))


async def test_together_they_are_what_they_are_one_by_one(store: Store) -> None:
    one, other = ([Address("zalo-oa", account, chat) for chat in PEOPLE] for account in ("1", "2"))
    for address in (*one, *other):
        await store.write(partial(written, address=address))
    nobody, threaded = Address("zalo-oa", "1", "nobody"), Address("zalo-oa", "1", "fresh", "7")
    await store.write(lambda connection: people.arrive(connection, threaded, to_ms(NOW)))
    free = Address("telegram", "bot", "fresh")
    rules = {
        **dict.fromkeys((*one, nobody, threaded), RULE),
        **dict.fromkeys(other, OTHER),
        free: None,
    }

    def ask(connection: Connection) -> tuple[int, bool, set[str]]:
        asked: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        together = reaches(connection, rules, NOW)
        count = len(asked)
        single = {address: reach_of(connection, rule, address, NOW) for address, rule in rules.items()}
        return count, together == single, {reach.way for reach in together.values()}

    count, same, ways = await store.read(ask)
    assert same
    assert ways == {"free", "paid", "template", "closed"}
    assert count == 2, "one statement an account"


async def test_of_nobody_nothing_is_asked(store: Store) -> None:
    assert await store.read(lambda connection: reaches(connection, {}, NOW)) == {}
