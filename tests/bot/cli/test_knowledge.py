"""`bot knowledge`: entries go out and come back whole, and a file with anything wrong in it changes nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.main import run_command
from bot.clock import SystemClock
from bot.knowledge_base import shipped
from bot.store.publishing import publish
from bot.store.shelf import SqlShelf
from bot.store.store import Store
from knowledge import workbook
from knowledge.entry import Entry, from_mapping
from knowledge.library import Library

FEW = tuple(entry for entry in shipped() if entry.id.startswith(("contact.", "kc.m", "tax.cit")))
OLD = "Khuyến công hỗ trợ mua máy móc"
NEW = "Hỗ trợ mua máy"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings whose database is in a folder of the test."""
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nurl = "sqlite:///{tmp_path}/bot.db"\n', "utf-8")
    return str(path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The database of a bot that ran once, with a few of the shipped entries."""
    opened = Store(f"sqlite:///{tmp_path}/bot.db")
    opened.submit(lambda connection: Library(SqlShelf(connection)).seed(FEW, SystemClock().now())).result()
    yield opened
    opened.close()


def entries(store: Store) -> dict[str, Entry]:
    """What is published."""
    return {entry.id: entry for entry in store.submit(lambda c: Library(SqlShelf(c)).load()).result()}


def exported(config: str, path: Path) -> Path:
    """An export."""
    assert run_command(["knowledge", "export", str(path), "--config", config]) == 0
    return path


def edited(path: Path, old: str = OLD, new: str = NEW) -> Path:
    """An export of lines in which somebody edited a text."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return path


@pytest.mark.parametrize("name", ["base.jsonl", "base.xlsx"])
def test_an_export_imported_again_changes_nothing(
    config: str, store: Store, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, count = exported(config, tmp_path / name), len(FEW)
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{count} entries in {path}",
        f"0 entries published; {count} unchanged",
    ]
    assert tuple(entries(store).values()) == FEW


def test_without_a_database_the_shipped_entries_are_exported(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["knowledge", "export", "-", "--config", config]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert tuple(from_mapping(json.loads(line), "line") for line in lines) == shipped()
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_of_a_database_no_bot_was_started_on_the_shipped_entries_are_exported(config: str, tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/bot.db").close()
    assert len(exported(config, tmp_path / "base.jsonl").read_text("utf-8").splitlines()) == len(shipped())


def test_an_edit_is_published_with_its_author(
    config: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(exported(config, tmp_path / "base.jsonl"))
    capsys.readouterr()
    assert run_command(["knowledge", "import", str(path), "--dry-run", "--config", config]) == 0
    assert entries(store)["kc.machinery"].title.vi == OLD
    assert run_command(["knowledge", "import", str(path), "--by", "chị Lan", "--config", config]) == 0
    assert entries(store)["kc.machinery"].title.vi == NEW
    rest = len(FEW) - 1
    assert capsys.readouterr().out.splitlines() == [
        f"1 entries would be published: kc.machinery; {rest} unchanged",
        f"1 entries published: kc.machinery; {rest} unchanged",
    ]
    [revision] = store.submit(lambda c: Library(SqlShelf(c)).revisions("kc.machinery")).result()
    assert (revision.editor, revision.after["title"]["vi"]) == ("chị Lan", NEW)


def test_an_export_older_than_somebody_elses_edit_is_refused_until_it_is_meant(
    config: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(exported(config, tmp_path / "base.jsonl"))
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 0
    edited(path, NEW, "Mua máy")
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 2
    assert "'kc.machinery' was changed after it was opened" in capsys.readouterr().err
    assert entries(store)["kc.machinery"].title.vi == NEW
    assert run_command(["knowledge", "import", str(path), "--anyway", "--config", config]) == 0
    assert entries(store)["kc.machinery"].title.vi == "Mua máy"


def test_a_changed_entry_without_version_is_refused(
    config: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(exported(config, tmp_path / "base.jsonl"))
    edited(path, '"version": 1, ', "")
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 2
    assert "'kc.machinery' has no version" in capsys.readouterr().err


def test_what_the_check_would_say_of_an_edit_is_said_by_its_row_and_nothing_changes(
    config: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(exported(config, tmp_path / "base.jsonl"), "nghệ: tối đa 450 triệu", "nghệ: 800 triệu")
    number = [entry.id for entry in FEW].index("kc.machinery") + 1
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(
        f"bot: base.jsonl, line {number}: kc.machinery.toml: answer.vi: no listed fact holds '800"
    )
    assert said[-1] == "bot: nothing was changed; mend these, or publish with --anyway"
    assert tuple(entries(store).values()) == FEW
    assert run_command(["knowledge", "import", str(path), "--anyway", "--config", config]) == 0
    assert "800 triệu" in entries(store)["kc.machinery"].answer.vi


def test_bad_rows_are_all_named_and_nothing_changes(
    config: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(exported(config, tmp_path / "base.jsonl"))
    edited(path, '"kind": "contact"', '"kind": "people"')
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == sum(entry.kind == "contact" for entry in FEW)
    assert all("field 'kind': 'people' is not known" in line for line in said)
    assert tuple(entries(store).values()) == FEW


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "base.csv"], "base.csv: name a file that ends in .jsonl or .xlsx"),
        (["confirm-list", "list.jsonl"], "list.jsonl: name a file that ends in .xlsx"),
        (["import", "none.jsonl"], "none.jsonl: cannot be read (No such file or directory)"),
        (["import", "none.xlsx"], "none.xlsx: is not there; name a file that was exported"),
        (["export", "/proc/none/base.jsonl"], "/proc/none/base.jsonl: cannot be written"),
    ],
)
def test_a_file_that_cannot_be_meant_is_told_in_one_sentence(
    config: str, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["knowledge", *arguments, "--config", config]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"bot: {sentence}")


def test_an_import_without_a_database_is_refused(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = exported(config, tmp_path / "base.jsonl")
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 2
    assert "there is no database yet" in capsys.readouterr().err


def test_a_new_entry_is_refused_where_it_is_no_topic_and_taken_when_it_is_meant(
    config: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = exported(config, tmp_path / "base.jsonl")
    line = next(line for line in path.read_text("utf-8").splitlines() if '"kc.machinery"' in line)
    plain = {**json.loads(line), "id": "kc.new"}
    del plain["version"]
    path.write_text(json.dumps(plain), "utf-8")
    assert run_command(["knowledge", "import", str(path), "--config", config]) == 2
    assert "'kc.new' is not in topics.tsv" in capsys.readouterr().err
    assert run_command(["knowledge", "import", str(path), "--anyway", "--config", config]) == 0
    assert "kc.new" in entries(store)


def test_the_list_for_confirming_names_every_topic(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.xlsx"
    assert run_command(["knowledge", "confirm-list", str(path), "--config", config]) == 0
    sheets = workbook.read(path)
    assert list(sheets) == ["Câu trả lời", "Số liệu", "Chuyển nơi khác", "Sở cần cho biết"]
    assert {row[0] for row in sheets["Câu trả lời"][1:]} == {entry.id for entry in shipped()}
    assert f"{len(shipped())} topics" in capsys.readouterr().out


def test_an_edited_base_is_exported_with_its_edits(config: str, store: Store, tmp_path: Path) -> None:
    mine = next(entry for entry in shipped() if entry.id == "kc.machinery")
    now = SystemClock().now()

    changed = replace(mine, owner="Phòng Kỹ thuật")
    store.submit(lambda c: publish(c, [changed], "lan", now, {mine.id: 1})).result()
    rows = [json.loads(line) for line in exported(config, tmp_path / "base.jsonl").read_text("utf-8").splitlines()]
    assert {row["version"] for row in rows} == {1, 2}
    assert next(row for row in rows if row["id"] == mine.id)["owner"] == "Phòng Kỹ thuật"
