"""A few people on both of Zalo's channels while much goes wrong; and the watch over them sees each kind of damage."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.fakes.zalo_crowd import PHONE
from tests.faults.zalo_talks import Talks, talked

#: On each channel, and in which round the bot is killed: that in which everybody gets a code.
PEOPLE, KILLED_IN = 2, (7,)


async def test_every_message_is_answered_once_and_every_request_is_there_once(tmp_path: Path) -> None:
    talks = await talked(tmp_path, PEOPLE, KILLED_IN)
    assert talks.problems() == []
    assert talks.run.kills == len(KILLED_IN)
    # What went wrong was met: calls carried out without an answer, and deliveries without one.
    assert talks.repeated() >= talks.doubts
    assert 0 in {status for _, _, status in talks.run.oa.deliveries}
    await _sees_damage(talks)


async def _sees_damage(talks: Talks) -> None:
    """Each kind of damage, done to what was good, is told."""
    first = talks.people[0]
    damages: dict[str, Callable[[], None]] = {
        f"person {first.number} was told": lambda: _do(talks, f"DELETE FROM leads WHERE code = '{first.code}'"),
        "was heard": lambda: _do(talks, "DELETE FROM messages WHERE ours = 0 AND id = (SELECT min(id) FROM messages)"),
        "heard twice": lambda: _do(
            talks,
            "INSERT INTO messages (address_id, ours, update_id, text, body, at)"
            " SELECT address_id, ours, update_id, text, body, at FROM messages WHERE ours = 0 LIMIT 1",
        ),
        "not answered": lambda: _do(talks, "DELETE FROM outbox WHERE lane = 'conversation' AND id < 8"),
        "replies are failed": lambda: _do(talks, "UPDATE outbox SET state = 'failed' WHERE id = 9"),
        "updates are pending": lambda: _do(talks, "UPDATE inbox SET state = 'pending' WHERE id = 1"),
        "was shown": lambda: first.zalo.shown(first.id).clear(),
        f"printed: {PHONE}": lambda: _print(talks, PHONE),
        "printed: access-1-": lambda: _print(talks, "access-1-0123456789abcdef01234567"),
        "logged:": lambda: _print(talks, '{"event": "x", "level": "error"}'),
    }
    for told, damage in damages.items():
        assert not any(told in problem for problem in talks.problems()), told
        damage()
        assert any(told in problem for problem in talks.problems()), told


def _do(talks: Talks, sql: str) -> None:
    with closing(sqlite3.connect(talks.run.database)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(sql)
        connection.commit()


def _print(talks: Talks, words: str) -> None:
    with talks.run.output.open("a", encoding="utf-8") as output:
        output.write(f"{words}\n")
