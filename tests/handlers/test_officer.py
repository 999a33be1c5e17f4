"""Officers work in the chat; others learn nothing there."""

import datetime as dt

import pytest

from handlers.person import Officer
from handlers.reach import Reach
from tests.fakes.context import Store, Talk
from tests.fakes.entries import knowledge

PAID, TEMPLATE = Reach("paid", 55, dt.timedelta(days=3)), Reach("template", 200, dt.timedelta(days=8))
CLOSED = Reach("closed", 0, dt.timedelta(days=8))
HOA, BINH = Officer(1, "Hoa", "CN"), Officer(2, "Bình", "CN")


def opened(store: Store, chat: str = "lan", need: str = "mua máy sấy") -> tuple[Talk, str]:
    """Somebody who sent a request, and its code."""
    talk, before = Talk(store, chat), set(store.leads)
    for text in ("để lại yêu cầu", need, "Dừa Xanh", "chị Lan", "0912 345 678", "đồng ý"):
        talk.say(text)
    (code,) = set(store.leads) - before
    return talk, code


def officer(store: Store, who: Officer, code: str, channel: str = "telegram") -> Talk:
    """An officer who redeemed an invitation."""
    store.invite(who, code)
    talk = Talk(store, who.name, channel)
    talk.say(f"/start {code}")
    return talk


@pytest.fixture
def store() -> Store:
    """A house with one officer, Hoa."""
    return Store(knowledge())


