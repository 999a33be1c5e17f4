"""All a turn decided is stored in one transaction, or nothing of it."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from bot.clock import to_ms
from bot.errors import Conflict
from bot.store import leads, officers, people, work
from bot.store.effects import store_turn
from bot.store.outbox import Row
from bot.store.store import Store
from bot.store.tables import audit, consents, outbox, questions
from handlers.message import Reply
from handlers.person import Conversation, Person, Profile
from handlers.turn import (
    Audit,
    BecomeOfficer,
    CancelLater,
    ChangeLead,
    Effect,
    Later,
    OpenLead,
    OpenTask,
    RecordConsent,
    SetProfile,
    StoreQuestion,
    Tell,
    Turn,
)
from tests.fakes.rows import MORNING, address, count

ME = "this process"
PROFILE = Profile("Dừa Xanh", "Lan", "0912345678")


def turn(
    *effects: Effect,
    replies: tuple[str, ...] = (),
    state: Conversation | None = None,
    key: str = "fake/test/1",
    lease: str = ME,
    chat: str = "lan",
) -> Callable[[Connection], tuple[Row, ...]]:
    """Work: somebody's turn with these effects."""

    def run(connection: Connection) -> tuple[Row, ...]:
        arrived = people.arrive(connection, address(chat), 100)
        decided = Turn(state or arrived.person.conversation, tuple(map(Reply, replies)), effects)
        return store_turn(
            connection, arrived.address_id, arrived.person, decided, key=key, lease_of=lambda *_: lease, now=100
        )

    return run


async def person(store: Store, chat: str = "lan") -> Person:
    """Who somebody is now."""
    return (await store.write(lambda connection: people.arrive(connection, address(chat), 100))).person


async def test_replies_leave_in_order_with_the_state_they_belong_to(store: Store) -> None:
    talk = Conversation(topic="kc.machinery", language="en")
    rows = await store.write(turn(replies=("one", "two"), state=talk))
    assert [(row.outgoing.key, row.outgoing.reply.text) for row in rows] == [
        ("fake/test/1/0", "one"),
        ("fake/test/1/1", "two"),
    ]
    assert {(row.lane, row.outgoing.language, row.outgoing.address) for row in rows} == {
        ("conversation", "en", address())
    }
    assert (await person(store)).conversation == talk


async def test_the_same_turn_twice_leaves_once(store: Store) -> None:
    assert len(await store.write(turn(replies=("one",)))) == 1
    assert await store.write(turn(replies=("one",))) == ()
    assert await store.read(lambda c: count(c, outbox)) == 1


async def test_what_another_process_sends_is_not_handed_over(store: Store) -> None:
    assert await store.write(turn(replies=("one",), lease="")) == ()
    assert await store.read(lambda c: count(c, outbox)) == 1


async def test_a_told_person_is_addressed_in_their_language_and_made_if_unknown(store: Store) -> None:
    await store.write(turn(state=Conversation(language="en"), chat="nam"))
    tells = (Tell(address("nam"), Reply("x"), "notice", "k1"), Tell(address("new"), Reply("y"), "notice", "k2"))
    rows = await store.write(turn(*tells, Tell(address("nam"), Reply("x"), "notice", "k1"), chat="lan"))
    assert [(row.outgoing.key, row.lane, row.outgoing.language) for row in rows] == [
        ("k1", "notice", "en"),
        ("k2", "notice", "vi"),
    ]
    assert (await person(store, "new")).id


async def test_consent_is_kept_per_purpose_with_every_word_that_was_shown(store: Store) -> None:
    yes, news = RecordConsent("contact", True, "Đồng ý liên hệ?"), RecordConsent("outreach", True, "Nhận tin?")
    await store.write(turn(yes, news))
    assert (await person(store)).consents == {"contact", "outreach"}
    await store.write(turn(RecordConsent("outreach", False, "Dừng tin")))
    assert (await person(store)).consents == {"contact"}
    assert (await person(store, "nam")).consents == frozenset()
    kept = await store.read(lambda c: c.execute(select(consents).order_by(consents.c.id)).all())
    assert [(row.purpose, row.given, row.text, row.at) for row in kept] == [
        ("contact", 1, "Đồng ý liên hệ?", 100),
        ("outreach", 1, "Nhận tin?", 100),
        ("outreach", 0, "Dừng tin", 100),
    ]


async def test_a_profile_and_a_lead_of_one_turn_are_both_stored(store: Store) -> None:
    await store.write(turn(SetProfile(PROFILE), OpenLead("7F3K2Q", "mua máy", PROFILE, "kc.machinery")))
    lan = await person(store)
    assert lan.profile == PROFILE
    (lead,) = await store.read(lambda c: leads.of_person(c, lan.id))
    assert (lead.code, lead.address, lead.profile) == ("7F3K2Q", address(), PROFILE)


async def test_a_turn_that_comes_too_late_stores_nothing(store: Store) -> None:
    await store.write(turn(OpenLead("7F3K2Q", "mua máy", PROFILE)))
    task, stale = OpenTask("test", "k", "x"), ChangeLead("7F3K2Q", 7, "done")
    with pytest.raises(Conflict):
        await store.write(turn(task, stale, replies=("xong",), state=Conversation(topic="x")))
    assert await store.read(lambda c: (count(c, outbox), work.open_task_count(c))) == (0, 0)
    assert (await person(store)).conversation == Conversation()
    await store.write(turn(ChangeLead("7F3K2Q", 1, "done"), replies=("xong",)))
    assert await store.read(lambda c: [lead.state for lead in leads.newest(c)]) == ["done"]


async def test_jobs_of_a_turn_know_their_address(store: Store) -> None:
    at = MORNING + dt.timedelta(days=1)
    await store.write(turn(Later("a", at, "remind", '{"n": 1}'), Later("b", at, "remind"), CancelLater("b")))
    (job,) = await store.read(lambda c: work.due(c, to_ms(at)))
    there = await store.read(lambda c: people.address_id(c, address()))
    assert (job.key, job.handler, job.data, job.address_id) == ("a", "remind", '{"n": 1}', there)


async def test_an_invitation_makes_an_officer_once(store: Store) -> None:
    officer = await store.write(lambda c: officers.add(c, "Chị Hoa", "", 1))
    await store.write(lambda c: officers.issue(c, "invite", "mã mời", officer.id, 1000))
    found = await store.write(lambda c: officers.invitation(c, "mã mời", 100))
    assert found
    await store.write(turn(BecomeOfficer(officer.id, found.id)))
    assert (await person(store)).officer == officer
    assert await store.write(lambda c: officers.invitation(c, "mã mời", 100)) is None


async def test_the_audit_knows_who_did_it(store: Store) -> None:
    lan = await person(store)
    await store.write(turn(Audit("consent.given"), StoreQuestion("vay vốn?", "unknown")))
    officer = await store.write(lambda c: officers.add(c, "Chị Hoa", "", 1))
    there = await store.read(lambda c: people.address_id(c, address()))
    await store.write(lambda c: officers.place(c, there or 0, officer.id, 2))
    await store.write(turn(Audit("lead.claimed", "7F3K2Q")))
    noted = await store.read(lambda c: c.execute(select(audit).order_by(audit.c.id)).all())
    assert [(row.actor, row.action, row.about) for row in noted] == [
        (f"person:{lan.id}", "consent.given", ""),
        (f"officer:{officer.id}", "lead.claimed", "7F3K2Q"),
    ]
    assert await store.read(lambda c: count(c, questions)) == 1
