"""`bot ask` answers from the entries, tells what a check wants to know, and leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.ask import KEYS
from bot.cli.main import run_command
from bot.knowledge_base import shipped
from knowledge.entry import to_mapping
from knowledge.library import Library
from knowledge.shelf import FileShelf
from tests.fakes.clock import FakeClock
from tests.fakes.command import bot

MACHINE = "mua máy có được hỗ trợ không"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A small base of questions alone."""
    rows = [
        {"id": "kc.machinery", "questions": [MACHINE, "hỗ trợ mua máy móc"]},
        {"id": "trade.fairs", "questions": ["đăng ký hội chợ", "hội chợ cuối năm ở đâu"]},
    ]
    return written(tmp_path, "questions.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))


def written(folder: Path, name: str, text: str) -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """The JSON lines of a call that went well."""
    assert run_command(["ask", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence of a call that was refused."""
    assert run_command(["ask", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    return line


def test_a_question_is_answered_as_a_person_would_get_it_and_nothing_is_left_behind(tmp_path: Path) -> None:
    done = bot("ask", MACHINE, folder=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("Có. Khuyến công hỗ trợ tối đa 50%")
    assert "Sở chưa xác nhận" in done.stdout
    assert "\n1. " in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_json_line_has_every_key_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "--json", MACHINE)
    assert tuple(found) == KEYS
    assert (found["question"], found["outcome"], found["entry"]) == (MACHINE, "answer", "kc.machinery")
    assert found["sources"][0]["document"]
    assert found["confirmed_on"] == ""
    assert 0.9 < found["score"] <= 1
    assert found["ms"] > 0


def test_words_without_quotes_are_one_question(capsys: pytest.CaptureFixture[str], questions: Path) -> None:
    (found,) = told(capsys, "--knowledge", str(questions), "--json", "đăng", "ký", "hội", "chợ")
    assert (found["question"], found["entry"]) == ("đăng ký hội chợ", "trade.fairs")


def test_a_wish_a_handler_takes_names_its_entry(capsys: pytest.CaptureFixture[str], questions: Path) -> None:
    (found,) = told(capsys, "--knowledge", str(questions), "--json", "xóa số của tôi")
    assert (found["outcome"], found["entry"]) == ("answer", "bot.erase")


def test_explain_tells_how_it_was_read(capsys: pytest.CaptureFixture[str], questions: Path) -> None:
    (found,) = told(capsys, "--knowledge", str(questions), "--json", "--explain", "đăng ký hội chợ")
    assert found["explain"][0].startswith("read: ")
    assert run_command(["ask", "--knowledge", str(questions), "--explain", "xóa số của tôi"]) == 0
    printed = capsys.readouterr().out
    assert "answer bot.erase" in printed
    assert "intent: erase" in printed


def test_a_batch_answers_line_by_line_and_a_talk_turn_by_turn(
    capsys: pytest.CaptureFixture[str], questions: Path, tmp_path: Path
) -> None:
    lines = [
        f"{MACHINE}\tkc.machinery\tplain",
        "",
        '{"turns": ["để lại yêu cầu", "Mua máy sấy"]}',
        '{"turns": [{"say": "đăng ký hội chợ", "expect": ["trade.fairs"]}]}',
        "{không phải JSON}",
        "đăng ký hội chợ",
    ]
    batch = written(tmp_path, "batch.tsv", "\ufeff" + "\r\n".join(lines))
    found = told(capsys, "--knowledge", str(questions), "--batch", str(batch))
    asked = [MACHINE, "để lại yêu cầu", "Mua máy sấy", "đăng ký hội chợ", "{không phải JSON}", "đăng ký hội chợ"]
    assert [line["question"] for line in found] == asked
    assert found[0]["entry"] == "kc.machinery"
    assert found[2]["entry"] == "", "inside the form it is what was asked for, not a question"
    assert found[5]["entry"] == "trade.fairs"


def test_a_batch_also_comes_through_a_pipe_and_may_be_cut_off(questions: Path, tmp_path: Path) -> None:
    typed = "đăng ký hội chợ\nmua máy\n".encode()
    done = bot("ask", "--knowledge", str(questions), "--batch", "-", folder=tmp_path, typed=typed)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 2)


def test_bytes_that_are_no_text_are_still_a_question(questions: Path, tmp_path: Path) -> None:
    done = bot("ask", "--knowledge", str(questions), "--json", "\udcff\udcfe hội chợ", folder=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["question"].endswith("hội chợ")


def test_today_is_the_day_that_is_given(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    entry = next(to_mapping(entry) for entry in shipped() if entry.id == "kc.machinery")
    base = written(tmp_path, "entry.json", json.dumps([entry | {"review_by": "2027-01-31"}]))
    asked = entry["phrasings"]["vi"][0]
    (before,) = told(capsys, "--knowledge", str(base), "--today", "2027-01-31", "--json", asked)
    (after,) = told(capsys, "--knowledge", str(base), "--today", "2027-02-01", "--json", asked)
    assert (before["entry"], before["stale"], after["stale"]) == ("kc.machinery", False, True)


def test_whole_entries_are_read_from_a_list_lines_an_export_or_a_shelf(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    entries = [entry for entry in shipped() if entry.id.startswith(("kc.", "sector."))]
    rows = [to_mapping(entry) for entry in entries]
    shelf = tmp_path / "shelf.json"
    Library(FileShelf(shelf)).seed(entries, FakeClock().now())
    files = [
        written(tmp_path, "list.json", json.dumps(rows)),
        written(tmp_path, "lines.jsonl", "\n".join(map(json.dumps, rows))),
        written(tmp_path, "export.json", json.dumps({"entries": rows})),
        shelf,
    ]
    for file in files:
        (found,) = told(capsys, "--knowledge", str(file), "--json", MACHINE)
        assert found["entry"] == "kc.machinery", file.name
        assert found["facts"], file.name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not JSON", "line 1: is no JSON"),
        ('{"id": "x"}', "entry 1: field 'kind': is missing"),
        ('{"id": "x", "questions": "một"}', "entry 1: write {"),
        ("[1]", "is no list of entries"),
        ("7", "is no list of entries"),
        ("", "holds no entry"),
        ('{"document": {}, "version": 0}', "holds no document with a version"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_a_knowledge_file_that_cannot_be_used_is_named_with_its_mend(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, sentence: str
) -> None:
    path = written(tmp_path, "base.json", text)
    line = refusal(capsys, "--knowledge", str(path), "hội chợ")
    assert line.startswith(f"bot: {path}")
    assert sentence in line


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "line 1: is not UTF-8 text"),
        (b'h\xe1\xbb\x99i\n{"turns": ["a"', "line 2: is no JSON"),
        (b'{"turns": "a"}', 'line 1: write {"turns": '),
        (b'{"turns": [7]}', 'line 1: write {"turns": '),
    ],
)
def test_a_batch_that_cannot_be_read_is_named_by_its_line(
    capsys: pytest.CaptureFixture[str], questions: Path, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "batch"
    path.write_bytes(content)
    assert run_command(["ask", "--knowledge", str(questions), "--batch", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"bot: {path}, {sentence}")


def test_arguments_without_sense_are_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "write one question in quotes, or --batch FILE" in refusal(capsys)
    assert "write one question in quotes, or --batch FILE" in refusal(capsys, "hội chợ", "--batch", "-")
    assert "'31/12' is no day; write it like 2026-11-24" in refusal(capsys, "--today", "31/12", "x")
    assert "cannot be read" in refusal(capsys, "--knowledge", str(tmp_path / "none"), "x")
    assert "cannot be read" in refusal(capsys, "--knowledge", str(tmp_path), "x")
    assert "--nope" in refusal(capsys, "--nope", "x")
    assert run_command(["ask", "--batch", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
