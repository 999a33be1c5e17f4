"""Search: answers it is sure of, choices and refusals where it is not, and any text at all."""

import time
import tomllib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.lexicon import FILE
from knowledge.search import Index
from knowledge.text import courtesy_of

LISTED = {
    "kc.machinery": [
        "Khuyến công hỗ trợ mua máy móc thiết bị bao nhiêu?",
        "Mua máy mới được hỗ trợ mấy phần trăm?",
        "Xưởng em muốn mua máy CNC, khuyến công hỗ trợ tối đa bao nhiêu?",
        "hỗ trợ máy móc cho cơ sở sản xuất",
        "đầu tư dây chuyền, thiết bị mới có được khuyến công giúp không",
        "How much support is there for buying new machines?",
        "grant for production equipment",
    ],
    "kc.used-machinery": [
        "Mua máy cũ có được hỗ trợ khuyến công không?",
        "máy đã qua sử dụng có được xét không",
        "Máy đã mua rồi giờ mới xin có kịp không?",
        "máy second hand nhập về được hỗ trợ không",
        "lỡ mua máy trước khi nộp hồ sơ thì sao",
        "Is used machinery supported?",
    ],
    "contact.department": [
        "Địa chỉ Sở Công Thương ở đâu?",
        "Cho xin số điện thoại của Sở Công Thương",
        "Liên hệ Sở bằng cách nào?",
        "email của sở là gì",
        "sở công thương giờ đặt ở đâu sau sáp nhập",
        "What is the department's phone number and address?",
    ],
    "contact.hours": [
        "Sở làm việc mấy giờ?",
        "Thứ bảy sở có tiếp nhận hồ sơ không?",
        "giờ làm việc buổi chiều của sở",
        "chủ nhật có mở cửa không",
        "What are your opening hours?",
    ],
    "sector.textile": [
        "Làm nút áo, dây khóa kéo có được ưu tiên không?",
        "Ngành dệt may có thuộc công nghiệp hỗ trợ không?",
        "xưởng chỉ may, nhãn mác được xếp vào ngành nào",
        "sản xuất phụ liệu may mặc",
        "Are garment accessories a priority?",
    ],
    "finance.loans": [
        "Vay vốn mua máy lãi suất thấp ở đâu?",
        "Ngân hàng nào cho vay ưu đãi?",
        "cần vay tiền mở rộng xưởng",
        "lãi suất vay cho doanh nghiệp nhỏ là bao nhiêu",
        "Where can we get a loan?",
    ],
}
OUTSIDE = {
    "natural-resources": (
        "Xưởng xả thải mỗi ngày vài khối cần giấy phép môi trường nào?",
        "giấy phép môi trường nộp ở đâu",
        "làm báo cáo đánh giá tác động môi trường",
        "đất vườn muốn lên thổ cư",
        "How do I get an environmental permit?",
    ),
    "tax": ("Thuế nhập khẩu dây điện bao nhiêu phần trăm?", "kê khai thuế nhập khẩu", "hoàn thuế giá trị gia tăng"),
    "elsewhere": (
        "Bên Đồng Nai khuyến công hỗ trợ mua máy móc thiết bị bao nhiêu?",
        "sở công thương Cần Thơ ở đâu",
        "ở Tiền Giang có được hỗ trợ máy không",
        "Bình Dương có giảm tiền thuê đất không",
    ),
    "far": (
        "Tối nay đội tuyển đá với ai?",
        "kể chuyện ma nghe coi",
        "ngày mai trời có mưa không",
        "What is the weather like today?",
        "nấu thịt kho mấy muỗng đường",
    ),
    "chat": ("haha", "em có người yêu chưa", "hôm nay em khỏe không", "vui ghê"),
}
QUESTIONS = {id: tuple(texts) for id, texts in LISTED.items()}
INDEX = Index.from_questions(QUESTIONS, OUTSIDE)


