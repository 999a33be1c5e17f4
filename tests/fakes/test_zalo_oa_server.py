"""The fake's API by itself: tokens, rates, faults, and what the account may look up."""

import asyncio
import datetime as dt
import hashlib
import hmac
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_caller import CS, Caller
from tests.fakes.zalo_oa_server import OAUTH, zalo_oa_server

HOA, BA = "246845883529197922", "246845883529197923"
INFO = "/v2.0/oa/getoa"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def caller(clock: FakeClock) -> AsyncIterator[Caller]:
    async with zalo_oa_server(clock=clock) as zalo, aiohttp.ClientSession() as session:
        yield Caller(zalo, session)


async def test_a_refresh_token_is_good_once_and_the_old_access_token_dies(caller: Caller) -> None:
    assert (await caller.get(INFO))["data"]["oa_id"] == caller.zalo.oa_id
    new = await caller.token(grant_type="refresh_token", refresh_token=caller.refresh)
    assert new["expires_in"] == "90000"
    assert (await caller.get(INFO))["error"] == -216
    caller.access = new["access_token"]
    assert (await caller.get(INFO))["error"] == 0
    again = await caller.token(grant_type="refresh_token", refresh_token=caller.refresh)
    assert again["error"] == -14014
    assert {"error_name", "error_reason", "error_description"} < set(again)
    assert "access_token" not in again
    assert caller.zalo.refreshes == 1


async def test_tokens_expire_by_the_clock(caller: Caller, clock: FakeClock) -> None:
    clock.advance(dt.timedelta(hours=25))
    answer = await caller.get(INFO)
    assert answer["error"] == -216
    assert "expired" in answer["message"]
    assert (await caller.get("/template/all"))["error"] == -124
    clock.advance(dt.timedelta(days=90))
    assert "error_name" in await caller.token(grant_type="refresh_token", refresh_token=caller.refresh)


async def test_a_code_is_good_once_for_ten_minutes_with_its_verifier(caller: Caller, clock: FakeClock) -> None:
    zalo = caller.zalo
    assert zalo.challenge == "DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo"

    async def redeem(code: str, verifier: str = zalo.verifier) -> bool:
        answer = await caller.token(grant_type="authorization_code", code=code, code_verifier=verifier)
        return "access_token" in answer

    code = zalo.consent()
    assert await redeem(code)
    assert not await redeem(code)
    assert not await redeem(zalo.consent(), "B" * 43)
    late = zalo.consent()
    clock.advance(600)
    assert not await redeem(late)
    zalo.challenge = "another"
    assert not await redeem(zalo.consent())


async def test_the_secret_key_the_header_and_the_proof_are_checked(caller: Caller) -> None:
    refused = await caller.token("wrong", grant_type="refresh_token", refresh_token=caller.refresh)
    assert refused["error_name"] == "Invalid secret key"
    body = {"user_id": HOA}
    path = "/v3.0/oa/quota/message"
    assert (await caller.post(path, body, Authorization=f"Bearer {caller.access}"))["error"] == -216
    wrong = {"access_token": caller.access, "appsecret_proof": "0"}
    assert (await caller.post(path, body, **wrong))["error"] == -242
    proof = hmac.new(caller.zalo.app_secret.encode(), caller.access.encode(), hashlib.sha256).hexdigest()
    caller.zalo.proof_required = True
    caller.zalo.say(HOA, "chào")
    assert (await caller.post(path, body, access_token=caller.access, appsecret_proof=proof))["error"] == 0
    assert (await caller.post(path, body))["error"] == -242
    caller.zalo.revoke()
    assert (await caller.get(INFO))["error"] == -216


async def test_too_many_calls_a_minute(caller: Caller, clock: FakeClock) -> None:
    caller.zalo.api_per_minute = 2
    assert (await caller.get(INFO))["error"] == 0
    assert (caller.headers["X-RateLimit-Limit"], caller.headers["X-RateLimit-Remain"]) == ("2", "1")
    assert (await caller.get(INFO))["error"] == 0
    assert (await caller.get(INFO))["error"] == -32
    assert caller.headers["X-RateLimit-Remain"] == "0"
    clock.advance(60)
    assert (await caller.get(INFO))["error"] == 0


async def test_a_package_without_the_api_tells_only_about_itself(caller: Caller) -> None:
    caller.zalo.package = "standard"
    assert (await caller.get(INFO))["data"]["package_name"] == "Standard"
    assert (await caller.get("/v3.0/oa/user/getlist"))["error"] == -224


async def test_calls_fail_as_they_were_told_to(caller: Caller) -> None:
    zalo = caller.zalo
    zalo.say(HOA, "chào")
    zalo.fail(CS, code=-248, message="violates", times=2)
    assert [(await caller.say(HOA))["error"] for _ in range(3)] == [-248, -248, 0]
    zalo.fail(CS, drop=True)
    with pytest.raises(aiohttp.ClientError):
        await caller.say(HOA)
    assert len(zalo.shown(HOA)) == 1
    zalo.fail(CS, late=True)
    with pytest.raises(aiohttp.ClientError):
        await caller.say(HOA)
    assert len(zalo.shown(HOA)) == 2
    zalo.fail(INFO, html="<h1>502</h1>")
    with pytest.raises(aiohttp.ContentTypeError):
        await caller.get(INFO)
    zalo.fail(OAUTH, code=-118, message="invalid grant")
    refused = await caller.token(grant_type="refresh_token", refresh_token=caller.refresh)
    assert (refused["error"], refused["error_name"]) == (-118, "invalid grant")


