"""What is no text still gets an answer and a way on."""

from typing import Literal

import pytest

from handlers.media import AT_ONCE
from handlers.message import LONGEST_TEXT, Contact, File
from tests.fakes.context import Store, Talk
from tests.fakes.entries import QUESTION, knowledge

Kind = Literal["photo", "document", "voice", "sticker", "video", "other"]


@pytest.fixture
def talk() -> Talk:
    """Somebody new."""
    return Talk(Store(knowledge()))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("voice", "chưa nghe được tin thoại"),
        ("sticker", "hình dán"),
        ("photo", "căn cước"),
        ("video", "video"),
        ("document", "tệp"),
        ("other", "tệp"),
    ],
)
def test_a_file_is_answered_and_number_one_passes_it_on(talk: Talk, kind: Kind, words: str) -> None:
    talk.send("file", files=(File("x", kind),))
    assert words in talk.said
    assert "số 1" in talk.said
    assert talk.say("1").entry == "bot.human"
    assert talk.step == "profile:need"


def test_words_under_a_photo_are_answered(talk: Talk) -> None:
    turn = talk.send("file", text=QUESTION, files=(File("x", "photo"),))
    assert turn.entry == "kc.machinery"
    assert "căn cước" in talk.said
    assert talk.offered[0] == "more:kc.machinery"


def test_a_file_message_without_a_file_a_place_and_a_card_are_answered(talk: Talk) -> None:
    talk.send("file")
    assert "tệp" in talk.said
    talk.send("location")
    assert "vị trí" in talk.said
    talk.send("contact", contact=Contact("0912345678", own=True))
    assert talk.offered[0] == "lead:start"
    talk.send("contact")
    assert "chưa ghi số" in talk.said


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u202e", "\x00\x01\x02", "\ufeff"])
def test_a_text_of_nothing_is_told_so(talk: Talk, text: str) -> None:
    talk.say(text)
    assert "chưa thấy chữ nào" in talk.said


@pytest.mark.parametrize("text", ["👍", "😡😡😡", "❤️", "???", "...", "!", "-_-"])
def test_a_text_of_signs_is_told_that_words_are_read(talk: Talk, text: str) -> None:
    talk.say(text)
    assert "chỉ đọc được chữ" in talk.said
    assert talk.store.questions == []


def test_a_text_as_long_as_the_door_lets_through_is_told_to_be_too_long_and_answered(talk: Talk) -> None:
    long = (QUESTION + " " * LONGEST_TEXT)[:LONGEST_TEXT]
    turn = talk.say(long)
    assert f"{LONGEST_TEXT} ký tự đầu" in turn.replies[-2].text
    assert turn.entry == "kc.machinery"
    talk.say("x" * LONGEST_TEXT)
    assert "ký tự đầu" in talk.said
    talk.say("x" * (LONGEST_TEXT - 1))
    assert "ký tự đầu" not in talk.said


def test_several_files_sent_at_once_are_answered_once(talk: Talk) -> None:
    assert talk.send("file", files=(File("1", "photo"),)).replies
    for number in range(2, 6):
        talk.wait(seconds=1)
        before = talk.person
        assert talk.send("file", files=(File(f"{number}", "photo"),)).replies == ()
        assert talk.person == before
    assert talk.say("1").entry == "bot.human"


def test_several_files_in_a_form_ask_its_question_once(talk: Talk) -> None:
    talk.say("để lại yêu cầu")
    assert "Mình ghi tiếp" in talk.send("file", files=(File("1", "photo"),)).replies[-1].text
    assert talk.send("file", files=(File("2", "photo"),)).replies == ()
    assert talk.step == "profile:need"


def test_a_file_is_answered_again_if_it_is_another_kind_has_words_or_comes_later(talk: Talk) -> None:
    photo, voice = (File("1", "photo"),), (File("2", "voice"),)
    talk.send("file", files=photo)
    assert talk.send("file", files=voice).replies
    assert talk.send("file", text=QUESTION, files=voice).entry == "kc.machinery"
    assert talk.send("file", files=voice).replies == ()
    talk.wait(seconds=AT_ONCE.total_seconds())
    assert talk.send("file", files=voice).replies


def test_a_file_after_words_is_answered_again(talk: Talk) -> None:
    photo = (File("1", "photo"),)
    talk.send("file", files=photo)
    talk.say("cảm ơn")
    assert "căn cước" in talk.send("file", files=photo).replies[0].text
    talk.send("location")
    assert "căn cước" in talk.send("file", files=photo).replies[0].text
