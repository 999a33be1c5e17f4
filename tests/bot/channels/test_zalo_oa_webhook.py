"""The Official Account's webhook under a fake of Zalo: who may deliver, what is answered, and what comes again."""

import datetime as dt
import hashlib
import hmac
import json
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.channels.zalo_oa_webhook import LARGEST
from bot.errors import StoreUnavailable
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_delivery import APP_ID, OA_ID, WEBHOOK_KEY, Json
from tests.fakes.zalo_oa_house import HOA, ZaloOaHouse, channel_of, doorstep, opened, surroundings_of
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server
from tests.fakes.zalo_oa_tokens import APP_SECRET

AWAY = StoreUnavailable("the disk is full; free some space")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as zalo:
        yield zalo


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Where the last event with a wrong signature is kept."""
    return tmp_path / "capture.json"


@pytest.fixture
async def house(zalo: ZaloOaServer, clock: FakeClock, capture: Path) -> AsyncIterator[ZaloOaHouse]:
    house = ZaloOaHouse(zalo, clock)
    async with opened(zalo, house, capture=str(capture)):
        yield house


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    """What is logged."""
    with capture_logs() as lines:
        yield lines


async def post(url: str, body: bytes | AsyncIterator[bytes], **headers: str) -> int:
    """Deliver something by hand; the status."""
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        await answer.read()
        return answer.status


def event(zalo: ZaloOaServer, text: str = "mua máy", *, age: dt.timedelta = dt.timedelta(), **more: str) -> Json:
    """A text of Hoa's that Zalo has not delivered."""
    stamp = str(int((zalo.clock.now() - age).timestamp() * 1000))
    ends = {"sender": {"id": HOA}, "recipient": {"id": OA_ID}}
    message = {"text": text, "msg_id": "96d3cdf3af150460909"}
    return {"app_id": APP_ID, **ends, "event_name": "user_send_text", "message": message, "timestamp": stamp, **more}


async def deliver(zalo: ZaloOaServer, house: ZaloOaHouse, event: Json) -> int:
    """Deliver an event with the signature that belongs to it; the status."""
    body = json.dumps(event).encode()
    return await post(house.url, body, **signed(zalo.signature(body, event["timestamp"])))


def signed(header: str) -> dict[str, str]:
    """The header of the signature."""
    return {"X-ZEvent-Signature": header}


# Who may deliver.


async def test_the_consoles_probe_is_answered_before_the_start_while_open_and_after_the_end(
    zalo: ZaloOaServer, clock: FakeClock
) -> None:
    house = ZaloOaHouse(zalo, clock)
    channel = channel_of(zalo, surroundings_of(house))
    async with doorstep(zalo, channel) as url:
        assert await post(url, b"{}") == 200
        await channel.start(house.take, lambda address: None)
        assert [await post(url, body) for body in (b"{}", b"", b" { }\n")] == [200, 200, 200]
        await channel.quiet()
        assert await post(url, b"{}") == 200
        # The key may be known already.
        assert await post(url, b"{}", **signed("mac=00")) == 200
    assert not house.offered


@pytest.mark.parametrize("body", [b"[]", b"chao", b'{"event_name":"user_send_text"}', b"\xff{}"])
async def test_what_is_not_signed_is_refused(zalo: ZaloOaServer, house: ZaloOaHouse, body: bytes) -> None:
    assert await post(house.url, body) == 403
    assert not house.offered


async def test_an_unsigned_event_is_told_as_what_it_is(
    zalo: ZaloOaServer, house: ZaloOaHouse, capture: Path, lines: list[EventDict]
) -> None:
    assert await post(house.url, json.dumps(event(zalo)).encode()) == 403
    (line,) = lines
    assert (line["event"], line["signed"], line["fitting"]) == ("zalo_oa.signature_refused", False, "")
    assert "not signed" in line["mend"]
    assert not capture.exists(), "anybody can send this"


def sha(*parts: str) -> Callable[[bytes, str], str]:
    """A formula: SHA-256 of an id, the body, the timestamp, a key."""
    return lambda body, stamp: hashlib.sha256(f"{parts[0]}{body.decode()}{stamp}{parts[1]}".encode()).hexdigest()


def coded(id: str, key: str) -> Callable[[bytes, str], str]:
    """A formula: HMAC."""
    return lambda body, stamp: hmac.new(key.encode(), f"{id}{body.decode()}{stamp}".encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    ("formula", "fitting"),
    [
        (sha(APP_ID, "another key"), ""),
        (sha(APP_ID, APP_SECRET), "SHA-256 of app_id + raw body + timestamp + app_secret"),
        (sha(OA_ID, WEBHOOK_KEY), "SHA-256 of oa_id + raw body + timestamp + webhook_key"),
        (coded(APP_ID, WEBHOOK_KEY), "HMAC-SHA-256 of app_id + raw body + timestamp + webhook_key"),
    ],
)
async def test_a_wrong_signature_is_refused_and_the_log_names_the_formula_that_fits(
    zalo: ZaloOaServer,
    house: ZaloOaHouse,
    capture: Path,
    lines: list[EventDict],
    formula: Callable[[bytes, str], str],
    fitting: str,
) -> None:
    capture.touch(0o644)
    what = event(zalo)
    body = json.dumps(what).encode()
    header = f"mac={formula(body, what['timestamp'])}"
    assert await post(house.url, body, **signed(header)) == 403
    assert not house.offered
    (line,) = lines
    assert (line["event"], line["signed"], line["fitting"]) == ("zalo_oa.signature_refused", True, fitting)
    assert fitting in line["mend"]
    kept = json.loads(capture.read_text())
    assert kept == {"header": header, "timestamp": what["timestamp"], "body": body.decode()}
    assert stat.S_IMODE(capture.stat().st_mode) == 0o600
    logged = str(lines)
    assert not any(secret in logged for secret in (WEBHOOK_KEY, APP_SECRET, header, "mua máy"))


