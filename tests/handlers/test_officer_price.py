"""An officer reads what telling an enterprise costs, and pays no more than they said yes to."""

import datetime as dt

import pytest

from handlers.reach import Reach
from tests.fakes.context import Store, Talk
from tests.fakes.entries import knowledge
from tests.fakes.officers import BINH, HOA, officer, opened

PAID, TEMPLATE = Reach("paid", 55, dt.timedelta(days=3)), Reach("template", 200, dt.timedelta(days=8))
CLOSED = Reach("closed", 0, dt.timedelta(days=8))


@pytest.fixture
def store() -> Store:
    """A house where nobody is yet."""
    return Store(knowledge())


def test_the_price_is_said_and_nothing_leaves_before_the_officer_says_so(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    hoa.tap(f"lead:{code}:claim")
    assert store.leads[code].state == "claimed"
    assert "im lặng 3 ngày trên kênh này: báo tin lúc này tính phí 55 đ. Chưa gửi." in hoa.said
    assert hoa.turn.replies[-1].choices[0].label == "Báo tin, 55 đ"
    assert hoa.offered == [f"lead:{code}:{verb}" for verb in ("tell:55", "contacted", "dropped", "release")]
    assert store.told_at(lan.person.address) == []
    hoa.say("1")
    assert f"Đã cho gửi tin báo về yêu cầu {code} đến doanh nghiệp (55 đ)" in hoa.said
    assert hoa.offered == [f"lead:{code}:{verb}" for verb in ("contacted", "dropped", "release")]
    assert store.told_at(lan.person.address) == [f"Cán bộ Hoa đã nhận yêu cầu {code} của anh/chị."]
    hoa.tap(f"lead:{code}:tell:55")
    assert len(store.told_at(lan.person.address)) == 1, "at most once"
    hoa.tap(f"lead:{code}:contacted")
    assert "Chưa gửi" not in hoa.said
    assert hoa.offered[0] == f"lead:{code}:done"


@pytest.mark.parametrize("command", ["báo {}", "báo tin {}", "bao mã {}", "tell {}"])
def test_words_ask_for_the_price_and_agree_to_none(store: Store, command: str) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    hoa.say(f"nhận {code}")
    hoa.say(command.format(code.lower()))
    assert f"Báo tin về yêu cầu {code} lúc này tính phí 55 đ (doanh nghiệp im lặng 3 ngày), nên chưa gửi." in hoa.said
    assert hoa.turn.replies[-1].choices[0].label == "Báo tin, 55 đ"
    assert store.told_at(lan.person.address) == []
    assert [audit for audit in store.audits if audit.action == "lead.told"] == []
    hoa.say("1")
    assert "(55 đ)" in hoa.said
    assert len(store.told_at(lan.person.address)) == 1


def test_words_tell_at_once_what_costs_nothing_any_more(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    hoa.say(f"nhận {code}")
    store.reaches[lan.person.address] = Reach("free", 0, dt.timedelta(minutes=5))
    hoa.say(f"báo {code}")
    assert "(miễn phí)" in hoa.said
    assert len(store.told_at(lan.person.address)) == 1


@pytest.mark.parametrize("old", ["tell:55", "tell:199", "tell:0", "tell"])
def test_an_old_button_agrees_to_no_more_than_the_price_on_it(store: Store, old: str) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    hoa.tap(f"lead:{code}:claim")
    store.reaches[lan.person.address] = TEMPLATE
    hoa.tap(f"lead:{code}:{old}")
    assert "lúc này tính phí khoảng 200 đ (doanh nghiệp im lặng 8 ngày), nên chưa gửi" in hoa.said
    assert store.told_at(lan.person.address) == []
    assert hoa.offered == [f"lead:{code}:{verb}" for verb in ("tell:200", "contacted", "dropped", "release")]
    hoa.say("1")
    assert "(khoảng 200 đ)" in hoa.said
    assert len(store.told_at(lan.person.address)) == 1


def test_a_lower_price_than_agreed_is_paid_at_once(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = TEMPLATE
    hoa.tap(f"lead:{code}:claim")
    store.reaches[lan.person.address] = PAID
    hoa.tap(f"lead:{code}:tell:200")
    assert "(55 đ)" in hoa.said
    assert len(store.told_at(lan.person.address)) == 1


@pytest.mark.parametrize("strange", ["tell:-5", "tell:5x", "tell:1234567890", "tell:٥٥", "tell:55:55"])
def test_a_price_that_is_none_is_no_command(store: Store, strange: str) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    hoa.tap(f"lead:{code}:claim")
    hoa.tap(f"lead:{code}:{strange}")
    assert store.told_at(lan.person.address) == []


@pytest.mark.parametrize(
    ("reach", "priced"), [(Reach(), False), (Reach("free", 0, dt.timedelta()), True), (PAID, True), (CLOSED, True)]
)
def test_who_becomes_an_officer_where_a_word_has_a_price_is_told_so(store: Store, reach: Reach, priced: bool) -> None:
    store.invite(HOA, "HAAAA23456")
    hoa = Talk(store, "Hoa", "zalo-oa")
    store.reaches[hoa.person.address] = reach
    hoa.say("/staff HAAAA23456")
    assert "Chào Hoa" in hoa.said
    assert ("im lặng quá 48 giờ; Zalo Bot hoặc Telegram thì không" in hoa.said) == priced


def test_a_question_that_begins_with_bao_is_no_command(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    hoa.say("báo thiếu")
    plain = hoa.said
    hoa.say("báo nghiem")
    assert "Không có yêu cầu" not in hoa.said + plain


def test_the_price_is_looked_up_again_when_it_is_to_be_paid(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = TEMPLATE
    hoa.tap(f"lead:{code}:claim")
    assert "im lặng 8 ngày" in hoa.said
    assert "tin mẫu, phí khoảng 200 đ. Chưa gửi." in hoa.said
    store.reaches[lan.person.address] = CLOSED
    hoa.tap(f"lead:{code}:tell:200")
    assert "Không nhắn được cho doanh nghiệp qua kênh này (im lặng 8 ngày). Anh/chị gọi 0912 345 678." in hoa.said
    assert store.told_at(lan.person.address) == []
    store.reaches[lan.person.address] = Reach()
    hoa.tap(f"lead:{code}:tell:200")
    assert "(miễn phí)" in hoa.said
    assert len(store.told_at(lan.person.address)) == 1


def test_whoever_cannot_be_written_to_is_to_be_called(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = CLOSED
    hoa.tap(f"lead:{code}:claim")
    assert "Không nhắn được cho doanh nghiệp qua kênh này (im lặng 8 ngày). Anh/chị gọi 0912 345 678." in hoa.said
    assert not [id for id in hoa.offered if ":tell" in id]
    assert store.tasks[f"call:{code}:claimed:1"].kind == "call"
    assert store.told_at(lan.person.address) == []


@pytest.mark.parametrize(("reach", "promised"), [(Reach(), True), (PAID, False), (TEMPLATE, False), (CLOSED, False)])
def test_that_the_enterprise_is_told_is_said_only_where_it_is(store: Store, reach: Reach, promised: bool) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    hoa.say(f"nhận {code}")
    hoa.say(f"đã liên hệ {code}")
    store.reaches[lan.person.address] = reach
    hoa.say(f"xong {code}")
    assert ("Doanh nghiệp được báo." in hoa.said) == promised
    assert len(store.told_at(lan.person.address)) == 1 + promised


def test_after_a_release_any_officer_tells_and_before_only_the_holder(store: Store) -> None:
    hoa, binh = officer(store, HOA, "HAAAA23456"), officer(store, BINH, "BAAAA23456", "web")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    binh.tap(f"lead:{code}:tell:55")
    assert "không có tin nào cần báo" in binh.said
    hoa.tap(f"lead:{code}:claim")
    binh.tap(f"lead:{code}:tell:55")
    assert f"{code} đã có Hoa nhận" in binh.said
    hoa.tap(f"lead:{code}:release")
    assert "Chưa gửi" in hoa.said
    binh.tap(f"lead:{code}:tell:55")
    assert "(55 đ)" in binh.said
    assert any("chuyển lại" in text for text in store.told_at(lan.person.address))
    lan.tap(f"lead:{code}:tell:55")
    assert "dành cho cán bộ" in lan.said
