"""When Zalo refuses the pair, or cannot be asked: what staff are told, and how often Zalo is asked."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.channels.zalo_oa_grant import MEND, NETWORK_MEND, PAUSE
from bot.errors import Halted, TryLater
from tests.fakes.clock import FakeClock
from tests.fakes.grant_drawer import KeeperHouse
from tests.fakes.zalo_oa_server import OAUTH, zalo_oa_server

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def house(clock: FakeClock) -> AsyncIterator[KeeperHouse]:
    async with zalo_oa_server(clock=clock) as zalo:
        yield KeeperHouse(zalo, clock)


@pytest.fixture
async def hasty(clock: FakeClock) -> AsyncIterator[KeeperHouse]:
    """A house that waits for an answer a short while only."""
    async with zalo_oa_server(clock=clock) as zalo:
        yield KeeperHouse(zalo, clock, read_seconds=0.2)


async def test_a_refused_grant_is_told_once_with_the_mend_and_never_asked_again(
    house: KeeperHouse, clock: FakeClock
) -> None:
    old = house.pair
    house.zalo.revoke()
    told = []
    with capture_logs() as lines:
        for refused in [old.access] * 3 + [""] * 3:
            with pytest.raises(Halted) as caught:
                await house.keeper.token(refused)
            told.append(caught.value)
            clock.advance(16 * HOUR)
    assert house.asked == 1
    assert {error.mend for error in told} == {"an administrator of the OA runs: bot zalo login"}
    # Tried again soon, for it costs nothing: the drawer is looked into, Zalo is not asked.
    assert {error.after for error in told} == {60}
    (task,) = house.tasks
    assert task.kind == "zalo-grant"
    assert task.about.endswith(f". {MEND}")
    assert "Invalid refresh token" in task.about
    everything = f"{lines} {task} {told} {old}"
    for secret in (old.access, old.refresh, house.zalo.app_secret):
        assert secret not in everything
    new = house.login()
    assert await house.keeper.token(refused=old.access) == new.access


async def test_a_new_login_is_taken_up_by_itself_and_may_be_lost_too(house: KeeperHouse, clock: FakeClock) -> None:
    for _ in range(2):
        house.zalo.revoke()
        with pytest.raises(Halted):
            await house.keeper.token(refused=house.pair.access)
        clock.advance(HOUR)
        new = house.login()
        assert await house.keeper.token() == new.access
    assert house.asked == 2
    assert len({task.key for task in house.tasks}) == 2


async def test_the_access_token_of_a_lost_grant_is_used_to_its_end(house: KeeperHouse, clock: FakeClock) -> None:
    house.zalo.fail(OAUTH, code=-118, message="invalid grant")
    clock.advance(21 * HOUR)
    assert {await house.keeper.token() for _ in range(5)} == {house.pair.access}
    assert (house.asked, len(house.tasks)) == (1, 1)
    clock.advance(4 * HOUR)
    with pytest.raises(Halted):
        await house.keeper.token()
    assert (house.asked, len(house.tasks)) == (1, 1)


async def test_a_refusal_counts_for_nothing_where_another_pair_was_stored_meanwhile(house: KeeperHouse) -> None:
    old, gate = house.pair, house.zalo.hold(OAUTH)
    house.zalo.revoke()
    asking = asyncio.create_task(house.keeper.token(refused=old.access))
    await house.zalo.until(lambda: house.zalo.held[OAUTH])
    new = house.login()
    gate.set()
    assert await asking == new.access
    assert house.tasks == []


async def test_a_login_during_a_refresh_stays(house: KeeperHouse) -> None:
    old, gate = house.pair, house.zalo.hold(OAUTH, late=True)
    asking = asyncio.create_task(house.keeper.token(refused=old.access))
    await house.zalo.until(lambda: house.zalo.held[OAUTH])
    new = house.login()
    gate.set()
    assert await asking == new.access == house.pair.access


async def test_an_alarm_that_could_not_be_written_down_is_given_again(house: KeeperHouse, clock: FakeClock) -> None:
    house.zalo.revoke()
    house.broken_alarms = 1
    with pytest.raises(TryLater):
        await house.keeper.token(refused=house.pair.access)
    assert house.tasks == []
    with pytest.raises(Halted):
        await house.keeper.token(refused=house.pair.access)
    assert (len(house.tasks), house.asked) == (1, 1)


@pytest.mark.parametrize("how", ["away", "dropped", "page", "too often", "server error"])
async def test_while_zalo_cannot_be_asked_staff_hear_nothing_before_the_token_is_over(
    house: KeeperHouse, clock: FakeClock, how: str
) -> None:
    keeper = house.keeper
    if how == "away":
        keeper = house.another(url="http://127.0.0.1:9")
    elif how == "dropped":
        house.zalo.fail(OAUTH, drop=True, times=3)
    elif how == "page":
        house.zalo.fail(OAUTH, status=502, html="<h1>Bad Gateway</h1>", times=3)
    elif how == "too often":
        house.zalo.fail(OAUTH, code=-32, message="rate limit", times=2)
    else:
        house.zalo.fail(OAUTH, status=500, html='{"error": -1, "error_name": "internal"}', times=3)
    clock.advance(21 * HOUR)
    assert {await keeper.token() for _ in range(20)} == {house.pair.access}
    asked = house.asked
    # Twice where Zalo may have heard of it, and then not again for a while.
    assert asked == {"away": 0, "too often": 1}.get(how, 2)
    assert house.tasks == []
    with pytest.raises(TryLater) as told:
        await keeper.token(refused=house.pair.access)
    assert told.value.after == pytest.approx(PAUSE)
    assert (house.asked, house.tasks) == (asked, [])
    clock.advance(5 * HOUR)
    for _ in range(3):
        with pytest.raises(TryLater):
            await keeper.token()
    (task,) = house.tasks
    assert "is over" in task.about
    assert task.about.endswith(NETWORK_MEND)
    clock.advance(PAUSE)
    if how != "away":
        assert await keeper.token() == house.pair.access
        assert house.zalo.refreshes == 1


async def test_many_who_ask_while_zalo_is_away_share_one_try(house: KeeperHouse, clock: FakeClock) -> None:
    clock.advance(26 * HOUR)
    house.zalo.fail(OAUTH, drop=True, times=100)
    found = await asyncio.gather(*(house.keeper.token() for _ in range(50)), return_exceptions=True)
    assert {type(one) for one in found} == {TryLater}
    assert house.asked == 2


async def test_a_refresh_without_an_answer_is_asked_once_more_with_the_same_token(hasty: KeeperHouse) -> None:
    old, gate = hasty.pair, hasty.zalo.hold(OAUTH)
    asking = asyncio.create_task(hasty.keeper.token(refused=old.access))
    await hasty.zalo.called(OAUTH, 2)
    # The first was hung up, so it was not carried out.
    gate.set()
    assert await asking == hasty.pair.access
    assert (hasty.asked, hasty.zalo.refreshes, hasty.pair.previous) == (2, 1, old.refresh)
    forms = await hasty.zalo.called(OAUTH, 2)
    assert [form["refresh_token"] for form in forms] == [old.refresh] * 2


async def test_an_answer_that_was_lost_on_its_way_costs_the_grant_and_staff_know(hasty: KeeperHouse) -> None:
    old, gate = hasty.pair, hasty.zalo.hold(OAUTH, late=True)
    asking = asyncio.create_task(hasty.keeper.token(refused=old.access))
    await hasty.zalo.until(lambda: hasty.zalo.held[OAUTH])
    await hasty.zalo.until(lambda: hasty.zalo.held[OAUTH] == 0 or None)
    gate.set()
    with pytest.raises(Halted):
        await asking
    with pytest.raises(Halted):
        await hasty.keeper.token(refused=old.access)
    assert (hasty.asked, hasty.zalo.refreshes) == (2, 1)
    assert [MEND in task.about for task in hasty.tasks] == [True]


async def test_after_a_crash_before_the_call_the_grant_lives(house: KeeperHouse, clock: FakeClock) -> None:
    await house.drawer.begin(house.pair, clock.now())
    old = house.pair
    assert old.tried_at == clock.now()
    clock.advance(21 * HOUR)
    assert await house.another().token() != old.access
    assert (house.asked, house.pair.previous, house.pair.tried_at) == (1, old.refresh, None)
    assert house.tasks == []


@pytest.mark.parametrize("starts", [1, 3])
async def test_after_a_crash_behind_the_call_zalo_is_asked_once_a_start(
    house: KeeperHouse, clock: FakeClock, starts: int
) -> None:
    await house.drawer.begin(house.pair, clock.now())
    clock.advance(26 * HOUR)
    house.zalo.tokens.revoke()
    for _ in range(starts):
        keeper = house.another()
        for _ in range(3):
            with pytest.raises(Halted):
                await keeper.token()
    assert house.asked == starts
    # The same task, which the staff's list takes once.
    assert len({task.key for task in house.tasks}) == 1


async def test_a_refresh_in_doubt_that_gets_no_answer_is_not_repeated_at_once(
    house: KeeperHouse, clock: FakeClock
) -> None:
    await house.drawer.begin(house.pair, clock.now())
    house.zalo.fail(OAUTH, drop=True)
    with pytest.raises(TryLater):
        await house.keeper.token(refused=house.pair.access)
    assert house.asked == 1
