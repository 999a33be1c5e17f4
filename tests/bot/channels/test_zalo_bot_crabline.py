"""Our Zalo Bot client and channel under crabline, a fake of the platform by somebody else."""

import pytest
from structlog.testing import capture_logs

from bot.channels.base import Outgoing
from bot.channels.door import Webhook
from bot.channels.zalo_bot import ZaloBotChannel
from bot.channels.zalo_bot_api import ZaloBotApi, ZaloBotError
from bot.clock import SystemClock
from bot.errors import Halted, Refused
from handlers.message import Address, Reply
from tests.fakes.crabline import Crabline, crabline
from tests.fakes.house import House
from tests.fakes.zalo_bot_house import HINT, HOA, Doorstep, logged


def channel_of(foreign: Crabline, webhook: Webhook | None = None, token: str = "") -> ZaloBotChannel:
    """Our channel, in front of crabline."""
    return ZaloBotChannel(
        token or foreign.token,
        clock=SystemClock(),
        hint=lambda language: HINT,
        base_url=foreign.base_url,
        webhook=webhook,
        pauses=(0.01, 0.02),
        poll_seconds=5,
    )


def answer(text: str) -> dict[str, str]:
    """What the house behind the channel answers to a text, as crabline saw it."""
    return {"chat_id": HOA, "text": f"Anh/chị nói: {text}\n\n1. Mua máy\n2. Gặp cán bộ\n\n{HINT}"}


async def test_our_account_and_a_poll_that_brings_nothing() -> None:
    async with crabline() as foreign:
        api = ZaloBotApi(foreign.token, foreign.base_url)
        me = await api.get_me()
        assert me.id
        assert me.account_name
        assert await api.get_updates(0) == (), "its 408 is an HTTP status"
        assert (await api.get_webhook_info()).url == ""
        await api.send_chat_action(HOA)
        await api.close()


async def test_a_text_in_and_an_answer_out_by_polling() -> None:
    async with crabline() as foreign:
        house, channel = House(), channel_of(foreign)
        await house.open(channel)
        ids = [await foreign.say(HOA, text) for text in ("mua máy", "máy ép")]
        await house.until(lambda: len(house.taken) == 2)
        await house.settled()
        await channel.quiet()
        await channel.stop()
        assert list(house.taken) == ids
        assert [inbound.address.chat for inbound in house.taken.values()] == [HOA, HOA]
        assert foreign.sent() == [answer("mua máy"), answer("máy ép")]


async def test_a_text_in_and_an_answer_out_by_webhook() -> None:
    async with crabline() as foreign:
        house = House()
        door = Doorstep(lambda webhook: channel_of(foreign, webhook), house.open)
        with capture_logs() as lines:
            await door.open()
            await logged(lines, "zalo_bot.webhook_set")
        id = await foreign.say(HOA, "mua máy")
        await house.settled()
        await door.close()
        assert list(house.taken) == [id]
        assert foreign.sent() == [answer("mua máy")]


async def test_a_webhook_left_behind_is_removed_before_polling() -> None:
    async with crabline() as foreign:
        other = ZaloBotApi(foreign.token, foreign.base_url)
        await other.set_webhook("http://127.0.0.1:9/elsewhere", "another-secret")
        house, channel = House(), channel_of(foreign)
        await house.open(channel)
        while (await other.get_webhook_info()).url:
            pass
        await foreign.say(HOA, "mua máy")
        await house.until(lambda: bool(house.taken))
        await house.settled()
        await channel.stop()
        await other.close()
        assert foreign.sent() == [answer("mua máy")]


async def test_refusals_that_come_as_an_http_status_mean_the_same() -> None:
    async with crabline() as foreign:
        channel, stranger = channel_of(foreign), channel_of(foreign, token="123456789:revoked")
        hello = Outgoing(1, "key", Address("zalo-bot", "123456789", HOA), Reply("chào"), "vi")
        with pytest.raises(Halted):
            await stranger.send(hello)
        with pytest.raises(Refused):
            await channel.send(Outgoing(1, "key", Address("zalo-bot", "123456789", ""), Reply("chào"), "vi"))
        await channel.stop()
        await stranger.stop()
        api = ZaloBotApi(foreign.token, foreign.base_url)
        with pytest.raises(ZaloBotError) as caught:
            await api.set_webhook("http://127.0.0.1:9/", "")
        assert caught.value.code == 400
        await api.close()
