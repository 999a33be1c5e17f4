"""The fake's events: their signature, their order, the ladder of retries and its end."""

import asyncio
import datetime as dt
import json
from collections import deque
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.clock import VIETNAM
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

HOA, BA = "246845883529197922", "246845883529197923"
VECTOR = (
    '{"app_id":"1234567890123456789","sender":{"id":"246845883529197922"},"user_id_by_app":"552177279717587730",'
    '"recipient":{"id":"388613280878808645"},"event_name":"user_send_text",'
    '"message":{"text":"xin chào","msg_id":"96d3cdf3af150460909"},"timestamp":"1795458626239"}'
)


class Ear:
    """A webhook on loopback: what it was told, and the statuses it answers next (200 when there are none)."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: deque[int] = deque()
        self.url = ""
        #: Clear it, and nothing is answered until it is set again.
        self.answering = asyncio.Event()
        self.answering.set()
        app = web.Application()
        app.router.add_post("/hook", self.hear)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def hear(self, request: web.Request) -> web.Response:
        """Take an event."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((headers, await request.read()))
        await self.answering.wait()
        return web.Response(status=self.answers.popleft() if self.answers else 200)

    @property
    def texts(self) -> list[str]:
        """The texts of the events, as they came."""
        events = [json.loads(body) for _, body in self.heard]
        return [event["message"]["text"] for event in events if "text" in event.get("message", {})]


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    ear = Ear()
    await ear.runner.setup()
    await web.TCPSite(ear.runner, "127.0.0.1", 0).start()
    ear.url = f"http://127.0.0.1:{ear.runner.addresses[0][1]}/hook"
    yield ear
    await ear.runner.cleanup()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as zalo:
        yield zalo


async def test_an_event_is_signed_over_its_exact_bytes(zalo: ZaloOaServer, ear: Ear) -> None:
    await zalo.hook(ear.url)
    zalo.event(json.loads(VECTOR))
    await zalo.settled()
    headers, body = ear.heard[-1]
    assert body == VECTOR.encode()
    assert len(body) == 267
    known = "f3df7f911c02d4195ec18e5afff3e975484df3803ecbdb27a31296a139f38dff"
    assert headers["x-zevent-signature"] == f"mac={known}"
    assert "num_retry" not in headers


async def test_the_probe_is_unsigned_and_must_be_answered_200(zalo: ZaloOaServer, ear: Ear) -> None:
    ear.answers.append(403)
    with pytest.raises(AssertionError, match="403"):
        await zalo.hook(ear.url)
    zalo.say(HOA, "mất")
    await zalo.settled()
    await zalo.hook(ear.url)
    assert [body for _, body in ear.heard] == [b"{}", b"{}"]
    assert not any("x-zevent-signature" in headers for headers, _ in ear.heard)


async def test_events_of_one_person_come_in_order(zalo: ZaloOaServer, ear: Ear) -> None:
    await zalo.hook(ear.url)
    for number in range(5):
        zalo.say(HOA, str(number))
    await zalo.settled()
    assert ear.texts == ["0", "1", "2", "3", "4"]
    stamps = [int(json.loads(body)["timestamp"]) for _, body in ear.heard[1:]]
    assert stamps == sorted(set(stamps))


async def test_a_failed_event_climbs_the_ladder_by_the_clock(zalo: ZaloOaServer, ear: Ear, clock: FakeClock) -> None:
    await zalo.hook(ear.url)
    ear.answers.extend([500, 503])
    zalo.say(HOA, "một")
    await zalo.until(lambda: zalo.waiting)
    with pytest.raises(AssertionError, match="user_send_text"):
        await zalo.settled()
    clock.advance(29)
    await zalo.tick()
    assert len(zalo.deliveries) == 1
    clock.advance(1)
    await zalo.tick()
    clock.advance(dt.timedelta(minutes=5))
    await zalo.tick()
    await zalo.settled()
    assert zalo.deliveries == [("user_send_text", 0, 500), ("user_send_text", 1, 503), ("user_send_text", 2, 200)]
    assert [headers.get("num_retry") for headers, _ in ear.heard[1:]] == [None, "1", "2"]
    assert len({body for _, body in ear.heard[1:]}) == 1


