"""A request is asked for one question at a time, and only an explicit yes sends it."""

from dataclasses import replace

import pytest

from handlers.message import Contact, File
from handlers.person import Conversation, Offer, Profile, Waiting
from handlers.turn import OpenLead, OpenTask, RecordConsent, SetProfile
from tests.fakes.context import Store, Talk
from tests.fakes.entries import QUESTION, knowledge

ANSWERS = ("mua máy sấy", "Dừa Xanh", "chị Lan", "0912 345 678")


@pytest.fixture
def talk() -> Talk:
    """Somebody new."""
    return Talk(Store(knowledge()))


def fill(talk: Talk, *answers: str) -> None:
    """Begin a request and give answers."""
    for text in ("để lại yêu cầu", *answers):
        talk.say(text)


def test_a_whole_request_is_asked_shown_agreed_to_and_opened(talk: Talk) -> None:
    fill(talk, *ANSWERS)
    assert talk.step == "profile:confirm"
    for value in (
        *ANSWERS,
        "Sở Công Thương",
        "tự nguyện",
        "chưa quyết định",
        "ngừng nhận tin",
        "không dùng để gửi tin",
    ):
        assert value in talk.said
    assert talk.store.leads == {}
    assert talk.store.consents == []
    turn = talk.tap("consent:yes")
    (lead,) = talk.store.leads.values()
    assert lead.profile == Profile("Dừa Xanh", "chị Lan", "+84912345678")
    assert lead.need == "mua máy sấy"
    assert lead.code in talk.said
    assert [type(effect) for effect in turn.effects[:3]] == [RecordConsent, SetProfile, OpenLead]
    (consent,) = talk.store.consents
    assert (consent.purpose, consent.given) == ("contact", True)
    assert "chỉ để liên hệ về yêu cầu này" in consent.text
    assert talk.step == ""


def test_with_nobody_on_duty_it_says_so_and_promises_no_call(talk: Talk) -> None:
    fill(talk, *ANSWERS, "đồng ý")
    assert "hiện chưa có cán bộ trực" in talk.said
    assert "gọi lại" not in talk.said
    assert [task.kind for task in talk.store.tasks.values()] == ["lead"]


@pytest.mark.parametrize(
    "yes", ["đồng ý", "dong y", "Đồng ý, gửi yêu cầu", "1", "có", "tôi đồng ý ạ", "gửi đi", "agree"]
)
def test_an_explicit_yes_sends(talk: Talk, yes: str) -> None:
    fill(talk, *ANSWERS, yes)
    assert len(talk.store.leads) == 1


@pytest.mark.parametrize("other", ["ok", "dạ", "ừ", "cô ơi", "hmm", "👍", "để tôi xem", "4", ""])
def test_anything_less_does_not(talk: Talk, other: str) -> None:
    fill(talk, *ANSWERS, other)
    assert talk.store.leads == {}
    assert talk.store.consents == []
    assert talk.step == "profile:confirm"
    assert talk.offered == ["consent:yes", "consent:edit", "consent:no"]


@pytest.mark.parametrize(
    "no", ["không", "không gửi", "Không gửi", "3", "không đồng ý", "đừng gửi", "hủy", "thôi", "no"]
)
def test_a_no_keeps_nothing(talk: Talk, no: str) -> None:
    fill(talk, *ANSWERS, no)
    assert talk.store.leads == {}
    assert talk.store.consents == []
    assert talk.person.profile == Profile()
    assert talk.step == ""
    assert "Dừa Xanh" not in talk.person.conversation.dump()


def test_every_answer_can_be_corrected_from_the_summary(talk: Talk) -> None:
    fill(talk, *ANSWERS, "sửa")
    assert talk.offered[:4] == [f"profile:edit:{step}" for step in ("need", "enterprise", "contact_name", "phone")]
    talk.say("Doanh nghiệp")
    talk.say("Cơ sở Út Lan")
    assert talk.step == "profile:confirm"
    talk.say("2")
    talk.say("4")
    assert "0912 345 678" in talk.said
    talk.say("bỏ qua")
    assert talk.step == "profile:confirm"
    talk.tap("consent:edit")
    talk.tap("profile:edit:back")
    talk.say("đồng ý")
    (lead,) = talk.store.leads.values()
    assert lead.profile.enterprise == "Cơ sở Út Lan"


def test_back_goes_one_question_back_and_a_given_answer_can_be_kept(talk: Talk) -> None:
    fill(talk, "mua máy sấy", "Dừa Xanh")
    talk.say("quay lại")
    assert talk.step == "profile:enterprise"
    assert "profile:enterprise:keep" in talk.offered
    talk.tap("profile:enterprise:keep")
    assert talk.step == "profile:contact_name"
    for _ in range(3):
        talk.say("quay lại")
    assert talk.step == "profile:need"
    assert "câu đầu tiên" in talk.said


