"""Everything that leaves: once per key, in the order of its address, held by one process at a time."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from bot.channels.base import Outgoing
from bot.store import messages, people
from bot.store import outbox as rooms
from bot.store.outbox import Row
from bot.store.store import Store
from bot.store.tables import messages as messages_table
from bot.store.tables import outbox
from handlers.message import Address, Card, Choice, File, Lane, Link, Reply
from tests.fakes.rows import DEADLINE, address, count, until_another_waits

ME, YOU = "this process", "another process"


def put(
    key: str, chat: str = "lan", lane: Lane = "conversation", lease: str = ME, reply: Reply | None = None, now: int = 10
) -> Callable[[Connection], Row | None]:
    """Work: a message to leave is written; its words are its key."""

    def run(connection: Connection) -> Row | None:
        there = address(chat)
        to = people.arrive(connection, there, now).address_id
        said = reply or Reply(key)
        return rooms.put(connection, to, there, said, key=key, lane=lane, language="vi", lease=lease, now=now)

    return run


async def claim(store: Store, lease: str = ME, limit: int = 500) -> list[str]:
    """The keys of what a process takes into memory."""
    rows = await store.write(lambda connection: rooms.claim(connection, "fake", "test", lease, limit=limit))
    return [row.outgoing.key for row in rows]


async def states(store: Store) -> dict[str, str]:
    """The state of every row."""
    rows = await store.read(lambda c: c.execute(select(outbox.c.key, outbox.c.state).order_by(outbox.c.id)).all())
    return {row.key: row.state for row in rows}


async def written(store: Store, *keys: str, chat: str = "lan", lease: str = ME) -> list[Row]:
    """Rows written one after the other, and held by the process that wrote them."""
    rows = [await store.write(put(key, chat, lease=lease)) for key in keys]
    assert None not in rows
    return [row for row in rows if row]


async def away(store: Store, row: Row, lease: str = ME) -> None:
    """The person of a row is not connected."""
    await store.write(lambda connection: rooms.away(connection, row.address_id, lease))


async def wake(store: Store, chat: str = "lan", lease: str = ME) -> list[str]:
    """The keys of what is tried now that the person came back."""
    rows = await store.write(lambda connection: rooms.wake(connection, address(chat), lease))
    return [row.outgoing.key for row in rows]


async def test_a_written_row_is_handed_over_as_it_would_be_claimed(store: Store) -> None:
    reply = Reply(
        "Chọn một mục",
        (Choice("entry:a", "Máy móc"),),
        (Card("Mã 7F3K2Q", "Dừa Xanh", (Choice("lead:7F3K2Q:claim", "Nhận"),)),),
        (Link("Trang Sở", "https://example.gov.vn"),),
        (File("f1", "document", "mau.docx"),),
    )
    row = await store.write(put("a", lane="notice", reply=reply))
    assert row
    assert row.outgoing == Outgoing(row.outgoing.message, "a", address(), reply, "vi", "", "notice")
    claimed = await store.write(lambda connection: rooms.claim(connection, "fake", "test", YOU))
    assert claimed == (row,)


async def test_the_same_key_is_one_message_and_its_words_are_kept_once(store: Store) -> None:
    assert await store.write(put("a"))
    assert await store.write(put("a", "nam")) is None
    assert await store.read(lambda c: (count(c, outbox), count(c, messages_table))) == (1, 1)


def test_the_same_key_at_once_is_one_message_and_its_words_are_kept_once(store: Store, beside: Store) -> None:
    store.submit(lambda c: (people.arrive(c, address("lan"), 1), people.arrive(c, address("nam"), 1))).result(DEADLINE)
    second = []

    def first(connection: Connection) -> Row | None:
        row = put("a", "lan")(connection)
        second.append(beside.submit(put("a", "nam")))
        until_another_waits(connection)
        return row

    assert store.submit(first).result(DEADLINE)
    assert second[0].result(DEADLINE) is None
    assert store.submit(lambda c: (count(c, outbox), count(c, messages_table))).result(DEADLINE) == (1, 1)


async def test_what_this_process_holds_is_not_claimed_again(store: Store) -> None:
    await written(store, "a", "b")
    assert not await store.read(lambda connection: rooms.orphans(connection, "fake", "test", ME))
    assert await claim(store) == []


async def test_what_nobody_or_another_holds_is_claimed_oldest_first(store: Store) -> None:
    await store.write(put("a", lease=YOU))
    await store.write(put("b", "nam", lease=""))
    await store.write(put("c", lease=YOU))
    assert await store.read(lambda connection: rooms.orphans(connection, "fake", "test", ME))
    assert await claim(store, limit=2) == ["a", "b"]
    assert await claim(store) == ["c"]
    assert await claim(store) == []
    assert await claim(store, YOU) == ["a", "b", "c"]


async def test_a_claim_is_for_one_account_and_ready_rows_only(store: Store) -> None:
    done, failed, waits = await written(store, "sent", "failed", "ready", lease=YOU)
    await store.write(lambda connection: rooms.sent(connection, done.id, "m1", 20))
    await store.write(lambda connection: rooms.give_up(connection, failed.id, "failed", "Refused"))
    assert await store.write(lambda connection: rooms.claim(connection, "fake", "other", ME)) == ()
    assert await store.write(lambda connection: rooms.claim(connection, "web", "test", ME)) == ()
    assert await claim(store) == [waits.outgoing.key]


async def test_a_head_whose_time_has_not_come_is_claimed_too_for_others_must_not_overtake_it(store: Store) -> None:
    head, _ = await written(store, "head", "later", lease=YOU)
    await store.write(lambda connection: rooms.put_off(connection, head.id, 3, 1_800_000, "flood"))
    rows = await store.write(lambda connection: rooms.claim(connection, "fake", "test", ME))
    assert [(row.outgoing.key, row.not_before, row.attempts) for row in rows] == [
        ("head", 1_800_000, 3),
        ("later", 10, 0),
    ]


@pytest.mark.parametrize("lease", [YOU, ""])
async def test_a_new_row_is_left_to_be_claimed_behind_older_ones_that_another_holds(store: Store, lease: str) -> None:
    await store.write(put("older", lease=lease))
    assert await store.write(put("newer")) is None
    assert await store.write(put("somebody else's", "nam"))
    assert await claim(store) == ["older", "newer"]
    assert await store.write(put("newest"))


async def test_a_row_written_by_a_process_that_does_not_send_is_handed_over_to_nobody(store: Store) -> None:
    assert await store.write(put("a", lease="")) is None
    assert await claim(store) == ["a"]


async def test_who_is_away_keeps_everything_until_they_come_back(store: Store) -> None:
    first, _ = await written(store, "a", "b")
    await written(store, "other", chat="nam")
    await away(store, first)
    assert await states(store) == {"a": "away", "b": "away", "other": "ready"}
    assert await claim(store, YOU) == ["other"]
    assert await wake(store, "nam") == []
    assert await wake(store) == ["a", "b"]
    assert await wake(store) == []
    assert (await states(store))["a"] == "ready"


async def test_what_another_process_holds_is_not_parked(store: Store) -> None:
    (mine,) = await written(store, "mine")
    await store.write(put("theirs", lease=YOU))
    await away(store, mine)
    assert await states(store) == {"mine": "away", "theirs": "ready"}


async def test_a_new_row_behind_parked_ones_leaves_after_them(store: Store) -> None:
    (older,) = await written(store, "older")
    await away(store, older)
    assert await store.write(put("newer")) is None
    assert await claim(store) == ["older", "newer"]


def test_of_two_wakes_at_once_one_gets_the_rows(store: Store, beside: Store) -> None:
    row = store.submit(put("a")).result(DEADLINE)
    assert row
    store.submit(lambda connection: rooms.away(connection, row.address_id, ME)).result(DEADLINE)
    second = []

    def first(connection: Connection) -> tuple[Row, ...]:
        rows = rooms.wake(connection, address(), ME)
        second.append(beside.submit(lambda other: rooms.wake(other, address(), ME)))
        until_another_waits(connection)
        rooms.sent(connection, row.id, "m1", 20)
        return rows

    assert len(store.submit(first).result(DEADLINE)) == 1
    assert second[0].result(DEADLINE) == ()


async def test_a_replacing_row_finds_the_platforms_id_both_ways(store: Store) -> None:
    (old,) = await written(store, "old")
    await store.write(lambda connection: rooms.sent(connection, old.id, "m77", 20))
    row = await store.write(put("new", reply=Reply("Đã nhận", replaces="old")))
    assert row
    assert row.outgoing.replaces == "m77"
    assert await store.write(lambda connection: rooms.claim(connection, "fake", "test", YOU)) == (row,)


async def test_nothing_is_replaced_that_did_not_go_out_or_went_to_somebody_else(store: Store) -> None:
    await written(store, "waits")
    (nams,) = await written(store, "nam's", chat="nam")
    await store.write(lambda connection: rooms.sent(connection, nams.id, "m77", 20))
    for key, replaces in (("1", "waits"), ("2", "nam's"), ("3", "never written")):
        row = await store.write(put(key, reply=Reply(key, replaces=replaces)))
        assert row
        assert row.outgoing.replaces == ""
    rows = await store.write(lambda connection: rooms.claim(connection, "fake", "test", YOU))
    assert {row.outgoing.replaces for row in rows} == {""}


async def test_what_was_sent_is_not_put_off_parked_or_given_up_by_who_knows_it_not(store: Store) -> None:
    (row,) = await written(store, "a")
    await store.write(lambda connection: rooms.sent(connection, row.id, "m1", 20))
    await store.write(lambda connection: rooms.put_off(connection, row.id, 1, 99, "late"))
    await store.write(lambda connection: rooms.give_up(connection, row.id, "failed", "late"))
    await away(store, row)
    kept = await store.read(lambda c: c.execute(select(outbox)).one())
    assert (kept.state, kept.attempts, kept.platform_id, kept.sent_at, kept.lease) == ("sent", 0, "m1", 20, "")


async def test_giving_up_an_address_names_its_notices(store: Store) -> None:
    await written(store, "a")
    notice = await store.write(put("b", lane="notice"))
    assert notice
    await away(store, notice)
    await store.write(put("c", lane="notice", lease=YOU))
    await written(store, "other", chat="nam")
    keys = await store.write(lambda connection: rooms.give_up_address(connection, notice.address_id, "Gone"))
    assert sorted(keys) == ["b", "c"]
    assert await states(store) == {"a": "failed", "b": "failed", "c": "failed", "other": "ready"}
    assert await store.read(rooms.waiting) == {"failed": 3, "ready": 1}


async def test_a_process_finds_again_what_it_lost_on_the_way_to_its_memory(store: Store) -> None:
    kept, _ = await written(store, "kept", "lost")
    await store.write(put("fresh", now=100))
    await store.write(put("theirs", "nam", lease=YOU))
    await store.write(lambda connection: rooms.let_go(connection, "fake", "test", ME, 50, {kept.id}))
    assert await claim(store) == ["lost", "theirs"]


async def test_forgetting_keeps_what_waits(store: Store) -> None:
    done, failed, parked = [(await written(store, key, chat=key))[0] for key in ("sent", "failed", "away")]
    await written(store, "ready", chat="ready")
    await store.write(lambda connection: rooms.sent(connection, done.id, "", 20))
    await store.write(lambda connection: rooms.give_up(connection, failed.id, "unknown", "time-out"))
    await away(store, parked)
    assert await store.write(lambda connection: rooms.forget(connection, 10)) == 0
    assert await store.write(lambda connection: rooms.forget(connection, 11)) == 2
    assert await states(store) == {"away": "away", "ready": "ready"}


async def test_the_words_of_what_waits_are_kept_and_the_others_go_with_their_rows(store: Store) -> None:
    (done,) = await written(store, "sent", chat="lan")
    await written(store, "ready", chat="nam")
    await store.write(lambda connection: rooms.sent(connection, done.id, "", 20))
    assert await store.write(lambda connection: messages.forget(connection, 10)) == 0
    assert await store.write(lambda connection: messages.forget(connection, 11)) == 1
    assert await states(store) == {"ready": "ready"}
    assert await claim(store, YOU) == ["ready"]


async def test_rows_of_one_address_written_at_once_are_claimed_in_the_order_of_their_numbers(
    store: Store, beside: Store
) -> None:
    writes = ((store, beside)[n % 2].write(put(str(n), "lan", lease=(ME, YOU)[n % 2])) for n in range(30))
    await asyncio.gather(*writes)
    rows = await store.write(lambda connection: rooms.claim(connection, "fake", "test", "a third"))
    assert len(rows) == 30
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert {row.outgoing.address for row in rows} == {Address("fake", "test", "lan")}
