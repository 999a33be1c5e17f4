"""A chat that has another address: its place, its talk and what waits for it go there, and nothing goes twice."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, func, select, update

from bot.store import messages, moving, officers, outbox, people, work
from bot.store.store import Store
from bot.store.tables import addresses, tasks
from bot.store.tables import outbox as outbox_table
from handlers.context import Place
from handlers.message import Address, Reply
from handlers.person import Conversation, Officer
from tests.fakes.rows import count

ME = "this process"
OLD, NEW = "-12", "-10012"


def at(chat: str = OLD, thread: str = "") -> Address:
    """A group, or a topic in it."""
    return Address("fake", "test", chat, thread)


def known(address: Address) -> Callable[[Connection], int]:
    """Work: an address is stored; its number."""
    return lambda connection: people.arrive(connection, address, 1).address_id


def opened(address: Address, officer: Officer) -> Callable[[Connection], None]:
    """Work: an address is a place of an officer."""
    return lambda c: officers.place(c, known(address)(c), officer.id, 2, shared=True)


def said(address: Address, key: str, state: str = "ready") -> Callable[[Connection], None]:
    """Work: a notice waits for an address, in the memory of this process where it is ready."""

    def run(connection: Connection) -> None:
        words = {"key": key, "lane": "notice", "language": "vi", "lease": ME, "now": 3}
        assert outbox.put(connection, known(address)(connection), address, Reply(key), **words)  # type: ignore[arg-type]
        lease = ME if state == "ready" else ""
        connection.execute(update(outbox_table).where(outbox_table.c.key == key).values(state=state, lease=lease))

    return run


def moved(address: Address, chat: str, thread: str = "") -> Callable[[Connection], None]:
    """Work: the platform said where a chat is now."""
    return lambda connection: moving.move(connection, address, chat, thread, 9)


async def hoa(store: Store) -> Officer:
    """An officer."""
    return await store.write(lambda connection: officers.add(connection, "Hoa", "", 1))


async def claimed(store: Store) -> list[tuple[str, Address]]:
    """What this process finds when it looks for rows it does not hold: the key and where it goes now."""
    rows = await store.write(lambda connection: outbox.claim(connection, "fake", "test", ME))
    return [(row.outgoing.key, row.outgoing.address) for row in rows]


async def lost_topics(store: Store) -> list[str]:
    """What staff were told of places that lost their topic."""
    return [task.about for task in await store.read(work.open_tasks) if task.kind == "place-moved"]


async def test_a_group_with_a_new_number_stays_the_same_place_and_the_same_talk(store: Store) -> None:
    officer, talk = await hoa(store), Conversation(language="en", introduced=True)
    await store.write(opened(at(), officer))
    before = await store.write(known(at()))
    await store.write(lambda c: people.save_conversation(c, before, talk, 2))
    await store.write(said(at(), "lead:1"))
    await store.write(moved(at(), NEW))
    assert await store.read(officers.all_places) == (Place(officer, at(NEW), "en", shared=True),)
    arrived = await store.write(lambda c: people.arrive(c, at(NEW), 10))
    assert (arrived.address_id, arrived.person.conversation) == (before, talk)
    assert await claimed(store) == [("lead:1", at(NEW))]
    assert await lost_topics(store) == []
    assert [m.reply.text for m in await store.read(lambda c: messages.history(c, at(NEW), 0, 9))] == ["lead:1"]


async def test_every_topic_of_a_group_goes_with_it_and_no_other_chat(store: Store) -> None:
    officer = await hoa(store)
    here = [at(), at(OLD, "7"), at(OLD, "9")]
    others = [at("-13"), Address("fake", "other", OLD), Address("more", "test", OLD)]
    for address in (*here, *others):
        await store.write(opened(address, officer))
    await store.write(moved(at(OLD, "7"), NEW, "7"))
    told = {place.address for place in await store.read(officers.all_places)}
    assert told == {at(NEW), at(NEW, "7"), at(NEW, "9"), *others}
    assert await lost_topics(store) == []


async def test_told_twice_or_too_late_changes_nothing_more(store: Store) -> None:
    officer = await hoa(store)
    await store.write(opened(at(), officer))
    await store.write(said(at(), "lead:1"))
    for _ in range(3):
        await store.write(moved(at(), NEW))
    # The group's own update about it comes after the sender's refusal: it makes the old address anew.
    await store.write(known(at()))
    await store.write(moved(at(), NEW))
    assert await store.read(officers.all_places) == (Place(officer, at(NEW), shared=True),)
    assert await claimed(store) == [("lead:1", at(NEW))]


async def test_a_chat_that_moves_onto_itself_stays(store: Store) -> None:
    officer = await hoa(store)
    await store.write(opened(at(), officer))
    await store.write(said(at(), "lead:1"))
    await store.write(moved(at(), OLD))
    assert await store.read(officers.all_places) == (Place(officer, at(), shared=True),)
    assert await claimed(store) == [("lead:1", at())]


async def test_who_still_had_the_old_address_in_memory_finds_at_once_what_waits(store: Store) -> None:
    for thread in ("", "7"):
        await store.write(said(at(OLD, thread), f"lead:{thread}"))
    await store.write(moved(at(), NEW))
    assert len(await claimed(store)) == 2
    # Their sends to the old address are refused only now, and dropped from memory.
    await store.write(moved(at(OLD, "7"), NEW, "7"))
    assert await claimed(store) == [("lead:7", at(NEW, "7"))]
    await store.write(moved(at(), NEW))
    assert await claimed(store) == [("lead:", at(NEW))]


@pytest.mark.parametrize("blocked", [False, True])
async def test_who_wrote_from_the_new_address_first_takes_the_place_and_what_waits(store: Store, blocked: bool) -> None:
    officer = await hoa(store)
    await store.write(opened(at(), officer))
    for key, state in (("lead:1", "ready"), ("lead:2", "away")):
        await store.write(said(at(), key, state))
    new = await store.write(known(at(NEW)))
    if blocked:
        await store.write(lambda c: people.block(c, new, 5))
    await store.write(moved(at(), NEW))
    assert await store.read(officers.all_places) == (Place(officer, at(NEW), shared=True),)
    assert await store.read(lambda c: people.address_id(c, at(NEW))) == new
    rows = await claimed(store)
    assert rows == [("lead:1", at(NEW)), ("lead:2", at(NEW))]
    left = select(addresses.c.blocked_at).where(addresses.c.chat == OLD)
    assert await store.read(lambda c: c.execute(left).scalar_one()) == 9
    shown = await store.read(lambda c: messages.history(c, at(NEW), 0, 9))
    assert [message.reply.text for message in shown] == ["lead:1", "lead:2"]


async def test_what_was_sent_or_given_up_stays_where_it_was(store: Store) -> None:
    for key, state in (("sent", "sent"), ("failed", "failed"), ("unknown", "unknown")):
        await store.write(said(at(), key, state))
    await store.write(known(at(NEW)))
    await store.write(moved(at(), NEW))
    assert await claimed(store) == []
    assert await store.read(lambda c: messages.history(c, at(NEW), 0, 9)) == ()


async def test_a_lost_topic_goes_to_the_main_one_and_staff_hear_of_it(store: Store) -> None:
    officer = await hoa(store)
    await store.write(opened(at(NEW, "7"), officer))
    await store.write(opened(at(NEW, "9"), officer))
    await store.write(said(at(NEW, "7"), "lead:1"))
    await store.write(moved(at(NEW, "7"), NEW))
    told = {place.address for place in await store.read(officers.all_places)}
    assert told == {at(NEW), at(NEW, "9")}
    assert await claimed(store) == [("lead:1", at(NEW))]
    assert await lost_topics(store) == [f"fake/test: {NEW}, 7 → -"]


async def test_a_lost_topic_beside_a_place_in_the_main_one_is_no_place_any_more(store: Store) -> None:
    one = await hoa(store)
    two = await store.write(lambda connection: officers.add(connection, "Bình", "", 1))
    await store.write(opened(at(NEW), two))
    await store.write(opened(at(NEW, "7"), one))
    await store.write(said(at(NEW, "7"), "lead:1"))
    await store.write(moved(at(NEW, "7"), NEW))
    assert await store.read(officers.all_places) == (Place(two, at(NEW), shared=True),)
    assert await claimed(store) == [("lead:1", at(NEW))]
    assert len(await lost_topics(store)) == 1


async def test_a_lost_topic_that_was_no_place_is_nobodys_task(store: Store) -> None:
    await store.write(known(at(NEW, "7")))
    await store.write(moved(at(NEW, "7"), NEW))
    assert await store.read(lambda c: count(c, tasks)) == 0


async def test_what_this_process_holds_for_the_new_address_is_found_once(store: Store) -> None:
    await store.write(said(at(NEW), "before"))
    await store.write(said(at(), "lead:1"))
    await store.write(moved(at(), NEW))
    assert await claimed(store) == [("before", at(NEW)), ("lead:1", at(NEW))]
    assert await claimed(store) == []
    total = select(func.count()).select_from(outbox_table)
    assert await store.read(lambda c: c.execute(total).scalar_one()) == 2
