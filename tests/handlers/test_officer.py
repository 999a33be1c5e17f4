"""Officers work in the chat; others learn nothing there."""

import pytest

from tests.fakes.context import Store, Talk
from tests.fakes.entries import knowledge
from tests.fakes.officers import BINH, HOA, officer, opened


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
