"""`bot zalo login`: the link, the code, and whose the tokens are; nothing secret is printed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.channels.base import Grant
from bot.channels.zalo_oa_oauth import challenge_of, verifier_of
from bot.cli.main import run_command
from bot.clock import SystemClock
from bot.store.grants import StoredGrants
from bot.store.store import Store
from tests.fakes.beside import Beside, beside
from tests.fakes.command import bot
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server
from tests.fakes.zalo_settings import written

Zalo: TypeAlias = Beside[ZaloOaServer]


@pytest.fixture
def zalo() -> Iterator[Zalo]:
    """Zalo, with our challenge saved in the console."""
    with beside(zalo_oa_server()) as found:
        found.server.challenge = challenge_of(verifier_of(found.server.app_secret))
        yield found


def login(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, output, errors."""
    status = run_command(["zalo", "login", *arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def kept(folder: Path, zalo: Zalo) -> Grant | None:
    """The pair in the database."""
    store = Store(f"sqlite:///{folder}/bot.db")
    try:
        return asyncio.run(StoredGrants(store, SystemClock(), f"zalo-oa/{zalo.server.oa_id}", "test").load())
    finally:
        store.close()


def test_it_prints_what_the_console_needs_and_the_link(tmp_path: Path, zalo: Zalo) -> None:
    config = written(tmp_path, zalo.server, more='public_url = "https://hoi.example.gov.vn"')
    done = bot("zalo", "login", "--config", config, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Callback URL: https://hoi.example.gov.vn/zalo" in done.stdout
    assert f"Code Challenge: {zalo.server.challenge}" in done.stdout
    link = next(line.strip() for line in done.stdout.splitlines() if "/v4/oa/permission" in line)
    assert f"app_id={zalo.server.app_id}" in link
    assert f"code_challenge={zalo.server.challenge}" in link
    assert zalo.server.app_secret not in done.stdout
    assert not (tmp_path / "bot.db").exists()


@pytest.mark.parametrize("form", ["{code}", "https://hoi.example.gov.vn/zalo?code={code}&oa_id={oa}", " {code}\n"])
def test_the_code_becomes_tokens_that_the_bot_finds(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, zalo: Zalo, form: str
) -> None:
    given = form.format(code=zalo.server.consent(), oa=zalo.server.oa_id)
    status, out, _ = login(capsys, "--code", given, "--config", written(tmp_path, zalo.server))
    assert status == 0
    assert "Đã đăng nhập" in out
    grant = kept(tmp_path, zalo)
    assert grant is not None
    assert grant.access not in out
    assert zalo.server.tokens.refusal({"access_token": grant.access}) is None


def test_a_code_is_good_once(capsys: pytest.CaptureFixture[str], tmp_path: Path, zalo: Zalo) -> None:
    config, code = written(tmp_path, zalo.server), zalo.server.consent()
    assert login(capsys, "--code", code, "--config", config)[0] == 0
    first = kept(tmp_path, zalo)
    status, _, told = login(capsys, "--code", code, "--config", config)
    assert status == 2
    assert "Zalo refuses the code" in told
    assert code not in told
    assert kept(tmp_path, zalo) == first


@pytest.mark.parametrize(
    ("given", "mend"),
    [
        ("https://hoi.example.gov.vn/zalo?error=denied", "there is no 'code='"),
        ("https://hoi.example.gov.vn/zalo?code=abc&oa_id=999", "is the OA 999"),
    ],
)
def test_a_pasted_address_that_cannot_be_right_is_told_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, zalo: Zalo, given: str, mend: str
) -> None:
    status, _, told = login(capsys, "--code", given, "--config", written(tmp_path, zalo.server))
    assert status == 2
    assert mend in told
    assert zalo.server.calls == []


def test_without_the_apps_id_and_secret_it_says_what_to_set(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, told = login(capsys, "--config", written(tmp_path))
    assert status == 2
    assert "set app_id, oa_id and BOT_ZALO_OA__APP_SECRET" in told


def test_without_a_public_address_it_asks_for_the_callback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, zalo: Zalo
) -> None:
    status, _, told = login(capsys, "--config", written(tmp_path, zalo.server))
    assert status == 2
    assert "--redirect" in told


def test_a_zalo_out_of_reach_loses_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path, zalo: Zalo) -> None:
    zalo.server.fail("/v4/oa/access_token", status=502, html="<h1>502</h1>")
    config = written(tmp_path, zalo.server)
    status, _, told = login(capsys, "--code", zalo.server.consent(), "--config", config)
    assert status == 2
    assert "does not answer" in told
    assert kept(tmp_path, zalo) is None
