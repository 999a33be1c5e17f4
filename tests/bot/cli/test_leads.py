"""`bot leads`: the list, and the comparison of what is written of each lead in different places."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.leads import differences, openings
from bot.cli.main import run_command
from bot.clock import SystemClock, to_ms
from bot.store import leads, officers, outbox, people, work
from bot.store.connection import Connection
from bot.store.reconcile import Records, read
from bot.store.store import Store
from handlers.catalogue import wording
from handlers.message import Address, Reply
from handlers.person import Profile
from handlers.turn import ChangeLead, OpenLead, OpenTask

NOW = to_ms(SystemClock().now())
DAY = 24 * 3600 * 1000


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings whose database is in a folder of the test."""
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nurl = "sqlite:///{tmp_path}/bot.db"\n', "utf-8")
    return str(path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The same database, open in another process of the bot."""
    opened = Store(f"sqlite:///{tmp_path}/bot.db")
    yield opened
    opened.close()


def open_lead(connection: Connection, code: str, now: int = NOW) -> None:
    """Only the row of a lead."""
    who = people.arrive(connection, Address("web", "site", code), now)
    profile = Profile("Dừa Xanh", "chị Lan", "+84912345678")
    leads.open_lead(connection, who.address_id, who.person, OpenLead(code, "Mua\nmáy sấy", profile), now)


def say(connection: Connection, chat: str, text: str, key: str, now: int = NOW) -> None:
    """Only a message that leaves."""
    address = Address("web", "site", chat)
    who = people.arrive(connection, address, now)
    outbox.put(
        connection, who.address_id, address, Reply(text), key=key, lane="notice", language="vi", lease="", now=now
    )


def tell(connection: Connection, code: str, now: int = NOW) -> None:
    """Tell a person the code of a lead, as the turn that opens it does."""
    said = wording("vi").say("consent.opened_unattended", code=code, department="Sở Công Thương")
    say(connection, code, said, f"told/{code}", now)


def test_the_list_shows_open_leads_newest_first(capsys: pytest.CaptureFixture[str], config: str, store: Store) -> None:
    assert run_command(["leads", "list", "--config", config]) == 0
    assert capsys.readouterr().out == "No open lead.\n"

    def prepare(connection: Connection) -> None:
        officer = officers.add(connection, "An", "", NOW)
        for code in ("AAA222", "BBB333", "CCC444"):
            open_lead(connection, code)
        leads.change(connection, ChangeLead("AAA222", 1, "claimed", officer.id), NOW)
        leads.change(connection, ChangeLead("BBB333", 1, "claimed", officer.id), NOW)
        leads.change(connection, ChangeLead("BBB333", 2, "dropped", officer.id), NOW)

    store.submit(prepare).result()
    assert run_command(["leads", "list", "--config", config]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[:2] + row[3:] for row in rows] == [
        ["CCC444", "new", "-", "Dừa Xanh", "chị Lan", "0912 345 678", "Mua máy sấy"],
        ["AAA222", "claimed", "An", "Dừa Xanh", "chị Lan", "0912 345 678", "Mua máy sấy"],
    ]
    assert run_command(["leads", "list", "--all", "--config", config]) == 0
    assert [line[:6] for line in capsys.readouterr().out.splitlines()] == ["CCC444", "BBB333", "AAA222"]


def test_records_that_agree_are_said_to(capsys: pytest.CaptureFixture[str], config: str, store: Store) -> None:
    def prepare(connection: Connection) -> None:
        for code in ("AAA222", "BBB333"):
            open_lead(connection, code)
            tell(connection, code)
        say(connection, "officer", "Yêu cầu mới", "lead:AAA222:new:web/site/officer/")
        work.open_task(connection, OpenTask("lead", "lead:BBB333:unattended", "BBB333"), NOW)
        open_lead(connection, "CCC444", NOW - 40 * DAY)

    store.submit(prepare).result()
    assert run_command(["leads", "reconcile", "--config", config]) == 0
    assert capsys.readouterr().out == "2 leads of the last 29 days: every record agrees.\n"


def test_a_lead_missing_in_any_record_is_told(capsys: pytest.CaptureFixture[str], config: str, store: Store) -> None:
    def prepare(connection: Connection) -> None:
        open_lead(connection, "AAA222")
        tell(connection, "AAA222")
        open_lead(connection, "BBB333")
        say(connection, "officer", "Yêu cầu mới", "lead:BBB333:new:web/site/officer/")
        tell(connection, "CCC444")

    store.submit(prepare).result()
    assert run_command(["leads", "reconcile", "--config", config]) == 1
    found = capsys.readouterr().out.splitlines()
    assert [line.partition(";")[0] for line in found] == [
        "AAA222: no officer was told and no task was made",
        "BBB333: its person was not told the code",
        "CCC444: was told or announced, but there is no such lead",
    ]


def test_a_notice_no_place_took_is_told() -> None:
    records = Records(frozenset({"A"}), frozenset({"A"}), frozenset({"A"}), frozenset({"A"}))
    (line,) = differences(records)
    assert line.startswith("A: no place took its notice")


def test_both_engines_read_the_same(database_url: str) -> None:
    store = Store(database_url)

    def prepare(connection: Connection) -> Records:
        open_lead(connection, "AAA222")
        tell(connection, "AAA222")
        say(connection, "officer", "Yêu cầu mới", "lead:AAA222:new:web/site/officer/")
        row = outbox.claim(connection, "web", "site", "me")[-1]
        outbox.give_up(connection, row.id, "failed", "blocked")
        return read(connection, NOW, openings())

    records = store.submit(prepare).result()
    store.close()
    only = frozenset({"AAA222"})
    assert records == Records(only, only, only, only)
