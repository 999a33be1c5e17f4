"""A whole message's wish is heard; a question about it is not."""

import pytest

from handlers.intents import intent_of, is_question, read
from handlers.reading import Intent
from knowledge.search import Found

HEARD: dict[Intent, tuple[str, ...]] = {
    "start": ("/start", "/start@cau_noi_bot", "start", "bắt đầu", "/start xyz"),
    "menu": ("menu", "/menu", "main menu", "xem danh mục"),
    "help": ("help", "trợ giúp", "hướng dẫn sử dụng", "huong dan", "giúp tôi với"),
    "stop": (
        "STOP",
        "dừng",
        "đừng nhắn nữa",
        "dung nhan tin",
        "ngừng nhận tin",
        "huy dang ky",
        "Thôi từ nay đừng nhắn cho tôi nữa nha.",
        "tui hông muốn nhận tin nữa",
        "dung nhan tin cho toi nua, phien qua",
        "don't message me again",
    ),
    "erase": (
        "xóa số của tôi",
        "xoá số của tôi",
        "xoa thong tin cua toi",
        "Xóa số điện thoại của tôi đi",
        "xóa hết dữ liệu của em khỏi hệ thống giúp em",
        "xóa thông tin của tui được không",
        "delete my data",
    ),
    "privacy": ("lưu thông tin tôi làm gì", "luu thong tin cua toi de lam chi", "privacy policy"),
    "human": (
        "gặp cán bộ",
        "cho gap nguoi that",
        "cho tôi gặp cán bộ phụ trách",
        "Cho gặp cán bộ phụ trách đi, chat hoài không hiểu",
        "I want to talk to a real person",
    ),
    "complaint": ("nộp 3 tháng chưa thấy trả lời", "nộp hồ sơ rồi mà chưa có kết quả", "tôi muốn khiếu nại"),
    "request": ("yêu cầu của tôi", "hồ sơ của tôi tới đâu rồi", "ho so cua em toi dau", "my request", "/request"),
    "leave_request": ("để lại yêu cầu", "gọi lại cho tôi", "nhờ gọi lại giùm tui", "call me back"),
    "cancel": ("hủy", "huỷ", "thôi", "thôi khỏi", "cancel"),
    "back": ("quay lại", "quay lai", "back"),
    "skip": ("bỏ qua", "bo qua", "skip"),
    "yes": ("có", "dạ có ạ", "đồng ý", "ok", "yes"),
    "no": ("không", "hông", "ko", "no"),
    "staff": ("/staff", "/staff abc"),
}


@pytest.mark.parametrize(("intent", "text"), [(intent, text) for intent, texts in HEARD.items() for text in texts])
def test_a_wish_is_heard_in_every_usual_spelling(intent: Intent, text: str) -> None:
    assert intent_of(text)[0] == intent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "cô ơi",
        "em ơi",
        "xóa số của chị Lan",
        "xóa số của tôi thì mất bao lâu",
        "làm sao để xóa thông tin của tôi?",
        "Dạ em đã bán lại cơ sở rồi nên xin hỏi thủ tục xóa thông tin, xóa số của tôi có mất phí không",
        "hôm trước cán bộ bên xã bảo đừng nhắn nữa",
        "hủy hồ sơ khuyến công thì sao",
        "gặp cán bộ ở đâu để nộp hồ sơ",
        "có được hỗ trợ không",
        "không biết nộp ở đâu",
        "tiếng Anh có cần dịch hồ sơ không",
        "help me buy a machine",
        "mua máy",
        "dừng hoạt động thì có được hỗ trợ không",
        "đừng nhắn nữa? " + "a " * 200,
        "#2",
        "/unknown",
        "\x00\x01\x02",
    ],
)
def test_a_question_about_it_is_not_the_wish(text: str) -> None:
    assert intent_of(text) == ("", "")


@pytest.mark.parametrize("text", ["7F3K2Q", "7f3k2q", "mã 7f3k2q", "Mã số: 7F3K2Q.", "code 7F3K2Q"])
def test_a_reference_code_is_read_in_any_case(text: str) -> None:
    assert intent_of(text) == ("request", "7F3K2Q")


@pytest.mark.parametrize("text", ["khuyen", "234567", "ABCDEF", "kcn205", "0912345678", "2345678901"])
def test_words_and_numbers_are_no_codes(text: str) -> None:
    assert intent_of(text) == ("", "")


def test_an_invitation_is_read_alone_or_after_a_command() -> None:
    assert intent_of("abcdef2345") == ("staff", "ABCDEF2345")
    assert intent_of("/start ABCDEF2345") == ("staff", "ABCDEF2345")
    assert intent_of("/staff ABCDEF2345") == ("staff", "ABCDEF2345")


@pytest.mark.parametrize(
    ("text", "language"),
    [("tiếng Anh", "en"), ("English please", "en"), ("tieng viet", "vi"), ("đổi ngôn ngữ", ""), ("/language", "")],
)
def test_the_wish_for_a_language_names_it(text: str, language: str) -> None:
    assert intent_of(text) == ("language", language)


def test_questions_are_told_from_answers() -> None:
    for question in ("mua máy được không", "Sở ở đâu?", "cho tôi hỏi giờ làm việc", "how much is it", "may gio vay"):
        assert is_question(question), question
    for answer in ("Công ty TNHH Dừa Xanh", "mua máy sấy dừa", "chị Lan", "0912 345 678"):
        assert not is_question(answer), answer


def test_a_reading_holds_all_that_was_understood() -> None:
    found = Found("unknown", reply="unknown")
    reading = read("Xóa số của tôi", lambda text: found)
    assert (reading.text, reading.folded) == ("Xóa số của tôi", "xoa so cua toi")
    assert (reading.intent, reading.language, reading.found) == ("erase", "vi", found)
