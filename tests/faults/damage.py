"""Damage done to what a run left behind, to see that the watch over it tells each kind."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing

from tests.fakes.run import Run

#: A message is there twice.
HEARD_AGAIN = """
INSERT INTO messages (address_id, ours, update_id, text, body, at)
SELECT address_id, ours, update_id, text, body, at FROM messages WHERE ours = 0 LIMIT 1
"""


def each_is_told(problems: Callable[[], list[str]], damages: Mapping[str, Callable[[], object]]) -> None:
    """Do one damage after the other; each must be told by the words before it, and by nothing earlier."""
    for told, damage in damages.items():
        assert not any(told in problem for problem in problems()), told
        damage()
        assert any(told in problem for problem in problems()), told


def change(run: Run, sql: str) -> None:
    """Change the database, whatever its rules say."""
    with closing(sqlite3.connect(run.database)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        assert connection.execute(sql).rowcount, f"it changes nothing: {sql}"
        connection.commit()


def print_also(run: Run, words: str) -> None:
    """Add a line to what the run printed."""
    with run.output.open("a", encoding="utf-8") as output:
        output.write(f"{words}\n")