def test_an_invitation_works_once_and_makes_a_place(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    assert "Chào Hoa" in hoa.said
    assert [(place.officer.name, place.address.chat) for place in store.places] == [("Hoa", "Hoa")]
    other = Talk(store, "thief")
    other.say("/staff HAAAA23456")
    assert "không dùng được" in other.said
    assert other.person.officer is None
    assert len(store.places) == 1


def test_an_expired_invitation_is_refused(store: Store) -> None:
    store.invite(HOA, "HAAAA23456")
    store.now = store.now.replace(day=25)
    talk = Talk(store)
    talk.say("/staff HAAAA23456")
    assert talk.person.officer is None


def test_a_start_with_an_unknown_payload_is_a_start(store: Store) -> None:
    talk = Talk(store)
    talk.say("/start HAAAA23456")
    assert "Cầu Nối" in talk.said


def test_an_officer_is_told_claims_and_the_enterprise_hears_of_it(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    (notice,) = store.told_at(hoa.person.address)
    for value in (code, "mua máy sấy", "Dừa Xanh", "chị Lan", "0912 345 678"):
        assert value in notice
    hoa.tap(f"lead:{code}:claim")
    assert "đã nhận" in hoa.said
    assert hoa.offered == [f"lead:{code}:contacted", f"lead:{code}:dropped", f"lead:{code}:release"]
    assert any("Hoa" in text and code in text for text in store.told_at(lan.person.address))
    hoa.say("1")
    hoa.tap(f"lead:{code}:done")
    assert store.leads[code].state == "done"
    lan.say(code)
    assert "đã xong" in lan.said


def test_two_officers_claim_and_only_the_first_has_it(store: Store) -> None:
    hoa, binh = officer(store, HOA, "HAAAA23456"), officer(store, BINH, "BAAAA23456", "web")
    _, code = opened(store)
    hoa.tap(f"lead:{code}:claim")
    assert any("Hoa đã nhận" in text for text in store.told_at(binh.person.address))
    binh.tap(f"lead:{code}:claim")
    assert f"{code} đã có Hoa nhận" in binh.said
    assert store.leads[code].officer == HOA
    hoa.tap(f"lead:{code}:release")
    binh.tap(f"lead:{code}:claim")
    assert store.leads[code].officer == BINH


@pytest.mark.parametrize(
    ("command", "state"),
    [("nhận {}", "claimed"), ("nhan {}", "claimed"), ("claim {}", "claimed"), ("NHẬN mã {}", "claimed")],
)
def test_words_do_what_buttons_do_where_there_are_none(store: Store, command: str, state: str) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    _, code = opened(store)
    hoa.say(command.format(code.lower()))
    assert store.leads[code].state == state


def test_a_lead_is_finished_by_words(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    _, code = opened(store)
    states = []
    for word in ("nhận", "đã liên hệ", "trả lại", "nhận", "đã liên hệ", "xong"):
        hoa.say(f"{word} {code}")
        states.append(store.leads[code].state)
    assert states == ["claimed", "contacted", "new", "claimed", "contacted", "done"]
    hoa.say(f"bỏ {code}")
    assert "không chuyển được nữa" in hoa.said


def test_a_step_too_early_is_refused_with_what_can_be_done(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    _, code = opened(store)
    hoa.tap(f"lead:{code}:done")
    assert store.leads[code].state == "new"
    assert hoa.offered == [f"lead:{code}:claim"]


def test_the_list_shows_open_requests_as_cards(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    hoa.say("danh sách")
    assert "không có yêu cầu" in hoa.said
    codes = [opened(store, f"lan{n}", f"mua máy sấy số {n}")[1] for n in range(12)]
    hoa.say("danh sách")
    assert "12 yêu cầu" in hoa.said
    assert len(hoa.turn.replies[-1].cards) == 10
    assert hoa.offered[0] == f"lead:{codes[0]}:claim"
    hoa.say("2")
    assert store.leads[codes[1]].officer == HOA


def test_a_code_shows_an_officer_the_whole_request(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    _, code = opened(store)
    hoa.say(code)
    assert "0912 345 678" in hoa.said


def test_nobody_else_learns_or_does_anything(store: Store) -> None:
    lan, code = opened(store)
    stranger = Talk(store, "stranger")
    stranger.tap(f"lead:{code}:claim")
    stranger.tap(f"lead:{code}:claim")
    known = stranger.said
    stranger.tap("lead:XXXXXX:claim")
    assert stranger.said == known
    stranger.say("/staff")
    assert "dành cho cán bộ" in stranger.said
    stranger.say("danh sách")
    assert code not in stranger.said
    stranger.say(f"nhận {code}")
    assert store.leads[code].state == "new"
    lan.tap(f"lead:{code}:done")
    assert store.leads[code].state == "new"


def test_an_unknown_code_or_verb_is_said_to_be_unknown(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    hoa.tap("lead:ZZZZZ9:claim")
    assert "Không có yêu cầu" in hoa.said
    _, code = opened(store)
    hoa.tap(f"lead:{code}:explode")
    assert "Không có yêu cầu" in hoa.said
    hoa.say("/staff")
    assert "danh sách" in hoa.said


def test_the_price_is_said_and_nothing_leaves_before_the_officer_says_so(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    hoa.tap(f"lead:{code}:claim")
    assert store.leads[code].state == "claimed"
    assert "im lặng 3 ngày trên kênh này: báo tin lúc này tính phí 55 đ. Chưa gửi." in hoa.said
    assert hoa.turn.replies[-1].choices[0].label == "Báo tin, 55 đ"
    assert hoa.offered == [f"lead:{code}:{verb}" for verb in ("tell", "contacted", "dropped", "release")]
    assert store.told_at(lan.person.address) == []
    hoa.say("1")
    assert f"Đã cho gửi tin báo về yêu cầu {code} đến doanh nghiệp (55 đ)" in hoa.said
    assert hoa.offered == [f"lead:{code}:{verb}" for verb in ("contacted", "dropped", "release")]
    assert store.told_at(lan.person.address) == [f"Cán bộ Hoa đã nhận yêu cầu {code} của anh/chị."]
    hoa.tap(f"lead:{code}:tell")
    assert len(store.told_at(lan.person.address)) == 1, "at most once"
    hoa.tap(f"lead:{code}:contacted")
    assert "Chưa gửi" not in hoa.said
    assert hoa.offered[0] == f"lead:{code}:done"


@pytest.mark.parametrize("command", ["báo {}", "báo tin {}", "bao mã {}", "tell {}"])
def test_it_is_told_by_words_too(store: Store, command: str) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = PAID
    hoa.say(f"nhận {code}")
    hoa.say(command.format(code.lower()))
    assert "(55 đ)" in hoa.said
    assert len(store.told_at(lan.person.address)) == 1


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
    hoa.tap(f"lead:{code}:tell")
    assert "Không nhắn được cho doanh nghiệp qua kênh này (im lặng 8 ngày). Anh/chị gọi 0912 345 678." in hoa.said
    assert store.told_at(lan.person.address) == []
    store.reaches[lan.person.address] = Reach()
    hoa.tap(f"lead:{code}:tell")
    assert "(miễn phí)" in hoa.said
    assert len(store.told_at(lan.person.address)) == 1


def test_whoever_cannot_be_written_to_is_to_be_called(store: Store) -> None:
    hoa = officer(store, HOA, "HAAAA23456")
    lan, code = opened(store)
    store.reaches[lan.person.address] = CLOSED
    hoa.tap(f"lead:{code}:claim")
    assert "Không nhắn được cho doanh nghiệp qua kênh này (im lặng 8 ngày). Anh/chị gọi 0912 345 678." in hoa.said
    assert f"lead:{code}:tell" not in hoa.offered
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
    binh.tap(f"lead:{code}:tell")
    assert "không có tin nào cần báo" in binh.said
    hoa.tap(f"lead:{code}:claim")
    binh.tap(f"lead:{code}:tell")
    assert f"{code} đã có Hoa nhận" in binh.said
    hoa.tap(f"lead:{code}:release")
    assert "Chưa gửi" in hoa.said
    binh.tap(f"lead:{code}:tell")
    assert "(55 đ)" in binh.said
    assert any("chuyển lại" in text for text in store.told_at(lan.person.address))
    lan.tap(f"lead:{code}:tell")
    assert "dành cho cán bộ" in lan.said
