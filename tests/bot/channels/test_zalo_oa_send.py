"""What the Official Account's channel sends: as people see it, and what the sender learns where it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from unicodedata import normalize

import pytest
from structlog.testing import capture_logs

from bot.channels.zalo_oa import ZaloOaChannel
from bot.errors import Ambiguous, Closed, Gone, Halted, Refused, SendError, TryLater
from handlers.message import Card, Choice, Link, Reply
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_house import CS, HOA, WORDS, ZaloOaHouse, answer_to, channel_of, opened, out, surroundings_of
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

Break = Callable[[ZaloOaServer], object]
HINT = WORDS["hint"]
OFFER = Reply("Việc nào?", (Choice("a", "Mua máy"), Choice("b", "Khác")))
LONG = "Một câu trả lời dài. " * 240


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as zalo:
        zalo.echoes = zalo.receipts = False
        zalo.say(HOA, "chào")
        yield zalo


@pytest.fixture
def house(zalo: ZaloOaServer, clock: FakeClock) -> ZaloOaHouse:
    return ZaloOaHouse(zalo, clock)


@pytest.fixture
async def channel(zalo: ZaloOaServer, house: ZaloOaHouse) -> AsyncIterator[ZaloOaChannel]:
    async with opened(zalo, house) as channel:
        yield channel


def titles(zalo: ZaloOaServer) -> list[list[str]]:
    """The buttons below each message Hoa sees."""
    return [[button.title for button in shown.buttons] for shown in zalo.shown(HOA)]


# As people see it.


async def test_a_short_text_is_one_message_and_its_id_comes_back(zalo: ZaloOaServer, channel: ZaloOaChannel) -> None:
    number = await channel.send(out(Reply("Chào anh/chị.", links=(Link("Mẫu", "https://vidu.vn/a_b*c*"),))))
    (shown,) = zalo.shown(HOA)
    assert (shown.message_id, shown.kind, shown.buttons) == (number, "text", ())
    assert shown.text == "Chào anh/chị.\n\nMẫu: https://vidu.vn/a_b*c*"
    assert [call["message"].keys() for call in await zalo.called(CS)] == [{"text"}]


async def test_up_to_four_choices_are_buttons_and_numbered(zalo: ZaloOaServer, channel: ZaloOaChannel) -> None:
    card = Card("7F3K2Q", "mới", (Choice("lead:7F3K2Q:claim", "Nhận"),))
    await channel.send(out(replace(OFFER, cards=(card,))))
    (shown,) = zalo.shown(HOA)
    assert shown.text == f"Việc nào?\n\n7F3K2Q\nmới\n1. Nhận\n\n2. Mua máy\n3. Khác\n\n{HINT}"
    assert titles(zalo) == [["Nhận", "Mua máy", "Khác"]]
    assert shown.buttons[0].payload == "#chon:lead:7F3K2Q:claim"
    assert {button.type for button in shown.buttons} == {"oa.query.hide"}, "the payload is not for people's eyes"


@pytest.mark.parametrize(("count", "buttons"), [(4, 4), (5, 0)])
async def test_more_than_four_choices_are_numbered_only(
    zalo: ZaloOaServer, channel: ZaloOaChannel, count: int, buttons: int
) -> None:
    choices = tuple(Choice(f"c{number}", f"Việc {number}") for number in range(1, count + 1))
    await channel.send(out(Reply("Việc nào?", choices)))
    (shown,) = zalo.shown(HOA)
    assert len(shown.buttons) == buttons
    assert f"{count}. Việc {count}\n\n{HINT}" in shown.text


async def test_a_notice_has_buttons_and_no_numbers(zalo: ZaloOaServer, channel: ZaloOaChannel) -> None:
    await channel.send(out(OFFER, lane="notice"))
    assert [shown.text for shown in zalo.shown(HOA)] == ["Việc nào?"]
    assert titles(zalo) == [["Mua máy", "Khác"]]


@pytest.mark.parametrize("text", [LONG, "🌾" * 2400], ids=["words", "emoji"])
async def test_a_long_text_goes_out_in_parts_with_the_buttons_below_the_last(
    zalo: ZaloOaServer, channel: ZaloOaChannel, text: str
) -> None:
    number = await channel.send(out(replace(OFFER, text=text)))
    parts = zalo.shown(HOA)
    assert len(parts) == 3
    assert titles(zalo) == [[], [], ["Mua máy", "Khác"]]
    assert parts[-1].message_id == number
    whole = f"{text}1.Mua máy2.Khác{HINT}"
    assert "".join("".join(part.text.split()) for part in parts) == "".join(whole.split())


async def test_a_text_is_counted_after_it_was_composed(zalo: ZaloOaServer, channel: ZaloOaChannel) -> None:
    text = ("Sở Công Thương tỉnh Vĩnh Long " * 65).strip()
    apart = normalize("NFD", text)
    assert len(text) <= 2000 < len(apart)
    await channel.send(out(Reply(apart, (Choice("a", normalize("NFD", "Gặp cán bộ")),)), key="k"))
    assert [shown.text.partition("\n")[0] for shown in zalo.shown(HOA)] == [text]
    assert titles(zalo) == [["Gặp cán bộ"]]


async def test_an_answer_is_quoted_only_if_the_person_wrote_again_since(
    zalo: ZaloOaServer, channel: ZaloOaChannel
) -> None:
    first = zalo.say(HOA, "mua máy")
    await zalo.settled()
    await channel.send(out(Reply("Dạ."), key=answer_to(first)))
    second = zalo.say(HOA, "vay vốn")
    await zalo.settled()
    await channel.send(out(Reply(LONG), key=answer_to(first)))
    await channel.send(out(Reply("Dạ."), key=answer_to(second)))
    await channel.send(out(Reply("Tin."), key=answer_to(first), lane="notice"))
    await channel.send(out(Reply("Tin."), key="lead:7F3K2Q:taken:1"))
    quotes = [shown.quote for shown in zalo.shown(HOA)]
    number = first["message"]["msg_id"]
    assert quotes == ["", number, "", "", "", "", ""], "above the first part, once"


async def test_what_zalo_delivers_late_is_not_the_newest(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    house.broken = [RuntimeError("once")]
    late = zalo.say(HOA, "trước")
    await zalo.until(lambda: zalo.waiting)
    newest = zalo.say(HOA, "sau")
    await house.was_offered(2)
    clock.advance(30)
    await zalo.tick()
    await channel.send(out(Reply("Dạ."), key=answer_to(newest)))
    await channel.send(out(Reply("Dạ."), key=answer_to(late)))
    assert [shown.quote for shown in zalo.shown(HOA)] == ["", late["message"]["msg_id"]]


async def test_an_answer_that_is_faster_than_the_store_is_not_quoted(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel
) -> None:
    zalo.say(HOA, "mua máy")
    await zalo.settled()
    house.gate.clear()
    newest = zalo.say(HOA, "vay vốn")
    await house.was_offered(2)
    await channel.send(out(Reply("Dạ."), key=answer_to(newest)))
    house.gate.set()
    assert [shown.quote for shown in zalo.shown(HOA)] == [""]


async def test_an_event_without_a_message_cannot_be_quoted(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel
) -> None:
    zalo.follow(HOA)
    zalo.say(HOA, "chào")
    await zalo.settled()
    joined = next(inbound for inbound in house.taken if inbound.kind == "joined")
    await channel.send(out(Reply("Chào anh/chị."), key=f"zalo-oa/{zalo.oa_id}/{joined.id}/0"))
    assert [shown.quote for shown in zalo.shown(HOA)] == [""]


async def test_what_is_no_message_of_the_persons_makes_no_answer_unclear(
    zalo: ZaloOaServer, channel: ZaloOaChannel
) -> None:
    said = zalo.say(HOA, "mua máy")
    zalo.staff_says(HOA, "Tôi là cán bộ")
    zalo.follow(HOA)
    zalo.submit_info(HOA, "Lan", "84912345678")
    await zalo.settled()
    await channel.send(out(Reply("Dạ."), key=answer_to(said)))
    assert [shown.quote for shown in zalo.shown(HOA)] == ["", ""]


async def test_an_answer_whose_quote_is_refused_goes_without(zalo: ZaloOaServer, channel: ZaloOaChannel) -> None:
    first = zalo.say(HOA, "mua máy")
    zalo.say(HOA, "vay vốn")
    await zalo.settled()
    zalo.fail(CS, -201, "quote_message_id is invalid")
    await channel.send(out(Reply("Dạ."), key=answer_to(first)))
    assert [(shown.text, shown.quote) for shown in zalo.shown(HOA)] == [("Dạ.", "")]


async def test_where_zalo_takes_no_buttons_the_text_goes_without_and_none_are_tried_later(
    zalo: ZaloOaServer, channel: ZaloOaChannel
) -> None:
    zalo.buttons_supported = False
    gate = zalo.hold(CS)
    with capture_logs() as lines:
        # Two at once: the second learns it from Zalo too.
        sending = [asyncio.create_task(channel.send(out(OFFER, key=key))) for key in ("one", "two")]
        await zalo.until(lambda: zalo.held[CS] == 2)
        gate.set()
        await asyncio.gather(*sending)
        await channel.send(out(OFFER, key="three"))
    assert [shown.text for shown in zalo.shown(HOA)] == [f"Việc nào?\n\n1. Mua máy\n2. Khác\n\n{HINT}"] * 3
    assert titles(zalo) == [[], [], []]
    assert ["attachment" in call["message"] for call in await zalo.called(CS)] == [True, True, False, False, False]
    assert [line["event"] for line in lines] == ["zalo_oa.no_buttons"]


# Where it fails.


@pytest.mark.parametrize(
    "break_it",
    [lambda zalo: zalo.fail(CS, -200), lambda zalo: zalo.fail(CS, drop=True), lambda zalo: zalo.fail(CS, -204)],
    ids=["later", "ambiguous", "halted"],
)
async def test_a_second_try_goes_on_where_the_first_one_ended(
    zalo: ZaloOaServer, channel: ZaloOaChannel, break_it: Break
) -> None:
    message = out(Reply(LONG, OFFER.choices))
    gate = zalo.hold(CS)
    sending = asyncio.create_task(channel.send(message))
    await zalo.called(CS, 1)
    gate.set()
    gate.clear()
    await zalo.called(CS, 2)
    break_it(zalo)
    gate.set()
    with pytest.raises((TryLater, Ambiguous, Halted)):
        await sending
    assert len(zalo.shown(HOA)) == 1
    await channel.send(message)
    assert len(zalo.shown(HOA)) == 3, "no part twice"
    assert "".join("".join(shown.text.split()) for shown in zalo.shown(HOA)).startswith("".join(LONG.split()))


async def test_a_token_that_ends_within_a_long_message_is_renewed_once(
    zalo: ZaloOaServer, channel: ZaloOaChannel, clock: FakeClock
) -> None:
    gate = zalo.hold(CS)
    sending = asyncio.create_task(channel.send(out(Reply(LONG))))
    await zalo.until(lambda: zalo.held[CS])
    gate.set()
    gate.clear()
    await zalo.called(CS, 2)
    clock.advance(26 * 3600)
    gate.set()
    await sending
    assert len(zalo.shown(HOA)) == 3
    assert zalo.refreshes == 1
    assert len({call.headers["access_token"] for call in zalo.calls if call.path == CS}) == 2


FAILURES: dict[str, tuple[Break, type[SendError]]] = {
    "too often": (lambda zalo: zalo.fail(CS, -32, "rate limit"), TryLater),
    "failed there": (lambda zalo: zalo.fail(CS, -200), TryLater),
    "night": (lambda zalo: zalo.fail(CS, -234), TryLater),
    "gateway's page": (lambda zalo: zalo.fail(CS, html="<html>502</html>", status=502), TryLater),
    "page with 200": (lambda zalo: zalo.fail(CS, html="<html>nginx</html>"), Ambiguous),
    "dropped connection": (lambda zalo: zalo.fail(CS, drop=True), Ambiguous),
    "answer lost": (lambda zalo: zalo.fail(CS, late=True), Ambiguous),
    "no answer in time": (lambda zalo: zalo.hold(CS), Ambiguous),
    "bad field": (lambda zalo: zalo.fail(CS, -201), Refused),
    "restricted": (lambda zalo: zalo.restrict(HOA, -244), Closed),
    "never wrote": (lambda zalo: zalo.people.clear(), Closed),
    "banned": (lambda zalo: zalo.restrict(HOA, -227), Gone),
    "out of quota": (lambda zalo: zalo.fail(CS, -211), Closed),
    "policy": (lambda zalo: zalo.fail(CS, -248), Halted),
    "no package": (lambda zalo: setattr(zalo, "package", "standard"), Halted),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_tells_the_sender_what_to_do(zalo: ZaloOaServer, house: ZaloOaHouse, failure: str) -> None:
    fail, expected = FAILURES[failure]
    fail(zalo)
    channel = channel_of(zalo, surroundings_of(house), read_seconds=0.2)
    with pytest.raises(SendError) as caught:
        await channel.send(out(Reply("chào")))
    await channel.stop()
    assert type(caught.value) is expected
    assert len(zalo.calls) == 1, "nothing is repeated by itself"
    if isinstance(caught.value, Halted):
        assert caught.value.mend


async def test_nothing_was_sent_where_nobody_answers(zalo: ZaloOaServer, channel: ZaloOaChannel) -> None:
    await zalo.stop()
    with pytest.raises(TryLater):
        await channel.send(out(Reply("chào")))
    await zalo.start()
    assert await channel.send(out(Reply("chào"))), "it goes out once the way is open"
