"""The pair of tokens is refreshed ahead of time, once, written down before it is used, and never asked for in vain."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.channels.zalo_oa_grant import MEND
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


async def test_for_twenty_hours_nobody_is_asked(house: KeeperHouse, clock: FakeClock) -> None:
    first = house.pair
    clock.advance(20 * HOUR)
    assert await house.keeper.token() == await house.keeper.token() == first.access
    assert house.asked == 0
    clock.advance(1)
    new = await house.keeper.token()
    assert new == house.pair.access != first.access
    assert (house.asked, house.pair.previous, house.pair.tried_at) == (1, first.refresh, None)
    assert house.pair.expires_at == clock.now() + 25 * HOUR
    assert await house.keeper.token() == new
    assert house.asked == 1


async def test_a_token_for_a_shorter_time_is_used_for_four_fifths_of_it(house: KeeperHouse, clock: FakeClock) -> None:
    answer = '{"access_token": "a-1", "refresh_token": "r-1", "expires_in": "3600"}'
    house.zalo.fail(OAUTH, html=answer)
    assert await house.keeper.token(refused=house.pair.access) == "a-1"
    clock.advance(0.8 * HOUR)
    assert await house.keeper.token() == "a-1"
    assert house.asked == 1
    clock.advance(1)
    # The fake does not know "r-1", and says so.
    assert await house.keeper.token() == "a-1"
    assert house.asked == 2


async def test_it_is_looked_after_also_while_nobody_sends(house: KeeperHouse, clock: FakeClock) -> None:
    clock.advance(21 * HOUR)
    watching = asyncio.create_task(house.keeper.watch())
    await house.zalo.until(lambda: house.drawer.done[-1:] == ["unlock"] or None)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert house.zalo.refreshes == 1


async def test_watching_goes_on_whatever_is_wrong(house: KeeperHouse, clock: FakeClock) -> None:
    clock.advance(30 * HOUR)
    house.drawer.broken["load"] = 3
    with capture_logs() as lines:
        watching = asyncio.create_task(house.keeper.watch(0))
        await house.zalo.until(lambda: house.zalo.refreshes)
        await house.zalo.until(lambda: house.drawer.done[-1] == "unlock" or None)
        assert not watching.done()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    # The same trouble is told once.
    assert [line["event"] for line in lines] == ["zalo_oa.no_token", "zalo_oa.refreshed"]


async def test_a_refused_token_is_replaced_once_however_many_ask(house: KeeperHouse) -> None:
    old = house.pair.access
    gate = house.zalo.hold(OAUTH)
    asking = [asyncio.create_task(house.keeper.token(refused=old)) for _ in range(50)]
    await house.zalo.until(lambda: house.zalo.held[OAUTH])
    gate.set()
    assert set(await asyncio.gather(*asking)) == {house.pair.access}
    assert house.pair.access != old
    assert (house.asked, house.zalo.refreshes) == (1, 1)
    # Somebody whose call took long learns of it later.
    assert await house.keeper.token(refused=old) == house.pair.access
    assert house.asked == 1


async def test_while_it_is_refreshed_ahead_of_time_nobody_waits(house: KeeperHouse, clock: FakeClock) -> None:
    clock.advance(21 * HOUR)
    old, gate = house.pair.access, house.zalo.hold(OAUTH)
    first = asyncio.create_task(house.keeper.token())
    await house.zalo.until(lambda: house.zalo.held[OAUTH])
    assert [await house.keeper.token() for _ in range(50)] == [old] * 50
    gate.set()
    assert await first == await house.keeper.token() == house.pair.access
    assert house.asked == 1


async def test_it_is_begun_asked_written_and_only_then_used(house: KeeperHouse, clock: FakeClock) -> None:
    clock.advance(26 * HOUR)
    gate = house.zalo.hold(OAUTH)
    asking = asyncio.create_task(house.keeper.token())
    await house.zalo.until(lambda: house.zalo.held[OAUTH])
    assert (house.drawer.done[-1], house.pair.tried_at) == ("begin", clock.now())
    gate.set()
    await asking
    done = [step for step in house.drawer.done if step != "load"]
    assert done == ["lock", "begin", "save", "unlock"]


async def test_while_the_store_is_away_a_new_pair_is_kept_and_not_used(house: KeeperHouse, clock: FakeClock) -> None:
    clock.advance(26 * HOUR)
    old = house.pair
    house.drawer.broken["save"] = 2
    with capture_logs() as lines:
        asking = asyncio.create_task(house.keeper.token())
        another = asyncio.create_task(house.keeper.token())
        await house.zalo.until(lambda: house.zalo.refreshes)
        await house.zalo.until(lambda: house.drawer.refused)
        assert not asking.done()
        assert not another.done()
        assert house.pair.refresh == old.refresh
        assert await asking == await another == house.pair.access
    assert (house.drawer.refused, house.asked, house.pair.previous) == (2, 1, old.refresh)
    assert [line["event"] for line in lines] == ["zalo_oa.pair_not_written"] * 2 + ["zalo_oa.refreshed"]


async def test_nothing_is_asked_that_could_not_be_written_down_as_begun(house: KeeperHouse, clock: FakeClock) -> None:
    clock.advance(21 * HOUR)
    for step in ("load", "lock", "begin"):
        house.drawer.broken[step] = 1
        if step == "load":
            with pytest.raises(TryLater, match="free some space"):
                await house.keeper.token()
        else:
            # It is good for four hours.
            assert await house.keeper.token() == house.pair.access
    assert house.asked == 0
    assert await house.keeper.token() == house.pair.access
    assert house.asked == 1


async def test_a_bot_that_stops_hears_the_answer_out(house: KeeperHouse) -> None:
    old, gate = house.pair, house.zalo.hold(OAUTH, late=True)
    asking = asyncio.create_task(house.keeper.token(refused=old.access))
    await house.zalo.until(lambda: house.zalo.held[OAUTH])
    asking.cancel()
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert house.pair.previous == old.refresh
    assert house.drawer.done[-1] == "unlock"
    assert await house.keeper.token() == house.pair.access


async def test_another_process_that_refreshes_is_waited_for(house: KeeperHouse, clock: FakeClock) -> None:
    await house.keeper.token()
    house.drawer.locked = True
    clock.advance(21 * HOUR)
    old = house.pair
    # Ahead of time nobody waits.
    assert await house.keeper.token() == old.access
    asking = asyncio.create_task(house.keeper.token(refused=old.access))
    await house.zalo.until(lambda: house.drawer.done[-1] == "lock" or None)
    theirs = house.login()
    assert await asking == theirs.access
    assert house.asked == 0


async def test_another_process_was_faster_between_the_look_and_the_lock(house: KeeperHouse) -> None:
    old = house.pair
    house.drawer.before_lock = house.login
    assert await house.keeper.token(refused=old.access) == house.pair.access != old.access
    assert (house.asked, house.drawer.done[-1]) == (0, "unlock")


async def test_nobody_has_logged_in(house: KeeperHouse, clock: FakeClock) -> None:
    house.drawer.grant = None
    for _ in range(3):
        with pytest.raises(Halted) as told:
            await house.keeper.token()
        assert told.value.mend == MEND
    assert [task.about for task in house.tasks] == [f"nobody has logged in yet. {MEND}"]
    assert house.asked == 0
    new = house.login()
    assert await house.keeper.token() == new.access


async def test_a_token_refused_right_after_a_refresh_is_no_reason_for_another(
    house: KeeperHouse, clock: FakeClock
) -> None:
    second = await house.keeper.token(refused=house.pair.access)
    with pytest.raises(Halted) as told:
        await house.keeper.token(refused=second)
    assert house.asked == 1
    assert "bot zalo login" in told.value.mend
    assert 0 < told.value.after <= 300
    clock.advance(told.value.after)
    assert await house.keeper.token(refused=second) == house.pair.access != second
    assert house.asked == 2
