"""Who may talk to the web chat, and how much: the rules by themselves, and over a real WebSocket."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from bot.channels.web_connection import Connection
from bot.channels.web_limits import Buckets, WebLimits, remote_of
from tests.fakes.web_client import Lost, WebVisitor
from tests.fakes.web_house import SetClock, WebHouse, keys, open_house

TOKEN = "A" * 22


@pytest.fixture
async def house() -> AsyncIterator[WebHouse]:
    """An open house with the usual limits."""
    async with open_house(WebHouse(keys)) as found:
        yield found


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    clock = SetClock()
    buckets = Buckets(3, 30, clock.steady)
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.wait("a") == 2
    assert buckets.wait("b") == 0
    clock.seconds += 2
    assert buckets.wait("a") == 0
    assert buckets.wait("a") == 2


def test_full_buckets_are_forgotten() -> None:
    clock = SetClock()
    buckets = Buckets(1, 60, clock.steady)
    for n in range(Buckets.MANY):
        buckets.wait(str(n))
    clock.seconds += 5
    buckets.wait("one more")
    assert len(buckets._left) == 1


@pytest.mark.parametrize(
    ("forwarded", "trust", "network"),
    [
        (None, True, "127.0.0.1"),
        ("203.0.113.9", False, "127.0.0.1"),
        ("203.0.113.9", True, "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", True, "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", True, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", True, "203.0.113.9"),
        ("unknown", True, "unknown"),
    ],
)
def test_the_network_of_a_visitor_is_what_our_own_proxy_wrote_last(
    forwarded: str | None, trust: bool, network: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote="127.0.0.1")
    assert remote_of(request, trust_forwarded_for=trust) == network


def test_a_page_that_does_not_read_is_disconnected() -> None:
    connection = Connection(web.WebSocketResponse(), "r", WebLimits(unread=3))
    for _ in range(3):
        connection.push({"type": "pong"})
    assert connection.code is None
    connection.push({"type": "pong"})
    assert connection.code == 1013


@pytest.mark.parametrize("raw", [b"\x00", "{", '{"type":"shout"}', '{"type":"say","id":"a","text":"x"}'])
async def test_what_cannot_be_read_is_answered_politely_and_five_in_a_row_end_the_connection(
    house: WebHouse, raw: str | bytes
) -> None:
    async with WebVisitor(house.url) as visitor:
        for _ in range(4):
            await visitor.send(raw)
        await visitor.send({"type": "ping"})
        await visitor.frame("pong")
        assert visitor.frames[1:5] == [{"type": "error", "text": "vi: unreadable"}] * 4
        for _ in range(5):
            await visitor.send(raw)
        assert await visitor.ended() == 1008
        assert len(visitor.frames) == 11


async def test_a_second_hello_is_refused(house: WebHouse) -> None:
    async with WebVisitor(house.url, token=TOKEN) as visitor:
        await visitor.send({"type": "hello", "token": "B" * 22, "cursor": 0, "language": "vi"})
        await visitor.frame("error")


async def test_a_long_text_passes_and_a_frame_beyond_the_limit_ends_the_connection(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        assert await visitor.say("đ" * 100_000) == "stored"
        await visitor.next()
        with pytest.raises((Lost, ConnectionError)):
            await visitor.say("x" * (512 * 1024))
        assert await visitor.ended() in (1009, 1006)
    assert [len(inbound.text) for inbound in house.taken.values()] == [100_000]


async def test_a_hasty_visitor_is_slowed_down_and_loses_nothing() -> None:
    clock = SetClock()
    async with (
        open_house(WebHouse(keys, clock=clock, limits=WebLimits(burst=2, per_minute=60))) as house,
        WebVisitor(house.url) as visitor,
        WebVisitor(house.url) as other,
    ):
        await visitor.say("một")
        await visitor.say("hai")
        await visitor.send({"type": "say", "id": "c", "text": "ba"})
        slow = await visitor.frame("slow")
        assert slow == {"type": "slow", "id": "c", "after": 1, "text": "vi: slow"}
        assert await other.say("một") == "stored", "others are not held up"
        clock.seconds += 1
        assert await visitor.say("ba", id="c") == "stored"
    assert [inbound.text for inbound in house.taken.values()] == ["một", "hai", "một", "ba"]


async def test_one_network_address_has_a_rate_of_its_own() -> None:
    limits = WebLimits(address_per_minute=4)
    async with (
        open_house(WebHouse(keys, clock=SetClock(), limits=limits, trust_forwarded_for=True)) as house,
        WebVisitor(house.url) as visitor,
    ):
        await visitor.say("hello, begin and this make three")
        await visitor.say("four")
        await visitor.send({"type": "say", "id": "c", "text": "five"})
        assert (await visitor.frame("slow"))["after"] == 15
        late = WebVisitor(house.url)
        with pytest.raises(Lost) as lost:
            await late.open()
        assert lost.value.code == 1013
        assert late.frames == [{"type": "error", "text": "vi: crowded"}]
        await late.close()
        await late.open(headers={"X-Forwarded-For": "203.0.113.9"})
        assert await late.say("from elsewhere") == "stored"
        await late.close()


async def test_one_network_address_has_only_so_many_connections() -> None:
    async with open_house(WebHouse(keys, limits=WebLimits(address_sockets=2))) as house:
        async with WebVisitor(house.url), WebVisitor(house.url):
            third = WebVisitor(house.url)
            with pytest.raises(Lost) as lost:
                await third.open()
            assert (lost.value.code, third.frames) == (1013, [{"type": "error", "text": "vi: crowded"}])
            await third.close()
        async with WebVisitor(house.url) as later:
            assert await later.say("mua máy") == "stored"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example"])
async def test_a_foreign_page_cannot_talk_for_a_visitor(house: WebHouse, origin: str) -> None:
    visitor = WebVisitor(house.url)
    with capture_logs() as logs, pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await visitor.open(headers={"Origin": origin})
    assert refused.value.status == 403
    assert "allowed_origins" in logs[0]["mend"]


async def test_an_allowed_origin_may() -> None:
    async with open_house(WebHouse(keys, allowed_origins=("https://SCT.example.vn/",))) as house:
        visitor = WebVisitor(house.url)
        await visitor.open(headers={"Origin": "https://sct.example.vn"})
        assert await visitor.say("mua máy") == "stored"
        await visitor.close()
