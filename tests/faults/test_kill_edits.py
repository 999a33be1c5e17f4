"""The watch over killed editors sees each kind of damage, and none after a few real kills."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.store import publishing
from bot.store.tables import audit
from knowledge.library import Library
from tests.faults.edited_base import NOW, Base, Told, begin, entry, problems, release

Document = dict[str, dict[str, Any]]


def edited(base: Base) -> Told:
    """A base in which an entry was published twice, one removed, one drafted, and an upgrade came."""
    told = begin(base)
    for words in ("first", "second one"):
        with base.opened() as (shelf, connection):
            new = [entry("shipped.1", words), entry("own.1", words)]
            if connection:
                publishing.publish(connection, new, "lan", NOW, told.version)
            else:
                Library(shelf).publish(new, "lan", NOW, told.version)
        told = base.told()
    with base.opened() as (shelf, connection):
        if connection:
            publishing.remove(connection, "shipped.2", "lan", NOW, told.version)
        else:
            Library(shelf).remove("shipped.2", "lan", NOW, told.version)
    with base.opened() as (shelf, _):
        Library(shelf).draft(entry("shipped.3", "draft"), "lan", NOW, told.version + 1)
        Library(shelf).seed(release(7), NOW)
    return base.told()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the base."""
    return tmp_path / "knowledge.json"


@pytest.fixture
def base(path: Path) -> Base:
    """A base in a file."""
    return Base(f"file:{path}")


def row(document: Document, id: str) -> Any:
    """The row of an entry."""
    return next(row for row in document["entries"].values() if row["id"] == id)


def revision(document: Document, id: str, number: int) -> Any:
    """A revision."""
    return next(row for row in document["revisions"].values() if (row["id"], row["number"]) == (id, number))


def lose_a_revision(document: Document, number: int) -> None:
    """The history of an entry has a hole, or ends too early."""
    lost = revision(document, "shipped.1", number)
    document["revisions"] = {key: row for key, row in document["revisions"].items() if row != lost}


DAMAGES: dict[str, tuple[Callable[[Document], object], str]] = {
    "an entry cannot be read": (lambda d: row(d, "shipped.1")["entry"].pop("title"), "cannot be read: EntryError"),
    "a draft cannot be read": (lambda d: row(d, "shipped.3")["draft"].pop("editor"), "cannot be read: KeyError"),
    "an entry is gone": (lambda d: row(d, "shipped.1").update(entry={}), "shipped.1: told was"),
    "words of nobody": (
        lambda d: row(d, "shipped.1")["entry"].update(more={"vi": "x"}),
        "shipped.1: its history begins with",
    ),
    "a removed entry is back": (
        lambda d: row(d, "shipped.2").update(entry=row(d, "shipped.4")["entry"]),
        "shipped.2: revision 1 does not lead",
    ),
    "a draft is gone": (lambda d: row(d, "shipped.3").pop("draft"), "shipped.3: told was"),
    "the newest revision is gone": (lambda d: lose_a_revision(d, 2), "shipped.1: told was"),
    "an old revision is gone": (lambda d: lose_a_revision(d, 1), "shipped.1: its revisions are numbered [2]"),
    "a revision was changed": (
        lambda d: revision(d, "shipped.1", 1)["after"].update(answer={"vi": "third"}),
        "shipped.1: revision 1 does not lead",
    ),
    "what was before was changed": (
        lambda d: revision(d, "shipped.1", 1)["before"].update(answer={"vi": "third"}),
        "shipped.1: its history begins with",
    ),
    "a revision is of a version to come": (
        lambda d: revision(d, "shipped.1", 2).update(version=99),
        "shipped.1: its revisions are of versions [2, 99]",
    ),
    "revisions are of one version": (
        lambda d: revision(d, "shipped.1", 2).update(version=2),
        "shipped.1: its revisions are of versions [2, 2]",
    ),
}


def test_a_base_that_was_edited_is_whole(base: Base) -> None:
    assert problems(base, edited(base)) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(base: Base, path: Path, damage: str) -> None:
    told = edited(base)
    content = json.loads(path.read_text("utf-8"))
    spoil, seen = DAMAGES[damage]
    spoil(content["document"])
    path.write_text(json.dumps(content), "utf-8")
    assert any(seen in problem for problem in problems(base, told)), problems(base, told)


def test_half_a_file_is_seen(base: Base, path: Path) -> None:
    told = edited(base)
    path.write_text(path.read_text("utf-8")[:500], "utf-8")
    assert "cannot be read: ShelfError" in problems(base, told)[0]


@pytest.mark.parametrize(("off", "wrong"), [(-2, True), (-1, False), (0, False), (1, True)])
def test_one_version_more_than_was_told_is_all_there_may_be(base: Base, off: int, wrong: bool) -> None:
    told = edited(base)
    assert bool(problems(base, replace(told, version=told.version + off))) is wrong


def test_what_was_not_told_may_only_be_what_was_about_to_change(base: Base) -> None:
    told = edited(base)
    with base.opened() as (shelf, _):
        Library(shelf).publish([entry("own.3", "new")], "lan", NOW, told.version)
    assert problems(base, replace(told, about=frozenset({"own.3"}))) == []
    assert "own.3: told was" in problems(base, replace(told, about=frozenset({"own.4"})))[0]


def test_a_missing_line_of_the_audit_is_seen(database_url: str) -> None:
    base = Base(database_url)
    told = edited(base)
    assert problems(base, told) == []
    with base.opened() as (_, connection):
        assert connection is not None
        connection.execute(delete(audit).where(audit.c.action == "knowledge.remove"))
    assert problems(base, told) == ["the audit notes 2 changes, the history 3, or they are not the same"]
    base.close()


def test_a_few_kills_leave_the_base_whole() -> None:
    command = [sys.executable, "-m", "tests.faults.kill_edits", "--kills", "4"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sqlite: 4 kills" in done.stdout
    assert "problems: 0" in done.stdout
