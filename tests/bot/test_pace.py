"""How fast an account is sent to, and when what failed is tried again."""

import asyncio

import pytest

from bot.errors import Ambiguous, Away, Gone, Refused, SendError, TryLater
from bot.pace import LANES, PAUSES, Pace, pause_after
from handlers.message import Lane


async def seconds(*lanes: Lane, per_second: float = 50) -> float:
    """How long messages of these lanes take to get their turns, asked for all at once."""
    pace, loop = Pace(per_second), asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(pace.turn(lane) for lane in lanes))
    return loop.time() - began


async def test_an_account_never_gets_more_than_its_messages_per_second() -> None:
    assert await seconds("conversation", "notice", "conversation", "notice", "bulk") >= 4 / 50 * 0.95


async def test_bulk_takes_half_of_the_pace() -> None:
    assert await seconds("bulk", "bulk", "bulk") >= 2 / 25 * 0.95


async def test_turns_that_come_late_are_made_up_for() -> None:
    pace, loop = Pace(200), asyncio.get_running_loop()
    await pace.turn("notice")
    waiting = [asyncio.ensure_future(pace.turn("notice")) for _ in range(6)]
    await asyncio.sleep(0)
    busy_until = loop.time() + 0.03
    while loop.time() < busy_until:
        pass  # the loop is held up, as by much work
    await asyncio.sleep(0.001)
    assert sum(one.done() for one in waiting) >= 5, "those that were due meanwhile go at once"
    await asyncio.gather(*waiting)


async def go(pace: Pace, lane: Lane, name: str, order: list[str]) -> None:
    """Note when somebody gets a turn."""
    await pace.turn(lane)
    order.append(name)


async def test_turns_go_by_lane_and_then_as_they_were_asked_for() -> None:
    pace, order = Pace(200), list[str]()
    asked = [(lane, f"{lane} {number}") for number in range(3) for lane in reversed(LANES)]
    await asyncio.gather(*(go(pace, lane, name, order) for lane, name in asked))
    assert order[0] == "bulk 0"  # nobody else was there yet
    assert order[1:] == [f"{lane} {number}" for lane in LANES for number in range(lane == "bulk", 3)]


async def test_who_comes_later_waits_behind_those_of_its_lane() -> None:
    pace, order, names = Pace(500), list[str](), [str(number) for number in range(12)]
    tasks = []
    for name in names:
        tasks.append(asyncio.create_task(go(pace, "notice", name, order)))
        await asyncio.sleep(0.001)  # each comes at another moment between two turns
    await asyncio.gather(*tasks)
    assert order == names


async def test_who_gives_up_waiting_keeps_nobody_from_their_turn() -> None:
    pace, order = Pace(50), list[str]()
    tasks = [asyncio.create_task(go(pace, "notice", name, order)) for name in "1234"]
    while not order:
        await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["1", "3", "4"]


@pytest.mark.parametrize(("attempts", "pause"), [*enumerate(PAUSES, start=1), (8, PAUSES[-1]), (11, PAUSES[-1])])
def test_patience_grows_with_every_attempt(attempts: int, pause: float) -> None:
    assert pause_after(TryLater("busy"), attempts, 12) == pause


@pytest.mark.parametrize(("after", "pause"), [(0.0, 3.0), (2.5, 3.0), (45.0, 45.0), (7200.0, 7200.0)])
def test_the_platforms_own_word_is_the_least(after: float, pause: float) -> None:
    assert pause_after(TryLater("flood", after), 2, 12) == pause


def test_patience_has_an_end() -> None:
    assert pause_after(TryLater("busy"), 7, 8) is not None
    assert pause_after(TryLater("busy", 5.0), 8, 8) is None


def test_what_may_have_arrived_is_repeated_once() -> None:
    assert [pause_after(Ambiguous("time-out"), attempts, 8) for attempts in (1, 2, 3)] == [PAUSES[0], None, None]


@pytest.mark.parametrize("error", [Refused("too long"), Gone("blocked"), Away("not here")])
def test_what_can_never_arrive_is_not_repeated(error: SendError) -> None:
    assert pause_after(error, 1, 8) is None
