"""The web channel over a real WebSocket: nothing lost, nothing doubled, nobody known."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.channels.base import Outgoing, Said
from bot.channels.web_frames import chat_of
from bot.channels.web_limits import WebLimits
from bot.clock import VIETNAM
from bot.errors import Away
from handlers.message import Address, Reply
from tests.fakes.web_client import Lost, WebVisitor
from tests.fakes.web_house import WebHouse, keys, open_house

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM)
TOKEN = "A" * 22


@pytest.fixture
async def house() -> AsyncIterator[WebHouse]:
    """An open house with short patience."""
    async with open_house(WebHouse(keys, limits=WebLimits(ack_seconds=0.2))) as found:
        yield found


def out(visitor: WebVisitor, number: int, text: str = "x") -> Outgoing:
    """A message on its way to a visitor."""
    assert visitor.token is not None
    chat = chat_of(visitor.token)
    assert chat is not None
    return Outgoing(number, f"k{number}", Address("web", "site", chat), Reply(text), "vi")


async def test_a_mere_look_at_the_page_leaves_no_trace(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        assert [frame["type"] for frame in visitor.frames] == ["ready"]
    assert (house.taken, house.woken, house.queries) == ({}, [], 0)


async def test_a_question_is_answered_and_the_answer_counts_as_sent(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        assert await visitor.say("mua máy") == "stored"
        answer = await visitor.next()
        assert answer.text == "Anh/chị nói: mua máy"
        assert answer.choices == (("entry:a", "Mua máy"), ("entry:b", "Gặp cán bộ"))
        assert await visitor.tap(2) == "stored"
        await visitor.next()
        await house.settled()
        chat = out(visitor, 1).address.chat
        assert not house.unsent[chat]
    first, second = house.taken.values()
    assert (first.kind, first.text, first.address) == ("text", "mua máy", Address("web", "site", chat))
    assert (second.kind, second.choice, second.text) == ("choice", "entry:b", "Gặp cán bộ")


async def test_a_message_is_acknowledged_only_once_it_is_durable(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        house.gate.clear()
        saying = asyncio.create_task(visitor.say("mua máy"))
        await visitor.frame("typing")
        assert not saying.done()
        assert [frame["type"] for frame in visitor.frames] == ["ready", "token", "typing"]
        house.gate.set()
        assert await saying == "stored"


async def test_the_token_is_kept_by_the_browser_alone(house: WebHouse) -> None:
    with capture_logs() as logs:
        async with WebVisitor(house.url) as visitor:
            await visitor.say("mua máy")
            await visitor.next()
            house.broken = RuntimeError("mua máy")
            assert await visitor.say("bí mật") == "refused"
            house.broken = None
            await visitor.send("bí mật")
            await visitor.frame("error")
            token = visitor.token
    assert token is not None
    written = repr((logs, house.taken, house.talks))
    assert token not in written
    assert "mua máy" not in repr(logs)
    assert "bí mật" not in repr(logs)
    assert [line["event"] for line in logs] == ["web.take_failed"]


async def test_nobody_there_is_said_at_once(house: WebHouse) -> None:
    with pytest.raises(Away):
        await house.channel.send(out(WebVisitor(house.url, token=TOKEN), 1))


async def test_a_message_nobody_shows_is_given_up_and_a_late_acknowledgement_wakes_the_sender(
    house: WebHouse,
) -> None:
    async with WebVisitor(house.url, token=TOKEN, acks=False) as visitor:
        assert len(house.woken) == 1
        with pytest.raises(Away, match=r"within 0\.2 s"):
            await house.channel.send(out(visitor, 5))
        await visitor.send({"type": "ack", "message": 5})
        await visitor.send({"type": "ping"})
        await visitor.frame("pong")
        assert len(house.woken) == 2
        assert await house.channel.send(out(visitor, 5)) == ""
        assert len([frame for frame in visitor.frames if frame["type"] == "message"]) == 1


async def test_made_up_acknowledgements_count_for_nothing(house: WebHouse) -> None:
    async with WebVisitor(house.url, token=TOKEN, acks=False) as visitor:
        await visitor.send({"type": "ack", "message": 5})
        await visitor.send({"type": "ping"})
        await visitor.frame("pong")
        with pytest.raises(Away):
            await house.channel.send(out(visitor, 5))


async def test_a_page_that_is_closed_while_a_message_waits_is_noticed_at_once(house: WebHouse) -> None:
    patient = WebHouse(keys, limits=WebLimits(ack_seconds=60))
    async with open_house(patient):
        visitor = WebVisitor(patient.url, token=TOKEN, acks=False)
        await visitor.open()
        sending = asyncio.create_task(patient.channel.send(out(visitor, 5)))
        await visitor.frame("message")
        await visitor.drop()
        with pytest.raises(Away, match="closed"):
            await asyncio.wait_for(sending, 5)


async def test_what_was_missed_is_shown_in_order_and_then_counts_as_sent(house: WebHouse) -> None:
    visitor = WebVisitor(house.url)
    await visitor.open()
    await visitor.say("một")
    await visitor.next()
    await house.settled()
    await visitor.drop()
    address = next(iter(house.taken.values())).address
    for text in ("hai", "ba"):
        house.tell(address, Reply(text))
    assert len(house.unsent[address.chat]) == 2
    await visitor.open()
    await house.settled()
    assert not house.unsent[address.chat]
    assert [bubble.text for bubble in visitor.bubbles] == ["một", "Anh/chị nói: một", "hai", "ba"]
    kinds = [frame["type"] for frame in visitor.frames]
    assert kinds.count("message") == 3, "nothing goes over one connection twice"
    assert house.woken[-1] == address
    await visitor.close()


async def test_a_reloaded_page_gets_the_whole_talk_again(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        await visitor.say("một")
        await visitor.next()
    async with WebVisitor(house.url, token=visitor.token) as again:
        assert [(b.ours, b.text, b.number) for b in again.bubbles] == [
            (False, "một", 1),
            (True, "Anh/chị nói: một", 2),
        ]


async def test_only_the_newest_messages_are_shown_again() -> None:
    async with open_house(WebHouse(keys, rule=lambda _: (), limits=WebLimits(history=2))) as house:
        async with WebVisitor(house.url) as visitor:
            for text in ("một", "hai", "ba"):
                await visitor.say(text)
        async with WebVisitor(house.url, token=visitor.token) as again:
            assert [bubble.text for bubble in again.bubbles] == ["hai", "ba"]


async def test_a_message_under_way_when_the_line_breaks_is_taken_in_once(house: WebHouse) -> None:
    visitor = WebVisitor(house.url)
    await visitor.open()
    house.gate.clear()
    saying = asyncio.create_task(visitor.say("mua máy"))
    await visitor.frame("typing")
    await visitor.drop()
    with pytest.raises(Lost):
        await saying
    house.gate.set()
    await visitor.open()
    assert (await visitor.next()).text == "Anh/chị nói: mua máy"
    assert (len(house.taken), visitor.unsent) == (1, {})
    await visitor.close()


async def test_the_same_message_twice_is_one_message(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        assert [await visitor.say("mua máy", id="one"), await visitor.say("mua máy", id="one")] == ["stored"] * 2
        await visitor.next()
        assert [frame["type"] for frame in visitor.frames].count("message") == 1
    assert len(house.taken) == 1


async def test_messages_of_one_page_keep_their_order(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        await visitor.say("0")
        house.gate.clear()
        for n in range(1, 10):
            await visitor.send({"type": "say", "id": str(n), "text": str(n)})
        house.gate.set()
        await visitor.until(lambda: [f["type"] for f in visitor.frames].count("stored") == 10)
    assert [inbound.text for inbound in house.taken.values()] == [str(n) for n in range(10)]


async def test_a_full_store_is_told_and_the_message_can_go_again(house: WebHouse) -> None:
    async with WebVisitor(house.url, language="en") as visitor:
        house.full = True
        assert await visitor.say("mua máy", id="one") == "refused"
        assert (await visitor.frame("refused"))["text"] == "en: not_stored"
        house.full = False
        assert await visitor.say("mua máy", id="one") == "stored"
    assert len(house.taken) == 1


async def test_a_bug_in_the_house_costs_one_message_only(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        house.broken = KeyError("bug")
        assert await visitor.say("một") == "refused"
        house.broken = None
        assert await visitor.say("hai") == "stored"


async def test_a_store_that_cannot_be_read_asks_the_page_to_come_back(house: WebHouse) -> None:
    house.broken = RuntimeError("away")
    visitor = WebVisitor(house.url, token=TOKEN)
    with pytest.raises(Lost) as lost:
        await visitor.open()
    assert lost.value.code == 1013
    assert visitor.frames[-1] == {"type": "error", "text": "vi: away"}
    await visitor.close()


async def test_a_token_that_is_none_of_ours_begins_anew(house: WebHouse) -> None:
    async with WebVisitor(house.url, token="' OR 1=1 --") as visitor:
        assert visitor.frames[0] == {"type": "again", "text": "vi: forgotten"}
        assert await visitor.say("mua máy") == "stored"
        assert visitor.token != "' OR 1=1 --"


async def test_two_pages_of_one_visitor_show_the_same_talk(house: WebHouse) -> None:
    async with WebVisitor(house.url) as one:
        await one.say("một")
        await one.next()
        async with WebVisitor(house.url, token=one.token) as two:
            await one.say("hai")
            await two.until(lambda: len(two.bubbles) == 4)
            await two.say("ba")
            await one.until(lambda: len(one.bubbles) == 6)
            texts = ["một", "Anh/chị nói: một", "hai", "Anh/chị nói: hai", "ba", "Anh/chị nói: ba"]
            await two.until(lambda: len(two.bubbles) == 6)
            assert [bubble.text for bubble in two.bubbles] == texts
            assert [bubble.text for bubble in one.bubbles] == texts


async def test_what_was_said_on_one_page_stands_above_its_answer_on_the_other_even_if_the_answer_is_quicker(
    house: WebHouse,
) -> None:
    async with WebVisitor(house.url, token=TOKEN) as one, WebVisitor(house.url, token=TOKEN):
        address = out(one, 2).address
        house.talks[address.chat].append(Said(1, False, Reply("mua máy"), NOW, f"{address.chat}:a"))
        await house.channel.send(out(one, 2, "Có."))
        assert (await one.next()).text == "Có."
        assert [bubble.text for bubble in one.bubbles] == ["mua máy", "Có."]


async def test_a_silent_second_page_does_not_hold_up_the_first(house: WebHouse) -> None:
    async with (
        WebVisitor(house.url, token=TOKEN) as one,
        WebVisitor(house.url, token=TOKEN, acks=False) as two,
    ):
        assert await house.channel.send(out(two, 5)) == ""
        assert (await one.next()).number == 5


async def test_acknowledgements_do_not_wait_for_messages_being_taken_in(house: WebHouse) -> None:
    async with WebVisitor(house.url, token=TOKEN) as visitor:
        house.gate.clear()
        await visitor.send({"type": "say", "id": "a", "text": "x"})
        await visitor.frame("typing")
        assert await house.channel.send(out(visitor, 5)) == ""
        house.gate.set()


async def test_when_it_goes_quiet_what_was_taken_is_finished_and_the_rest_is_kept_by_the_page(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        house.gate.clear()
        first = asyncio.create_task(visitor.say("một"))
        await visitor.frame("typing")
        quiet = asyncio.create_task(house.channel.quiet())
        await visitor.send({"type": "say", "id": "b", "text": "hai"})
        assert (await visitor.frame("slow"))["id"] == "b"
        assert not quiet.done()
        house.gate.set()
        await quiet
        assert await first == "stored"
        assert (await visitor.next()).text == "Anh/chị nói: một", "sending still works"


async def test_stopping_says_goodbye_and_the_page_goes_on_after_a_restart(house: WebHouse) -> None:
    visitor = WebVisitor(house.url)
    await visitor.open()
    await visitor.say("một")
    await visitor.next()
    await house.restart()
    assert await visitor.ended() == 1001
    await visitor.open()
    assert await visitor.say("hai") == "stored"
    assert (await visitor.next()).text == "Anh/chị nói: hai"
    assert len(visitor.bubbles) == 4
    await visitor.close()


async def test_stopping_is_safe_before_a_start_and_twice() -> None:
    house = WebHouse(keys)
    await house.channel.quiet()
    await house.channel.stop()
    await house.channel.stop()


async def test_before_the_start_nobody_is_let_in(house: WebHouse) -> None:
    await house.channel.stop()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await WebVisitor(house.url).open()
    assert refused.value.status == 503
