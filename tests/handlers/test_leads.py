"""A lead moves only where it may, by whom it may, and everybody who should know is told once."""

from random import Random

import pytest

from handlers.catalogue import wording
from handlers.context import Lead, Place
from handlers.leads import ALPHABET, CODE_LENGTH, STATE_OF, VERBS, announce, change, is_code, new_code
from handlers.message import LONGEST_CHOICE, Address, Choice
from handlers.person import Officer, Profile
from handlers.turn import ChangeLead, LeadState, OpenLead, Tell
from tests.fakes.context import MORNING

HOA, BINH = Officer(1, "Hoa"), Officer(2, "Bình")
PLACES = (Place(HOA, Address("web", "main", "hoa")), Place(BINH, Address("telegram", "main", "binh"), "en"))
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


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    (tell,) = announce(OpenLead("7F3K2Q", "mua máy", Profile(phone="+84912345678")), PLACES[:1], wording)
    assert tell.reply.text.count("(chưa cho biết)") == 2


def test_every_choice_of_an_officer_fits_a_button() -> None:
    assert all(len(f"lead:7F3K2Q:{verb}".encode()) <= LONGEST_CHOICE for verb in STATE_OF)


def test_no_sentence_about_a_lead_promises_a_call_or_money() -> None:
    told = [wording("vi").sentences[key] for key in wording("vi").sentences if key.startswith(("leads.", "consent."))]
    assert not [sentence for sentence in told if "sẽ gọi" in sentence or "cam kết" in sentence]