def test_enterprise_and_name_may_be_skipped_but_not_the_phone(talk: Talk) -> None:
    fill(talk, "mua máy sấy", "bỏ qua", "chưa có", "bỏ qua")
    assert talk.step == "profile:phone"
    assert "hủy" in talk.said
    talk.say("0912345678")
    talk.say("đồng ý")
    (lead,) = talk.store.leads.values()
    assert lead.profile == Profile("", "", "+84912345678")


def test_the_need_may_not_be_skipped(talk: Talk) -> None:
    fill(talk, "bỏ qua")
    assert talk.step == "profile:need"


@pytest.mark.parametrize("step", range(5))
def test_cancel_works_at_every_question_and_keeps_nothing(talk: Talk, step: int) -> None:
    fill(talk, *ANSWERS[:step])
    talk.say("hủy")
    assert "đã hủy" in talk.said
    assert talk.step == ""
    assert talk.store.leads == {}
    assert talk.person.profile == Profile()


def test_a_question_in_between_is_answered_and_the_form_goes_on(talk: Talk) -> None:
    for step in range(5):
        fill(talk, *ANSWERS[:step])
        before = talk.step
        turn = talk.say("máy cũ thì sao?")
        assert turn.entry == "kc.used-machinery"
        assert talk.step == before
        assert len(turn.replies) == 2
        assert "Mình ghi tiếp" in turn.replies[1].text
        assert turn.replies[0].choices == ()
        talk.say("hủy")


def test_words_at_the_phone_question_are_answered_if_they_ask_and_else_help_is_given(talk: Talk) -> None:
    fill(talk, *ANSWERS[:3])
    assert talk.say("liên hệ sở").entry == "contact.department"
    talk.say("sao lại cần số")
    assert "Cán bộ cần số để liên hệ" in talk.said
    assert talk.offered == []
    talk.say("3822 365")
    assert "0275" in talk.said
    talk.say("2")
    assert talk.step == "profile:phone"
    assert "Số này em chưa đọc được" in talk.said


def test_where_a_number_is_awaited_it_never_chooses(talk: Talk) -> None:
    fill(talk, *ANSWERS[:3])
    offered = Offer(("menu",), talk.store.now, ("Menu",))
    talk.person = replace(talk.person, conversation=replace(talk.person.conversation, offered=offered))
    talk.say("1")
    assert talk.step == "profile:phone"


@pytest.mark.parametrize("data", [{}, {"enterprise": "Dừa Xanh"}, {"need": 5, "phone": "x"}])
def test_a_stored_form_without_its_answers_sends_nothing_and_asks_again(talk: Talk, data: dict[str, object]) -> None:
    state = Conversation(waiting=Waiting("profile", "confirm", data))
    for send in (talk.say, talk.tap):
        talk.person = replace(talk.person, conversation=state)
        send("đồng ý" if send == talk.say else "consent:yes")
        assert talk.store.leads == {}
        assert talk.step == "profile:need"


def test_an_entrys_own_words_are_no_name_of_an_enterprise(talk: Talk) -> None:
    talk.store.knowledge.teach("sdt so cong thuong", "contact.department", score=0.99)
    talk.store.knowledge.teach("cơ sở đóng tàu", "kc.machinery", score=0.95)
    fill(talk, "mua máy sấy")
    assert talk.say("sdt so cong thuong").entry == "contact.department"
    assert talk.step == "profile:enterprise"
    talk.say("Cơ sở đóng tàu")
    assert talk.step == "profile:contact_name"


def test_an_answer_that_the_base_could_answer_too_is_still_an_answer(talk: Talk) -> None:
    talk.store.knowledge.teach("hỗ trợ mua máy sấy dừa", "kc.machinery")
    fill(talk, "hỗ trợ mua máy sấy dừa")
    assert talk.step == "profile:enterprise"


def test_name_and_number_together_are_both_taken(talk: Talk) -> None:
    fill(talk, "mua máy sấy", "Dừa Xanh", "Chị Lan, 0912.345.678")
    assert talk.step == "profile:confirm"
    assert "Người liên hệ: Chị Lan\n" in talk.said


def test_a_shared_contact_is_the_number_only_if_it_is_ones_own(talk: Talk) -> None:
    fill(talk, *ANSWERS[:3])
    talk.send("contact", contact=Contact("0987654321", "Ai đó"))
    assert talk.step == "profile:phone"
    assert "gõ số điện thoại" in talk.said
    talk.send("contact", contact=Contact("84912345678", "Lan", own=True))
    assert talk.step == "profile:confirm"