async def test_after_the_ladder_the_webhook_is_cancelled(zalo: ZaloOaServer, ear: Ear, clock: FakeClock) -> None:
    await zalo.hook(ear.url)
    ear.answers.extend([500] * 6)
    zalo.say(HOA, "mất")
    await zalo.until(lambda: zalo.waiting)
    for seconds in (30, 300, 900, 1800):
        clock.advance(seconds)
        await zalo.tick()
    assert not zalo.cancelled
    clock.advance(3600)
    await zalo.tick()
    assert zalo.cancelled
    zalo.say(HOA, "cũng mất")
    await zalo.settled()
    assert ear.texts == ["mất"] * 6
    await zalo.hook(ear.url)
    zalo.say(HOA, "đến")
    await zalo.settled()
    assert ear.texts[-1] == "đến"


async def test_no_connection_and_no_answer_in_time_are_failures(zalo: ZaloOaServer, ear: Ear) -> None:
    await zalo.hook(ear.url)
    zalo.patience = 0.05
    ear.answering.clear()
    zalo.say(HOA, "chậm")
    await zalo.until(lambda: zalo.waiting)
    assert ear.texts == ["chậm"]
    ear.answering.set()
    await ear.runner.cleanup()
    zalo.say(BA, "không ai nghe")
    await zalo.until(lambda: len(zalo.waiting) == 2)
    assert [status for _, _, status in zalo.deliveries] == [0, 0]


async def test_twice_and_shuffled(zalo: ZaloOaServer, ear: Ear) -> None:
    await zalo.hook(ear.url)
    zalo.shuffled(3)
    for text in ("a", "b", "c", "d"):
        zalo.say(HOA, text)
    await zalo.settled()
    assert [text for text in ear.texts if text != "d"] == ["c", "b", "a"]
    ear.heard.clear()
    zalo.twice = True
    zalo.say(HOA, "hai lần")
    await zalo.settled()
    assert ear.texts == ["hai lần"] * 2
    assert ear.heard[0][1] == ear.heard[1][1]


async def test_zalo_comes_back_at_the_same_place_with_its_memory(zalo: ZaloOaServer, ear: Ear) -> None:
    await zalo.hook(ear.url)
    zalo.say(HOA, "trước")
    await zalo.settled()
    url = zalo.url
    await zalo.stop()
    await zalo.start()
    zalo.say(HOA, "sau")
    await zalo.settled()
    assert (zalo.url, ear.texts) == (url, ["trước", "sau"])


async def test_people_wait_for_what_they_see(zalo: ZaloOaServer) -> None:
    zalo.staff_says(HOA, "cũ")
    zalo.say(HOA, "chào")
    waiting = asyncio.ensure_future(zalo.wait_for(HOA, "mới"))
    zalo.staff_says(HOA, "mới đây")
    assert (await waiting).kind == "staff"
    assert [shown.text for shown in zalo.fresh(HOA)] == ["mới đây"]
    with pytest.raises(AssertionError, match="mới đây"):
        await zalo.wait_for(HOA, "cũ", seconds=0.01)


async def test_what_people_do_becomes_events_of_zalos_shapes(zalo: ZaloOaServer, clock: FakeClock) -> None:
    zalo.follow(HOA)
    zalo.send_image(HOA, "đây")
    zalo.send_file(HOA)
    zalo.send_card(HOA)
    zalo.submit_info(HOA, "Hoa", "84912345678")
    zalo.withdraw(HOA)
    assert zalo.click_chatnow(HOA)
    assert zalo.click_chatnow(HOA) is None
    names = [event["event_name"] for event in zalo.events]
    assert names == [
        "follow",
        "user_send_image",
        "user_send_file",
        "user_send_business_card",
        "user_submit_info",
        "user_withdraw",
        "user_click_chatnow",
    ]
    assert zalo.events[0]["follower"] == {"id": HOA}
    assert zalo.events[1]["message"]["attachments"][0]["type"] == "image"
    assert all(event["app_id"] == zalo.app_id and event["timestamp"].isdigit() for event in zalo.events)
    assert int(zalo.events[0]["timestamp"]) == int(dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM).timestamp() * 1000)
