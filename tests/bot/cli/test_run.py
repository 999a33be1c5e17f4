"""`bot run` and `bot chat` as processes: where everything is, who is refused, a lead from a person to an officer."""

import http.client
import json
import re
import signal
import socket
import time
import urllib.parse
from pathlib import Path

import pytest

from bot.cli.demo import OFFICER, TALK
from tests.fakes.command import bot, lines_until, running

#: Any free ports.
FREE = {"BOT_WEB__PORT": "0", "BOT_DESK__PORT": "0"}
LAST = "Ctrl+C"


class Desk:
    """A browser at the desk, as far as a test needs one."""

    def __init__(self, link: str) -> None:
        where, _, code = link.partition("#")
        parts = urllib.parse.urlsplit(where)
        assert parts.hostname
        self.host, self.port = parts.hostname, parts.port
        self.cookie = ""
        form = urllib.parse.urlencode({"code": code})
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        self.entered, cookie, _ = self.ask("POST", parts.path, form, headers)
        self.cookie = cookie.partition(";")[0]

    def ask(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Status, cookie and text of an answer."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        connection.request(method, path, body, {**(headers or {}), "Cookie": self.cookie})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("Set-Cookie") or "", text

    def codes(self) -> list[str]:
        """The leads it shows."""
        return re.findall(r'id="lead-(\w+)"', self.ask("GET", "/")[2])


def address(lines: list[str], word: str) -> str:
    """The address in the line that holds a word."""
    (line,) = (line for line in lines if word in line)
    return line.rpartition(" ")[2]


def get(url: str) -> str:
    """The text at an address of ours."""
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("GET", parts.path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def test_a_demo_shows_a_lead_at_the_desk_and_is_the_only_one_of_its_database(tmp_path: Path) -> None:
    with running("run", "--demo", folder=tmp_path, settings=FREE) as process:
        lines = lines_until(process, LAST)
        assert "Cầu Nối" in get(address(lines, "chat page"))
        desk = Desk(address(lines, "desk"))
        assert desk.entered == 303
        page = desk.ask("GET", "/")[2]
        assert OFFICER in page
        assert "Cơ sở Dừa Xanh" in page
        assert len(desk.codes()) == 1
        second = bot("run", "--demo", folder=tmp_path, settings=FREE)
        assert second.returncode == 2
        assert second.stdout == ""
        assert second.stderr.splitlines()[-1].startswith("bot: Another `bot run` uses the database 'data/demo.db'")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert not (tmp_path / "data" / "cau-noi.db").exists(), "the demo stays apart from what is real"
    with running("run", "--demo", folder=tmp_path, settings=FREE) as process:
        again = Desk(address(lines_until(process, LAST), "desk"))
        assert len(again.codes()) == 1, "a second demo repeats nothing"


def test_what_a_person_asks_for_beside_a_running_bot_is_at_the_desk_within_seconds(tmp_path: Path) -> None:
    with running("run", folder=tmp_path, settings=FREE) as process:
        lines = lines_until(process, LAST)
        desk = Desk(address(lines, "desk"))
        assert desk.codes() == []
        typed = "".join(f"{line}\n" for line in TALK).encode()
        talk = bot("chat", folder=tmp_path, typed=typed)
        assert (talk.returncode, talk.stderr) == (0, "")
        (code,) = set(re.findall(r"Đã ghi yêu cầu, mã (\w{6})", talk.stdout))
        assert desk.codes() == [code]
        health = json.loads(get(f"{address(lines, 'chat page')}health"))
        assert health["inbox"] == {"pending": 0, "failed": 0}
        assert "agrees" in bot("leads", "reconcile", folder=tmp_path).stdout
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("section", ["web", "desk"])
def test_a_port_that_is_taken_is_named_by_its_setting(tmp_path: Path, section: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = bot("run", folder=tmp_path, settings={**FREE, f"BOT_{section.upper()}__PORT": port})
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"bot: [{section}] cannot listen on port {port} on 127.0.0.1")


def test_settings_that_cannot_be_used_start_nothing(tmp_path: Path) -> None:
    for arguments in (["run"], ["chat"]):
        done = bot(*arguments, "--config", "none.toml", folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert (
            done.stderr
            == "bot: none.toml: cannot be read (No such file or directory): name a file like config.example.toml\n"
        )
    assert list(tmp_path.iterdir()) == []


def test_the_usual_settings_file_is_found_and_no_officer_is_made_beside_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[storage]\nurl = "sqlite:///here.db"\n', "utf-8")
    with running("run", folder=tmp_path, settings=FREE) as process:
        lines = lines_until(process, LAST)
        assert any("bot staff desk-link NAME" in line for line in lines)
        assert bot("staff", "list", folder=tmp_path).stdout == "No officer yet: bot staff invite --name NAME\n"
    assert (tmp_path / "here.db").exists()


def test_a_public_channel_with_unconfirmed_entries_is_warned_of(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    telegram = {
        "BOT_TELEGRAM__ENABLED": "true",
        "BOT_TELEGRAM__TOKEN": "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQ",
        "BOT_TELEGRAM__BASE_URL": f"http://127.0.0.1:{port}",
    }
    with running("run", folder=tmp_path, settings={**FREE, **telegram}) as process:
        lines_until(process, LAST)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    told = (tmp_path / "stderr").read_text("utf-8")
    assert told.count("entries are not confirmed by the department") == 1


def test_a_chat_ends_with_its_input_and_takes_no_time_to_leave(tmp_path: Path) -> None:
    began = time.monotonic()
    done = bot("chat", folder=tmp_path, typed="mua máy có được hỗ trợ không\n".encode())
    assert (done.returncode, done.stderr) == (0, "")
    assert "Có. Khuyến công hỗ trợ tối đa" in done.stdout
    assert "> " not in done.stdout, "a pipe gets no prompt"
    assert time.monotonic() - began < 60
