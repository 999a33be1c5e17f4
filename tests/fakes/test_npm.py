"""Packages of npm are fetched once, whole or not at all."""

from pathlib import Path

import pytest

from tests.fakes.npm import NotFetched, environment, fetch, node

#: Nobody listens there.
NOBODY = "http://127.0.0.1:9/"


def test_what_is_there_is_not_asked_for(tmp_path: Path) -> None:
    there = tmp_path / "@who+what-1.2.3" / "node_modules" / "@who" / "what"
    there.mkdir(parents=True)
    assert fetch("@who/what", "1.2.3", folder=tmp_path, registry=NOBODY) == there


def test_what_cannot_be_had_leaves_nothing_half_there_and_tells_why(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="ECONNREFUSED"):
        fetch("@who/what", "1.2.3", folder=tmp_path, registry=NOBODY, tries=1)
    assert [path.name for path in tmp_path.iterdir() if path.name != "registry"] == []


def test_a_program_of_node_knows_little_of_this_machine(tmp_path: Path) -> None:
    known = environment(tmp_path)
    assert set(known) == {"PATH", "HOME", "LC_ALL"}
    assert known["PATH"].startswith(str(node().parent))