@pytest.mark.parametrize(
    "question",
    [
        "mua may moi duoc khuyen cong ho tro bao nhieu",
        "DN e mua máy móc tbị mới thì kc hỗ trợ tối đa nhiêu?",
        "khuyeens coong hoox trowj mua mays mowis bao nhieeu",
        "khuyen1 cong6 ho64 tro75 mua ma1y mo71i bao nhie6u",
        "khuyến công hổ trợ mua mấy móc thíêt bị bao nhiu",
    ],
)
def test_the_same_question_finds_its_entry_in_every_typing(question: str) -> None:
    found = INDEX.search(question)
    assert found.outcome != "unknown"
    assert found.candidates[0].entry == "kc.machinery"
    assert found.candidates[0].score > 2 * sum(candidate.score for candidate in found.candidates[1:])


def test_english_is_found_by_english_phrasings() -> None:
    found = INDEX.search("How much support is there if we buy a new machine?")
    assert (found.candidates[0].entry, found.language) == ("kc.machinery", "en")


@pytest.mark.parametrize("id", QUESTIONS)
def test_a_phrasing_itself_is_always_answered(id: str) -> None:
    """Whoever adds a phrasing sees it answered, also one of few words."""
    for question in QUESTIONS[id]:
        found = INDEX.search(question.upper())
        assert (found.outcome, found.candidates[0].entry) == ("answer", id)


def test_a_phrasing_of_two_entries_is_not_taken_for_one_of_them() -> None:
    index = Index.from_questions({**QUESTIONS, "other": ("Ngân hàng nào cho vay ưu đãi?",)})
    found = index.search("Ngân hàng nào cho vay ưu đãi?")
    assert found.outcome == "choices"
    assert {c.entry for c in found.candidates} == {"finance.loans", "other"}


def test_a_question_between_two_entries_offers_both() -> None:
    found = INDEX.search("máy được hỗ trợ bao nhiêu")
    assert found.outcome == "choices"
    assert {"kc.machinery", "kc.used-machinery"} <= {c.entry for c in found.candidates}
    scores = [c.score for c in found.candidates]
    assert scores == sorted(scores, reverse=True) and sum(scores) <= 1 and len(scores) <= 3


def test_words_no_entry_knows_lower_the_score() -> None:
    known = INDEX.search("Sở làm việc mấy giờ?").candidates[0].score
    less = INDEX.search("Sở Giáo dục làm việc mấy giờ?").candidates[0].score
    least = INDEX.search("Sở Giáo dục tuyển sinh lớp mười làm việc mấy giờ?").candidates[0].score
    assert known > less > least


def test_two_questions_in_one_text_name_both_entries() -> None:
    found = INDEX.search("Khuyến công hỗ trợ mua máy móc thiết bị bao nhiêu? Sở làm việc mấy giờ?")
    assert found.outcome == "answer"
    assert {found.candidates[0].entry, found.also} == {"kc.machinery", "contact.hours"}


def test_one_question_names_no_second_entry() -> None:
    assert INDEX.search("Khuyến công hỗ trợ mua máy móc thiết bị bao nhiêu?").also == ""


SECTORS = {
    f"sector.{name}": (
        f"{own} có được ưu tiên không",
        f"Is {english} a priority?",
        f"ngành {own} thì tỉnh hỗ trợ gì",
        f"làm {own} có thuộc công nghiệp hỗ trợ không",
        own,
    )
    for name, own, english in (("textile", "dệt may", "textile"), ("footwear", "da giày", "footwear"))
}
TALK = Index.from_questions({**QUESTIONS, **SECTORS}, OUTSIDE)


