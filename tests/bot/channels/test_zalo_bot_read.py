"""Every kind of update as the Zalo Bot Platform tells it, and what the bot reads in it."""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo_bot_read import FILES, TEXT, event_of, read
from bot.clock import VIETNAM
from handlers.message import Address, File, Inbound, InboundKind

EXAMPLES = Path(__file__).parents[2] / "examples" / "zalo_bot"
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM)
SENT = dt.datetime.fromtimestamp(1795401000.123, VIETNAM)
PERSON = "6ede9afa66b88fe6d6a9"


def said(number: int, kind: InboundKind, text: str = "", *files: File) -> Inbound:
    """What the person of the examples said."""
    address = Address("zalo-bot", "123456789", PERSON)
    return Inbound(f"2d758cb5e222177a4e{number:02}", address, PERSON, kind, SENT, text, files=files)


EXPECTED: dict[str, Inbound | None] = {
    "text": said(1, "text", "mua máy mới có được hỗ trợ không ạ? 🙏"),
    "wrapped": said(2, "text", "Xin chào"),
    "image": said(3, "file", "máy này có được không", File("https://photo-stal-1.zadn.vn/a1.jpg", "photo")),
    "image_as_documented": said(4, "file", "", File("https://photo-stal-1.zadn.vn/a2.jpg", "photo")),
    "sticker": said(5, "file", "", File("https://zalo-api.zadn.vn/api/emoticon/sticker/webpc?eid=1", "sticker")),
    "sticker_without_url": said(6, "file", "", File("0e078a2fb66a5f34067b", "sticker")),
    "voice": said(7, "file", "", File("https://voice-aac-dl.zdn.vn/a.aac", "voice")),
    "unsupported": said(8, "file", "", File("", "other")),
    "empty_text": said(9, "file", "", File("", "other")),
    "no_message_id": Inbound(
        hashlib.sha1(f"{TEXT}|1795401000123|{PERSON}".encode()).hexdigest(),
        Address("zalo-bot", "123456789", PERSON),
        PERSON,
        "text",
        SENT,
        "chào",
    ),
    "number_ids": Inbound("1001", Address("zalo-bot", "123456789", "77"), "77", "text", SENT, "chào"),
    "group_text": None,
    "other_bot": None,
    "link": None,
    "follow": None,
}


@pytest.mark.parametrize("example", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_each_example_is_read_as_what_the_person_meant(example: str) -> None:
    raw = json.loads((EXAMPLES / f"{example}.json").read_text(encoding="utf-8"))
    assert read(raw, "123456789", NOW) == EXPECTED[example]


def test_no_expected_example_is_missing() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(EXPECTED)


def test_a_message_with_neither_id_nor_date_is_dated_now_and_the_same_again_has_the_same_id() -> None:
    def update(text: str) -> dict[str, Any]:
        return {"event_name": TEXT, "message": {"from": {"id": PERSON}, "text": text}}

    first, again, other = (read(update(text), "1", NOW) for text in ("chào", "chào", "mua máy"))
    assert first
    assert other
    assert (first, first.sent_at, first.address.chat) == (again, NOW, PERSON)
    assert first.id != other.id


@pytest.mark.parametrize("date", [10**18, -1, "x", 0, None, [1], 1.5], ids=repr)
def test_a_date_that_is_none_becomes_now(date: object) -> None:
    inbound = read({"event_name": TEXT, "message": {"from": {"id": "a"}, "text": "chào", "date": date}}, "1", NOW)
    assert inbound
    assert inbound.sent_at == NOW


@pytest.mark.parametrize("id", ["", "a\x00b", "\ud800", "a" * 129, True, None, {}], ids=ascii)
def test_an_id_that_no_store_could_keep_is_none(id: object) -> None:
    assert read({"event_name": TEXT, "message": {"from": {"id": id}, "text": "chào"}}, "1", NOW) is None


def test_the_name_of_an_event_may_stand_in_a_log_and_nothing_else_of_it() -> None:
    assert event_of({"result": {"event_name": "user.follow"}}) == "user.follow"
    odd: object
    for odd in ({"event_name": "chị Hoa 0901234567"}, {"event_name": 5}, {"event_name": "a" * 61}, [], None, "text"):
        assert event_of(odd) == "?"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from((PERSON, "PRIVATE", "GROUP")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = ("text", "caption", "photo", "photo_url", "sticker", "url", "voice_url", "message_id", "date")
PEOPLE = st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "chat_type", "is_bot"), JSON))
PARTIES = {"from": PEOPLE, "chat": PEOPLE}
MESSAGES = st.fixed_dictionaries({}, optional={**dict.fromkeys(NAMES, JSON), **PARTIES})
UPDATES = st.fixed_dictionaries(
    {}, optional={"event_name": st.sampled_from((TEXT, *FILES)) | JSON, "message": MESSAGES | JSON}
)


@given(JSON | UPDATES | UPDATES.map(lambda update: {"ok": True, "result": update}))
def test_whatever_comes_it_is_read_or_left_and_never_raises(update: object) -> None:
    inbound = read(update, "123456789", NOW)
    assert event_of(update)
    if inbound is not None:
        assert inbound.id
        assert inbound.author
        assert inbound.address.chat
        assert inbound.kind in ("text", "file")
        assert (inbound.kind == "text") == (not inbound.files)
        kept = (inbound.id, inbound.author, inbound.address.chat, *(file.reference for file in inbound.files))
        assert "".join(kept).isprintable()
