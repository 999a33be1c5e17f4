"""How a reply looks on Telegram: bold titles, the field to share a number, and what Telegram refuses of it."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_outgoing import marked
from bot.errors import TryLater
from handlers.message import Card, Choice, Reply
from tests.fakes.clock import FakeClock
from tests.fakes.telegram_house import HOA, TelegramHouse, channel_of, out
from tests.fakes.telegram_server import TelegramServer, telegram_server

CARD = Card("7F3K2Q · mới", "Cần máy ép <50 tấn> & khuôn")
ASK = Reply("Anh/chị cho em số điện thoại.", (Choice("profile:skip", "Thôi"),), wants_contact=True)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with telegram_server() as server:
        server.meet(HOA)
        yield server


@pytest.fixture
async def channel(server: TelegramServer) -> AsyncIterator[TelegramChannel]:
    channel = channel_of(server)
    yield channel
    await channel.stop()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("chào", ""),
        ("A < B\nTên", "A &lt; B\n<b>Tên</b>"),
        ("Tên khác", ""),
        ('Tên & "x"', ""),
    ],
)
def test_only_whole_lines_that_are_titles_are_marked(text: str, html: str) -> None:
    assert marked(text, {"Tên"}) == html


async def test_titles_are_bold_and_everything_else_stands_as_it_is(
    server: TelegramServer, channel: TelegramChannel
) -> None:
    await channel.send(out(Reply("Một yêu cầu:", cards=(CARD,))))
    (shown,) = server.shown(HOA)
    assert shown.text == "Một yêu cầu:\n\n7F3K2Q · mới\nCần máy ép <50 tấn> & khuôn"
    (call,) = await server.called("sendMessage")
    assert (call["parse_mode"], "<b>7F3K2Q · mới</b>" in call["text"]) == ("HTML", True)


async def test_a_text_whose_markup_is_refused_goes_out_plain(server: TelegramServer, channel: TelegramChannel) -> None:
    server.fail("sendMessage", 400, "Bad Request: can't parse entities: unsupported start tag at byte offset 3")
    with capture_logs() as lines:
        assert await channel.send(out(Reply("Một yêu cầu:", cards=(CARD,))))
    (shown,) = server.shown(HOA)
    assert shown.text.endswith("Cần máy ép <50 tấn> & khuôn")
    assert [line["event"] for line in lines] == ["telegram.markup_refused"]
    assert "parse_mode" not in (await server.called("sendMessage", 2))[1]


async def test_the_number_is_shared_by_one_tap_and_the_field_goes_away(
    server: TelegramServer, channel: TelegramChannel
) -> None:
    house = TelegramHouse(server)
    await channel.start(house.take, lambda address: None)
    await channel.send(out(ASK))
    assert server.people[HOA].keyboard == ("Gửi số của tôi", "Thôi")
    server.press(HOA, "Gửi số của tôi")
    (shared,) = await house.has(1)
    assert shared.contact is not None
    assert (shared.kind, shared.contact.own) == ("contact", True)
    await channel.send(out(Reply("Em đã ghi.")))
    assert server.people[HOA].keyboard == ()
    await channel.send(out(Reply("Và nữa.")))
    calls = await server.called("sendMessage", 3)
    assert ["remove_keyboard" in call.get("reply_markup", "") for call in calls] == [False, True, False]


async def test_the_field_goes_away_also_for_who_types_the_number(
    server: TelegramServer,
) -> None:
    clock = FakeClock()
    channel = channel_of(server, clock=clock)
    await channel.send(out(ASK))
    server.fail("sendMessage", retry_after=1)
    with pytest.raises(TryLater):
        await channel.send(out(Reply("Xem lại giúp em.", (Choice("a", "Đồng ý"),)), key="summary"))
    clock.advance(1)
    await channel.send(out(Reply("Xem lại giúp em.", (Choice("a", "Đồng ý"),)), key="summary"))
    assert server.people[HOA].keyboard == ()
    assert [shown.text for shown in server.shown(HOA)[1:]] == ["Dạ.", "Xem lại giúp em."]
    await channel.send(out(Reply("Xem lại giúp em.", (Choice("a", "Đồng ý"),)), key="again"))
    await channel.stop()
    assert len(server.shown(HOA)) == 4, "said once"


async def test_who_tapped_the_field_hears_no_further_line(server: TelegramServer, channel: TelegramChannel) -> None:
    house = TelegramHouse(server)
    await channel.start(house.take, lambda address: None)
    await channel.send(out(ASK))
    server.press(HOA, "Gửi số của tôi")
    await house.has(1)
    await channel.send(out(Reply("Xem lại giúp em.", (Choice("a", "Đồng ý"),))))
    assert [shown.text for shown in server.shown(HOA)[1:]] == ["Xem lại giúp em."]


async def test_a_choice_in_the_field_is_said(server: TelegramServer, channel: TelegramChannel) -> None:
    house = TelegramHouse(server)
    await channel.start(house.take, lambda address: None)
    await channel.send(out(ASK))
    server.press(HOA, "Thôi")
    (said,) = await house.has(1)
    assert (said.kind, said.text) == ("text", "Thôi")


async def test_a_group_is_never_asked_for_a_number(server: TelegramServer, channel: TelegramChannel) -> None:
    server.found_group(-9)
    await channel.send(out(ASK, -9))
    (shown,) = server.shown_in(-9)
    assert shown.buttons == (("Thôi", "profile:skip"),)


async def test_what_is_told_to_a_topic_stands_there(server: TelegramServer) -> None:
    server.found_group(-1009, "supergroup", topics={7: "Cơ khí"})
    channel = channel_of(server)
    await channel.send(out(Reply("Yêu cầu mới 7F3K2Q"), -1009, thread="7"))
    await channel.stop()
    assert [shown.text for shown in server.shown_in(-1009, 7)] == ["Yêu cầu mới 7F3K2Q"]
    assert server.shown_in(-1009) == []
