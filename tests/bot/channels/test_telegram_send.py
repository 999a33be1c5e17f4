"""What Telegram's channel sends: as people see it, and what the sender learns where it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.channels.telegram import TelegramChannel
from bot.errors import Ambiguous, Closed, Gone, Halted, Refused, SendError, TryLater
from handlers.message import Card, Choice, File, Link, Reply
from tests.fakes.clock import FakeClock
from tests.fakes.telegram_house import HOA, channel_of, out
from tests.fakes.telegram_server import TelegramServer, telegram_server

BUTTON = (Choice("a", "Tiếp"),)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with telegram_server() as server:
        yield server


@pytest.fixture
async def channel(server: TelegramServer) -> AsyncIterator[TelegramChannel]:
    channel = channel_of(server)
    yield channel
    await channel.stop()


async def test_choices_are_one_button_each_and_the_platforms_number_comes_back(
    server: TelegramServer, channel: TelegramChannel
) -> None:
    server.meet(HOA)
    link = Link("Biểu mẫu", "https://vidu.vn/mau")
    number = await channel.send(out(Reply("Việc nào?", (Choice("a", "Mua máy"), Choice("b", "Khác")), links=(link,))))
    (shown,) = server.shown(HOA)
    assert str(shown.number) == number
    assert shown.text == "Việc nào?\n\nBiểu mẫu: https://vidu.vn/mau"
    assert shown.buttons == (("Mua máy", "a"), ("Khác", "b"))
    (call,) = await server.called("sendMessage")
    assert "parse_mode" not in call


async def test_buttons_of_several_cards_tell_which_card_they_mean(
    server: TelegramServer, channel: TelegramChannel
) -> None:
    server.meet(HOA)
    cards = tuple(Card(name, "mới", (Choice(f"lead:{name}:claim", "Nhận"),)) for name in ("AB12", "CD34"))
    await channel.send(out(Reply("Hai yêu cầu:", (Choice("all", "Xem hết"),), cards[:1])))
    await channel.send(out(Reply("Hai yêu cầu:", (Choice("all", "Xem hết"),), cards)))
    one, two = server.shown(HOA)
    assert one.buttons == (("Nhận", "lead:AB12:claim"), ("Xem hết", "all"))
    assert [label for label, _ in two.buttons] == ["Nhận · AB12", "Nhận · CD34", "Xem hết"]
    assert "AB12\nmới" in two.text
    told = tuple(Card(name, "mới", (Choice(f"lead:{name}:claim", f"Nhận {name}"),)) for name in ("AB12", "CD34"))
    await channel.send(out(Reply("Hai yêu cầu:", cards=told)))
    assert [label for label, _ in server.shown(HOA)[2].buttons] == ["Nhận AB12", "Nhận CD34"], "said already"


async def test_a_label_longer_than_a_button_is_shortened(server: TelegramServer, channel: TelegramChannel) -> None:
    server.meet(HOA)
    await channel.send(out(Reply("Việc nào?", (Choice("a", "dài " * 40),))))
    ((label, _),) = server.shown(HOA)[0].buttons
    assert len(label) <= channel.abilities.label
    assert label.endswith("…")


@pytest.mark.parametrize("text", ["Một câu trả lời dài. " * 500, "🌾" * 5000], ids=["words", "emoji"])
async def test_a_long_text_goes_out_in_parts_that_telegram_takes(
    server: TelegramServer, channel: TelegramChannel, text: str
) -> None:
    server.meet(HOA)
    number = await channel.send(out(Reply(text, (Choice("a", "Mua máy"),))))
    parts = server.shown(HOA)
    assert "".join(part.text for part in parts).replace(" ", "") == text.replace(" ", "")
    assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert number == str(parts[-1].number)
    assert len(parts) == 3


async def test_a_long_text_cut_short_goes_on_where_it_ended(server: TelegramServer) -> None:
    clock = FakeClock()
    channel = channel_of(server, clock=clock)
    server.meet(HOA)
    message = out(Reply("Một câu trả lời dài. " * 500))
    gate = server.hold("sendMessage")
    sending = asyncio.create_task(channel.send(message))
    await server.called("sendMessage", 1)
    gate.set()
    gate.clear()
    await server.called("sendMessage", 2)
    server.fail("sendMessage", retry_after=1)
    gate.set()
    with pytest.raises(TryLater):
        await sending
    assert len(server.shown(HOA)) == 1
    clock.advance(1)
    await channel.send(message)
    assert len(server.shown(HOA)) == 3, "no part twice"
    await channel.send(message)
    assert len(server.shown(HOA)) == 6, "what went out whole is forgotten"
    await channel.stop()


async def test_a_form_follows_its_text_and_is_sent_once_though_sending_stumbles(
    server: TelegramServer, tmp_path: Path
) -> None:
    (tmp_path / "don.docx").write_text("mẫu", "utf-8")
    files = (File("don.docx", "document", "Đơn (don.docx)"), File("gone.pdf", "document", "Tờ khai (gone.pdf)"))
    clock = FakeClock()
    channel, message = channel_of(server, forms=tmp_path, clock=clock), out(Reply("Mẫu đơn:", BUTTON, files=files))
    server.meet(HOA)
    server.fail("sendDocument", retry_after=1)
    with pytest.raises(TryLater):
        await channel.send(message)
    clock.advance(1)
    number = await channel.send(message)
    await channel.stop()
    text, paper = server.shown(HOA)
    assert text.text == "Mẫu đơn:\n\nĐơn (don.docx)\nTờ khai (gone.pdf)"
    assert (number, text.buttons, paper.text) == (str(text.number), (("Tiếp", "a"),), "don.docx: mẫu")


async def test_a_message_takes_the_place_of_an_earlier_one(server: TelegramServer, channel: TelegramChannel) -> None:
    server.meet(HOA)
    number = await channel.send(out(Reply("Mới", (Choice("a", "Nhận"),))))
    assert await channel.send(out(Reply("Đã nhận"), replaces=number)) == number
    assert await channel.send(out(Reply("Đã nhận"), replaces=number)) == number, "repeated, it changes nothing"
    assert [(shown.text, shown.buttons) for shown in server.shown(HOA)] == [("Đã nhận", ())]


async def test_where_the_earlier_message_is_gone_a_new_one_is_sent(
    server: TelegramServer, channel: TelegramChannel
) -> None:
    server.meet(HOA)
    number = await channel.send(out(Reply("Đã nhận"), replaces="99"))
    assert [(str(shown.number), shown.text) for shown in server.shown(HOA)] == [(number, "Đã nhận")]


Break = Callable[[TelegramServer], object]
FAILURES: dict[str, tuple[Break, type[SendError]]] = {
    "flood limit": (lambda server: server.fail("sendMessage", retry_after=7), TryLater),
    "blocked": (lambda server: server.block(HOA), Gone),
    "no such chat": (lambda server: server.fail("sendMessage", 400, "Bad Request: chat not found"), Gone),
    "may not write": (lambda server: server.fail("sendMessage", 400, "Bad Request: CHAT_WRITE_FORBIDDEN"), Closed),
    "refused": (lambda server: server.fail("sendMessage", 400, "Bad Request: BUTTON_DATA_INVALID"), Refused),
    "token refused": (lambda server: server.fail("sendMessage", 401, "Unauthorized"), Halted),
    "server error": (lambda server: server.fail("sendMessage", 500), TryLater),
    "gateway's page": (
        lambda server: server.fail("sendMessage", 502, html="<html>4242:not-a-real-one</html>"),
        TryLater,
    ),
    "somebody else's 403": (lambda server: server.fail("sendMessage", 403, html="<html>blocked</html>"), TryLater),
    "dropped connection": (lambda server: server.fail("sendMessage", drop=True), Ambiguous),
    "answer lost": (lambda server: server.fail("sendMessage", drop=True, late=True), Ambiguous),
    "no answer in time": (lambda server: server.hold("sendMessage"), Ambiguous),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_tells_the_sender_what_to_do(server: TelegramServer, failure: str) -> None:
    server.meet(HOA)
    fail, expected = FAILURES[failure]
    fail(server)
    channel = channel_of(server, read_seconds=0.2)
    with pytest.raises(SendError) as caught:
        await channel.send(out(Reply("chào")))
    assert type(caught.value) is expected
    if failure == "flood limit":
        assert isinstance(caught.value, TryLater)
        assert caught.value.after == 7
    await channel.stop()


async def test_nothing_was_sent_where_nobody_answers(server: TelegramServer) -> None:
    server.meet(HOA)
    await server.stop()
    channel = channel_of(server)
    with pytest.raises(TryLater):
        await channel.send(out(Reply("chào")))
    await server.start()
    assert await channel.send(out(Reply("chào"))), "it goes out once the way is open"
    await channel.stop()