@pytest.mark.parametrize(("late", "carried_out"), [(False, 0), (True, 1)])
async def test_a_call_is_held_before_or_after_it_is_carried_out(caller: Caller, late: bool, carried_out: int) -> None:
    gate = caller.zalo.hold(OAUTH, late=late)
    asking = asyncio.ensure_future(caller.token(grant_type="refresh_token", refresh_token=caller.refresh))
    await caller.zalo.until(lambda: caller.zalo.held[OAUTH])
    assert caller.zalo.refreshes == carried_out
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await caller.zalo.until(lambda: not caller.zalo.held[OAUTH])
    gate.set()
    # The next call shows what became of the one whose caller hung up.
    again = await caller.token(grant_type="refresh_token", refresh_token=caller.refresh)
    assert ("access_token" in again) is not late


async def test_people_tags_and_talks_are_listed(caller: Caller, clock: FakeClock) -> None:
    zalo = caller.zalo
    zalo.follow(HOA)
    zalo.say(HOA, "xin chào")
    zalo.submit_info(HOA, "Nguyễn Thị Hoa", "84912345678")
    clock.advance(dt.timedelta(days=8))
    caller.renew()
    zalo.say(BA, "tôi là Ba")
    assert (await caller.post("/v2.0/oa/tag/tagfollower", {"user_id": HOA, "tag_name": "dệt may"}))["error"] == 0
    detail = (await caller.get("/v3.0/oa/user/detail", user_id=HOA))["data"]
    assert detail["user_last_interaction_date"] == "23/11/2026"
    assert detail["tags_and_notes_info"]["tag_names"] == ["dệt may"]
    assert detail["shared_info"]["phone"] == "84912345678"
    assert (await caller.get("/v3.0/oa/user/detail", user_id="1"))["error"] == -213

    async def listed(**query: object) -> list[str]:
        answer = await caller.get("/v3.0/oa/user/getlist", **{"offset": 0, "count": 50, **query})
        return [user["user_id"] for user in answer["data"]["users"]]

    assert await listed() == [HOA, BA]
    assert await listed(offset=1) == [BA]
    assert await listed(is_follower="true") == zalo.followers == [HOA]
    assert await listed(tag_name="dệt may") == [HOA]
    assert await listed(last_interaction_period="L7D") == [BA]
    assert (await caller.get("/v3.0/oa/user/getlist", offset=0, count=51))["error"] == -210
    await caller.say(BA, "chào anh Ba")
    talk = (await caller.get("/v2.0/oa/conversation", user_id=BA, offset=0, count=10))["data"]
    assert [(entry["src"], entry["message"]) for entry in talk] == [(0, "chào anh Ba"), (1, "tôi là Ba")]
    recent = (await caller.get("/v2.0/oa/listrecentchat", offset=0, count=10))["data"]
    assert [entry["message"] for entry in recent] == ["chào anh Ba", "xin chào"]
    assert (await caller.get("/v2.0/oa/tag/gettagsofoa"))["data"] == ["dệt may"]
    assert (await caller.post("/v2.0/oa/tag/rmtag", {"tag_name": "dệt may"}))["error"] == 0
    assert await listed(tag_name="dệt may") == []


async def test_uploads_are_checked_and_last_seven_days(caller: Caller, clock: FakeClock) -> None:
    zalo = caller.zalo
    zalo.say(HOA, "chào")
    file = (await caller.upload("file", b"%PDF-1.7", "mẫu đơn.pdf"))["data"]["token"]
    image = (await caller.upload("image", b"\x89PNG....", "ảnh.png"))["data"]["attachment_id"]
    assert (await caller.upload("file", b"...", "bảng.xlsx"))["error"] == -201
    assert (await caller.upload("image", b"GIF89a", "ảnh.png"))["error"] == -201
    assert (await caller.upload("image", b"\xff\xd8\xff" + bytes(1_000_000), "ảnh.jpg"))["error"] == -210
    assert (await caller.upload("file", bytes(5_000_001), "lớn.pdf"))["error"] == -210
    attached = {"recipient": {"user_id": HOA}, "message": {"attachment": {"type": "file", "payload": {"token": file}}}}
    assert (await caller.post(CS, attached))["error"] == 0
    picture = {"template_type": "media", "elements": [{"media_type": "image", "attachment_id": image}]}
    assert (await caller.say(HOA, **picture))["error"] == 0
    assert [shown.kind for shown in zalo.shown(HOA)] == ["file", "image"]
    clock.advance(dt.timedelta(days=7))
    caller.renew()
    zalo.say(HOA, "vẫn đây")
    assert (await caller.post(CS, attached))["error"] == -100
    assert (await caller.say(HOA, **picture))["error"] == -100
