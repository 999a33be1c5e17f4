"""What every channel must do: take in once and in order, show everything, lose nothing, end politely."""

import datetime as dt
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.channels.base import Outgoing
from bot.errors import Away
from handlers.message import Card, Choice, Inbound, Link, Reply
from tests.fakes.seats import Seat, seat_at

#: Every channel; a new one needs a seat in tests/fakes/seats.py and a word here.
CHANNELS = ("terminal", "web", "telegram", "zalo-oa", "zalo-bot")
#: Those that know whether somebody is there; the others hand a message to their platform, which keeps it.
KNOW_WHO_IS_AWAY = ("terminal", "web")
#: Whose platform may not repeat what is refused: they take in until they are stopped.
TAKES_TO_THE_END = ("zalo-oa",)
OFFER = Reply("Anh/chị chọn giúp em.", (Choice("entry:a", "Mua máy"), Choice("entry:b", "Gặp cán bộ")))
LONG = "\n\n".join(f"Đoạn {number}. Sở hỗ trợ tối đa; không phải cam kết, tùy dự toán 🏭." * 4 for number in range(60))


@pytest.fixture(params=CHANNELS)
async def seat(request: pytest.FixtureRequest) -> AsyncIterator[Seat]:
    """A seat at every channel, one after the other."""
    async with seat_at(request.param) as seat:
        yield seat


def out(seat: Seat, reply: Reply, number: int = 900) -> Outgoing:
    """A message on its way to the person."""
    return Outgoing(number, f"told/{number}", seat.address, reply, "vi")


def chosen(inbound: Inbound, reply: Reply) -> str:
    """The id of the choice a person meant, tapped or typed by its number."""
    return inbound.choice or reply.offered[int(inbound.text) - 1].id


async def greet(seat: Seat) -> None:
    """Begin a talk; its answer is there before anything else is sent."""
    await seat.say("chào")
    await seat.sees("Anh/chị nói: chào")


def without_blanks(text: str) -> str:
    """A text as far as it must not get lost."""
    return re.sub(r"\s", "", text)


