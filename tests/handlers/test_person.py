"""The state of a talk survives being stored, and a state nobody knows is dropped."""

import datetime as dt

import pytest

from handlers.person import EARLIER, OFFER_LASTS, TOPIC_LASTS, Conversation, Offer, Waiting

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))


def test_a_whole_state_is_read_back_as_it_was() -> None:
    state = Conversation(
        waiting=Waiting("profile", "phone", {"need": "mua máy"}, number=True),
        topic="kc.machinery",
        topic_at=NOW,
        earlier=("contact.hours", "tax.cit"),
        offered=Offer(("menu", "human"), NOW, ("Menu", "Gặp cán bộ")),
        language="en",
        language_chosen=True,
        mute_until=NOW,
        introduced=True,
        unknown_at=NOW,
        unknown_text="máy gì",
        greeted_at=NOW,
        filed="media.photo",
        filed_at=NOW,
    )
    assert Conversation.load(state.dump()) == state
    assert Conversation.load(Conversation().dump()) == Conversation()


def test_a_state_from_before_labels_were_kept_is_read() -> None:
    waiting = '{"handler":"a","step":"b","data":{}}'
    offered = '{"ids":["menu"],"at":"2026-11-23T09:00:00+07:00"}'
    state = Conversation.load(f'{{"v":1,"offered":{offered},"waiting":{waiting}}}')
    assert state.offered.ids == ("menu",)
    assert state.waiting == Waiting("a", "b")


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '{"v":2}', '{"v":1,"waiting":{"step":"a"}}', '{"v":1,"offered":{"ids":1}}']
)
def test_a_state_nobody_knows_is_dropped(text: str) -> None:
    assert Conversation.load(text) == Conversation(dropped=True)


def test_an_offer_lasts_a_day() -> None:
    offer = Offer(("menu",), NOW)
    assert offer.current(NOW + OFFER_LASTS) == ("menu",)
    assert offer.current(NOW + OFFER_LASTS + dt.timedelta(seconds=1)) == ()
    assert Offer(("menu",)).current(NOW) == ()


def test_the_topics_of_a_talk_are_few_fresh_and_each_there_once() -> None:
    talk = Conversation()
    for entry in ("a", "b", "a", "c", "d"):
        talk = talk.about(entry, NOW)
    assert talk.topics(NOW + TOPIC_LASTS) == ("d", "c", "a")
    assert len(talk.earlier) == EARLIER
    later = NOW + TOPIC_LASTS + dt.timedelta(seconds=1)
    assert talk.topics(later) == ()
    assert talk.about("e", later).topics(later) == ("e",)
    assert talk.topic == "d", "a lead still tells what it was about"
