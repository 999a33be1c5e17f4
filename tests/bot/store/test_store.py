"""The store's door on both engines: what is acknowledged is stored, in order, and nothing concurrent is lost."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import pytest
from sqlalchemy import Connection, event

from bot.errors import AlreadyRunning, StoreUnavailable
from bot.store import people, work
from bot.store.store import Store
from bot.store.tables import tasks
from handlers.turn import OpenTask
from tests.fakes.rows import DEADLINE, address, count


def open_task(key: str) -> Callable[[Connection], str]:
    """Work that stores one task and answers its key."""

    def run(connection: Connection) -> str:
        work.open_task(connection, OpenTask("test", key, key), 1)
        return key

    return run


def fail_after(key: str) -> Callable[[Connection], None]:
    """Work that stores one task and raises."""

    def run(connection: Connection) -> None:
        open_task(key)(connection)
        raise LookupError(key)

    return run


def note(name: str, ran: list[str]) -> Callable[[Connection], None]:
    """Work that only says that it ran."""

    def run(_: Connection) -> None:
        ran.append(name)

    return run


def stored(connection: Connection) -> list[str]:
    """The keys of the stored tasks."""
    return sorted(task.about for task in work.open_tasks(connection))


class Busy:
    """Occupies every writer of a store until `over` is set."""

    def __init__(self, store: Store, writers: int, key: str = "") -> None:
        self.over = threading.Event()
        begun = [threading.Event() for _ in range(writers)]
        self.futures = [store.submit(self._work(one), key=key) for one in begun]
        assert all(one.wait(DEADLINE) for one in begun)

    def _work(self, begun: threading.Event) -> Callable[[Connection], None]:
        def run(connection: Connection) -> None:
            begun.set()
            assert self.over.wait(DEADLINE)

        return run


@pytest.fixture
def single(database_url: str) -> Store:
    """A store with one writer on each engine; the test closes it."""
    return Store(database_url, size=1)


async def test_a_write_answers_what_its_work_answered(store: Store) -> None:
    assert await store.write(open_task("a")) == "a"
    assert await store.read(stored) == ["a"]


async def test_work_that_raises_leaves_nothing_and_the_others_of_its_batch_stay(store: Store) -> None:
    busy = Busy(store, 1)
    good, bad, better = store.submit(open_task("a")), store.submit(fail_after("b")), store.submit(open_task("c"))
    busy.over.set()
    assert good.result(DEADLINE) == "a"
    assert better.result(DEADLINE) == "c"
    with pytest.raises(LookupError, match="b"):
        bad.result(DEADLINE)
    assert await store.read(stored) == ["a", "c"]


async def test_a_write_is_told_only_when_others_can_read_it(store: Store, beside: Store) -> None:
    seen: list[int] = []
    told = threading.Event()

    def look(_: Future[str]) -> None:
        seen.append(beside.submit(lambda connection: count(connection, tasks)).result(DEADLINE))
        told.set()

    busy = Busy(store, 1)
    store.submit(open_task("a")).add_done_callback(look)
    busy.over.set()
    assert told.wait(DEADLINE)
    assert seen == [1]


async def test_work_of_one_key_keeps_its_order_even_if_some_of_it_raises(store: Store) -> None:
    ran: list[int] = []

    def piece(number: int) -> Callable[[Connection], None]:
        def run(connection: Connection) -> None:
            work.open_task(connection, OpenTask("test", str(number), ""), 1)
            ran.append(number)
            if number % 3 == 0:
                raise LookupError

        return run

    writes = (store.write(piece(number), key="lan") for number in range(60))
    done = await asyncio.gather(*writes, return_exceptions=True)
    assert ran == list(range(60))
    assert [isinstance(one, LookupError) for one in done] == [number % 3 == 0 for number in range(60)]


def test_urgent_work_goes_first_in_its_own_order(single: Store) -> None:
    ran: list[str] = []
    busy = Busy(single, 1)
    for name in ("1", "2", "urgent 1", "urgent 2", "3", "urgent 3"):
        single.submit(note(name, ran), urgent=name.startswith("urgent"))
    busy.over.set()
    single.close()
    assert ran == ["urgent 1", "urgent 2", "urgent 3", "1", "2", "3"]


def test_urgent_work_of_a_busy_key_goes_first_in_its_own_order(store: Store) -> None:
    ran: list[str] = []
    busy = Busy(store, 1, key="lan")
    waits = [
        store.submit(note(name, ran), urgent=name.startswith("urgent"), key="lan")
        for name in ("1", "urgent 1", "2", "urgent 2")
    ]
    busy.over.set()
    for one in waits:
        one.result(DEADLINE)
    assert ran == ["urgent 1", "urgent 2", "1", "2"]


def test_work_can_be_cancelled_until_it_is_begun(single: Store) -> None:
    busy = Busy(single, 1)
    running, waiting = busy.futures[0], single.submit(open_task("never"))
    after = single.submit(open_task("after"))
    assert not running.cancel()
    assert waiting.cancel()
    busy.over.set()
    assert after.result(DEADLINE) == "after"
    assert single.submit(stored).result(DEADLINE) == ["after"]
    single.close()


def test_cancelled_work_of_a_key_does_not_hold_up_its_line(store: Store) -> None:
    busy = Busy(store, 1, key="lan")
    waiting, after = store.submit(open_task("never"), key="lan"), store.submit(open_task("after"), key="lan")
    assert waiting.cancel()
    busy.over.set()
    assert after.result(DEADLINE) == "after"


@pytest.mark.parametrize("key", ["", "lan"])
async def test_closing_finishes_what_was_queued_and_takes_nothing_more(store: Store, beside: Store, key: str) -> None:
    busy = Busy(beside, 1, key=key)
    waits = [beside.submit(open_task(str(number)), key=key) for number in range(50)]
    closing = threading.Thread(target=beside.close)
    closing.start()
    busy.over.set()
    closing.join(DEADLINE)
    assert all(one.done() for one in waits)
    assert await store.read(lambda connection: count(connection, tasks)) == 50
    with pytest.raises(StoreUnavailable, match="closed"):
        await beside.write(open_task("late"))
    with pytest.raises(StoreUnavailable, match="closed"):
        await beside.read(stored)


async def test_640_concurrent_read_then_write_increments_lose_none(store: Store, beside: Store) -> None:
    def increment(connection: Connection) -> None:
        arrived = people.arrive(connection, address(), 1)
        talk = arrived.person.conversation
        counted = replace(talk, topic=str(int(talk.topic or "0") + 1))
        people.save_conversation(connection, arrived.address_id, counted, 1)

    await asyncio.gather(*((store, beside)[number % 2].write(increment) for number in range(640)))
    arrived = await store.write(lambda connection: people.arrive(connection, address(), 1))
    assert arrived.person.conversation.topic == "640"


async def test_who_has_read_keeps_nobody_from_writing(store: Store, beside: Store) -> None:
    assert await asyncio.gather(*(store.read(stored) for _ in range(8))) == [[]] * 8
    assert await beside.write(open_task("a")) == "a"
    assert await store.read(stored) == ["a"]


async def test_reads_go_on_beside_a_write(store: Store) -> None:
    busy = Busy(store, 1)
    assert await store.read(stored) == []
    busy.over.set()


def test_many_pieces_share_a_commit(sqlite_url: str) -> None:
    store, commits = Store(sqlite_url), list[Connection]()
    event.listen(store.engine, "commit", commits.append)
    busy = Busy(store, 1)
    waits = [store.submit(open_task(str(number))) for number in range(100)]
    busy.over.set()
    store.close()
    assert all(one.result() for one in waits)
    # The batches are bounded by time too, and machines are busy; alone it is two.
    assert len(commits) < 50


def test_the_bot_runs_once_on_a_file_in_each_role(sqlite_url: str) -> None:
    first, second = Store(sqlite_url), Store(sqlite_url)
    assert first.claim_file()
    with pytest.raises(AlreadyRunning, match=r"Another `bot run` uses .*stop it"):
        second.claim_file()
    assert second.claim_file("chat")
    first.close()
    third = Store(sqlite_url)
    assert third.claim_file()
    second.close()
    third.close()


def test_several_bots_run_on_one_server(postgres_url: str) -> None:
    opened = [Store(postgres_url), Store(postgres_url)]
    assert [store.claim_file() for store in opened] == [False, False]
    for store in opened:
        store.close()


def test_a_database_that_is_there_is_not_touched_by_opening_it_again(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    store.submit(open_task("a")).result(DEADLINE)
    store.close()
    again = Store(sqlite_url)
    assert again.submit(stored).result(DEADLINE) == ["a"]
    again.close()
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