async def test_without_a_place_for_it_nothing_is_captured(zalo: ZaloOaServer, clock: FakeClock, tmp_path: Path) -> None:
    house = ZaloOaHouse(zalo, clock)
    async with opened(zalo, house):
        assert await post(house.url, json.dumps(event(zalo)).encode(), **signed("mac=00")) == 403
    assert list(tmp_path.iterdir()) == []


async def test_a_capture_that_cannot_be_written_is_told_and_no_failure(
    zalo: ZaloOaServer, clock: FakeClock, tmp_path: Path, lines: list[EventDict]
) -> None:
    house = ZaloOaHouse(zalo, clock)
    async with opened(zalo, house, capture=str(tmp_path / "nowhere" / "capture.json")):
        assert await post(house.url, json.dumps(event(zalo)).encode(), **signed("mac=00")) == 403
    assert [line["event"] for line in lines] == ["zalo_oa.signature_refused", "zalo_oa.not_captured"]


async def test_the_signature_may_be_written_in_several_ways(zalo: ZaloOaServer, house: ZaloOaHouse) -> None:
    for number, write in enumerate(("mac={}", "mac = {}", 'mac="{}"', "{}")):
        what = event(zalo) | {"message": {"text": "chào", "msg_id": f"m{number}"}}
        body = json.dumps(what).encode()
        digits = zalo.signature(body, what["timestamp"]).removeprefix("mac=")
        assert await post(house.url, body, **signed(write.format(digits.upper()))) == 200
    assert len(house.taken) == 4


async def test_a_body_over_the_limit_is_refused(zalo: ZaloOaServer, house: ZaloOaHouse) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b" " * LARGEST
        yield b"{}"

    assert await post(house.url, b" " * LARGEST + b"{}") == 413
    assert await post(house.url, chunks()) == 413, "it does not say how long it is"


@pytest.mark.parametrize(("age", "status"), [(6, 200), (8, 403), (-8, 403)])
async def test_an_event_of_another_week_is_refused(
    zalo: ZaloOaServer, house: ZaloOaHouse, age: int, status: int
) -> None:
    assert await deliver(zalo, house, event(zalo, age=dt.timedelta(days=age))) == status
    assert len(house.offered) == (status == 200)


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "9" * 40, "1e3"])
async def test_an_event_without_a_time_is_refused(zalo: ZaloOaServer, house: ZaloOaHouse, stamp: str) -> None:
    assert await deliver(zalo, house, event(zalo, timestamp=stamp)) == 403


async def test_events_of_another_account_and_unknown_ones_are_acknowledged_and_left(
    zalo: ZaloOaServer, house: ZaloOaHouse, lines: list[EventDict]
) -> None:
    assert await deliver(zalo, house, event(zalo) | {"recipient": {"id": "999"}}) == 200
    assert await deliver(zalo, house, event(zalo, event_name="user_reacted_message")) == 200
    assert await deliver(zalo, house, event(zalo, event_name="something_new")) == 200
    assert await deliver(zalo, house, {"timestamp": event(zalo)["timestamp"]}) == 200
    assert not house.offered
    assert {line["log_level"] for line in lines} <= {"debug"}


# What is answered, and what comes again.


async def test_it_is_acknowledged_only_once_it_is_durable(zalo: ZaloOaServer, house: ZaloOaHouse) -> None:
    house.gate.clear()
    zalo.say(HOA, "mua máy")
    await house.was_offered(1)
    assert zalo.deliveries == []
    house.gate.set()
    await zalo.settled()
    assert zalo.deliveries == [("user_send_text", 0, 200)]


@pytest.mark.parametrize("error", [AWAY, RuntimeError("a bug that quotes: mua máy")])
async def test_what_could_not_be_kept_comes_again_by_the_ladder_with_the_same_id(
    zalo: ZaloOaServer, house: ZaloOaHouse, clock: FakeClock, lines: list[EventDict], error: Exception
) -> None:
    house.broken = [error, error]
    zalo.say(HOA, "mua máy")
    await zalo.until(lambda: zalo.waiting)
    for pause in (30, 300):
        clock.advance(pause)
        await zalo.tick()
    await zalo.settled()
    assert [status for _, _, status in zalo.deliveries] == [503, 503, 200]
    assert [inbound.text for inbound in house.taken] == ["mua máy"]
    assert len({inbound.id for inbound in house.offered}) == 1
    assert "mua máy" not in str(lines)


async def test_what_is_delivered_twice_is_acknowledged_twice(zalo: ZaloOaServer, house: ZaloOaHouse) -> None:
    zalo.twice = True
    zalo.say(HOA, "mua máy")
    await zalo.settled()
    assert [status for _, _, status in zalo.deliveries] == [200, 200]
    assert (len(house.offered), len(house.taken)) == (2, 1)


async def test_what_comes_while_the_bot_stops_is_taken_and_after_that_waits_at_zalo(
    zalo: ZaloOaServer, clock: FakeClock
) -> None:
    house = ZaloOaHouse(zalo, clock)
    async with opened(zalo, house) as channel:
        await channel.quiet()
        zalo.say(HOA, "mua máy")
        await zalo.settled()
        await channel.stop()
        zalo.say(HOA, "còn không")
        await zalo.until(lambda: zalo.waiting)
        assert [status for _, _, status in zalo.deliveries] == [200, 503]
        assert [inbound.text for inbound in house.offered] == ["mua máy"]
