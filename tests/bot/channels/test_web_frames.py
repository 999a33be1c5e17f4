"""The frames of the web chat: what is read, what is refused, what is shown."""

import datetime as dt
import json

import pytest

from bot.channels.base import Said
from bot.channels.web_frames import Ack, FrameError, Hello, Say, chat_of, parse, read, shown
from bot.clock import VIETNAM
from handlers.message import Address, Card, Choice, File, Inbound, Link, Reply

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM)
TOKEN = "A" * 22


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
    links, files = (Link("L", "https://example.vn"),), (File("don.docx", "document", "Đơn (don.docx)"),)
    reply = Reply("T", (Choice("a", "A"),), (Card("K", "k", (Choice("b", "B"),)),), links, files)
    assert shown(Said(4, True, reply, NOW), "c", "vi") == {
        "type": "message",
        "message": 4,
        "text": "T",
        "choices": [{"id": "a", "label": "A"}],
        "cards": [{"title": "K", "text": "k", "choices": [{"id": "b", "label": "B"}]}],
        "links": [{"label": "L", "url": "https://example.vn"}],
        "files": [{"name": "Đơn (don.docx)", "url": "forms/don.docx"}],
        "at": "2026-11-23T09:30:00+07:00",
        "language": "vi",
    }
    assert set(shown(Said(4, True, Reply("T"), NOW), "c")) == {"type", "message", "text", "at"}


def test_own_words_come_back_with_the_id_the_page_gave_them() -> None:
    frame = shown(Said(3, False, Reply("mua máy"), NOW, "c0ffee:a1"), "c0ffee")
    assert (frame["type"], frame["id"], frame["message"], frame["text"]) == ("said", "a1", 3, "mua máy")
