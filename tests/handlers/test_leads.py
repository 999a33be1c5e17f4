"""A lead moves only where it may, by whom it may, and everybody who should know is told once."""

import datetime as dt
from dataclasses import replace
from random import Random

import pytest

from handlers.catalogue import wording
from handlers.context import Lead, Place
from handlers.leads import (
    ALPHABET,
    CODE_LENGTH,
    STATE_OF,
    TELL,
    TOLD,
    VERBS,
    Decision,
    announce,
    change,
    is_code,
    is_open,
    new_code,
    offer,
    refusal,
    tell,
    told_key,
)
from handlers.message import LONGEST_CHOICE, Address, Choice, Reply
from handlers.person import Officer, Profile
from handlers.reach import Reach
from handlers.turn import Audit, ChangeLead, LeadState, OpenLead, OpenTask, Tell
from tests.fakes.context import MORNING
from tests.fakes.entries import MACHINERY

HOA, BINH = Officer(1, "Hoa"), Officer(2, "Bình")
PLACES = (Place(HOA, Address("web", "main", "hoa")), Place(BINH, Address("telegram", "main", "binh"), "en"))
SILENT = dt.timedelta(days=3)
WAYS = (Reach("free", 0, SILENT), Reach("paid", 55, SILENT), Reach("template", 200, SILENT), Reach("closed", 0, SILENT))
#: Every step of a lead: from, to.
STEPS = [(state, to) for state, verbs in VERBS.items() for to in verbs.values()]
PROFILE = Profile("Dừa Xanh", "Lan", "+84912345678")


def lead(state: LeadState = "new", officer: Officer | None = None) -> Lead:
    """A lead in a state."""
    at = Address("web", "main", "lan")
    return Lead("7F3K2Q", 3, state, "mua máy", PROFILE, at, 9, "kc.machinery", MORNING, officer)


def test_codes_have_a_digit_and_a_letter_and_no_look_alikes() -> None:
    codes = {new_code(Random(seed)) for seed in range(500)}
    assert len(codes) > 495
    assert all(is_code(code) and len(code) == CODE_LENGTH for code in codes)
    assert not set("01OILUV") & set(ALPHABET)
    assert not is_code("234567")
    assert not is_code("KHUYEN")
    assert not is_code("7f3k2q")


def test_a_claim_moves_the_lead_and_tells_the_enterprise_and_the_other_places() -> None:
    decision = change(lead(), "claimed", HOA, wording, PLACES)
    assert decision.refused == ""
    assert ChangeLead("7F3K2Q", 3, "claimed", 1) in decision.effects
    tells = [effect for effect in decision.effects if isinstance(effect, Tell)]
    assert [(tell.address.chat, tell.lane) for tell in tells] == [("lan", "notice"), ("binh", "notice")]
    assert "Hoa" in tells[0].reply.text
    assert "7F3K2Q" in tells[0].reply.text
    assert tells[1].reply.text == "Request 7F3K2Q: taken by Hoa."
    assert tells[1].reply.replaces == "lead:7F3K2Q:new:telegram/main/binh/"


def test_the_second_officer_is_told_who_has_it() -> None:
    decision = change(lead("claimed", HOA), "claimed", BINH, wording, PLACES)
    assert decision.refused == "leads.refused.taken"
    assert decision.effects == ()
    assert change(lead("claimed", HOA), "done", BINH, wording).refused == "leads.refused.taken"


@pytest.mark.parametrize("state", VERBS)
@pytest.mark.parametrize("to", ["new", "claimed", "contacted", "done", "dropped"])
def test_only_the_allowed_steps_are_possible(state: LeadState, to: LeadState) -> None:
    decision = change(lead(state, None if state == "new" else HOA), to, HOA, wording, PLACES)
    assert bool(decision.effects) == (to in VERBS[state].values())
    assert bool(decision.refused) != bool(decision.effects)


def test_a_released_lead_is_announced_again_under_another_key_and_belongs_to_nobody() -> None:
    decision = change(lead("contacted", HOA), "new", HOA, wording, PLACES)
    assert ChangeLead("7F3K2Q", 3, "new", None) in decision.effects
    again = [e for e in decision.effects if isinstance(e, Tell) and e.address.chat == "binh"]
    assert [tell.key for tell in again] == ["lead:7F3K2Q:again:3:telegram/main/binh/"]
    assert again[0].reply.choices == (Choice("lead:7F3K2Q:claim", "Take"),)


