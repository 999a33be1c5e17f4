"""What `bot check --online` says of both Zalo channels: every setting, what the package allows, what a signature is."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.channels.zalo_oa_signature import signature
from bot.cli import check_zalo
from bot.cli.main import run_command
from bot.clock import SystemClock
from bot.config import load
from bot.store.store import Store
from tests.fakes.beside import Beside, beside
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server
from tests.fakes.zalo_oa_grants import stored
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server
from tests.fakes.zalo_settings import written

Zalo: TypeAlias = Beside[ZaloOaServer]
ZaloBot: TypeAlias = Beside[ZaloBotServer]


@pytest.fixture
def zalo() -> Iterator[Zalo]:
    """The Official Account."""
    with beside(zalo_oa_server()) as found:
        yield found


@pytest.fixture
def zalo_bot() -> Iterator[ZaloBot]:
    """The bot platform."""
    with beside(zalo_bot_server()) as found:
        yield found


def checked(config: str, *, online: bool = True) -> tuple[list[str], list[str]]:
    """The problems and the notices about Zalo and the public address, without the rest of `bot check`."""
    settings, database = load(Path(config), {}), Path(config).parent / "bot.db"
    lines = list(check_zalo.settings_alone(settings))
    if online:
        lines += check_zalo.online(
            settings, SystemClock(), lambda: Store(settings.storage.url) if database.exists() else None
        )
    return [line for problem, line in lines if problem], [line for problem, line in lines if not problem]


def logged_in(folder: Path, zalo: Zalo) -> None:
    """An administrator has let the bot in."""
    store = Store(f"sqlite:///{folder}/bot.db")
    try:
        asyncio.run(stored(zalo.server, store, SystemClock()))
    finally:
        store.close()


def test_without_a_login_and_https_there_is_nothing_to_run(tmp_path: Path, zalo: Zalo) -> None:
    problems, _ = checked(written(tmp_path, zalo.server))
    assert problems == [
        "[web] public_url: Zalo posts events to an https address only; set the one people see",
        "[zalo_oa] nobody has logged in: bot zalo login",
    ]


def test_offline_nobody_is_asked(tmp_path: Path, zalo: Zalo) -> None:
    logged_in(tmp_path, zalo)
    checked(written(tmp_path, zalo.server), online=False)
    assert zalo.server.calls == []


def test_a_good_account_is_told_with_its_package_and_days(tmp_path: Path, zalo: Zalo) -> None:
    logged_in(tmp_path, zalo)
    problems, notices = checked(written(tmp_path, zalo.server))
    assert len(problems) == 1  # The fake is not reached by https.
    assert any("the login is good for 89 days more" in line or "90 days more" in line for line in notices)
    assert any("the login is of" in line and "package" in line for line in notices)
    assert any("paid messages left in the package" in line for line in notices)


def test_a_package_without_the_api_is_a_problem_with_its_mend(tmp_path: Path, zalo: Zalo) -> None:
    logged_in(tmp_path, zalo)
    zalo.server.package = "standard"
    problems, _ = checked(written(tmp_path, zalo.server))
    assert any("-224" in line and "Growth or higher" in line for line in problems)


def test_tokens_of_another_account_are_a_problem(tmp_path: Path, zalo: Zalo) -> None:
    logged_in(tmp_path, zalo)
    config = written(tmp_path, zalo.server)
    ours = zalo.server.oa_id
    zalo.server.oa_id = "999"
    problems, _ = checked(config)
    zalo.server.oa_id = ours
    assert any("the login is of the OA 999" in line for line in problems)


def test_a_template_must_take_what_we_fill(tmp_path: Path, zalo: Zalo) -> None:
    logged_in(tmp_path, zalo)
    zalo.server.templates["77"] = {"params": {"noi_dung": 200, "ten": 30}, "tag": 2, "by_uid": True}
    config = Path(written(tmp_path, zalo.server))
    config.write_text(config.read_text("utf-8") + 'notice_template = "77"\n', "utf-8")
    problems, _ = checked(str(config))
    assert any("the template's parameters differ: ten" in line for line in problems)
    zalo.server.templates["77"]["params"] = {"noi_dung": 200}
    problems, notices = checked(str(config))
    assert len(problems) == 1
    assert any("the template 77 is" in line for line in notices)


@pytest.mark.parametrize(
    ("key", "told"),
    [("webhook_key", "fits these settings now"), ("app_secret", "+ app_secret"), ("", "fits no formula known")],
)
def test_a_captured_event_tells_which_signature_it_has(tmp_path: Path, zalo: Zalo, key: str, told: str) -> None:
    body = '{"event_name":"user_send_text","message":{"text":"chào"},"timestamp":"1795458626239"}'
    signed = signature(zalo.server.app_id, body.encode(), "1795458626239", getattr(zalo.server, key) if key else "?")
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"header": f"mac={signed}", "timestamp": "1795458626239", "body": body}), "utf-8")
    config = Path(written(tmp_path, zalo.server))
    config.write_text(config.read_text("utf-8") + f'capture = "{kept}"\n', "utf-8")
    problems, notices = checked(str(config))
    assert any(told in line for line in (*problems, *notices))
    assert not any(zalo.server.webhook_key in line for line in (*problems, *notices))


def test_a_bot_is_told_with_its_people_and_messages(tmp_path: Path, zalo_bot: ZaloBot) -> None:
    Store(f"sqlite:///{tmp_path}/bot.db").close()
    problems, notices = checked(written(tmp_path, bot=zalo_bot.server))
    assert problems == []
    assert any("the token is that of" in line for line in notices)
    assert "[zalo_bot] 0 of 50 people, 0 of 3000 messages this month" in notices


def test_a_bots_wrong_token_is_a_problem_and_not_shown(tmp_path: Path, zalo_bot: ZaloBot) -> None:
    config = written(tmp_path, bot=zalo_bot.server)
    wrong = "123456789:another-token-that-is-not-good"
    Path(config).write_text(Path(config).read_text("utf-8").replace(zalo_bot.server.token, wrong), "utf-8")
    problems, notices = checked(config)
    assert any("copy the token again" in line for line in problems)
    assert not any(wrong[10:] in line for line in (*problems, *notices))


def test_the_command_tells_it_all(capsys: pytest.CaptureFixture[str], tmp_path: Path, zalo: Zalo) -> None:
    logged_in(tmp_path, zalo)
    assert run_command(["check", "--online", "--config", written(tmp_path, zalo.server)]) == 1
    told = capsys.readouterr().out
    assert "problem: [web] public_url: Zalo posts events to an https address only" in told
    assert "notice: [zalo_oa] the login is of" in told
    assert zalo.server.app_secret not in told
