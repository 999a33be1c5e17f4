"""Events of the Official Account as what a person did."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo_oa_read import SILENT, read
from bot.clock import from_ms
from handlers.message import Address, Contact, File, Inbound

EXAMPLES = Path(__file__).parents[2] / "examples" / "zalo_oa"
OA, PERSON = "388613280878808645", "246845883529197922"
HERE, AT = Address("zalo-oa", OA, PERSON), from_ms(1795458626239)


def example(name: str) -> dict[str, Any]:
    """An event as Zalo posts it."""
    event: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return event


def done(name: str) -> Inbound:
    """What the person of the examples did."""
    inbound = read(example(name), OA)
    assert inbound is not None
    return inbound


def test_a_text() -> None:
    text = "xuong co khi co dc ho tro mua may ko"
    assert done("text") == Inbound("96d3cdf3af150460909", HERE, PERSON, "text", AT, text)


def test_a_quote_names_the_message_it_answers() -> None:
    inbound = done("quote")
    assert (inbound.text, inbound.reply_to) == ("còn hộ kinh doanh?", "96d3cdf3af150460905")


def test_a_tap_comes_as_text_and_is_a_choice() -> None:
    inbound = done("tap")
    assert (inbound.kind, inbound.choice, inbound.text) == ("choice", "entry:kc.machinery", "")


@pytest.mark.parametrize("typed", ["#maymoc", "# chon: a", "chon:entry:kc.machinery", "#Chon:a", "#chon:" + "a" * 65])
def test_a_hash_that_somebody_types_is_text(typed: str) -> None:
    event = example("text")
    event["message"]["text"] = typed
    inbound = read(event, OA)
    assert inbound is not None
    assert (inbound.kind, inbound.text) == ("text", typed)


def test_files() -> None:
    assert done("image").files == (File("https://zalo.example/a.jpg", "photo"),)
    assert done("image").text == "máy này"
    assert done("sticker").files == (File("https://zalo.example/s.png", "sticker"),)
    assert done("audio").files == (File("https://zalo.example/v.amr", "voice"),)
    paper = done("file")
    assert paper.kind == "file"
    assert paper.files == (File("https://zalo.example/f", "document", "giấy phép.pdf", "pdf", 48211),)


def test_a_place_a_link_and_a_card() -> None:
    assert (done("location").kind, done("location").text) == ("location", "10.243, 106.375")
    assert (done("link").kind, done("link").text) == ("text", "cái này đúng không Hỗ trợ mua máy https://tin.example/1")
    # Whose card it is nobody vouches for.
    assert done("card").contact == Contact("84903123456", "Anh Nam", own=False)


def test_a_number_shared_on_our_asking_is_the_persons_own() -> None:
    inbound = done("submit_info")
    assert inbound.kind == "contact"
    assert inbound.contact == Contact("84912345678", "Nguyễn Thị Lan", own=True)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("follow", "joined"), ("chatnow", "joined"), ("unfollow", "blocked"), ("withdraw", "withdrawn")],
)
def test_what_a_person_does_without_words(name: str, kind: str) -> None:
    inbound = done(name)
    assert (inbound.kind, inbound.address, inbound.author) == (kind, HERE, PERSON)
    assert SILENT[example(name)["event_name"]] == kind


def test_an_event_without_an_id_has_one_of_its_own_that_stays_the_same() -> None:
    ids = {done(name).id for name in ("follow", "unfollow", "chatnow", "withdraw")}
    assert len(ids) == 4
    assert done("follow").id == done("follow").id


def test_an_officer_who_types_in_the_console_is_heard_about_the_person() -> None:
    inbound = done("officer")
    assert (inbound.kind, inbound.address, inbound.text) == ("staff_echo", HERE, "Chào chị, em Hoa ở Sở đây")


@pytest.mark.parametrize("name", ["echo", "seen", "received", "tag", "anonymous", "other_account"])
def test_what_is_not_for_us_is_left(name: str) -> None:
    assert read(example(name), OA) is None


def test_nothing_is_read_of_nothing() -> None:
    assert read({}, OA) is None
    assert read({"event_name": "user_send_text"}, OA) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KEYS = ("sender", "recipient", "message", "follower", "info", "data", "timestamp", "user_id", "oa_id")


@given(st.sampled_from(sorted(path.stem for path in EXAMPLES.iterdir())), st.sampled_from(KEYS), JSON)
def test_whatever_stands_where_something_else_should_nothing_is_raised(name: str, key: str, value: object) -> None:
    read({**example(name), key: value}, OA)
    read({**example(name), "message": {"attachments": [{"payload": value}], "text": value, "msg_id": value}}, OA)
