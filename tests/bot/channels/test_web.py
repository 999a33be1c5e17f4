"""The web channel over a real WebSocket: nothing lost, nothing doubled, nobody known, nobody flooded."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from bot.channels.base import Outgoing, Said
from bot.channels.web_connection import Connection
from bot.channels.web_frames import Ack, FrameError, Hello, Say, chat_of, parse, read, shown
from bot.channels.web_limits import Buckets, WebLimits, remote_of
from bot.clock import VIETNAM
from bot.errors import Away
from handlers.message import Address, Card, Choice, Inbound, Link, Reply
from handlers.person import Language
from tests.fakes.web_client import Lost, WebVisitor
from tests.fakes.web_house import WebHouse

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM)
KEYS = ("slow", "not_stored", "forgotten", "unreadable", "crowded", "away", "title", "subtitle")
TOKEN = "A" * 22


class SetClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> dt.datetime:
        return NOW + dt.timedelta(seconds=self.seconds)

    def steady(self) -> float:
        return self.seconds


def words(language: Language) -> Mapping[str, str]:
    """Sentences that tell which one was chosen."""
    return {key: f"{language}: {key}" for key in KEYS}


@pytest.fixture
async def house() -> AsyncIterator[WebHouse]:
    """An open house with short patience."""
    async with opened(WebHouse(words, limits=WebLimits(ack_seconds=0.2))) as open_house:
        yield open_house


class opened:
    """Starts a house and stops it whatever happens."""

    def __init__(self, house: WebHouse) -> None:
        self.house = house

    async def __aenter__(self) -> WebHouse:
        await self.house.start()
        return self.house

    async def __aexit__(self, *_: object) -> None:
        await self.house.stop()


def out(visitor: WebVisitor, number: int, text: str = "x") -> Outgoing:
    """A message on its way to a visitor."""
    assert visitor.token is not None
    chat = chat_of(visitor.token)
    assert chat is not None
    return Outgoing(number, f"k{number}", Address("web", "site", chat), Reply(text), "vi")


# What the frames mean


def test_a_frame_of_each_kind_is_read() -> None:
    assert parse('{"type":"hello","token":null,"cursor":3,"language":"en"}') == Hello(None, 3, "en")
    assert parse('{"type":"hello","token":"t","cursor":0,"language":"xx"}') == Hello("t", 0, "vi")
    assert parse('{"type":"say","id":"a-1","text":" mua máy "}') == Say("a-1", " mua máy ")
    assert parse('{"type":"choose","id":"a","choice":"entry:x","label":"X"}') == Say("a", "X", "entry:x")
    assert parse('{"type":"ack","message":7}') == Ack(7)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "[]",
        "1",
        "[" * 100_000,
        "9" * 5000,
        '{"type":["say"]}',
        '{"type":"shout"}',
        '{"type":"say","id":"","text":"x"}',
        '{"type":"say","id":"a b","text":"x"}',
        json.dumps({"type": "say", "id": "a" * 65, "text": "x"}),
        '{"type":"say","id":"a","text":"  \\u0000 "}',
        '{"type":"say","id":"a","text":5}',
        '{"type":"say","id":"a\\n","text":"x"}',
        json.dumps({"type": "choose", "id": "a", "choice": "đ" * 33, "label": "x"}),
        '{"type":"choose","id":"a","choice":"c"}',
        '{"type":"ack","message":-1}',
        '{"type":"ack","message":true}',
        '{"type":"ack","message":1e3}',
        '{"type":"ack","message":9007199254740992}',
        '{"type":"hello","cursor":null}',
        '{"type":"hello","token":5,"cursor":0}',
    ],
)
def test_anything_else_is_an_error_that_quotes_nothing(raw: str) -> None:
    with pytest.raises(FrameError) as raised:
        parse(raw)
    assert len(str(raised.value)) < 60


def test_words_that_no_database_could_keep_are_mended() -> None:
    assert parse('{"type":"say","id":"a","text":"a\\u0000b\\ud800c"}') == Say("a", "ab?c")


def test_a_message_becomes_an_update_named_by_its_chat() -> None:
    address = Address("web", "site", "c0ffee")
    assert read(Say("a1", "mua máy"), address, NOW) == Inbound("c0ffee:a1", address, "c0ffee", "text", NOW, "mua máy")
    tapped = Inbound("c0ffee:a2", address, "c0ffee", "choice", NOW, "Mua máy", "entry:x")
    assert read(Say("a2", "Mua máy", "entry:x"), address, NOW) == tapped


def test_a_chat_is_the_hash_of_a_token_and_of_nothing_else() -> None:
    chat = chat_of(TOKEN)
    assert chat is not None
    assert len(chat) == 32
    assert chat == chat_of(TOKEN) != chat_of("B" * 22)
    assert [chat_of(bad) for bad in ("", "short", "A" * 23, "A" * 21 + "é", TOKEN + "\n")] == [None] * 5


def test_a_reply_is_shown_with_all_its_parts_and_without_empty_ones() -> None:
    reply = Reply("T", (Choice("a", "A"),), (Card("K", "k", (Choice("b", "B"),)),), (Link("L", "https://example.vn"),))
    assert shown(Said(4, True, reply, NOW), "c", "vi") == {
        "type": "message",
        "message": 4,
        "text": "T",
        "choices": [{"id": "a", "label": "A"}],
        "cards": [{"title": "K", "text": "k", "choices": [{"id": "b", "label": "B"}]}],
        "links": [{"label": "L", "url": "https://example.vn"}],
        "at": "2026-11-23T09:30:00+07:00",
        "language": "vi",
    }
    assert set(shown(Said(4, True, Reply("T"), NOW), "c")) == {"type", "message", "text", "at"}


def test_own_words_come_back_with_the_id_the_page_gave_them() -> None:
    frame = shown(Said(3, False, Reply("mua máy"), NOW, "c0ffee:a1"), "c0ffee")
    assert (frame["type"], frame["id"], frame["message"], frame["text"]) == ("said", "a1", 3, "mua máy")


# How much is let in


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    clock = SetClock()
    buckets = Buckets(3, 30, clock.steady)
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.wait("a") == 2
    assert buckets.wait("b") == 0
    clock.seconds += 2
    assert buckets.wait("a") == 0
    assert buckets.wait("a") == 2


def test_full_buckets_are_forgotten() -> None:
    clock = SetClock()
    buckets = Buckets(1, 60, clock.steady)
    for n in range(Buckets.MANY):
        buckets.wait(str(n))
    clock.seconds += 5
    buckets.wait("one more")
    assert len(buckets._left) == 1


@pytest.mark.parametrize(
    ("forwarded", "trust", "network"),
    [
        (None, True, "127.0.0.1"),
        ("203.0.113.9", False, "127.0.0.1"),
        ("203.0.113.9", True, "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", True, "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", True, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", True, "203.0.113.9"),
        ("unknown", True, "unknown"),
    ],
)
def test_the_network_of_a_visitor_is_what_our_own_proxy_wrote_last(
    forwarded: str | None, trust: bool, network: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote="127.0.0.1")
    assert remote_of(request, trust_forwarded_for=trust) == network


def test_a_page_that_does_not_read_is_disconnected() -> None:
    connection = Connection(web.WebSocketResponse(), "r", WebLimits(unread=3))
    for _ in range(3):
        connection.push({"type": "pong"})
    assert connection.code is None
    connection.push({"type": "pong"})
    assert connection.code == 1013


# A talk


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
    patient = WebHouse(words, limits=WebLimits(ack_seconds=60))
    async with opened(patient):
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
    async with opened(WebHouse(words, rule=lambda _: (), limits=WebLimits(history=2))) as house:
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


# What a page must not do


@pytest.mark.parametrize("raw", [b"\x00", "{", '{"type":"shout"}', '{"type":"say","id":"a","text":"x"}'])
async def test_what_cannot_be_read_is_answered_politely_and_five_in_a_row_end_the_connection(
    house: WebHouse, raw: str | bytes
) -> None:
    async with WebVisitor(house.url) as visitor:
        for _ in range(4):
            await visitor.send(raw)
        await visitor.send({"type": "ping"})
        await visitor.frame("pong")
        assert visitor.frames[1:5] == [{"type": "error", "text": "vi: unreadable"}] * 4
        for _ in range(5):
            await visitor.send(raw)
        assert await visitor.ended() == 1008
        assert len(visitor.frames) == 11


async def test_a_second_hello_is_refused(house: WebHouse) -> None:
    async with WebVisitor(house.url, token=TOKEN) as visitor:
        await visitor.send({"type": "hello", "token": "B" * 22, "cursor": 0, "language": "vi"})
        await visitor.frame("error")


async def test_a_long_text_passes_and_a_frame_beyond_the_limit_ends_the_connection(house: WebHouse) -> None:
    async with WebVisitor(house.url) as visitor:
        assert await visitor.say("đ" * 100_000) == "stored"
        await visitor.next()
        with pytest.raises((Lost, ConnectionError)):
            await visitor.say("x" * (512 * 1024))
        assert await visitor.ended() in (1009, 1006)
    assert [len(inbound.text) for inbound in house.taken.values()] == [100_000]


async def test_a_hasty_visitor_is_slowed_down_and_loses_nothing() -> None:
    clock = SetClock()
    async with (
        opened(WebHouse(words, clock=clock, limits=WebLimits(burst=2, per_minute=60))) as house,
        WebVisitor(house.url) as visitor,
        WebVisitor(house.url) as other,
    ):
        await visitor.say("một")
        await visitor.say("hai")
        await visitor.send({"type": "say", "id": "c", "text": "ba"})
        slow = await visitor.frame("slow")
        assert slow == {"type": "slow", "id": "c", "after": 1, "text": "vi: slow"}
        assert await other.say("một") == "stored", "others are not held up"
        clock.seconds += 1
        assert await visitor.say("ba", id="c") == "stored"
    assert [inbound.text for inbound in house.taken.values()] == ["một", "hai", "một", "ba"]


async def test_one_network_address_has_a_rate_of_its_own() -> None:
    limits = WebLimits(address_per_minute=4)
    async with (
        opened(WebHouse(words, clock=SetClock(), limits=limits, trust_forwarded_for=True)) as house,
        WebVisitor(house.url) as visitor,
    ):
        await visitor.say("hello, begin and this make three")
        await visitor.say("four")
        await visitor.send({"type": "say", "id": "c", "text": "five"})
        assert (await visitor.frame("slow"))["after"] == 15
        late = WebVisitor(house.url)
        with pytest.raises(Lost) as lost:
            await late.open()
        assert lost.value.code == 1013
        assert late.frames == [{"type": "error", "text": "vi: crowded"}]
        await late.close()
        await late.open(headers={"X-Forwarded-For": "203.0.113.9"})
        assert await late.say("from elsewhere") == "stored"
        await late.close()


async def test_one_network_address_has_only_so_many_connections() -> None:
    async with opened(WebHouse(words, limits=WebLimits(address_sockets=2))) as house:
        async with WebVisitor(house.url), WebVisitor(house.url):
            third = WebVisitor(house.url)
            with pytest.raises(Lost) as lost:
                await third.open()
            assert (lost.value.code, third.frames) == (1013, [{"type": "error", "text": "vi: crowded"}])
            await third.close()
        async with WebVisitor(house.url) as later:
            assert await later.say("mua máy") == "stored"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example"])
async def test_a_foreign_page_cannot_talk_for_a_visitor(house: WebHouse, origin: str) -> None:
    visitor = WebVisitor(house.url)
    with capture_logs() as logs, pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await visitor.open(headers={"Origin": origin})
    assert refused.value.status == 403
    assert logs[0]["mend"] == "allowed_origins"


async def test_an_allowed_origin_may() -> None:
    async with opened(WebHouse(words, allowed_origins=("https://sct.example.vn",))) as house:
        visitor = WebVisitor(house.url)
        await visitor.open(headers={"Origin": "https://sct.example.vn"})
        assert await visitor.say("mua máy") == "stored"
        await visitor.close()


# Beginning and end


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
    house = WebHouse(words)
    await house.channel.quiet()
    await house.channel.stop()
    await house.channel.stop()


async def test_before_the_start_nobody_is_let_in(house: WebHouse) -> None:
    await house.channel.stop()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await WebVisitor(house.url).open()
    assert refused.value.status == 503
