"""The program `bot` as a person starts it: a process of its own in a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START = "from bot.cli.main import main; main()"
#: Seconds after which a command counts as stuck, on a busy machine.
PATIENCE = 120


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What the process finds around it: nothing of ours but these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "PYTHON", "CREDENTIALS"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **settings}


def bot(
    *arguments: str, folder: Path, typed: bytes = b"", settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    done = subprocess.run(
        [sys.executable, "-c", START, *arguments],
        cwd=folder,
        input=typed,
        capture_output=True,
        env=environment(settings or {}),
        timeout=PATIENCE,
    )
    return subprocess.CompletedProcess(arguments, done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def running(*arguments: str, folder: Path, settings: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A command that goes on, its log in `folder`/stderr; it is killed at the end, if it did not stop before."""
    with (folder / "stderr").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", START, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(settings),
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()


def lines_until(process: "subprocess.Popen[str]", last: str) -> list[str]:
    """What a process printed, up to the line that begins with `last`."""
    assert process.stdout is not None
    found: list[str] = []
    for line in process.stdout:
        found.append(line.rstrip("\n"))
        if line.startswith(last):
            return found
    raise AssertionError(f"the process ended after {found}")
