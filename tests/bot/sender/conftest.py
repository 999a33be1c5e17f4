"""A house of senders for each test, on either engine."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fakes.sender_house import House, HurriedClock, TroubledStore


@pytest.fixture
def store(database_url: str) -> Iterator[TroubledStore]:
    """An open store, on each engine."""
    opened = TroubledStore(database_url)
    yield opened
    opened.close()


@pytest.fixture
async def house(store: TroubledStore) -> AsyncIterator[House]:
    """A house whose clock stands."""
    made = House(store)
    yield made
    store.down = False
    for sender in made.senders:
        await sender.stop(grace=0)


@pytest.fixture
async def hurried(store: TroubledStore) -> AsyncIterator[House]:
    """A house where every later try is due at once."""
    made = House(store, HurriedClock())
    yield made
    store.down = False
    for sender in made.senders:
        await sender.stop(grace=0)
