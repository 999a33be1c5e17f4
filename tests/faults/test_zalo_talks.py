"""A few people on both of Zalo's channels while much goes wrong; and the watch over them sees each kind of damage."""

from collections.abc import Callable
from pathlib import Path

from tests.fakes.zalo_crowd import PHONE
from tests.faults.damage import HEARD_AGAIN, change, each_is_told, print_also
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
    run, first = talks.run, talks.people[0]
    damages: dict[str, Callable[[], object]] = {
        f"person {first.number} was told": lambda: change(run, f"DELETE FROM leads WHERE code = '{first.code}'"),
        "was heard": lambda: change(run, "DELETE FROM messages WHERE ours = 0 AND id = (SELECT min(id) FROM messages)"),
        "heard twice": lambda: change(run, HEARD_AGAIN),
        "not answered": lambda: change(run, "DELETE FROM outbox WHERE lane = 'conversation' AND id < 8"),
        "replies are failed": lambda: change(run, "UPDATE outbox SET state = 'failed' WHERE id = 9"),
        "updates are pending": lambda: change(run, "UPDATE inbox SET state = 'pending' WHERE id = 1"),
        "was shown": lambda: first.zalo.shown(first.id).clear(),
        f"printed: {PHONE}": lambda: print_also(run, PHONE),
        "printed: access-1-": lambda: print_also(run, "access-1-0123456789abcdef01234567"),
        "logged:": lambda: print_also(run, '{"event": "x", "level": "error"}'),
    }
    each_is_told(talks.problems, damages)
