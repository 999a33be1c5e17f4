"""`bot knowledge calibrate`: a base that was edited gets a confidence of its own, and bad input changes nothing."""

import json
from pathlib import Path

import pytest

from bot.cli.main import run_command
from bot.clock import SystemClock
from bot.knowledge_base import shipped
from bot.store.shelf import SqlShelf
from bot.store.store import Store
from knowledge.confidence import read_confidences
from knowledge.confidence import shipped as usual
from knowledge.entry import Entry
from knowledge.library import Library

FEW = tuple(entry for entry in shipped() if entry.id in ("contact.hours", "tax.cit"))


def config(folder: Path, *entries: Entry) -> str:
    """Settings of a bot that ran once with these entries."""
    store = Store(f"sqlite:///{folder}/bot.db")
    try:
        store.submit(lambda connection: Library(SqlShelf(connection)).seed(entries, SystemClock().now())).result()
    finally:
        store.close()
    path = folder / "config.toml"
    path.write_text(f'[storage]\nurl = "sqlite:///{folder}/bot.db"\nconfidence = "{folder}/new/confidence.toml"\n')
    return str(path)


def test_the_confidence_of_an_edited_base_is_written_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions, talks = tmp_path / "mine.tsv", tmp_path / "mine.jsonl"
    questions.write_text("mấy giờ sở đóng cửa\tcontact.hours\tmine\n", "utf-8")
    turns = [{"say": "giờ làm việc", "expect": ["contact.hours"]}, {"say": "thứ bảy?", "expect": ["contact.hours"]}]
    talks.write_text(json.dumps({"turns": turns, "tag": "ellipsis"}), "utf-8")
    own = ["--practice", str(questions), "--talks", str(talks)]
    assert run_command(["knowledge", "calibrate", "--config", config(tmp_path, *FEW), *own]) == 0
    told = capsys.readouterr().out
    assert "mine " in told and "on average" in told
    assert "give talks by --talks FILE" in told, "one talk is not enough"
    assert "~far" in told, "the examples of what is not ours were asked too"
    found = read_confidences(tmp_path / "new/confidence.toml")
    assert found != usual()
    assert str(tmp_path / "new/confidence.toml") in told.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("--practice", "no columns\n", "line 1: write text"),
        ("--practice", None, "cannot be read"),
        ("--talks", "{}\n", "line 1: write"),
        ("--talks", b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | bytes | None, reason: str
) -> None:
    file = tmp_path / "given"
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    settings = config(tmp_path, *FEW)
    assert run_command(["knowledge", "calibrate", "--config", settings, name, str(file)]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_base_nobody_asks_anything_of_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = Entry("strange.entry", FEW[0].kind, FEW[0].title, FEW[0].answer, "unknown", FEW[0].checked_on)
    assert run_command(["knowledge", "calibrate", "--config", config(tmp_path, strange), "--dry-run"]) == 2
    assert "give some by --practice FILE" in capsys.readouterr().err
