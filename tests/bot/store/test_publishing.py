"""A publish and all that follows from it are one transaction, whoever else publishes at the same moment."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from bot.clock import to_ms
from bot.store import publishing
from bot.store.shelf import SqlShelf, version
from bot.store.store import Store
from bot.store.tables import audit, tasks
from bot.store.work import open_task, open_tasks
from handlers.turn import OpenTask
from knowledge.entry import Entry
from knowledge.fields import Text
from knowledge.library import SHIPPED, Change, Library
from knowledge.shelf import LostUpdate
from tests.fakes.rows import MORNING, until_another_waits

DUE = dt.date(2026, 11, 1)
MACHINERY = Entry(
    id="kc.machinery",
    kind="scheme",
    title=Text("Mua máy", "Machines"),
    answer=Text("Tối đa 50%.", "Up to 50%."),
    status="in force",
    checked_on=dt.date(2026, 10, 1),
    review_by=DUE,
)
APPLY = replace(MACHINERY, id="kc.apply")
EDITED = replace(MACHINERY, answer=Text("Có.", "Yes."))
REVIEWED = replace(EDITED, review_by=dt.date(2027, 11, 1))
OTHER = replace(APPLY, answer=Text("Nộp ở Trung tâm.", "At the Centre."))

Work = Callable[[Connection], Change]


@pytest.fixture
async def base(store: Store) -> Store:
    """A store with two shipped entries at version 1, both waiting for review."""

    def fill(connection: Connection) -> None:
        Library(SqlShelf(connection)).seed([MACHINERY, APPLY], MORNING)
        for id in ("kc.machinery", "kc.apply"):
            open_task(connection, OpenTask("review", f"review:{id}:{DUE}", f"{id}: Trung tâm"), 1)
        open_task(connection, OpenTask("not-sent", "review:kc.machinery:x", "another kind"), 1)

    await store.write(fill)
    return store


def publish(*entries: Entry, expected: int = 1, editor: str = "officer:3") -> Work:
    """Work: somebody publishes."""
    return lambda connection: publishing.publish(connection, entries, editor, MORNING, expected)


async def published(store: Store) -> tuple[Entry, ...]:
    """What people are told."""
    return await store.read(lambda connection: Library(SqlShelf(connection)).load())


async def noted(store: Store) -> list[tuple[str, str, str]]:
    """The audit: who did what, about what."""
    lines = select(audit.c.actor, audit.c.action, audit.c.about).order_by(audit.c.id)
    return await store.read(lambda connection: [(r.actor, r.action, r.about) for r in connection.execute(lines)])


async def waiting(store: Store) -> list[str]:
    """What the open tasks are about."""
    return [task.about for task in await store.read(open_tasks)]


async def test_a_publish_is_noted_and_closes_the_reviews_of_its_entries_alone(base: Store) -> None:
    change = await base.write(publish(REVIEWED))
    assert change == Change(2, ("kc.machinery",))
    assert await published(base) == (APPLY, REVIEWED)
    assert await noted(base) == [("officer:3", "knowledge.publish", "kc.machinery")]
    assert await waiting(base) == ["kc.apply: Trung tâm", "another kind"]
    done = select(tasks.c.done_at).where(tasks.c.state == "done")
    assert await base.read(lambda connection: connection.execute(done).scalar_one()) == to_ms(MORNING)


async def test_a_review_stays_open_while_the_published_entry_keeps_its_date(base: Store) -> None:
    await base.write(publish(EDITED))
    assert "kc.machinery: Trung tâm" in await waiting(base)


async def test_many_entries_are_one_version_and_one_line_and_what_is_unchanged_is_not_in_it(base: Store) -> None:
    new = replace(MACHINERY, id="kc.new")
    assert await base.write(publish(OTHER, MACHINERY, new)) == Change(2, ("kc.apply", "kc.new"))
    assert await noted(base) == [("officer:3", "knowledge.publish", "kc.apply kc.new")]


async def test_nothing_changed_is_nothing_written_and_nothing_noted(base: Store) -> None:
    assert await base.write(publish(MACHINERY, APPLY)) == Change(1, ())
    assert (await noted(base), len(await waiting(base))) == ([], 3)


async def test_a_removed_entry_waits_for_no_review(base: Store) -> None:
    work: Work = lambda connection: publishing.remove(connection, "kc.machinery", "officer:3", MORNING, 1)  # noqa: E731
    assert await base.write(work) == Change(2, ("kc.machinery",))
    assert await published(base) == (APPLY,)
    assert await noted(base) == [("officer:3", "knowledge.remove", "kc.machinery")]
    assert await waiting(base) == ["kc.apply: Trung tâm", "another kind"]


async def test_a_discarded_draft_is_noted_with_who_discarded_it(base: Store) -> None:
    later = replace(MACHINERY, answer=Text("Tối đa 40%.", "Up to 40%."))
    await base.write(publish(EDITED))
    await base.write(lambda connection: Library(SqlShelf(connection)).seed([later], MORNING))
    await base.write(
        lambda connection: publishing.discard(connection, "kc.machinery", SHIPPED, "officer:4", MORNING, 3)
    )
    assert await base.read(lambda connection: Library(SqlShelf(connection)).drafts()) == ()
    assert (await noted(base))[1:] == [("officer:4", "knowledge.discard", "kc.machinery")]


async def test_a_refused_publish_leaves_no_trace(base: Store) -> None:
    await base.write(publish(REVIEWED))
    with pytest.raises(LostUpdate) as refused:
        await base.write(publish(OTHER, EDITED, editor="officer:4"))
    assert refused.value.ids == ("kc.machinery",)
    assert await published(base) == (APPLY, REVIEWED)
    assert len(await noted(base)) == 1
    assert await base.read(version) == 2


async def test_whatever_fails_before_the_commit_takes_everything_with_it(base: Store) -> None:
    def publish_and_fail(connection: Connection) -> None:
        publishing.publish(connection, [REVIEWED], "officer:3", MORNING, 1)
        raise LookupError("before the commit")

    with pytest.raises(LookupError):
        await base.write(publish_and_fail)
    assert await published(base) == (APPLY, MACHINERY)
    assert await base.read(lambda connection: Library(SqlShelf(connection)).revisions("kc.machinery")) == ()
    assert (await noted(base), len(await waiting(base)), await base.read(version)) == ([], 3, 1)


def at_once(first: Store, second: Store, one: Work, other: Work) -> tuple[Change, Change | BaseException]:
    """What comes of `one` and `other`, where `other` begins while the transaction of `one` is open."""
    begun = threading.Event()

    def slowly(connection: Connection) -> Change:
        change = one(connection)
        begun.set()
        until_another_waits(connection)
        return change

    slow = first.submit(slowly)
    assert begun.wait(20)
    fast = second.submit(other)
    return slow.result(20), fast.exception(20) or fast.result(20)


async def test_of_two_who_publish_an_entry_at_once_one_is_told_so(base: Store, beside: Store) -> None:
    won, lost = at_once(base, beside, publish(REVIEWED), publish(EDITED, editor="officer:4"))
    assert won == Change(2, ("kc.machinery",))
    assert isinstance(lost, LostUpdate)
    assert lost.ids == ("kc.machinery",)
    assert await published(base) == (APPLY, REVIEWED)
    assert [actor for actor, _, _ in await noted(base)] == ["officer:3"]


async def test_two_who_publish_two_entries_at_once_do_not_stand_in_each_others_way(base: Store, beside: Store) -> None:
    both = at_once(base, beside, publish(EDITED), publish(OTHER, editor="officer:4"))
    assert both == (Change(2, ("kc.machinery",)), Change(3, ("kc.apply",)))
    assert await published(base) == (OTHER, EDITED)
    assert [actor for actor, _, _ in await noted(base)] == ["officer:3", "officer:4"]
