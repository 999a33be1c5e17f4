"""The Zalo Bot channel's polling where Zalo, or the way to it, fails."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.channels.zalo_bot_api import ZaloBotApi
from bot.channels.zalo_bot_polling import TOO_SOON, Polling
from bot.errors import Halted
from handlers.message import Reply
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_bot_house import HOA, ZaloBotHouse, channel_of, out
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server


@pytest.fixture
async def server() -> AsyncIterator[ZaloBotServer]:
    async with zalo_bot_server() as server:
        yield server


@pytest.fixture
def house(server: ZaloBotServer) -> ZaloBotHouse:
    return ZaloBotHouse(server)


async def test_an_idle_poll_is_asked_again_and_is_no_trouble(server: ZaloBotServer, house: ZaloBotHouse) -> None:
    server.fail("getUpdates", 408, "Request timeout", times=3)
    with capture_logs() as lines:
        channel = channel_of(server, house)
        await channel.start(house.take, lambda address: None)
        await server.called("getUpdates", 4)
        server.say(HOA, "mua máy")
        await house.has(1)
        await channel.stop()
    assert not lines


@pytest.mark.parametrize("http_errors", [False, True])
async def test_polling_goes_on_after_every_kind_of_failure(
    server: ZaloBotServer, house: ZaloBotHouse, http_errors: bool
) -> None:
    server.http_errors = http_errors
    server.fail("getWebhookInfo", 403, "Internal server error")
    server.fail("getUpdates", status=502)
    server.fail("getUpdates", status=401)  # a page: somebody else's 401 says nothing of our token
    server.fail("getUpdates", drop=True)
    server.fail("getUpdates", 429, "Quota exceeded")
    server.fail("getUpdates", 403, "Internal server error")
    server.fail("getUpdates", 409, "Conflict")
    server.say(HOA, "mua máy")
    channel = channel_of(server, house)
    with capture_logs() as lines:
        await channel.start(house.take, lambda address: None)
        await house.has(1)
        await channel.stop()
    assert not house.tasks
    assert [line["event"] for line in lines].count("zalo_bot.polling_failed") == 6, "two pages are one trouble"
    assert [line["event"] for line in lines][-1] == "zalo_bot.polling_again"


async def test_a_lasting_failure_is_told_once(server: ZaloBotServer, house: ZaloBotHouse) -> None:
    server.fail("getUpdates", status=502, times=5)
    server.say(HOA, "mua máy")
    channel = channel_of(server, house)
    with capture_logs() as lines:
        await channel.start(house.take, lambda address: None)
        await house.has(1)
        await channel.stop()
    assert [line["event"] for line in lines] == ["zalo_bot.polling_failed", "zalo_bot.polling_again"]


async def test_a_webhook_left_behind_is_removed(server: ZaloBotServer, house: ZaloBotHouse) -> None:
    await elsewhere(server)
    channel = channel_of(server, house)
    with capture_logs() as lines:
        await channel.start(house.take, lambda address: None)
        await server.until(lambda: not server.webhook.url)
        server.say(HOA, "mua máy")
        await house.has(1)
        # And one that is set later, which ends the poll.
        await server.until(lambda: server.polls == 1)
        await elsewhere(server)
        await server.until(lambda: not server.webhook.url)
        server.say(HOA, "máy ép")
        await house.has(2)
        await channel.stop()
    assert [line["event"] for line in lines].count("zalo_bot.webhook_removed") == 2


async def elsewhere(server: ZaloBotServer) -> None:
    """Another set-up sets a webhook."""
    other = ZaloBotApi(server.token, server.url)
    await other.set_webhook("http://127.0.0.1:9/elsewhere", "another-secret")
    await other.close()


async def test_a_refused_token_ends_polling_and_is_told_with_its_mend(
    server: ZaloBotServer, house: ZaloBotHouse
) -> None:
    channel = channel_of(server, house, token="123456789:revoked")
    with capture_logs() as lines:
        await channel.start(house.take, lambda address: None)
        task = await house.was_told()
        with pytest.raises(Halted) as caught:
            await channel.send(out(Reply("chào")))
    await channel.stop()
    assert [line["event"] for line in lines] == ["zalo_bot.token_refused"]
    assert "Zalo Bot Creator" in lines[0]["mend"]
    assert (task.kind, "Zalo Bot Creator" in task.about) == ("halted", True)
    assert "Zalo Bot Creator" in caught.value.mend
    assert not server.calls


@pytest.mark.parametrize("waited", [0.0, TOO_SOON], ids=["at once", "after a while"])
async def test_an_answer_without_an_update_is_followed_by_a_pause_only_where_nothing_waited(
    server: ZaloBotServer, waited: float
) -> None:
    clock, twice, asked = FakeClock(), asyncio.Event(), []

    class Idle(ZaloBotApi):
        async def get_updates(self, seconds: float) -> tuple[object, ...]:
            asked.append(seconds)
            if len(asked) == 2:
                twice.set()
                await asyncio.Event().wait()
            clock.advance(waited)
            return ()

    async def nothing(*told: object) -> None:
        raise AssertionError(told)

    api = Idle(server.token, server.url)
    polling = Polling(api, nothing, nothing, clock, seconds=5, pauses=(3600.0,))
    polling.start()
    again = asyncio.create_task(twice.wait())
    done, _ = await asyncio.wait({again}, timeout=5 if waited else 0.2)
    again.cancel()
    await polling.end()
    await api.close()
    assert bool(done) == bool(waited)
