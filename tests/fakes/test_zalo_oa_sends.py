"""The fake's messages: windows, prices, limits and refusals, templates, and what the webhook hears of them."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.clock import VIETNAM
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_caller import CS, Caller
from tests.fakes.zalo_oa_server import zalo_oa_server

HOA = "246845883529197922"
QUOTA, ZBS = "/v3.0/oa/quota/message", "/v3.0/oa/message/template"
MENU = {"title": "Thủ tục", "type": "oa.query.hide", "payload": "#menu:2"}
LINK = {"title": "Trang của Sở", "type": "oa.open.url", "payload": {"url": "https://vinhlong.gov.vn"}}
CALL = {"title": "Gọi Sở", "type": "oa.open.phone", "payload": {"phone_code": "842703823456"}}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def caller(clock: FakeClock) -> AsyncIterator[Caller]:
    async with zalo_oa_server(clock=clock) as zalo, aiohttp.ClientSession() as session:
        yield Caller(zalo, session)


def later(caller: Caller, clock: FakeClock, **time: float) -> None:
    """Let time pass, also past the life of a token."""
    clock.advance(dt.timedelta(**time))
    caller.renew()


async def test_free_for_48_hours_then_billable_then_refused(caller: Caller, clock: FakeClock) -> None:
    zalo = caller.zalo
    assert (await caller.say(HOA))["error"] == -213
    zalo.say(HOA, "chào")
    later(caller, clock, hours=48)
    sent = (await caller.say(HOA))["data"]
    assert sent["user_id"] == HOA
    assert sent["quota"]["remain"] == 7
    assert zalo.charged == 0
    later(caller, clock, seconds=1)
    sent = (await caller.say(HOA, "sau 48 giờ"))["data"]
    assert sent["quota"] == {"quota_type": "sub_quota", "remain": 499, "total": 500, "owner_type": "OA"}
    assert (zalo.charged, zalo.shown(HOA)[-1].cost) == (55, 55)
    later(caller, clock, days=5)
    assert (await caller.say(HOA))["error"] == -230
    assert len(zalo.shown(HOA)) == 2
    zalo.follow(HOA)
    assert (await caller.say(HOA))["error"] == 0
    assert zalo.charged == 55


async def test_eight_are_free_and_the_rest_comes_from_the_accounts_quota(caller: Caller, clock: FakeClock) -> None:
    zalo = caller.zalo
    zalo.say(HOA, "chào")
    zalo.cs_total = 1
    for _ in range(8):
        assert (await caller.say(HOA))["error"] == 0
    mine = (await caller.post(QUOTA, {"user_id": HOA}))["data"]
    assert mine["cs_reply"] == {"remain": 0, "total": 8}
    assert mine["last_interaction"] == str(int(clock.now().timestamp() * 1000))
    assert (await caller.say(HOA))["error"] == 0
    assert (await caller.say(HOA))["error"] == -211
    assert zalo.charged == 55
    owner = {"quota_owner": "OA", "product_type": "cs", "quota_type": "sub_quota"}
    assert [(asset["total"], asset["remain"]) for asset in (await caller.post(QUOTA, owner))["data"]] == [(1, 0)]
    later(caller, clock, days=8)
    zalo.say(HOA, "tháng sau")
    assert zalo.cs_left == 1
    assert (await caller.post(QUOTA, {"user_id": HOA}))["data"]["cs_reply"]["remain"] == 8


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([MENU, LINK, CALL], 0),
        ([MENU] * 5, 0),
        ([MENU] * 6, -210),
        ([{**MENU, "title": "ế" * 100}], 0),
        ([{**MENU, "title": "ế" * 101}], -210),
        ([{**MENU, "title": " "}], -201),
        ([{**MENU, "payload": "x" * 1000}], 0),
        ([{**MENU, "payload": "x" * 1001}], -210),
        ([{**MENU, "payload": {"content": "#menu:2"}}], -201),
        ([{**MENU, "type": "postback"}], -201),
        ([{**LINK, "payload": "https://vinhlong.gov.vn"}], -201),
        ([{**CALL, "payload": {"phone_code": "0270"}}], -201),
        ([{**MENU, "label": "x"}], -201),
        ([], -201),
    ],
)
async def test_buttons_have_their_shape_and_limits(caller: Caller, buttons: list[Any], code: int) -> None:
    caller.zalo.say(HOA, "chào")
    assert (await caller.say(HOA, buttons=buttons))["error"] == code
    assert (await caller.say(HOA, buttons=buttons, template_type="button"))["error"] == code
    assert len(caller.zalo.shown(HOA)) == (0 if code else 2)
    assert (await caller.say(HOA, buttons=[MENU], text="như Facebook"))["error"] == -201
    caller.zalo.buttons_supported = False
    assert (await caller.say(HOA, buttons=[MENU]))["error"] == -233


async def test_a_tapped_query_button_comes_as_text(caller: Caller) -> None:
    zalo = caller.zalo
    zalo.say(HOA, "chào")
    await caller.say(HOA, buttons=[MENU, LINK])
    await caller.say(HOA, "không có nút")
    before = len(zalo.events)
    assert zalo.tap(HOA, "Trang của Sở") == "https://vinhlong.gov.vn"
    assert zalo.tap(HOA, 1) == "#menu:2"
    assert [event["message"]["text"] for event in zalo.events[before:]] == ["#menu:2"]
    with pytest.raises(AssertionError, match="no button 3"):
        zalo.tap(HOA, 3)


@pytest.mark.parametrize(
    ("text", "code"),
    # What was received is counted: two units for what is not in the basic plane, and every combining mark.
    [
        ("ế" * 2000, 0),
        ("ế" * 2001, -210),
        ("😀" * 1000, 0),
        ("😀" * 1001, -210),
        ("e\u0302\u0301" * 667, -210),
        (" ", -201),
    ],
)
async def test_a_text_has_at_most_2000_units(caller: Caller, text: str, code: int) -> None:
    caller.zalo.say(HOA, "chào")
    assert (await caller.say(HOA, text))["error"] == code


async def test_lists_and_forms_have_their_limits(caller: Caller) -> None:
    caller.zalo.say(HOA, "chào")
    element = {"title": "Khuyến công", "subtitle": "Hỗ trợ máy", "image_url": "https://vinhlong.gov.vn/a.png"}

    async def code(kind: str, *elements: object) -> int:
        return int((await caller.say(HOA, "", template_type=kind, elements=list(elements)))["error"])

    assert await code("list", element, {"title": "Xúc tiến"}) == 0
    assert await code("list", {"title": "Xúc tiến"}) == -201
    assert await code("list", *[element] * 6) == -210
    assert await code("list", {**element, "subtitle": "x" * 501}) == -210
    assert await code("request_user_info", element) == 0
    assert await code("request_user_info", element, element) == -201
    assert await code("carousel", element) == -233
    assert [shown.kind for shown in caller.zalo.shown(HOA)] == ["list", "request_user_info"]


async def test_the_webhook_hears_echoes_and_receipts(caller: Caller) -> None:
    zalo = caller.zalo
    said = zalo.say(HOA, "chào")
    quoting = {"text": "Dạ", "quote_message_id": said["message"]["msg_id"]}
    await caller.post(CS, {"recipient": {"user_id": HOA}, "message": quoting})
    zalo.staff_says(HOA, "Tôi là cán bộ")
    shown = zalo.shown(HOA)
    assert shown[0].quote == said["message"]["msg_id"]
    echo, received, seen, typed = zalo.events[1:]
    assert (echo["event_name"], echo["sender"]) == ("oa_send_text", {"id": zalo.oa_id})
    assert echo["message"] == {"text": "Dạ", "msg_id": shown[0].message_id}
    assert (received["event_name"], received["message"]["msg_id"]) == ("user_received_message", shown[0].message_id)
    assert (seen["event_name"], seen["message"]["msg_ids"]) == ("user_seen_message", [shown[0].message_id])
    assert (typed["event_name"], set(typed["sender"])) == ("oa_send_text", {"id", "admin_id"})
    zalo.echoes = zalo.receipts = False
    await caller.say(HOA)
    assert zalo.events[-1] is typed


async def test_people_who_cannot_be_written_to(caller: Caller) -> None:
    zalo = caller.zalo
    zalo.say(HOA, "chào")
    zalo.restrict(HOA)
    assert (await caller.say(HOA))["error"] == -244
    zalo.restrict(HOA, -227)
    assert (await caller.say(HOA))["error"] == -227
    zalo.restrict(HOA, 0)
    assert (await caller.say(HOA))["error"] == 0
    wrong: dict[str, Any] = {"recipient": {}, "message": {"text": "a"}}
    assert (await caller.post(CS, wrong))["error"] == -201


async def test_old_paths_are_shut(caller: Caller) -> None:
    zalo = caller.zalo
    said = zalo.say(HOA, "chào")["message"]["msg_id"]
    body: dict[str, Any] = {"recipient": {"user_id": HOA}, "message": {"text": "a"}}
    for path in ("/v3.0/oa/message/transaction", "/v3.0/oa/message/promotion", "/v2.0/oa/message"):
        assert (await caller.post(path, body))["error"] == -240
    react = {"react_icon": "/-strong", "react_message_id": said}
    answer = await caller.post("/v2.0/oa/message", {"recipient": {"user_id": HOA}, "sender_action": react})
    assert answer["error"] == 0
    assert zalo.reactions == [{"user_id": HOA, **react}]


async def test_a_template_by_uid_any_time_but_promotion_at_night(caller: Caller, clock: FakeClock) -> None:
    zalo = caller.zalo
    zalo.say(HOA, "chào")
    text = "Kính gửi <company>: hồ sơ <code>"
    zalo.templates["11"] = {"params": {"company": 30, "code": 8}, "tag": 2, "text": text}
    zalo.templates["12"] = {"params": {"company": 30}, "tag": 3}
    zalo.templates["13"] = {"params": {}, "by_uid": False}

    async def code(template: str, **data: str) -> int:
        given = {"user_id": HOA, "template_id": template, "template_data": data}
        return int((await caller.post(ZBS, given))["error"])

    later(caller, clock, days=20, hours=12, minutes=29, seconds=59)
    assert clock.now() == dt.datetime(2026, 12, 13, 21, 59, 59, tzinfo=VIETNAM)
    assert await code("12", company="Dệt may Ánh") == 0
    later(caller, clock, seconds=1)
    assert await code("12", company="Dệt may Ánh") == -234
    assert await code("11", company="Dệt may Ánh", code="A-12") == 0
    assert zalo.shown(HOA)[-1].text == "Kính gửi Dệt may Ánh: hồ sơ A-12"
    assert zalo.charged == 400
    later(caller, clock, hours=8)
    assert await code("12", company="Dệt may Ánh") == 0
    assert await code("11", company="x" * 31, code="A") == -210
    assert await code("11", company="x") == -201
    assert await code("13") == -249
    assert await code("14") == -201
    zalo.zbs_per_day = 0
    assert await code("12", company="Dệt may Ánh") == -211
    info = (await caller.get("/template/info/v2", template_id="11"))["data"]
    assert [(item["name"], item["maxLength"]) for item in info["listParams"]] == [("company", 30), ("code", 8)]
    assert info["templateTag"] == "CUSTOMER_CARE"


async def test_a_template_by_phone(caller: Caller) -> None:
    zalo, phone = caller.zalo, "84987654321"
    zalo.templates["11"] = {"params": {"code": 8}}

    async def sent(**more: object) -> Any:
        body = {"phone": phone, "template_id": "11", "template_data": {"code": "A"}, "tracking_id": "t1", **more}
        return await caller.post("/message/template", body)

    answer = await sent()
    assert answer["data"]["quota"] == {"dailyQuota": "500", "remainingQuota": "499"}
    assert zalo.shown(phone)[0].message_id == answer["data"]["msg_id"]
    assert zalo.events[-1]["message"]["tracking_id"] == "t1"
    assert [(await sent(**more))["error"] for more in ({"phone": "0987654321"}, {"template_id": "12"})] == [-108, -109]
    assert (await sent(template_data={"code": "x" * 9}))["error"] == -1124
    assert (await sent(template_data={}))["error"] == -1122
    zalo.without_zalo.add(phone)
    assert (await sent())["error"] == -118
