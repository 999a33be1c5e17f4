"""What the Zalo Bot channel sends: as people see it, and what the sender learns where it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from unicodedata import normalize

import pytest
from structlog.testing import capture_logs

from bot.channels.zalo_bot import ZaloBotChannel
from bot.errors import Ambiguous, Halted, Refused, SendError, TryLater, UsedUp
from handlers.message import Card, Choice, File, Link, Reply
from tests.fakes.zalo_bot_house import HINT, HOA, PLACE, channel_of, out
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server

Break = Callable[[ZaloBotServer], object]
OFFER = Reply("Việc nào?", (Choice("a", "Mua máy"), Choice("b", "Khác")))


@pytest.fixture
async def server() -> AsyncIterator[ZaloBotServer]:
    async with zalo_bot_server() as server:
        server.meet(HOA)
        yield server


@pytest.fixture
async def channel(server: ZaloBotServer) -> AsyncIterator[ZaloBotChannel]:
    channel = channel_of(server)
    yield channel
    await channel.stop()


async def test_choices_are_numbered_and_the_platforms_id_comes_back(
    server: ZaloBotServer, channel: ZaloBotChannel
) -> None:
    card = Card("7F3K2Q", "mới", (Choice("lead:7F3K2Q:claim", "Nhận"),))
    number = await channel.send(out(replace(OFFER, cards=(card,), links=(Link("Mẫu", "https://vidu.vn/a_b*c*"),))))
    (shown,) = server.shown(HOA)
    assert shown.message_id == number
    assert shown.text == (
        f"Việc nào?\n\n7F3K2Q\nmới\n1. Nhận\n\nMẫu: https://vidu.vn/a_b*c*\n\n2. Mua máy\n3. Khác\n\n{HINT}"
    )
    (call,) = await server.called("sendMessage")
    assert call.keys() == {"chat_id", "text"}, "plain text: an address keeps its marks"


async def test_a_notice_shows_no_numbers_for_they_would_mean_nothing(
    server: ZaloBotServer, channel: ZaloBotChannel
) -> None:
    await channel.send(out(OFFER, lane="notice"))
    assert [shown.text for shown in server.shown(HOA)] == ["Việc nào?"]


async def test_a_text_goes_out_composed(server: ZaloBotServer, channel: ZaloBotChannel) -> None:
    text = "Sở Công Thương tỉnh Vĩnh Long"
    await channel.send(out(Reply(normalize("NFD", text))))
    assert [shown.text for shown in server.shown(HOA)] == [text]


@pytest.mark.parametrize("text", ["Một câu trả lời dài. " * 240, "🌾" * 2400], ids=["words", "emoji"])
async def test_a_long_text_goes_out_in_parts_that_zalo_takes(
    server: ZaloBotServer, channel: ZaloBotChannel, text: str
) -> None:
    number = await channel.send(out(Reply(text)))
    parts = server.shown(HOA)
    assert len(parts) == 3
    assert "".join(part.text for part in parts).replace(" ", "") == text.replace(" ", "")
    assert number == parts[-1].message_id


@pytest.mark.parametrize(
    "break_it",
    [
        lambda server: server.fail("sendMessage", 403),
        lambda server: server.fail("sendMessage", 429),
        lambda server: server.fail("sendMessage", drop=True),
    ],
    ids=["later", "halted", "ambiguous"],
)
async def test_a_second_try_goes_on_where_the_first_one_ended(
    server: ZaloBotServer, channel: ZaloBotChannel, break_it: Break
) -> None:
    message = out(Reply("Một câu trả lời dài. " * 240))
    gate = server.hold("sendMessage")
    sending = asyncio.create_task(channel.send(message))
    await server.called("sendMessage", 1)
    gate.set()
    gate.clear()
    await server.called("sendMessage", 2)
    break_it(server)
    gate.set()
    with pytest.raises((TryLater, Ambiguous, Halted)):
        await sending
    assert len(server.shown(HOA)) == 1
    await channel.send(message)
    assert len(server.shown(HOA)) == 3, "no part twice"
    await channel.send(message)
    assert len(server.shown(HOA)) == 6, "what went out whole is forgotten"


async def test_pictures_follow_the_text_and_other_forms_are_addresses_in_it(server: ZaloBotServer) -> None:
    files = (
        File("map.PNG", "photo", "Sơ đồ (map.PNG)"),
        File("don.docx", "document", "Đơn (don.docx)"),
        File("gone.pdf", "document", "Tờ khai (gone.pdf)"),
        File("gone.jpg", "photo", "Ảnh (gone.jpg)"),
    )
    channel = channel_of(server, forms=("map.PNG", "don.docx"))
    message = out(Reply("Mẫu đơn:", (Choice("a", "Tiếp"),), files=files))
    server.fail("sendPhoto", 403)
    with pytest.raises(TryLater):
        await channel.send(message)
    number = await channel.send(message)
    await channel.stop()
    text, picture = server.shown(HOA)
    assert text.text == (
        f"Mẫu đơn:\n\nSơ đồ (map.PNG): {PLACE}/map.PNG\nĐơn (don.docx): {PLACE}/don.docx\n"
        f"Tờ khai (gone.pdf)\nẢnh (gone.jpg)\n\n1. Tiếp\n\n{HINT}"
    )
    assert (picture.photo, picture.message_id) == (f"{PLACE}/map.PNG", number)
    assert [call["photo"] for call in await server.called("sendPhoto")] == [f"{PLACE}/map.PNG"] * 2


async def test_a_picture_that_zalo_refuses_is_left_as_its_address(server: ZaloBotServer) -> None:
    channel = channel_of(server, forms=("map.png",), place="https://upload.wikimedia.org")
    with capture_logs() as lines:
        number = await channel.send(out(Reply("Đây ạ:", files=(File("map.png", "photo", "Sơ đồ"),))))
    await channel.stop()
    (text,) = server.shown(HOA)
    assert text.text == "Đây ạ:\n\nSơ đồ: https://upload.wikimedia.org/map.png"
    assert number == text.message_id
    assert [line["event"] for line in lines] == ["zalo_bot.picture_refused"]


async def test_nothing_to_say_is_refused_by_us_already(server: ZaloBotServer, channel: ZaloBotChannel) -> None:
    with pytest.raises(Refused):
        await channel.send(out(Reply(" ")))
    assert not server.calls


FAILURES: dict[str, tuple[Break, type[SendError]]] = {
    "bad request": (lambda server: server.fail("sendMessage", 400), Refused),
    "not found": (lambda server: server.fail("sendMessage", 404), Refused),
    "never wrote": (lambda server: server.chats.clear(), Refused),
    "token": (lambda server: server.fail("sendMessage", 401), Halted),
    "month used up": (lambda server: setattr(server.quota, "messages", 0), UsedUp),
    "people used up": (lambda server: setattr(server.quota, "people", 0), UsedUp),
    "their mistake": (lambda server: server.fail("sendMessage", 403), TryLater),
    "server error": (lambda server: server.fail("sendMessage", 500), TryLater),
    "unknown code": (lambda server: server.fail("sendMessage", 499), TryLater),
    "gateway's page": (lambda server: server.fail("sendMessage", status=502), TryLater),
    "somebody else's 401": (lambda server: server.fail("sendMessage", status=401), TryLater),
    "page with 200": (lambda server: server.fail("sendMessage", html="<html>nginx</html>"), TryLater),
    "timed out there": (lambda server: server.fail("sendMessage", 408), Ambiguous),
    "dropped connection": (lambda server: server.fail("sendMessage", drop=True), Ambiguous),
    "answer lost": (lambda server: server.fail("sendMessage", late=True), Ambiguous),
    "no answer in time": (lambda server: server.hold("sendMessage"), Ambiguous),
}


@pytest.mark.parametrize("http_errors", [False, True], ids=["200", "status"])
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_tells_the_sender_what_to_do(server: ZaloBotServer, failure: str, http_errors: bool) -> None:
    fail, expected = FAILURES[failure]
    server.http_errors = http_errors
    fail(server)
    channel = channel_of(server, read_seconds=0.2)
    with pytest.raises(SendError) as caught:
        await channel.send(out(Reply("chào")))
    await channel.stop()
    assert type(caught.value) is expected
    if "used up" in failure:
        assert isinstance(caught.value, Halted)
        assert caught.value.after == 6 * 3600
        assert "next month" in caught.value.mend


async def test_nothing_was_sent_where_nobody_answers(server: ZaloBotServer, channel: ZaloBotChannel) -> None:
    await server.stop()
    with pytest.raises(TryLater):
        await channel.send(out(Reply("chào")))
    await server.start()
    assert await channel.send(out(Reply("chào"))), "it goes out once the way is open"
