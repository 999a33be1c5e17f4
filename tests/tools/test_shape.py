"""The house keeps its shape: directions, small files with one purpose, no mention of where it was built."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bot", "handlers", "knowledge")
#: Most lines of one module of the product.
LONGEST = 300
#: Names that say nothing of what a file is for.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
#: What every channel may use of the others' folder.
SHARED = ("aside", "base", "door", "network", "render", "steps")
#: Libraries that only the files beginning so may import (what import-linter cannot say by a beginning).
HOMES = {"telegram": "bot/channels/telegram", "alembic": "bot/store/", "psycopg": "bot/store/"}
#: Paths of a workplace; in pieces, so that this file does not hold them itself.
ELSEWHERE = re.compile(rb"(?<!\w)/wor" + rb"k\b|\.\./sha" + rb"red")

MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PYTHON = sorted([*MODULES, *(ROOT / "tests").rglob("*.py")])


def name(path: Path) -> str:
    """The path inside the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[str]:
    """The modules a file imports, wherever in it."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def kept_files() -> list[Path]:
    """Every file of the repository, tracked or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [path for part in listed.split("\0") if part and (path := ROOT / part).is_file()]


def channel(module: str) -> str:
    """The channel a file or module of bot/channels belongs to: the first word of its name; base belongs to all."""
    return module.removeprefix("bot.channels.").partition(".")[0].partition("_")[0]


def test_folders_depend_one_way_and_libraries_stay_in_their_rooms() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 broken" in done.stdout


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_in_its_room_only(library: str) -> None:
    guests = [
        name(path)
        for path in MODULES
        if not name(path).startswith(HOMES[library])
        and any(module.partition(".")[0] == library for module in imported(path))
    ]
    assert guests == []


def test_channels_do_not_know_each_other() -> None:
    ties = [
        f"{name(path)} imports {module}"
        for path in (ROOT / "bot" / "channels").rglob("*.py")
        for module in imported(path)
        if module.startswith("bot.channels.")
        and channel(module) not in (*SHARED, channel(".".join(path.relative_to(ROOT).with_suffix("").parts)))
    ]
    assert ties == []


def test_an_init_file_is_a_docstring_only() -> None:
    for path in MODULES:
        if path.name == "__init__.py":
            assert len(parsed(path).body) == 1, name(path)
            assert ast.get_docstring(parsed(path)), name(path)


def test_tests_have_no_init_files() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_a_module_opens_with_what_it_is_for() -> None:
    assert [name(path) for path in PYTHON if not ast.get_docstring(parsed(path))] == []


def test_a_module_of_the_product_is_short() -> None:
    # A migration is written once by Alembic and read by nobody after it ran.
    kept = [path for path in MODULES if "versions" not in path.parts]
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in kept}
    assert {module: lines for module, lines in lengths.items() if lines > LONGEST} == {}


def test_a_file_is_named_by_what_it_holds() -> None:
    empty = [
        name(path) for path in kept_files() if EMPTY_NAMES & {part.partition(".")[0] for part in name(path).split("/")}
    ]
    assert empty == []


def test_nothing_speaks_of_the_place_it_was_built_at() -> None:
    assert [name(path) for path in kept_files() if ELSEWHERE.search(path.read_bytes())] == []
