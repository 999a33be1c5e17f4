"""`bot check`: a sound machine passes, and every trouble is one line with its mend."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.cli import check_machine
from bot.cli.check_telegram import telegram
from bot.cli.main import run_command
from bot.clock import SystemClock
from bot.config import Settings
from bot.knowledge_base import shipped
from bot.store.publishing import publish
from bot.store.shelf import SqlShelf
from bot.store.store import Store
from knowledge.library import Library
from tests.fakes.command import bot

TOKEN = "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ"


def written(folder: Path, text: str = "") -> str:
    """Settings with free ports and a database in a folder of the test."""
    path = folder / "config.toml"
    path.write_text(f'[storage]\nurl = "sqlite:///{folder}/bot.db"\n[web]\nport = 0\n[desk]\nport = 0\n{text}', "utf-8")
    return str(path)


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], list[str]]:
    """The exit status, and the problems and notices of a check."""
    status = run_command(["check", *arguments])
    lines = capsys.readouterr().out.splitlines()
    problems, notices = (
        [line.removeprefix(f"{kind}: ") for line in lines if line.startswith(f"{kind}: ")]
        for kind in ("problem", "notice")
    )
    assert lines[-1] == f"{len(problems)} problems, {len(notices)} notices"
    assert len(lines) == len(problems) + len(notices) + 1, "each has one line"
    return status, problems, notices


@contextmanager
def answering(status: int, body: object) -> Iterator[str]:
    """A server on loopback that answers every question alike; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def telegram_says(**more: object) -> object:
    """An answer that fits each question to Telegram."""
    return {"ok": True, "result": {"username": "CauNoiBot", "url": "", "pending_update_count": 0, **more}}


def settings_with(where: str, **more: str) -> Settings:
    """Settings with Telegram at an address."""
    chosen = {"enabled": True, "token": TOKEN, "base_url": where, **more}
    return Settings.model_validate({"web": {"public_url": "https://hoi.example.gov.vn"}, "telegram": chosen})


@pytest.mark.parametrize("waiting", [3, 0])
def test_a_webhook_telegram_cannot_reach_is_a_problem_while_something_waits(waiting: int) -> None:
    failed = {"url": "https://hoi.example.gov.vn/webhooks/telegram", "last_error_message": "Connection timed out"}
    with answering(200, telegram_says(**failed, pending_update_count=waiting)) as where:
        found = list(telegram(settings_with(where, webhook_secret="bi-mat-8")))
    line = "could not deliver to https://hoi.example.gov.vn/webhooks/telegram (Connection timed out)"
    assert [is_wrong for is_wrong, said in found if line in said] == [bool(waiting)]


