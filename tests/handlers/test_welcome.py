"""The first words, the menu, help and the language."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.knowledge_base import shipped
from handlers.catalogue import wording
from handlers.welcome import PAGE, greeting
from tests.fakes.context import Store, Talk
from tests.fakes.entries import MACHINERY, QUESTION, knowledge

INTRODUCTION = "trợ lý tự động"


@pytest.fixture
def talk() -> Talk:
    """Somebody new."""
    return Talk(Store(knowledge()))


def test_the_start_says_who_speaks_what_it_can_and_that_nobody_pays(talk: Talk) -> None:
    talk.say("/start")
    for words in ("Cầu Nối", INTRODUCTION, "không bao giờ thu tiền", "OTP"):
        assert words in talk.said
    assert talk.said.count(INTRODUCTION) == 1
    assert talk.offered == ["menu:sectors", "menu:schemes", "menu:contacts", "lead:start", "request", "language:en"]


def test_it_says_once_per_talk_that_it_is_automatic(talk: Talk) -> None:
    talk.say(QUESTION)
    assert talk.said.count(INTRODUCTION) == 1
    talk.say(QUESTION)
    assert INTRODUCTION not in talk.said


def test_the_greeting_of_a_page_is_the_same_in_both_languages() -> None:
    menu = knowledge().menu
    assert [choice.id for choice in greeting(wording("vi"), menu).choices][:5] == [
        choice.id for choice in greeting(wording("en"), menu, "Department").choices
    ][:5]


def test_the_menu_leads_to_every_entry_by_number(talk: Talk) -> None:
    talk.say("menu")
    talk.say("2")
    assert talk.offered == ["entry:kc.machinery", "entry:kc.used-machinery", "menu"]
    assert talk.say("1").entry == "kc.machinery"
    talk.tap("menu:sectors")
    assert talk.offered == ["entry:sector.textile", "menu"]
    talk.tap("menu:contacts")
    assert talk.offered == ["entry:contact.department", "entry:contact.hours", "menu"]


def test_a_long_list_has_pages() -> None:
    more = [replace(MACHINERY, id=f"kc.more{n}") for n in range(PAGE)]
    talk = Talk(Store(knowledge(*more)))
    talk.tap("menu:schemes")
    assert len(talk.offered) == PAGE + 2
    talk.tap("menu:schemes:2")
    assert talk.offered == ["entry:kc.more6", "entry:kc.more7", "menu"]
    talk.tap("menu:schemes:9")
    assert "human" in talk.offered


def test_the_menu_leaves_a_form_and_says_so(talk: Talk) -> None:
    talk.say("để lại yêu cầu")
    talk.say("mua máy sấy")
    talk.say("menu")
    assert "không lưu gì" in talk.said
    assert talk.step == ""
    assert "menu:sectors" in talk.offered


def test_help_names_what_can_be_typed_and_a_form_goes_on(talk: Talk) -> None:
    talk.say("help")
    assert "gặp cán bộ" in talk.said
    talk.say("để lại yêu cầu")
    talk.say("trợ giúp")
    assert talk.step == "profile:need"
    assert "Mình ghi tiếp" in talk.said


def test_a_chosen_language_stays_whatever_is_typed(talk: Talk) -> None:
    talk.say("tiếng Anh")
    assert "English" in talk.said
    talk.say("mua máy có được hỗ trợ không ạ")
    assert str(talk.person.language) == "en"
    talk.say("tieng viet")
    assert str(talk.person.language) == "vi"
    talk.say("what support is there for my company")
    assert str(talk.person.language) == "vi"


def test_the_language_follows_what_is_typed_until_one_is_chosen(talk: Talk) -> None:
    talk.say("what support is there for my company")
    assert str(talk.person.language) == "en"
    assert "did not quite understand" in talk.said
    talk.say("mua máy được không")
    assert str(talk.person.language) == "vi"


def test_an_english_name_in_a_form_does_not_change_the_language(talk: Talk) -> None:
    talk.say("để lại yêu cầu")
    talk.say("mua máy sấy")
    talk.say("Green Garment Support Company")
    assert str(talk.person.language) == "vi"
    assert talk.step == "profile:contact_name"


def test_who_asks_for_a_language_without_naming_it_is_asked(talk: Talk) -> None:
    talk.say("đổi ngôn ngữ")
    assert talk.offered == ["language:vi", "language:en"]
    talk.say("2")
    assert str(talk.person.language) == "en"


def test_who_comes_without_a_word_is_greeted_once_a_day(talk: Talk) -> None:
    assert "trợ lý tự động" in str(talk.send("joined").replies[0].text)
    assert talk.offered
    assert talk.send("joined").replies == ()
    talk.store.now += dt.timedelta(days=1, minutes=1)
    assert talk.send("joined").replies


@pytest.mark.parametrize("command", ["/start buy_machine", "/start lead", "/request", "/help", "/privacy"])
def test_a_command_changes_no_language(talk: Talk, command: str) -> None:
    talk.say(command)
    assert str(talk.person.language) == "vi"
    talk.say("/menu")
    talk.say("what support is there for my company")
    talk.say(command)
    assert str(talk.person.language) == "en"


def test_who_follows_in_the_middle_of_a_form_stays_in_it(talk: Talk) -> None:
    talk.say("để lại yêu cầu")
    assert "Anh/chị cần Sở giúp việc gì?" in talk.send("joined").replies[-1].text
    assert talk.step == "profile:need"


@pytest.mark.parametrize("words", ["/start kc_machinery", "/start@cau_noi_bot kc_machinery", "/START KC_Machinery"])
def test_who_comes_by_a_link_to_an_entry_is_greeted_and_gets_its_answer(talk: Talk, words: str) -> None:
    turn = talk.say(words)
    assert turn.entry == "kc.machinery"
    hello = turn.replies[0].text
    for part in ("Cầu Nối", INTRODUCTION, "không bao giờ thu tiền", "OTP"):
        assert part in hello
    assert talk.said.count(INTRODUCTION) == 1
    assert "chọn một mục" not in talk.said
    assert talk.offered[0] == "more:kc.machinery"
    talk.tap(talk.offered[0])
    assert INTRODUCTION not in talk.said


def test_every_entry_has_a_link_of_its_own() -> None:
    found = {entry.id: entry for entry in shipped()}
    links = {id: id.replace(".", "_") for id in found}
    assert not [id for id in found if "_" in id]
    for id, link in links.items():
        talk = Talk(Store(knowledge(found[id])))
        assert talk.say(f"/start {link}").entry == id


def test_a_link_to_an_entry_leaves_a_form_and_says_so(talk: Talk) -> None:
    talk.say("để lại yêu cầu")
    assert talk.say("/start kc_machinery").entry == "kc.machinery"
    assert "không lưu gì" in talk.said
    assert talk.step == ""


def test_who_comes_by_a_link_to_the_form_begins_it(talk: Talk) -> None:
    turn = talk.say("/start lead")
    assert (turn.entry, talk.step) == ("bot.human", "profile:need")
    assert "không bao giờ thu tiền" in turn.replies[0].text
    assert talk.said.count(INTRODUCTION) == 1
    assert "Anh/chị cần Sở giúp việc gì?" in turn.replies[-1].text


def test_a_link_to_the_form_inside_the_form_keeps_what_was_said(talk: Talk) -> None:
    talk.say("để lại yêu cầu")
    talk.say("mua máy sấy")
    turn = talk.say("/start lead")
    assert talk.step == "profile:enterprise"
    assert talk.said.count("tên gì?") == 1
    assert "không bao giờ thu tiền" in turn.replies[0].text


def test_a_link_to_the_form_leaves_the_question_about_erasing(talk: Talk) -> None:
    talk.say("xóa số của tôi")
    talk.say("/start lead")
    assert talk.step == "profile:need"
    assert talk.said.count("Anh/chị cần Sở giúp việc gì?") == 1


@pytest.mark.parametrize("payload", ["dangky", "dangky-2026", "kc_nothing", "kc-machinery", "LEADS", "_", "a" * 64])
def test_a_link_with_anything_else_is_a_plain_start(talk: Talk, payload: str) -> None:
    assert talk.say(f"/start {payload}").entry == "bot.about"
    assert "menu:sectors" in talk.offered