def test_a_short_question_goes_on_from_the_topic_of_the_talk() -> None:
    alone = TALK.search("tối đa mấy phần trăm")
    before = max((c.score for c in alone.candidates if c.entry == "kc.machinery"), default=0.0)
    after = TALK.search("tối đa mấy phần trăm", ("kc.machinery", "contact.hours"))
    assert after.candidates and after.candidates[0].entry == "kc.machinery"
    assert after.candidates[0].score > before
    lines = TALK.explain("tối đa mấy phần trăm", ("kc.machinery", "contact.hours"))
    at = lines.index("after kc.machinery, contact.hours:")
    assert lines[:at] == TALK.explain("tối đa mấy phần trăm")
    assert lines[at + 2].startswith("kc.machinery ")


def test_another_subject_replaces_the_one_before() -> None:
    found = TALK.search("còn da giày?", ("sector.textile",))
    assert found.candidates[0].entry == "sector.footwear"


@pytest.mark.parametrize("topic", QUESTIONS)
def test_a_new_question_is_not_dragged_back_to_the_topic(topic: str) -> None:
    for id, questions in ((id, own) for id, own in {**QUESTIONS, **SECTORS}.items() if id != topic):
        assert TALK.search(f"{questions[0]} ạ", (topic,)).candidates[0].entry == id


@pytest.mark.parametrize("topic", QUESTIONS)
@pytest.mark.parametrize(
    "text", ["ngày mai trời có mưa không", "haha", "kể chuyện ma nghe coi", "zzyzx", "???", "مرحبا"]
)
def test_what_is_not_ours_is_not_answered_from_the_topic(topic: str, text: str) -> None:
    assert TALK.search(text, (topic,)).outcome != "answer"


@pytest.mark.parametrize("text", ["zzyzx", "مرحبا كيف حالك", "???", "qwrtp 12345678"])
def test_words_nobody_ever_asked_with_do_not_go_on_from_the_topic(text: str) -> None:
    assert TALK.search(text, ("kc.machinery",)) == TALK.search(text)


@pytest.mark.parametrize("topics", [(), ("gone",), ("gone", "also gone")])
def test_topics_that_are_gone_change_nothing(topics: tuple[str, ...]) -> None:
    assert TALK.search("tối đa mấy phần trăm", topics) == TALK.search("tối đa mấy phần trăm")


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("xin chào", "greeting"),
        ("Alo ad ơi", "greeting"),
        ("hello", "greeting"),
        ("ok", "greeting"),
        ("okie nha", "greeting"),
        ("ê", "greeting"),
        ("cảm ơn nhiều nha", "thanks"),
        ("cam on anh chi", "thanks"),
        ("Dạ em cảm ơn ạ", "thanks"),
        ("ok em, cám ơn nghen", "thanks"),
        ("thank you so much", "thanks"),
        ("tạm biệt em", "farewell"),
        ("Cảm ơn anh, chào tạm biệt", "farewell"),
        ("thanks, bye", "farewell"),
    ],
)
def test_greetings_thanks_and_farewells_ask_nothing(text: str, reply: str) -> None:
    found = INDEX.search(text)
    assert (found.outcome, found.reply, found.candidates) == ("unknown", reply, ())
    assert INDEX.explain(text) == (reply,)


@pytest.mark.parametrize(
    "text",
    ["được rồi, thuế?", "hiểu rồi vốn", "được rồi địa chỉ", "thank you, loans?", "chào tạm biệt thuế", "bye bye, loan"],
)
def test_thanks_do_not_hide_a_question(text: str) -> None:
    assert courtesy_of(text) == ""
    assert INDEX.search("Cảm ơn em, vậy Sở làm việc mấy giờ?").candidates[0].entry == "contact.hours"


def test_every_courtesy_of_the_table_is_known_as_it_is_typed() -> None:
    table = tomllib.loads(FILE.read_text("utf-8"))["courtesies"]
    for kind in ("greeting", "thanks", "farewell"):
        for text in ";".join(table[kind].values()).split(";"):
            assert courtesy_of(text.strip()) == kind


@pytest.mark.parametrize("text", ["bao nhiêu", "sở ở đâu vậy", "vậy còn anh thì sao", "được không"])
def test_a_short_question_is_not_a_greeting(text: str) -> None:
    assert INDEX.search(text).reply != "greeting"


