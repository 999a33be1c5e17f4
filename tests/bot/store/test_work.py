"""Tasks once, jobs at their time and once, and what is noted beside them."""

import datetime as dt
import json
from collections.abc import Callable

from sqlalchemy import Connection, select

from bot.clock import to_ms
from bot.store import people
from bot.store import work as rooms
from bot.store.store import Store
from bot.store.tables import audit, jobs, questions
from bot.store.work import Job
from handlers.turn import Later, OpenTask, StoreQuestion
from tests.fakes.rows import DEADLINE, MORNING, address, until_another_waits

NOON = MORNING + dt.timedelta(hours=3)


def later(
    key: str, at: dt.datetime = MORNING, handler: str = "remind", data: str = "{}"
) -> Callable[[Connection], None]:
    """Work: a job is planned, for nobody."""
    return lambda connection: rooms.later(connection, Later(key, at, handler, data), None)


def cancel(key: str) -> Callable[[Connection], None]:
    """Work: a job is forgotten."""
    return lambda connection: rooms.cancel(connection, key)


async def due(store: Store, at: dt.datetime = MORNING, limit: int = 50) -> tuple[Job, ...]:
    """The jobs whose time has come."""
    return await store.read(lambda connection: rooms.due(connection, to_ms(at), limit))


async def keys(store: Store, at: dt.datetime = MORNING) -> list[str]:
    """Their keys."""
    return [job.key for job in await due(store, at)]


async def take(store: Store, job: Job) -> bool:
    """A process does a job."""
    return await store.write(lambda connection: rooms.take(connection, job))


async def test_a_task_is_opened_once_and_closed_once(store: Store) -> None:
    await store.write(lambda c: rooms.open_task(c, OpenTask("not-sent", "k", "first"), 5))
    await store.write(lambda c: rooms.open_task(c, OpenTask("not-sent", "k", "again"), 5))
    await store.write(lambda c: rooms.open_task(c, OpenTask("failed-job", "l", "second"), 6))
    first, second = await store.read(rooms.open_tasks)
    assert (first.kind, first.about, first.created_at, second.about) == ("not-sent", "first", 5, "second")
    assert await store.read(rooms.open_task_count) == 2
    assert await store.write(lambda c: rooms.close_task(c, first.id, 7))
    assert not await store.write(lambda c: rooms.close_task(c, first.id, 8))
    await store.write(lambda c: rooms.open_task(c, OpenTask("not-sent", "k", "after it was done"), 9))
    assert await store.read(rooms.open_tasks) == (second,)
    assert await store.read(rooms.open_task_count) == 1


async def test_jobs_are_due_at_their_time_earliest_first(store: Store) -> None:
    for key, minutes in (("second", 2), ("first", 1), ("later", 60)):
        await store.write(later(key, MORNING + dt.timedelta(minutes=minutes)))
    assert await keys(store) == []
    assert await keys(store, MORNING + dt.timedelta(minutes=2)) == ["first", "second"]
    assert len(await due(store, NOON, limit=2)) == 2


async def test_a_job_holds_what_it_was_made_with(store: Store) -> None:
    lan = await store.write(lambda c: people.arrive(c, address(), 1))
    wish = Later("k", MORNING, "remind", '{"code": "7F3K2Q"}')
    await store.write(lambda c: rooms.later(c, wish, lan.address_id))
    (job,) = await due(store)
    assert job == Job(job.id, "k", "remind", '{"code": "7F3K2Q"}', lan.address_id, 0, to_ms(MORNING))


async def test_the_same_key_moves_a_job_with_all_it_says(store: Store) -> None:
    await store.write(later("k", MORNING, "remind", '{"n": 1}'))
    await store.write(later("k", NOON, "digest", '{"n": 2}'))
    assert await keys(store) == []
    (job,) = await due(store, NOON)
    assert (job.handler, job.data) == ("digest", '{"n": 2}')