def test_a_new_lead_is_announced_to_every_place_in_its_language_under_keys_of_its_own() -> None:
    tells = announce(OpenLead("7F3K2Q", "mua máy", PROFILE), PLACES, wording)
    assert len({tell.key for tell in tells}) == 2
    assert all(tell.key.startswith("lead:7F3K2Q:new:") for tell in tells)
    for value in ("7F3K2Q", "mua máy", "Dừa Xanh", "Lan", "0912 345 678"):
        assert all(value in tell.reply.text for tell in tells)
    assert tells[0].reply.text.startswith("Yêu cầu mới")
    assert tells[1].reply.text.startswith("New request")


def test_where_several_read_a_lead_is_its_code_and_topic_with_nothing_to_tap() -> None:
    group = Place(HOA, Address("telegram", "main", "-1001"), "en", shared=True)
    opened = OpenLead("7F3K2Q", "mua máy", PROFILE, "kc.machinery")
    (tell,) = announce(opened, (group,), wording, {"kc.machinery": MACHINERY})
    topic = MACHINERY.title.get("en")
    claim = 'To claim it, write to the assistant privately: "claim 7F3K2Q".'
    assert tell.reply == Reply(f"New request 7F3K2Q\nTopic: {topic}\n{claim}")
    assert tell.key == "lead:7F3K2Q:new:telegram/main/-1001/"
    (plain,) = announce(opened, (group,), wording)
    assert plain.reply == Reply(f"New request 7F3K2Q\n{claim}")


@pytest.mark.parametrize("to", ["claimed", "new"])
def test_a_group_hears_of_every_move_also_of_the_officer_who_opened_it(to: LeadState) -> None:
    group = Place(HOA, Address("telegram", "main", "-1001"), shared=True)
    state: LeadState = "new" if to == "claimed" else "claimed"
    before = replace(lead(state, holder(state)), need="cần máy sấy")
    decision = change(before, to, HOA, wording, (*PLACES, group), entries={"kc.machinery": MACHINERY})
    (said,) = (e.reply for e in decision.effects if isinstance(e, Tell) and e.address == group.address)
    assert said.offered == ()
    assert not [word for word in ("cần máy sấy", "Dừa Xanh", "Lan", "912") if word in said.text]
    assert (MACHINERY.title.get("vi") in said.text) == (to == "new")


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    (tell,) = announce(OpenLead("7F3K2Q", "mua máy", Profile(phone="+84912345678")), PLACES[:1], wording)
    assert tell.reply.text.count("(chưa cho biết)") == 2


def test_every_choice_of_an_officer_fits_a_button() -> None:
    assert all(len(f"lead:7F3K2Q:{verb}".encode()) <= LONGEST_CHOICE for verb in STATE_OF)
    assert offer("7F3K2Q", Reach("paid", 999_999_999), wording("vi")).id == f"lead:7F3K2Q:{TELL}:999999999"


def holder(state: LeadState) -> Officer | None:
    """Who has a lead in a state."""
    return None if state == "new" else HOA


def to_lan(decision: Decision) -> list[Tell]:
    """What leaves for the enterprise."""
    return [effect for effect in decision.effects if isinstance(effect, Tell) and effect.address.chat == "lan"]


@pytest.mark.parametrize("reach", WAYS, ids=lambda reach: reach.way)
@pytest.mark.parametrize(("state", "to"), STEPS)
def test_a_lead_moves_whatever_the_price_and_the_enterprise_hears_at_once_only_for_nothing(
    state: LeadState, to: LeadState, reach: Reach
) -> None:
    free = change(lead(state, holder(state)), to, HOA, wording, PLACES)
    decision = change(lead(state, holder(state)), to, HOA, wording, PLACES, reach)
    heard = to in TOLD
    assert len(to_lan(free)) == heard
    assert to_lan(decision) == (to_lan(free) if reach.way == "free" else [])
    held = heard and reach.way in ("paid", "template")
    assert [decision.held] == (to_lan(free) if held else [None])
    tasks = [effect for effect in decision.effects if isinstance(effect, OpenTask)]
    assert [(task.kind, task.key) for task in tasks] == (
        [("call", f"call:7F3K2Q:{to}:3")] if heard and reach.way == "closed" else []
    )
    assert decision.reach == (reach if heard else Reach())
    rest = [effect for effect in free.effects if effect not in to_lan(free)]
    assert [effect for effect in decision.effects if effect not in (*to_lan(free), *tasks)] == rest