@pytest.mark.parametrize(
    "text", ["Tối nay đội tuyển đá với ai?", "kể chuyện ma nghe coi", "What is the weather tomorrow?"]
)
def test_what_has_nothing_to_do_with_enterprises_is_far(text: str) -> None:
    assert (INDEX.search(text).outcome, INDEX.search(text).reply) == ("unknown", "far")


def test_another_authoritys_business_names_its_route() -> None:
    found = INDEX.search("xuong xa thai moi ngay 20 khoi can giay phep moi truong loai nao")
    assert (found.outcome, found.reply, found.route) == ("unknown", "near", "natural-resources")


def test_another_provinces_rules_are_never_told() -> None:
    found = INDEX.search("Bên Đồng Nai khuyến công hỗ trợ mua máy móc thiết bị bao nhiêu?")
    assert (found.outcome, found.reply) == ("unknown", "near")


def test_a_phrasing_that_names_another_province_is_answered_all_the_same() -> None:
    question = "Hàng của tôi bán cho công ty ở Đồng Nai thì có được hỗ trợ không?"
    index = Index.from_questions({**QUESTIONS, "si.supply-chain": (question,)}, OUTSIDE)
    assert index.search(question).candidates[0].entry == "si.supply-chain"


def test_rude_words_are_abuse_but_do_not_hide_a_question() -> None:
    assert INDEX.search("đồ ngu").reply == "abuse"
    assert INDEX.search("mảng đó cho dễ").reply == "unknown"
    asked = INDEX.search("đm mua máy cũ có được hỗ trợ khuyến công không")
    assert (asked.outcome, asked.candidates[0].entry) != ("unknown", "kc.machinery")


@pytest.mark.parametrize("questions", [{}, {"a": ()}])
def test_an_index_of_nothing_knows_nothing(questions: dict[str, tuple[str, ...]]) -> None:
    for outside in ({}, OUTSIDE):
        index = Index.from_questions(questions, outside)
        found = index.search("Mua máy được hỗ trợ không?")
        assert (found.outcome, found.candidates, found.also) == ("unknown", (), "")
        assert index.ids == frozenset(questions)


def test_what_was_found_can_be_explained() -> None:
    lines = INDEX.explain("mua máy zzyzx")
    assert lines[0] == "read: mua may zzyzx"
    assert any(line.startswith("kc.machinery") and "mua may +" in line for line in lines)
    assert any(line.startswith("not ours: ") for line in lines)
    assert lines[-1].startswith("signs: chance ")


@given(st.text(st.characters(codec=None), max_size=300))
@settings(max_examples=200)
def test_any_text_gives_an_outcome(text: str) -> None:
    found = INDEX.search(text)
    assert (found.outcome == "unknown") == (found.candidates == ())
    assert (found.outcome == "unknown") == (found.reply != "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "😡🔥",
        "\x00\x07\u202e\ud800",
        "<script>alert(1)</script>",
        "a" * 100_000,
        "máy " * 25_000,
        "1.a" * 33_000,
        "?" * 100_000,
        "mua máy? " * 11_000,
        "e\u0301\u0323" * 30_000,
    ],
)
def test_hostile_texts_are_read_in_time(text: str) -> None:
    began = time.monotonic()
    INDEX.search(text)
    assert time.monotonic() - began < 1.0


def test_of_a_long_text_the_end_is_read_too() -> None:
    story = "Gia đình tôi sống ở quê từ lâu rồi, mưa nắng hai mùa. " * 200
    assert "lam viec may gio" not in INDEX.explain(story)[0]
    assert "lam viec may gio" in INDEX.explain(story + "Sở làm việc mấy giờ?")[0]


def test_many_threads_read_one_index() -> None:
    questions = [question for found in QUESTIONS.values() for question in found] * 5
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(INDEX.search, questions)) == [INDEX.search(question) for question in questions]