def test_a_photo_in_a_form_is_answered_and_the_form_goes_on(talk: Talk) -> None:
    fill(talk, "mua máy sấy")
    talk.send("file", files=(File("x", "photo"),))
    assert "căn cước" in talk.said
    assert "số 1" not in talk.said
    assert talk.step == "profile:enterprise"


def test_what_is_known_is_used_again_and_shown_before_it_is_sent(talk: Talk) -> None:
    fill(talk, *ANSWERS, "đồng ý")
    talk.wait(days=1)
    fill(talk, "tìm đầu ra cho kẹo dừa")
    assert talk.step == "profile:confirm"
    assert "Dừa Xanh" in talk.said
    talk.say("đồng ý")
    assert len(talk.store.leads) == 2


def test_the_same_need_minutes_later_is_the_same_request(talk: Talk) -> None:
    fill(talk, *ANSWERS, "đồng ý")
    (code,) = talk.store.leads
    talk.tap("consent:yes")
    assert code in talk.said
    fill(talk, "Mua máy  SẤY", "đồng ý")
    assert list(talk.store.leads) == [code]
    assert code in talk.said
    talk.wait(minutes=11)
    fill(talk, "mua máy sấy", "đồng ý")
    assert len(talk.store.leads) == 2


def test_the_entry_just_read_is_offered_as_the_need(talk: Talk) -> None:
    talk.say(QUESTION)
    talk.tap("lead:start:kc.machinery")
    talk.say("1")
    for text in (*ANSWERS[1:], "đồng ý"):
        talk.say(text)
    (lead,) = talk.store.leads.values()
    assert (lead.need, lead.topic) == ("Hỗ trợ mua máy móc", "kc.machinery")


def test_a_question_nobody_could_answer_is_offered_as_the_need(talk: Talk) -> None:
    talk.say("xin giấy phép sản xuất nước dừa đóng chai")
    talk.say("gặp cán bộ")
    assert talk.turn.entry == "bot.human"
    assert talk.offered[0] == "profile:need:question"
    talk.say("1")
    assert talk.step == "profile:enterprise"


def test_who_wants_a_person_can_see_the_contacts_at_once(talk: Talk) -> None:
    talk.tap("human")
    assert talk.offered[-1] == "entry:contact.department"
    assert talk.tap("entry:contact.department").entry == "contact.department"
    assert talk.step == "profile:need"


def test_asking_again_for_a_request_goes_on_with_the_open_one(talk: Talk) -> None:
    fill(talk, "mua máy sấy")
    talk.say("gặp cán bộ")
    assert talk.step == "profile:enterprise"
    talk.tap("lead:start:kc.machinery")
    assert talk.step == "profile:enterprise"


def test_a_button_under_an_older_question_asks_the_open_one(talk: Talk) -> None:
    fill(talk, "mua máy sấy", "Dừa Xanh")
    talk.tap("profile:enterprise:skip")
    assert talk.step == "profile:contact_name"
    talk.tap("consent:yes")
    assert talk.step == "profile:contact_name"
    assert talk.store.leads == {}


def test_long_answers_are_cut_and_strange_signs_taken_out(talk: Talk) -> None:
    fill(talk, "mua máy " + "dừa " * 500, "\u202eCty\x00 <b>Dừa</b>\u200b", "Lan", "0912345678", "đồng ý")
    (lead,) = talk.store.leads.values()
    assert len(lead.need) <= 500
    assert lead.profile.enterprise == "Cty <b>Dừa</b>"


@pytest.mark.parametrize("need", ["12345", "?!", "a"])
def test_a_need_without_words_is_asked_again(talk: Talk, need: str) -> None:
    fill(talk, need)
    assert talk.step == "profile:need"


def test_the_whole_talk_works_in_english(talk: Talk) -> None:
    talk.say("English")
    for text in ("leave a request", "buy a coconut dryer", "Green Coconut", "Ms Lan", "+82 2 312 3456"):
        talk.say(text)
    assert "I agree, send the request" in [choice.label for choice in talk.turn.replies[-1].choices]
    talk.say("I agree")
    (lead,) = talk.store.leads.values()
    assert lead.language == "en"
    assert lead.code in talk.said
    talk.say("my request")
    assert "waiting for an officer" in talk.said


def test_an_unattended_request_is_a_task_for_staff(talk: Talk) -> None:
    fill(talk, *ANSWERS, "đồng ý")
    (lead,) = talk.store.leads
    assert talk.store.tasks == {f"lead:{lead}:unattended": OpenTask("lead", f"lead:{lead}:unattended", lead)}
