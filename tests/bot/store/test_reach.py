"""Windows are counted from what a person did and from what their platform says, whichever is later."""

import datetime as dt

import pytest
from sqlalchemy import Connection

from bot.channels.base import Remaining
from bot.clock import to_ms
from bot.store import messages, people
from bot.store.reach import note, reach_of
from bot.store.store import Store
from handlers.message import Address, Inbound, Reply
from handlers.reach import Reach, Windows
from tests.fakes.clock import FakeClock

LAN = Address("zalo-oa", "1", "lan")
RULE = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55)
NOW = FakeClock().now()


def ago(**time: float) -> dt.datetime:
    """A time before now."""
    return NOW - dt.timedelta(**time)


async def spoke(store: Store, at: dt.datetime, *, ours: bool = False) -> None:
    """Something was said at an address, by the person or by us."""

    def run(connection: Connection) -> None:
        there = people.arrive(connection, LAN, to_ms(at)).address_id
        if ours:
            messages.said(connection, there, Reply("dạ"), to_ms(at))
        else:
            messages.heard(connection, there, Inbound(str(at), LAN, "lan", "text", at, "chào"), "chào", to_ms(at))

    await store.write(run)


async def way(store: Store, rule: Windows | None = RULE) -> Reach:
    """How the person can be written to now."""
    return await store.read(lambda connection: reach_of(connection, rule, LAN, NOW))


async def test_somebody_unknown_is_closed_and_without_a_rule_everybody_is_free(store: Store) -> None:
    assert (await way(store)).way == "closed"
    assert await way(store, None) == Reach()


@pytest.mark.parametrize(("hours", "expected"), [(1, "free"), (72, "paid"), (192, "closed")])
async def test_it_counts_from_the_persons_last_word_and_never_from_ours(
    store: Store, hours: float, expected: str
) -> None:
    await spoke(store, ago(hours=500))
    await spoke(store, ago(hours=hours))
    await spoke(store, ago(hours=0.5), ours=True)
    assert (await way(store)).way == expected


async def test_what_the_platform_saw_later_counts(store: Store) -> None:
    await spoke(store, ago(days=8))
    await store.write(lambda c: note(c, LAN, Remaining(ago(hours=3), 5), to_ms(NOW)))
    assert (await way(store)).way == "free"
    await store.write(lambda c: note(c, LAN, Remaining(ago(hours=3), 0), to_ms(NOW)))
    assert (await way(store)).way == "paid"


async def test_free_messages_used_up_count_no_more_once_the_person_wrote_again(store: Store) -> None:
    await spoke(store, ago(hours=5))
    await store.write(lambda c: note(c, LAN, Remaining(ago(hours=5), 0), to_ms(ago(hours=2))))
    assert (await way(store)).way == "paid"
    await spoke(store, ago(hours=1))
    assert (await way(store)).way == "free"


async def test_somebody_who_is_not_stored_is_not_made_by_what_the_platform_says(store: Store) -> None:
    await store.write(lambda c: note(c, LAN, Remaining(NOW, 8), to_ms(NOW)))
    assert await store.read(lambda c: people.address_id(c, LAN)) is None


async def test_what_we_said_since_it_was_asked_is_not_left_any_more(store: Store) -> None:
    await spoke(store, ago(hours=3))
    await store.write(lambda c: note(c, LAN, Remaining(ago(hours=3), 2), to_ms(ago(hours=3))))
    await spoke(store, ago(hours=2), ours=True)
    assert (await way(store)).way == "free"
    await spoke(store, ago(hours=1), ours=True)
    assert (await way(store)).way == "paid"


async def test_whoever_left_is_not_written_to(store: Store) -> None:
    await spoke(store, ago(hours=1))

    def leave(connection: Connection) -> None:
        found = people.address_id(connection, LAN)
        assert found is not None
        people.block(connection, found, to_ms(NOW))

    await store.write(leave)
    assert (await way(store)).way == "closed"