class TestChannel:
    """The contract."""

    async def test_a_text_arrives_once_with_its_address_and_nothing_made_up(self, seat: Seat) -> None:
        before = dt.datetime.fromtimestamp(0, dt.UTC)
        await seat.say("Mua máy ép nhựa – “ế” ạ 🏭")
        (inbound,) = seat.house.taken.values()
        assert inbound.id
        assert inbound.author
        assert inbound.sent_at > before
        bare = replace(inbound, id="", author="", sent_at=before)
        assert bare == Inbound("", seat.address, "", "text", before, "Mua máy ép nhựa – “ế” ạ 🏭")

    async def test_what_is_said_at_once_is_taken_in_order(self, seat: Seat) -> None:
        await seat.say("chào")
        await seat.say(*(f"câu {number}" for number in range(5)))
        said = [inbound.text for inbound in seat.house.taken.values()]
        assert said == ["chào", *(f"câu {number}" for number in range(5))]
        assert len(seat.house.offered) == len(said)

    async def test_a_choice_offered_can_be_chosen(self, seat: Seat) -> None:
        seat.house.rule = lambda inbound: [OFFER]
        await seat.say("chào")
        await seat.sees("Gặp cán bộ")
        await seat.pick(2)
        assert chosen(seat.house.offered[-1], OFFER) == "entry:b"
        assert seat.house.offered[-1].address == seat.address

    async def test_send_returns_and_the_person_sees_text_cards_links_and_choices(self, seat: Seat) -> None:
        await greet(seat)
        cards = (Card("7F3K2Q", "Mua máy ép", (Choice("lead:7F3K2Q:claim", "Nhận 7F3K2Q"),)),)
        await seat.channel.send(out(seat, replace(OFFER, cards=cards, links=(Link("Văn bản", "https://vbpl.vn/1"),))))
        for words in ("chọn giúp em.", "Mua máy ép", "Nhận 7F3K2Q", "Văn bản: https://vbpl.vn/1", "Gặp cán bộ"):
            await seat.sees(words)

    async def test_a_long_text_arrives_whole(self, seat: Seat) -> None:
        await greet(seat)
        await seat.channel.send(out(seat, Reply(LONG, OFFER.choices)))
        await seat.sees("Đoạn 59.")
        assert without_blanks(LONG) in without_blanks(seat.screen())
        await seat.sees("Gặp cán bộ")

    async def test_markup_is_shown_as_it_is_written(self, seat: Seat) -> None:
        await seat.say("<b>chào</b> &amp; *chào*")
        await seat.sees("Anh/chị nói: <b>chào</b> &amp; *chào*")
        await seat.channel.send(out(seat, Reply("<b>Sở</b> &amp; <script>1</script> *Sở* _x_ [a](b)")))
        await seat.sees("<b>Sở</b> &amp; <script>1</script> *Sở* _x_ [a](b)")
        assert seat.house.offered[-1].text == "<b>chào</b> &amp; *chào*"

    async def test_replies_are_seen_in_the_order_they_were_sent(self, seat: Seat) -> None:
        seat.house.rule = lambda inbound: [Reply(f"{inbound.text} {number}.") for number in range(4)]
        await seat.say("tin")
        await seat.sees("tin 3.")
        assert re.findall(r"tin \d", seat.screen()) == ["tin 0", "tin 1", "tin 2", "tin 3"]

    async def test_what_could_not_be_stored_is_not_lost(self, seat: Seat) -> None:
        await seat.say("chào")
        seat.house.full = True
        await seat.say("mua máy")
        assert [inbound.text for inbound in seat.house.taken.values()] == ["chào"]
        seat.house.full = False
        await seat.again()
        await seat.sees("Anh/chị nói: mua máy")
        assert [inbound.text for inbound in seat.house.taken.values()] == ["chào", "mua máy"]

    async def test_quiet_takes_nothing_more_but_sending_works(self, seat: Seat) -> None:
        await greet(seat)
        await seat.channel.quiet()
        await seat.try_to_say("mua máy")
        await seat.channel.send(out(seat, Reply("Hẹn gặp lại.")))
        await seat.sees("Hẹn gặp lại.")
        late = ["mua máy"] if seat.channel.name in TAKES_TO_THE_END else []
        assert [inbound.text for inbound in seat.house.offered] == ["chào", *late]

    async def test_stopping_twice_does_no_harm(self, seat: Seat) -> None:
        await seat.say("chào")
        await seat.channel.quiet()
        await seat.channel.stop()
        await seat.channel.stop()

    async def test_a_channel_that_never_began_can_be_stopped(self, seat: Seat) -> None:
        fresh = seat.fresh()
        await fresh.quiet()
        await fresh.stop()
        await fresh.stop()

    async def test_its_abilities_can_be_used(self, seat: Seat) -> None:
        abilities, address = seat.channel.abilities, seat.address
        assert (seat.channel.name, seat.channel.account) == (address.channel, address.account)
        assert abilities.buttons >= 0
        assert min(abilities.label, abilities.text, abilities.per_second) > 0


@pytest.mark.parametrize("channel", KNOW_WHO_IS_AWAY)
async def test_a_message_for_nobody_there_waits(channel: str) -> None:
    async with seat_at(channel) as seat:
        assert seat.elsewhere
        with pytest.raises(Away):
            await seat.channel.send(replace(out(seat, OFFER), address=seat.elsewhere))


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name != "terminal"])
async def test_what_the_platform_offers_again_has_the_same_id(channel: str) -> None:
    # A keyboard types nothing twice by itself.
    async with seat_at(channel) as seat:
        await seat.say("chào")
        seat.house.full = True
        await seat.say("mua máy")
        seat.house.full = False
        await seat.again()
        first, *others = [inbound for inbound in seat.house.offered if inbound.text == "mua máy"]
        assert others
        assert {inbound.id for inbound in others} == {first.id}
