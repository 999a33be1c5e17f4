"""A client somebody else wrote, zalo-sdk, against the fake: so the fake is not tried by its authors alone."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import zalo_sdk.oa  # type: ignore[import-untyped]
import zalo_sdk.zns  # type: ignore[import-untyped]
from zalo_sdk.oa import ZaloAction, ZaloAttachment, ZaloMessageBody, ZaloRecipient

from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

HOA = "246845883529197922"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as zalo:
        zalo.follow(HOA)
        yield zalo


@pytest.fixture
def client(zalo: ZaloOaServer) -> Any:
    access, refresh = zalo.grant()
    return zalo_sdk.oa.Client(zalo.app_id, zalo.app_secret, access, refresh, endpoint_prefix=zalo.url)


async def asked(call: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """What a call answers; the client waits for it, so it does that in a thread."""
    return await asyncio.to_thread(call, *given, **more)


async def test_it_writes_to_a_person(zalo: ZaloOaServer, client: Any) -> None:
    to = ZaloRecipient(user_id=HOA)
    answer = await asked(client.send_message, to, ZaloMessageBody(text="Chào chị"))
    shown = zalo.shown(HOA)[0]
    assert (shown.text, shown.message_id) == ("Chào chị", answer["data"]["message_id"])
    buttons = [{"title": "Thủ tục", "type": "oa.query.show", "payload": "#menu:1"}]
    menu = ZaloMessageBody(text="Chọn", attachment=ZaloAttachment("template", {"buttons": buttons}))
    await asked(client.send_message, to, menu)
    assert [button.title for button in zalo.shown(HOA)[1].buttons] == ["Thủ tục"]
    said = zalo.say(HOA, "dạ")["message"]["msg_id"]
    await asked(client.send_message, to, ZaloMessageBody(text="Vâng", quote_message_id=said))
    assert zalo.shown(HOA)[2].quote == said
    await asked(client.send_message, to, action=ZaloAction("/-strong", said), category="action")
    assert zalo.reactions[0]["react_message_id"] == said


async def test_it_sends_a_file_it_uploaded(zalo: ZaloOaServer, client: Any) -> None:
    up = await asked(client.upload_file, b"%PDF-1.7", "file", "mau-don.pdf", "application/pdf")
    body = ZaloMessageBody(attachment=ZaloAttachment("file", {"token": up["data"]["token"]}))
    await asked(client.send_message, ZaloRecipient(user_id=HOA), body)
    assert zalo.shown(HOA)[0].kind == "file"
    up = await asked(client.upload_file, b"\x89PNG....", "image", "a.png", "image/png")
    assert up["data"]["attachment_id"] in zalo.uploads


async def test_it_looks_people_up(zalo: ZaloOaServer, client: Any) -> None:
    detail = await asked(client.get_user_detail, HOA)
    assert detail["data"]["user_is_follower"] is True
    # Its json.dumps leaves a space, which goes as "+" in the URL.
    assert zalo.calls[-1].body == {"user_id": HOA}
    found = await asked(client.get_list, {"offset": 0, "count": 50, "is_follower": "true"})
    assert found["data"]["users"] == [{"user_id": HOA}]


async def test_it_asks_for_quotas(client: Any) -> None:
    mine = await asked(client.get_zalo_user_quotas, HOA)
    assert mine["data"]["cs_reply"] == {"remain": 8, "total": 8}
    ours = await asked(client.get_zalo_oa_quotas, "OA", "cs", "sub_quota")
    assert ours["data"][0]["remain"] == 500


async def test_it_keeps_tags(client: Any) -> None:
    await asked(client.tag_follower, HOA, "dệt may")
    assert (await asked(client.get_tags_of_oa))["data"] == ["dệt may"]
    await asked(client.rm_follower_from_tag, HOA, "dệt may")
    detail = await asked(client.get_user_detail, HOA)
    assert detail["data"]["tags_and_notes_info"]["tag_names"] == []
    await asked(client.rm_tag, "dệt may")
    assert (await asked(client.get_tags_of_oa))["data"] == []


async def test_it_takes_our_refusals_for_zalos(zalo: ZaloOaServer, client: Any, clock: FakeClock) -> None:
    to, body = ZaloRecipient(user_id=HOA), ZaloMessageBody(text="Chào chị")
    with pytest.raises(zalo_sdk.ZaloOAException, match="-240"):
        await asked(client.send_message, to, body, category="transaction")
    clock.advance(dt.timedelta(hours=25))
    with pytest.raises(zalo_sdk.ZaloOAAuthTokenExpiredException):
        await asked(client.send_message, to, body)
    client.access_token, client.refresh_token = zalo.grant()
    await asked(client.send_message, to, body)
    clock.advance(dt.timedelta(days=7))
    client.access_token, client.refresh_token = zalo.grant()
    with pytest.raises(zalo_sdk.ZaloOAException, match="7 days"):
        await asked(client.send_message, to, body)


async def test_it_sends_a_template_by_phone(zalo: ZaloOaServer) -> None:
    zalo.templates["11"] = {"params": {"code": 8}, "tag": 2}
    access, refresh = zalo.grant()
    client = zalo_sdk.zns.Client(zalo.app_id, zalo.app_secret, access, refresh, endpoint_prefix=zalo.url)
    listed = await asked(client.get_template_list, 0, 10)
    assert [template["templateId"] for template in listed["data"]] == ["11"]
    answer = await asked(client.send_zns_message, "84987654321", "11", {"code": "A-12"}, tracking_id="t1")
    assert zalo.shown("84987654321")[0].message_id == answer["data"]["msg_id"]
    zalo.revoke()
    with pytest.raises(zalo_sdk.ZaloOAAuthTokenExpiredException):
        await asked(client.get_template_list, 0, 10)
