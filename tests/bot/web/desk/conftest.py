"""An open desk and one browser at it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fakes.clock import FakeClock
from tests.fakes.desk_browser import Browser, fresh_browser
from tests.fakes.desk_house import DeskHouse


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def house(database_url: str, clock: FakeClock) -> AsyncIterator[DeskHouse]:
    opened = DeskHouse(database_url, clock=clock)
    await opened.start()
    yield opened
    await opened.stop()


@pytest_asyncio.fixture
async def browser(house: DeskHouse) -> AsyncIterator[Browser]:
    async with fresh_browser(house) as opened:
        yield opened