async def test_a_job_is_done_once_and_can_be_planned_anew(store: Store) -> None:
    await store.write(later("k"))
    (job,) = await due(store)
    assert await take(store, job)
    assert not await take(store, job)
    assert await keys(store, NOON) == []
    await store.write(later("k", NOON))
    assert await keys(store, NOON) == ["k"]


def test_of_two_who_do_a_job_at_once_one_does_it(store: Store, beside: Store) -> None:
    store.submit(later("k")).result(DEADLINE)
    (job,) = store.submit(lambda connection: rooms.due(connection, to_ms(MORNING))).result(DEADLINE)
    second = []

    def first(connection: Connection) -> bool:
        taken = rooms.take(connection, job)
        second.append(beside.submit(lambda other: rooms.take(other, job)))
        until_another_waits(connection)
        return taken

    assert store.submit(first).result(DEADLINE)
    assert not second[0].result(DEADLINE)


async def test_a_cancelled_job_is_forgotten_and_one_that_ran_is_kept(store: Store) -> None:
    await store.write(later("k"))
    await store.write(later("ran"))
    (_, ran) = await due(store)
    assert await take(store, ran)
    for key in ("k", "ran", "unknown"):
        await store.write(cancel(key))
    assert await keys(store, NOON) == []
    assert await store.read(lambda c: list(c.execute(select(jobs.c.key)).scalars())) == ["ran"]


async def test_a_job_that_raised_is_tried_later_and_at_last_never(store: Store) -> None:
    await store.write(later("k"))
    (job,) = await due(store)
    await store.write(lambda c: rooms.put_off(c, job, to_ms(NOON), "LookupError", last=False))
    assert await keys(store) == []
    (again,) = await due(store, NOON)
    assert again.attempts == 1
    assert not await take(store, job)
    await store.write(lambda c: rooms.put_off(c, again, to_ms(NOON), "LookupError", last=True))
    assert await keys(store, NOON) == []
    row = await store.read(lambda c: c.execute(select(jobs)).one())
    assert (row.state, row.error, row.attempts) == ("failed", "LookupError", 2)


async def test_a_job_moved_while_it_was_in_hand_keeps_its_new_time(store: Store) -> None:
    await store.write(later("k"))
    (job,) = await due(store)
    await store.write(later("k", NOON))
    assert not await take(store, job)
    await store.write(lambda c: rooms.put_off(c, job, to_ms(MORNING), "LookupError", last=True))
    assert await keys(store) == []
    assert await keys(store, NOON) == ["k"]


async def test_questions_and_the_audit_are_noted(store: Store) -> None:
    lan = await store.write(lambda c: people.arrive(c, address(), 1))
    question = StoreQuestion("vay vốn?", "choices", ("kc.machinery", "kc.demo"))
    await store.write(lambda c: rooms.store_question(c, lan.address_id, question, 5))
    await store.write(lambda c: rooms.note(c, "officer:1", "lead.claimed", "7F3K2Q", 6))
    asked = await store.read(lambda c: c.execute(select(questions)).one())
    assert (asked.text, asked.outcome, asked.state, asked.at) == ("vay vốn?", "choices", "open", 5)
    assert json.loads(asked.entries) == ["kc.machinery", "kc.demo"]
    noted = await store.read(lambda c: c.execute(select(audit)).one())
    assert (noted.actor, noted.action, noted.about, noted.at) == ("officer:1", "lead.claimed", "7F3K2Q", 6)


async def test_what_is_settled_is_closed_with_every_task_that_begins_so(store: Store) -> None:
    def open_all(connection: Connection) -> None:
        for key in ("halted:a:1:x", "halted:a:1:y", "halted:a:12:x", "halted_a:1:x"):
            rooms.open_task(connection, OpenTask("halted", key, key), 1)

    await store.write(open_all)
    await store.write(lambda connection: rooms.settle(connection, "halted:a:1:", 5))
    left = await store.read(rooms.open_tasks)
    assert [task.about for task in left] == ["halted:a:12:x", "halted_a:1:x"]