@pytest.mark.parametrize("reach", WAYS[:3], ids=lambda reach: reach.way)
@pytest.mark.parametrize(("state", "to"), STEPS)
def test_what_was_held_is_sent_later_under_the_same_key(state: LeadState, to: LeadState, reach: Reach) -> None:
    before = lead(state, holder(state))
    held = change(before, to, HOA, wording, PLACES, WAYS[1]).held
    after = replace(before, state=to, version=before.version + 1, officer=holder(to))
    decision = tell(after, reach, HOA, wording, reach.price)
    if held is None:
        assert (decision.refused, told_key(after)) == ("leads.refused.nothing", "")
        return
    assert decision.effects == (held, Audit("lead.told", "7F3K2Q"))
    assert (told_key(after), decision.reach) == (held.key, reach)


def test_only_the_holder_tells_and_nobody_is_told_of_a_lead_just_opened() -> None:
    assert tell(lead("claimed", HOA), WAYS[1], BINH, wording, 55).refused == "leads.refused.taken"
    assert tell(lead("done", HOA), WAYS[1], BINH, wording, 55).refused == "leads.refused.taken"
    assert to_lan(tell(lead("new"), WAYS[1], BINH, wording, 55)), "given back: any officer may"
    assert tell(replace(lead("new"), version=1), WAYS[1], BINH, wording, 55).refused == "leads.refused.nothing"


@pytest.mark.parametrize("agreed", [0, 54, 55, 199, 200, 5000])
@pytest.mark.parametrize("reach", WAYS[:3], ids=lambda reach: reach.way)
def test_nothing_leaves_that_costs_more_than_was_agreed(reach: Reach, agreed: int) -> None:
    decision = tell(lead("claimed", HOA), reach, HOA, wording, agreed)
    if reach.price <= agreed:
        assert to_lan(decision)
        assert (decision.refused, decision.held) == ("", None)
        return
    assert (decision.effects, decision.refused, decision.reach) == ((), "leads.refused.price", reach)
    held = tell(lead("claimed", HOA), reach, HOA, wording, reach.price)
    assert [decision.held] == to_lan(held)
    said = refusal(decision.refused, lead("claimed", HOA), HOA, reach, wording("en"))
    button = offer("7F3K2Q", reach, wording("en"))
    assert f'choose "{button.label}"' in said
    assert (f" {reach.price} VND" in said, f":{reach.price}" in button.id) == (True, True)


def test_nobody_is_told_where_nothing_gets_through() -> None:
    decision = tell(lead("claimed", HOA), WAYS[3], HOA, wording, 1000)
    assert (decision.refused, decision.effects) == ("leads.refused.unreachable", ())


@pytest.mark.parametrize("to", TOLD)
def test_a_call_to_be_made_says_what_to_say_and_no_name_or_number(to: LeadState) -> None:
    state = next(state for state, then in STEPS if then == to)
    english = replace(lead(state, holder(state)), language="en")
    decision = change(english, to, HOA, wording, PLACES, WAYS[3])
    (task,) = (effect for effect in decision.effects if isinstance(effect, OpenTask))
    assert task.about.startswith("7F3K2Q: báo doanh nghiệp")
    assert not [word for word in ("Lan", "Dừa Xanh", "912", "Hoa") if word in task.about]


def test_a_lead_that_is_over_is_moved_no_more_but_its_end_may_still_be_told() -> None:
    assert not is_open("done")
    assert to_lan(tell(lead("done", HOA), WAYS[1], HOA, wording, 55))
    assert tell(lead("dropped", HOA), WAYS[1], HOA, wording, 55).refused == "leads.refused.nothing"


def test_no_sentence_about_a_lead_promises_a_call_or_money() -> None:
    told = [wording("vi").sentences[key] for key in wording("vi").sentences if key.startswith(("leads.", "consent."))]
    assert not [sentence for sentence in told if "sẽ gọi" in sentence or "cam kết" in sentence]
