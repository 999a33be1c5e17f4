"""Whatever can be said or received comes back from its JSON as it was."""

import datetime as dt
import json
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from bot.clock import VIETNAM
from bot.store.codec import dump_inbound, dump_reply, load_inbound, load_reply
from handlers.message import Address, Card, Choice, Contact, File, Inbound, InboundKind, Link, Reply
from tests.fakes.rows import MORNING

words = st.text(max_size=12)
ids = st.text("abc:.-Ố7", min_size=1, max_size=20)
choices = st.lists(st.builds(Choice, ids, words), max_size=3).map(tuple)
kinds = st.sampled_from(("photo", "document", "voice", "sticker", "video", "other"))
files = st.lists(st.builds(File, words, kinds, words, words, st.integers(0, 2**40)), max_size=2).map(tuple)
cards = st.lists(st.builds(Card, words, words, choices), max_size=2).map(tuple)
links = st.lists(st.builds(Link, words, words), max_size=2).map(tuple)
moments = st.datetimes(timezones=st.sampled_from((dt.UTC, VIETNAM)))
inbounds = st.builds(
    Inbound,
    words,
    st.builds(Address, words, words, words, words),
    words,
    st.sampled_from(get_args(InboundKind)),
    moments,
    words,
    words,
    files,
    st.none() | st.builds(Contact, words, words, st.booleans()),
    words,
    st.booleans(),
)


@given(st.builds(Reply, words, choices, cards, links, files, words, st.booleans()))
def test_a_reply_comes_back_as_it_was(reply: Reply) -> None:
    assert load_reply(reply.text, dump_reply(reply), reply.replaces) == reply


@given(inbounds)
def test_an_update_comes_back_as_it_was(inbound: Inbound) -> None:
    assert load_inbound(dump_inbound(inbound)) == inbound


def test_an_update_that_was_written_down_before_groups_were_known_is_read() -> None:
    inbound = Inbound("1", Address("fake", "test", "lan"), "lan", "text", MORNING, "chào")
    older = json.loads(dump_inbound(inbound))
    del older["shared"]
    assert load_inbound(json.dumps(older)) == inbound


def test_a_reply_of_words_alone_has_no_body() -> None:
    assert dump_reply(Reply("Chào anh/chị")) == ""