def test_a_server_that_does_not_speak_http_is_named_without_the_token() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            connection.recv(1000)
            connection.sendall(b"SSH-2.0-x\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        found = list(telegram(settings_with(f"http://127.0.0.1:{other.getsockname()[1]}")))
        thread.join()
    assert [is_wrong for is_wrong, _ in found] == [True]
    assert TOKEN[7:] not in found[0][1]


def test_what_is_shipped_passes_with_notices_and_nothing_is_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = written(tmp_path)
    status, problems, notices = checked(capsys, "--config", config)
    assert (status, problems) == (0, [])
    assert any("entries are not confirmed by the department yet" in line for line in notices)
    assert any("there is no database yet" in line for line in notices)
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_a_database_that_is_there_is_opened(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/bot.db").close()
    status, problems, notices = checked(capsys, "--config", written(tmp_path))
    assert (status, problems) == (0, [])
    assert not any("database" in line for line in notices)
    (tmp_path / "bot.db").write_bytes(b"this is no database, but long enough to be taken for one" * 100)
    status, problems, _ = checked(capsys, "--config", written(tmp_path))
    assert status == 1
    assert problems[0].startswith("[storage] url: ")


def test_a_database_without_tables_is_as_good_as_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "bot.db").touch()
    status, problems, _ = checked(capsys, "--config", written(tmp_path))
    assert (status, problems) == (0, [])


def test_every_bad_setting_is_a_problem_beside_those_of_the_knowledge(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = written(tmp_path, '[telegram]\nenabled = true\n[limits]\nburst = "many"\n')
    status, problems, notices = checked(capsys, "--config", config)
    assert status == 1
    assert len(problems) == 2
    assert "[telegram]" in problems[0]
    assert "[limits] burst" in problems[1]
    assert any("not confirmed" in line for line in notices)
    status, problems, _ = checked(capsys, "--config", str(tmp_path / "none.toml"))
    assert (status, len(problems)) == (1, 1)


def test_a_port_somebody_has_is_named_by_its_setting(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = written(tmp_path).replace("config.toml", "busy.toml")
        text = (tmp_path / "config.toml").read_text("utf-8").replace("[desk]\nport = 0", f"[desk]\nport = {port}")
        Path(config).write_text(text, "utf-8")
        status, problems, _ = checked(capsys, "--config", config)
    assert status == 1
    assert problems == [
        f"[desk] cannot listen on port {port} on 127.0.0.1: Address already in use; "
        "end the program that uses it, or set another [desk] port"
    ]


@pytest.mark.parametrize("health", [200, 503])
def test_beside_a_running_bot_its_ports_are_its_own(health: int) -> None:
    with answering(health, {"status": "ok", "knowledge": 7}) as where:
        settings = Settings.model_validate({"web": {"port": int(where.rpartition(":")[2])}, "desk": {"port": 0}})
        found = list(check_machine.listeners(settings))
    assert found == [(False, "the bot is running here, so its ports were not tried")]


def test_a_desk_open_to_others_without_https_is_worth_a_notice(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[web]\nport = 0\n[desk]\nhost = "0.0.0.0"\nport = 0\n', "utf-8")
    done = bot("check", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "notice: [desk] host: other machines reach the desk" in done.stdout


@pytest.mark.parametrize(
    ("status", "body", "wrong", "line"),
    [
        (200, telegram_says(), False, "the token is that of @CauNoiBot"),
        (200, telegram_says(url="https://khac.vn/x"), False, "a webhook of another set-up"),
        (200, telegram_says(pending_update_count=500), True, "500 updates wait at Telegram"),
        (401, {"ok": False}, True, "[telegram] token: Telegram refuses it (401)"),
        (200, {"ok": True}, True, "cannot be asked"),
    ],
)
def test_online_asks_telegram_whether_the_token_is_good(status: int, body: object, wrong: bool, line: str) -> None:
    with answering(status, body) as where:
        found = list(telegram(settings_with(where)))
    assert any(is_wrong == wrong and line in said for is_wrong, said in found), found
    assert any(is_wrong for is_wrong, _ in found) == wrong
    assert not any(TOKEN[7:] in said for _, said in found)


def test_a_telegram_out_of_reach_is_a_problem_only_online(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    telegram = f'[telegram]\nenabled = true\ntoken = "{TOKEN}"\nbase_url = "http://127.0.0.1:{port}"\n'
    config = written(tmp_path, telegram)
    assert checked(capsys, "--config", config)[0] == 0
    status, problems, _ = checked(capsys, "--online", "--config", config)
    assert (status, len(problems)) == (1, 1)
    assert "Connection refused" in problems[0]


def test_what_the_department_edited_is_checked_too_and_drafts_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    now, entries = SystemClock().now(), {entry.id: entry for entry in shipped()}
    broken = replace(entries["kc.machinery"], related=("kc.none",))
    store = Store(f"sqlite:///{tmp_path}/bot.db")
    store.submit(lambda c: Library(SqlShelf(c)).seed(entries.values(), now)).result()
    store.submit(lambda c: publish(c, [broken], "lan", now, 1)).result()
    store.submit(lambda c: Library(SqlShelf(c)).draft(entries["kc.apply"], "lan", now, 2)).result()
    store.close()
    status, problems, notices = checked(capsys, "--config", written(tmp_path))
    assert status == 1
    assert problems == [
        "as edited: kc.machinery.toml: related: 'kc.none' is no other entry; correct the id or take it out"
    ]
    assert "drafts wait to be published or discarded: kc.apply" in notices
