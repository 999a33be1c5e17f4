"""`bot staff`: an officer is invited, found, let into the desk, and taken out without leaving leads behind."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.main import run_command
from bot.clock import SystemClock, from_ms, to_ms
from bot.store import leads, messages, officers, outbox, people, work
from bot.store.connection import Connection
from bot.store.store import Store
from handlers.context import Invitation
from handlers.leads import INVITATION_LENGTH, is_code
from handlers.message import Address, Inbound
from handlers.person import Profile
from handlers.turn import ChangeLead, LeadState, OpenLead

NOW = to_ms(SystemClock().now())
PATH: tuple[LeadState, ...] = ("claimed", "contacted", "done")


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings whose database is in a folder of the test."""
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nurl = "sqlite:///{tmp_path}/data/bot.db"\n[desk]\nport = 9321\n', "utf-8")
    return str(path)


@pytest.fixture
def store(config: str, tmp_path: Path) -> Iterator[Store]:
    """The same database, open in another process of the bot."""
    opened = Store(f"sqlite:///{tmp_path}/data/bot.db")
    yield opened
    opened.close()


def says(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a call that went well prints."""
    assert run_command(["staff", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_an_invitation_works_once_for_72_hours_and_says_how(capsys: pytest.CaptureFixture[str], config: str) -> None:
    printed = says(capsys, "invite", "--name", " Nguyễn  An ", "--team", "CN", "--config", config)
    code = re.findall(r"/staff (\w+)", printed)[0]
    assert is_code(code, INVITATION_LENGTH)
    assert "Mã mời của Nguyễn An" in printed
    store = Store(f"sqlite:///{Path(config).parent}/data/bot.db")

    def at(hours: int) -> Invitation | None:
        return store.submit(lambda c: officers.invitation(c, code, NOW + hours * 3_600_000)).result()

    in_time, late = at(71), at(73)
    store.close()
    assert in_time is not None
    assert (in_time.officer.name, in_time.officer.team) == ("Nguyễn An", "CN")
    assert late is None


def test_a_second_invitation_is_for_the_same_officer(capsys: pytest.CaptureFixture[str], config: str) -> None:
    for _ in range(2):
        says(capsys, "invite", "--name", "An", "--config", config)
    assert says(capsys, "list", "--config", config) == "An\t-\tplaces: 0\n"


def test_a_desk_link_lets_its_officer_in(capsys: pytest.CaptureFixture[str], config: str, store: Store) -> None:
    officer = store.submit(lambda c: officers.add(c, "An", "", NOW)).result()
    link = says(capsys, "desk-link", "An", "--config", config).strip()
    assert link.startswith("http://127.0.0.1:9321/enter#")
    code = link.partition("#")[2]
    assert store.submit(lambda c: officers.redeem(c, "desk", code, NOW + 60_000)).result() == officer
    assert store.submit(lambda c: officers.redeem(c, "desk", code, NOW + 60_000)).result() is None


def test_whoever_is_removed_leaves_their_leads_to_the_others(
    capsys: pytest.CaptureFixture[str], config: str, store: Store
) -> None:
    def prepare(connection: Connection) -> None:
        an, binh = (officers.add(connection, name, "", NOW) for name in ("An", "Bình"))
        for officer in (an, binh):
            place = people.arrive(connection, Address("telegram", "bot", officer.name), NOW)
            officers.place(connection, place.address_id, officer.id, NOW)
        for code, holder, steps in (("AAA222", an, 1), ("BBB333", an, 2), ("CCC444", binh, 1), ("DDD555", an, 3)):
            who = people.arrive(connection, Address("web", "site", code), NOW)
            leads.open_lead(connection, who.address_id, who.person, OpenLead(code, "Mua máy", Profile()), NOW)
            for version, to in enumerate(PATH[:steps], 1):
                leads.change(connection, ChangeLead(code, version, to, holder.id), NOW)

    store.submit(prepare).result()
    assert "2 open leads wait" in says(capsys, "remove", "An", "--config", config)
    after = {lead.code: lead for lead in store.submit(leads.newest).result()}
    assert {code: lead.state for code, lead in after.items()} == {
        "AAA222": "new",
        "BBB333": "new",
        "CCC444": "claimed",
        "DDD555": "done",
    }
    assert says(capsys, "list", "--config", config) == "Bình\t-\tplaces: 1\n"
    left = store.submit(lambda c: outbox.claim(c, "telegram", "bot", "me")).result()
    assert [row.outgoing.address.chat for row in left] == ["Bình", "Bình"], "the others are told of both"
    left = store.submit(lambda c: outbox.claim(c, "web", "site", "me")).result()
    assert {row.outgoing.address.chat for row in left} == {"AAA222", "BBB333"}, "and so are the people"


def test_a_command_pays_for_no_message_and_leaves_a_call_instead(
    capsys: pytest.CaptureFixture[str], config: str, store: Store
) -> None:
    Path(config).write_text(f'{Path(config).read_text("utf-8")}[zalo_oa]\noa_id = "42"\n', "utf-8")
    days = 24 * 3_600_000

    def prepare(connection: Connection) -> None:
        an = officers.add(connection, "An", "", NOW)
        for code, silent in (("AAA222", 0), ("BBB333", 3), ("CCC444", 8)):
            there, at = Address("zalo-oa", "42", code), NOW - silent * days
            who = people.arrive(connection, there, at)
            messages.heard(connection, who.address_id, Inbound(code, there, code, "text", from_ms(at)), "chào", at)
            leads.open_lead(connection, who.address_id, who.person, OpenLead(code, "Mua máy", Profile()), at)
            leads.change(connection, ChangeLead(code, 1, "claimed", an.id), at)

    store.submit(prepare).result()
    says(capsys, "remove", "An", "--config", config)
    left = store.submit(lambda c: outbox.claim(c, "zalo-oa", "42", "me")).result()
    assert [row.outgoing.address.chat for row in left] == ["AAA222"]
    tasks = store.submit(work.open_tasks).result()
    assert [(task.kind, task.about[:6]) for task in tasks] == [("call", "BBB333"), ("call", "CCC444")]


def test_what_cannot_be_done_is_said_in_one_sentence(capsys: pytest.CaptureFixture[str], config: str) -> None:
    for arguments, sentence in (
        (["list"], "there is no database yet; start the bot first"),
        (["desk-link", "An"], "there is no database yet"),
        (["invite", "--name", "  "], "write the officer's name"),
        (["invite", "--name", "x" * 81], "write the officer's name"),
    ):
        assert run_command(["staff", *arguments, "--config", config]) == 2
        printed = capsys.readouterr()
        assert (printed.out, len(printed.err.splitlines())) == ("", 1)
        assert sentence in printed.err
    assert not (Path(config).parent / "data").exists(), "nothing was made"
    says(capsys, "invite", "--name", "Bình", "--config", config)
    for command in ("remove", "desk-link"):
        assert run_command(["staff", command, "An", "--config", config]) == 2
        assert capsys.readouterr().err == "bot: 'An' is no officer; there are: Bình\n"
