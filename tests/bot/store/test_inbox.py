"""Every update once, and those whose turn failed in the order of their line."""

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, select

from bot.store import inbox as rooms
from bot.store.inbox import Pending
from bot.store.store import Store
from bot.store.tables import inbox
from handlers.message import Contact, File, Inbound
from tests.fakes.rows import DEADLINE, MORNING, address, count, until_another_waits, update


def enter(inbound: Inbound, error: str | None = None, wait: int = 0, now: int = 100) -> Callable[[Connection], bool]:
    """Work: an update is written down."""
    return lambda connection: rooms.enter(connection, inbound, now, error=error, wait=wait)


async def due(store: Store, now: int = 100, limit: int = 100) -> list[Pending]:
    """What waits and whose time has come."""
    return list(await store.read(lambda connection: rooms.due(connection, now, limit)))


def texts(found: list[Pending]) -> list[str]:
    """The words of pending updates."""
    return [pending.inbound.text for pending in found]


async def test_an_update_enters_once_per_account(store: Store) -> None:
    assert await store.write(enter(update("7")))
    assert not await store.write(enter(update("7", "nam")))
    assert not await store.write(enter(update("7"), error="LookupError"))
    other = Inbound("7", address(account="other"), "lan", "text", MORNING, "x")
    assert await store.write(enter(other))
    assert await store.read(lambda connection: count(connection, inbox)) == 2


async def test_the_same_update_at_once_enters_once(store: Store, beside: Store) -> None:
    entered = await asyncio.gather(*((store, beside)[n % 2].write(enter(update("7"))) for n in range(16)))
    assert entered.count(True) == 1


async def test_a_done_update_keeps_no_words(store: Store) -> None:
    await store.write(enter(update("1", words="số của tôi 0912345678")))
    await store.write(enter(update("2", words="số của tôi 0912345678"), error=""))
    pending = (await due(store))[0]
    await store.write(lambda connection: rooms.done(connection, pending.id))
    rows = await store.read(lambda c: c.execute(select(inbox.c.state, inbox.c.raw, inbox.c.error)).all())
    assert [tuple(row) for row in rows] == [("done", "", "")] * 2
    assert await due(store) == []


async def test_a_pending_update_comes_back_whole(store: Store) -> None:
    whole = Inbound(
        "9",
        address(),
        "author",
        "contact",
        MORNING,
        "chào",
        "entry:kc.machinery",
        (File("f1", "photo", "a.jpg", "image/jpeg", 12),),
        Contact("0912345678", "Lan", own=True),
        "m5",
    )
    await store.write(enter(whole, error="LookupError"))
    (pending,) = await due(store)
    assert (pending.inbound, pending.attempts) == (whole, 1)


async def test_only_the_head_of_each_line_is_due(store: Store) -> None:
    for id, chat in (("1", "lan"), ("2", "lan"), ("3", "nam"), ("4", "lan")):
        await store.write(enter(update(id, chat, f"{chat} {id}"), error=""))
    assert texts(await due(store)) == ["lan 1", "nam 3"]
    assert texts(await due(store, limit=1)) == ["lan 1"]
    head = (await due(store))[0]
    await store.write(lambda connection: rooms.done(connection, head.id))
    assert texts(await due(store)) == ["lan 2", "nam 3"]


async def test_nobody_overtakes_a_head_whose_time_has_not_come(store: Store) -> None:
    await store.write(enter(update("1", words="first"), error="LookupError", wait=50))
    await store.write(enter(update("2", words="second"), error=""))
    assert await due(store, now=149) == []
    assert texts(await due(store, now=150)) == ["first"]


async def test_a_turn_that_raises_again_waits_longer_and_counts(store: Store) -> None:
    await store.write(enter(update(), error="LookupError"))
    (pending,) = await due(store)
    await store.write(lambda connection: rooms.failed_again(connection, pending, 100, "KeyError", 900))
    assert await due(store, now=999) == []
    (again,) = await due(store, now=1000)
    assert again.attempts == pending.attempts + 1
    # Somebody who still holds the old record can neither take nor count it.
    assert not await store.write(lambda connection: rooms.take_back(connection, pending))
    await store.write(lambda connection: rooms.failed_again(connection, pending, 5000, "KeyError", 900))
    assert (await due(store, now=1000))[0] == again


async def test_an_update_entered_as_done_can_still_be_held(store: Store) -> None:
    inbound = update(words="chào")

    def turn_that_raised(connection: Connection) -> None:
        assert rooms.enter(connection, inbound, 100)
        rooms.hold(connection, inbound, 100, "LookupError", 50)

    await store.write(turn_that_raised)
    assert await due(store, now=149) == []
    (pending,) = await due(store, now=150)
    assert (pending.inbound, pending.attempts) == (inbound, 1)
    assert not await store.write(enter(inbound))


async def test_giving_up_lets_the_next_go_and_keeps_the_words_for_staff(store: Store) -> None:
    await store.write(enter(update("1", words="first"), error="LookupError"))
    await store.write(enter(update("2", words="second"), error=""))
    (head,) = await due(store)
    await store.write(lambda connection: rooms.give_up(connection, head, "LookupError"))
    assert texts(await due(store)) == ["second"]
    assert await store.read(rooms.waiting) == (1, 1)
    raw = await store.read(lambda c: c.execute(select(inbox.c.raw).where(inbox.c.state == "failed")).scalar_one())
    assert "first" in raw


def test_of_two_who_take_one_back_one_gets_it(store: Store, beside: Store) -> None:
    store.submit(enter(update(), error="LookupError")).result(DEADLINE)
    (pending,) = store.submit(lambda connection: rooms.due(connection, 100)).result(DEADLINE)
    second = []

    def take(connection: Connection) -> bool:
        taken = rooms.take_back(connection, pending)
        second.append(beside.submit(lambda other: rooms.take_back(other, pending)))
        until_another_waits(connection)
        rooms.done(connection, pending.id)
        return taken

    assert store.submit(take).result(DEADLINE)
    assert not second[0].result(DEADLINE)


async def test_forgetting_keeps_what_waits_and_what_failed(store: Store) -> None:
    await store.write(enter(update("1"), now=10))
    await store.write(enter(update("2"), error="", now=10))
    await store.write(enter(update("3", "nam"), error="", now=10))
    nam = (await due(store))[1]
    await store.write(lambda connection: rooms.give_up(connection, nam, "LookupError"))
    await store.write(enter(update("4"), now=20))
    assert await store.write(lambda connection: rooms.forget(connection, 20)) == 1
    assert await store.read(lambda c: list(c.execute(select(inbox.c.update_id).order_by(inbox.c.id)).scalars())) == [
        "2",
        "3",
        "4",
    ]
