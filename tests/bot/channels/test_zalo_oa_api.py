"""Every call of the Official Account's API against the fake: what leaves, what comes back, and whatever goes wrong."""

import datetime as dt
import json
from collections.abc import AsyncIterator

import pytest

from bot.channels.zalo_oa_api import OaInfo, PersonQuota, Sent, TemplateInfo, ZaloOaApi, ZaloOaError, ZaloOaUnreachable
from bot.clock import from_ms
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

HOA = "246845883529197922"
CS, QUOTA, GETOA = "/v3.0/oa/message/cs", "/v3.0/oa/quota/message", "/v2.0/oa/getoa"
INFO = "/template/info/v2"


class Purse:
    """Gives access tokens, the next one where one was refused, and keeps what was asked."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)
        self.asked: list[str] = []

    async def token(self, refused: str = "") -> str:
        """The first token; without the refused one."""
        self.asked.append(refused)
        if refused == self._tokens[0] and len(self._tokens) > 1:
            self._tokens.pop(0)
        return self._tokens[0]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as server:
        server.receipts = server.echoes = False
        server.say(HOA, "chào")
        server.templates["12"] = {"params": {"noi_dung": 30, "ma": 8}, "tag": 1}
        yield server


@pytest.fixture
def purse(zalo: ZaloOaServer) -> Purse:
    return Purse(zalo.grant()[0])


@pytest.fixture
async def api(zalo: ZaloOaServer, purse: Purse) -> AsyncIterator[ZaloOaApi]:
    opened = ZaloOaApi(purse.token, openapi_url=f"{zalo.url}/", business_url=zalo.url, read_seconds=5)
    yield opened
    await opened.close()


async def test_a_consultation_message(zalo: ZaloOaServer, api: ZaloOaApi, purse: Purse) -> None:
    sent = await api.send_cs(HOA, {"text": "Chào chị"})
    assert sent == Sent(zalo.shown(HOA)[-1].message_id)
    (call,) = zalo.calls
    assert (call.path, call.body) == (CS, {"recipient": {"user_id": HOA}, "message": {"text": "Chào chị"}})
    assert call.headers["content-type"].startswith("application/json")
    assert call.headers["access_token"] == await purse.token()
    assert "authorization" not in call.headers
    assert call.headers["user-agent"] == "cau-noi"


async def test_a_template_by_id_and_by_telephone_number(zalo: ZaloOaServer, api: ZaloOaApi) -> None:
    data = {"noi_dung": "Hồ sơ đã xong", "ma": "A-1"}
    assert (await api.send_template(HOA, "12", data)).message_id == zalo.shown(HOA)[-1].message_id
    # Here Zalo calls its id msg_id.
    by_phone = await api.send_template_phone("84912345678", "12", data, "k" * 48)
    assert by_phone.message_id == zalo.shown("84912345678")[-1].message_id != ""
    assert [(call.path, call.body) for call in zalo.calls] == [
        ("/v3.0/oa/message/template", {"user_id": HOA, "template_id": "12", "template_data": data}),
        (
            "/message/template",
            {"phone": "84912345678", "template_id": "12", "template_data": data, "tracking_id": "k" * 48},
        ),
    ]


async def test_an_app_may_demand_a_proof(zalo: ZaloOaServer, api: ZaloOaApi, purse: Purse) -> None:
    zalo.proof_required = True
    with pytest.raises(ZaloOaError, match="-242"):
        await api.get_oa()
    proving = ZaloOaApi(purse.token, openapi_url=zalo.url, business_url=zalo.url, app_secret=zalo.app_secret)
    assert (await proving.get_oa()).oa_id == zalo.oa_id
    assert (await proving.upload_file(b"%PDF", "a.pdf")) in zalo.uploads
    await proving.close()


async def test_uploads(zalo: ZaloOaServer, api: ZaloOaApi) -> None:
    picture = await api.upload_image(b"\x89PNG....", "ảnh 1.png")
    paper = await api.upload_file(b"%PDF-1.7", "mẫu đơn.pdf")
    assert [zalo.uploads[id][0] for id in (picture, paper)] == ["image", "file"]
    assert [(call.path, call.body) for call in zalo.calls] == [
        ("/v2.0/oa/upload/image", {"file": {"name": "ảnh 1.png", "size": 8}}),
        ("/v2.0/oa/upload/file", {"file": {"name": "mẫu đơn.pdf", "size": 8}}),
    ]
    with pytest.raises(ZaloOaError, match="-210"):
        await api.upload_file(bytes(5_000_001), "lớn.pdf")


async def test_an_upload_without_an_id_is_to_be_repeated(zalo: ZaloOaServer, api: ZaloOaApi) -> None:
    for call in (api.upload_image(b"\x89PNG", "a.png"), api.upload_file(b"%PDF", "a.pdf")):
        kind = "image" if not zalo.calls else "file"
        zalo.fail(f"/v2.0/oa/upload/{kind}", html='{"error": 0, "data": {}}')
        with pytest.raises(ZaloOaUnreachable) as told:
            await call
        assert not told.value.sent


async def test_the_quota_of_a_person(zalo: ZaloOaServer, api: ZaloOaApi, clock: FakeClock) -> None:
    assert await api.quota(HOA) == PersonQuota(clock.now(), 8)
    assert zalo.calls[-1].body == {"user_id": HOA}
    with pytest.raises(ZaloOaError) as told:
        await api.quota("1")
    assert (told.value.code, told.value.api) == (-213, QUOTA)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"last_interaction": 1795458626239, "cs_reply": {"remain": "3", "total": 8}}, (1795458626239, 3)),
        ({"last_interaction": "0", "cs_reply": {"remain": 0, "total": "8"}}, (None, 0)),
        ({"last_interaction": "gestern", "cs_reply": []}, (None, None)),
        ({"last_interaction": 10**30, "cs_reply": {"remain": None, "total": True}}, (None, None)),
        ({}, (None, None)),
        (None, (None, None)),
        ([], (None, None)),
    ],
)
async def test_a_quota_in_another_shape(
    zalo: ZaloOaServer, api: ZaloOaApi, data: object, found: tuple[int | None, int | None]
) -> None:
    zalo.fail(QUOTA, html=json.dumps({"error": 0, "message": "Success", "data": data}))
    last, left = found
    assert await api.quota(HOA) == PersonQuota(from_ms(last) if last else None, left)


async def test_what_is_left_of_the_account(zalo: ZaloOaServer, api: ZaloOaApi) -> None:
    assert await api.oa_quota() == (500,)
    assert zalo.calls[-1].body == {"quota_owner": "OA", "product_type": "cs", "quota_type": "sub_quota"}
    for data, left in (([{"remain": "7"}, {"remain": 0}, {}, 3], (7, 0)), ({}, ()), ("none", ()), (None, ())):
        zalo.fail(QUOTA, html=json.dumps({"error": 0, "data": data}))
        assert await api.oa_quota() == left


async def test_the_account(zalo: ZaloOaServer, api: ZaloOaApi, clock: FakeClock) -> None:
    until = f"{clock.now() + dt.timedelta(days=180):%d/%m/%Y}"
    assert await api.get_oa() == OaInfo(zalo.oa_id, zalo.name, True, "4", "Growth", until)
    assert zalo.calls[-1].body == {}
    for data, info in (
        ({"oaid": 388613280878808645, "is_verified": "true"}, OaInfo("388613280878808645", "", True)),
        ({"oa_id": "1", "name": ["x"], "is_verified": "false"}, OaInfo("1", "")),
        (None, OaInfo("", "")),
    ):
        zalo.fail(GETOA, html=json.dumps({"error": 0, "data": data}))
        assert await api.get_oa() == info


async def test_a_template_and_its_parameters(zalo: ZaloOaServer, api: ZaloOaApi) -> None:
    assert await api.template_info("12") == TemplateInfo("ENABLE", {"noi_dung": 30, "ma": 8})
    # This host takes its parameters as they are.
    assert (zalo.calls[-1].path, zalo.calls[-1].body) == (INFO, {"template_id": "12"})
    with pytest.raises(ZaloOaError, match="-109"):
        await api.template_info("13")
    for listed, longest in (([{"name": "a"}, {"name": "b", "maxLength": "9"}], {"a": 0, "b": 9}), ({}, {}), (None, {})):
        zalo.fail(INFO, html=json.dumps({"error": 0, "data": {"listParams": listed}}))
        assert await api.template_info("12") == TemplateInfo(longest=longest)


@pytest.mark.parametrize(
    ("data", "id"),
    [
        ({"message_id": 96373265236523652365}, "96373265236523652365"),
        ({"msg_id": "a1"}, "a1"),
        ({"message_id": True}, ""),
        ({"message_id": None}, ""),
        ({}, ""),
        ([], ""),
        (None, ""),
    ],
)
async def test_a_message_that_is_out_is_out_whatever_its_answer_looks_like(
    zalo: ZaloOaServer, api: ZaloOaApi, data: object, id: str
) -> None:
    zalo.fail(CS, html=json.dumps({"error": "0", "data": data}))
    assert await api.send_cs(HOA, {"text": "a"}) == Sent(id)
    zalo.fail(CS, html='{"error": 0}')
    assert await api.send_cs(HOA, {"text": "a"}) == Sent()


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ({"error": -213, "message": "User has not followed"}, -213, "User has not followed"),
        ({"error": "-32", "message": ""}, -32, ""),
        ({"error": -201, "message": {"a": 1}}, -201, ""),
        ({"error": 999}, 999, ""),
        ({"error": None}, -1, ""),
        ({"error": "no number", "message": "x"}, -1, "x"),
        ({"error": -248, "message": "a\n  b " + "x" * 500}, -248, "a b " + "x" * 196),
    ],
)
async def test_zalo_says_no(
    zalo: ZaloOaServer, api: ZaloOaApi, answer: dict[str, object], code: int, words: str
) -> None:
    zalo.fail(CS, html=json.dumps(answer))
    with pytest.raises(ZaloOaError) as told:
        await api.send_cs(HOA, {"text": "a"})
    error = told.value
    assert (error.code, error.message, error.api, str(error)) == (code, words, CS, f"{CS}: {code} {words}")
    assert len(zalo.calls) == 1
