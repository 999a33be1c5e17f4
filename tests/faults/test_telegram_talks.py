"""A few people on Telegram while one floods, and kills with answers in flight; the watch sees each kind of damage."""

from pathlib import Path

from tests.fakes.telegram_run import SECRET
from tests.fakes.telegram_server import TOKEN
from tests.faults.damage import HEARD_AGAIN, change, each_is_told, print_also
from tests.faults.telegram_flight import ours
from tests.faults.telegram_talks import FLOODER, Talks, talked

PEOPLE, MESSAGES, FLOOD, LATENCY = 5, 8, 40, 0.04
UPDATES = 30


async def test_everything_is_answered_once_and_in_order_and_a_flood_delays_nobody_else(tmp_path: Path) -> None:
    talks = await talked(tmp_path, PEOPLE, MESSAGES, LATENCY, webhook=False, flood=FLOOD)
    assert talks.problems() == []
    assert len(talks.waits()) == PEOPLE * MESSAGES
    left = talks.left()
    flood, others = [row.sent_at for row in left.pop(FLOODER)], [row.sent_at for rows in left.values() for row in rows]
    # However slow the machine is: who stood behind the flood would have seen all of it answered before them.
    assert sum(sent_at < max(others) for sent_at in flood) < FLOOD * 3 / 4
    _sees_damage(talks)


async def test_a_kill_with_acknowledged_updates_in_flight_loses_and_doubles_nothing(tmp_path: Path) -> None:
    killed = await ours(tmp_path, UPDATES, twice=False)
    flight = killed.flight()
    assert (flight.updates, flight.lost, flight.problems) == (UPDATES, 0, [])
    # The kill met answers that were under way: they are shown, and once more from the outbox.
    assert flight.repeated == flight.held > 0
    run, first = killed.run, killed.people[0]
    each_is_told(
        lambda: killed.flight().problems,
        {
            "not answered in order": first.server.shown(first.id).reverse,
            "messages came again": lambda: first.server.shown(first.id).extend(first.server.shown(first.id)),
            "turns and answers": lambda: change(run, "DELETE FROM outbox WHERE id = 1"),
            "heard twice": lambda: change(run, HEARD_AGAIN),
            "printed: ": lambda: print_also(run, SECRET),
        },
    )


def _sees_damage(talks: Talks) -> None:
    run, first = talks.run, talks.people[0]
    calls, done = run.server.calls, first.done
    last = max(place for place, (_, given) in enumerate(calls) if given.get("chat_id") == str(first.id))
    each_is_told(
        talks.problems,
        {
            "still spins": lambda: run.server.spinning.update(tap=first.id),
            "in another order": lambda: change(
                run, f"UPDATE outbox SET sent_at = 1 WHERE key LIKE '%/{done[-1].update}/0'"
            ),
            "out of order": lambda: change(
                run, f"UPDATE outbox SET platform_id = '1' WHERE key LIKE '%/{done[2].update}/0'"
            ),
            "was answered with": lambda: calls[last][1].update(text="Chào anh/chị!"),
            "Telegram was asked": lambda: calls.append(calls[last]),
            "heard 0 times": lambda: change(
                run, f"DELETE FROM messages WHERE ours = 0 AND update_id = '{done[0].update}'"
            ),
            "heard twice": lambda: change(
                run,
                HEARD_AGAIN,
            ),
            "replies left": lambda: change(
                run, f"UPDATE outbox SET lane = 'notice' WHERE key LIKE '%/{done[1].update}/0'"
            ),
            "not answered": lambda: change(run, f"DELETE FROM outbox WHERE key LIKE '%/{done[1].update}/0'"),
            "replies are failed": lambda: change(run, "UPDATE outbox SET state = 'failed' WHERE id = 9"),
            "updates are pending": lambda: change(run, "UPDATE inbox SET state = 'pending' WHERE id = 1"),
            "printed: ": lambda: print_also(run, TOKEN),
            "logged: ": lambda: print_also(run, '{"event": "x", "level": "error"}'),
            "in time": lambda: setattr(talks, "late", True),
        },
    )
