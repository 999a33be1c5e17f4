"""What a whole message wants of the bot itself, by a table of phrases; a miss is left to the search."""

import re
from collections.abc import Callable, Mapping
from functools import cache

from handlers.context import Context
from handlers.leads import CODE_LENGTH, INVITATION_LENGTH, is_code
from handlers.message import Inbound
from handlers.phrasebook import Phrasebook, readings, typed
from handlers.reading import Intent, Reading
from knowledge.search import Found
from knowledge.text import clean, fold, language_of

#: Words around a command that do not change it.
COURTESY = """
dạ ạ vâng ừ thưa anh chị em cô chú bác bạn ad admin bot sở ơi cho xin làm ơn nhờ vui lòng alo à á ê nha nhé nhe nghen
nghe hen nè với giùm dùm giúp đi luôn vậy mà please thanks hi hello
"""

ME = "(tôi|em|mình|tụi tôi|chúng tôi)"
WANT = "[thôi] [cho|xin|nhờ|cần|muốn|cho tôi|cho em|tôi cần|tôi muốn|em muốn|em cần|mình muốn]"
OFFICER = (
    "(cán bộ|cán bộ phụ trách|người thật|người|nhân viên|nhân viên tư vấn|chuyên viên|người phụ trách|tổng đài viên)"
)
PEOPLE = "(human|a human|person|a person|a real person|someone|an officer|a real officer|officer|staff|your staff)"
ABOUT_ME = "((thông tin|dữ liệu) [cá nhân]|số|số điện thoại|tên|tên và số điện thoại|tài khoản)"

#: Each line is a template of whole messages; handlers/phrasebook.py says how they are compared.
PHRASES: Mapping[Intent, tuple[str, ...]] = {
    "start": ("start", "bắt đầu"),
    "menu": ("[main] menu", "[xem|mở] danh mục", "về đầu", "trang đầu"),
    "help": (
        "help [me]",
        "trợ giúp",
        "[xem] hướng dẫn [sử dụng]",
        "cách (dùng|sử dụng)",
        "giúp (tôi|em|mình) với",
    ),
    "stop": (
        "stop",
        "(dừng|ngừng) [lại]",
        f"[thôi] [từ nay|kể từ nay|từ giờ] (đừng|ngừng|dừng|thôi) nhắn [tin] [cho] [{ME}] [nữa]",
        f"[từ nay] (đừng|ngừng|dừng) gửi tin [nhắn] [cho] [{ME}] [nữa]",
        f"[{ME}] không (muốn|cần) nhận tin [nhắn] [nữa]",
        f"[{ME}] [muốn] (ngừng|dừng|hủy|thôi|từ chối) nhận [tin|tin nhắn|bản tin|thông báo] [nữa]",
        f"[{ME}] [muốn] hủy (đăng ký|theo dõi) [nhận tin|bản tin]",
        "unsubscribe [me]",
        "stop (messaging|texting|contacting) me",
        "(do not|dont) (message|text|contact) me [again|anymore]",
    ),
    "erase": (
        f"[hãy|muốn|{ME} muốn] (xóa|gỡ|hủy) [hết|toàn bộ] {ABOUT_ME} [của|về] "
        f"{ME} [khỏi hệ thống|khỏi danh sách] [được không]",
        f"xóa {ME} khỏi (hệ thống|danh sách)",
        "[i want to] (delete|erase|remove) [all] my (data|information|details|number|phone number|account)",
        "forget me",
    ),
    "privacy": (
        f"(lưu|giữ|lấy|xin) (thông tin|dữ liệu|số|số điện thoại) [của] {ME} [để] làm (gì|chi)",
        f"(thông tin|dữ liệu|số|số điện thoại) [của] {ME} [được] [dùng [(vô|vào) việc]] [để] (làm gì|gì|chi)",
        f"(ai|những ai) [được] (xem|thấy) [được] (thông tin|dữ liệu) [của] {ME}",
        "quyền riêng tư",
        "[chính sách] bảo (mật|vệ) (thông tin|dữ liệu) [cá nhân]",
        "[your] privacy [policy]",
        "what do you (do with|keep about|know about|store about) (me|my data|my information)",
    ),
    "human": (
        f"{WANT} (gặp|gặp được|nói chuyện với|trao đổi với|liên hệ với|chuyển cho|kết nối với) {OFFICER} "
        "[tư vấn|nói chuyện|trao đổi] [trực tiếp]",
        "[can i|i want to|i need to|let me|i would like to] (talk|speak) (to|with) " + PEOPLE,
        "human",
    ),
    "complaint": (
        "[sao] [giờ] [tôi|em] [đã] nộp [hồ sơ|đơn] [rồi] [mà] [[hơn] # (tháng|tuần|ngày|năm)] [rồi|nay] [mà] [vẫn] "
        "chưa [thấy|có|được] (trả lời|kết quả|phản hồi|ai trả lời|giải quyết)",
        f"[{ME}] [muốn] (khiếu nại|tố cáo|phản ánh)",
        "[i want to] [make|file] [a] (complaint|complain)",
    ),
    "request": (
        f"[xem|tra|kiểm tra|tình trạng] (yêu cầu|hồ sơ|lead) của {ME} [đã] [tới|đến] [đâu|sao] [rồi]",
        "[xem] yêu cầu đã gửi",
        f"tra cứu [mã] yêu cầu [của {ME}]",
        "[check|see|where is|show] my request",
        "status of my request",
    ),
    "leave_request": (
        f"{WANT} (để|gửi) [lại] (yêu cầu|lời nhắn|thông tin liên hệ|số điện thoại) [cho] [sở|cán bộ]",
        f"{WANT} [ai|người|cán bộ] (gọi|điện|gọi điện) (lại [cho|giúp|giùm]|cho) {ME}",
        "đăng ký tư vấn",
        "[i want to] leave [a] (request|message)",
        "[please] call me [back]",
    ),
    "cancel": (
        "(hủy|thôi) [bỏ|khỏi|yêu cầu|không] [nữa]",
        f"[thôi] [{ME}] không (làm|gửi|cần) nữa",
        "cancel",
        "never mind",
    ),
    "back": ("(quay|trở|lùi) lại", "câu trước", "[go] back"),
    "skip": ("bỏ qua", "skip [this]"),
    "yes": (
        "có",
        "có chứ",
        f"[{ME}] đồng ý",
        "ừ",
        "ừm",
        "vâng",
        "đúng [rồi|vậy]",
        "phải [rồi]",
        "(ok|oke|okie|okay)",
        "(yes|yeah|yep|sure)",
        "i agree",
    ),
    "no": ("không", "không (có|phải|đồng ý|muốn)", "đừng", "chưa", "(no|nope|not now)", "i do not agree"),
}

#: The language asked for.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "[nói|dùng|đổi sang|chuyển sang|trả lời bằng|bằng] tiếng anh [được không]",
        "[in|speak|use|switch to] english",
        "(can|do) you speak english",
    ),
    "vi": (
        "[nói|dùng|đổi sang|chuyển sang|trả lời bằng|bằng] tiếng việt [được không]",
        "[in|speak|use|switch to] vietnamese",
    ),
    "": ("[đổi|chọn] ngôn ngữ", "[change] language"),
}

#: Commands typed after a stroke, as Telegram offers them.
COMMANDS: Mapping[str, Intent] = {
    **{word: word for word in ("start", "menu", "help", "language", "stop", "erase", "privacy", "request", "staff")},
    "human": "human",
    "lead": "leave_request",
    "cancel": "cancel",
}

#: These are also meant when they open a message that goes on to say why: "Đừng nhắn nữa, phiền quá."
OPENING: tuple[Intent, ...] = ("stop", "erase", "human")

COMMAND = re.compile(r"/([a-z]{1,20})(?:@\w+)?(?:\s+([\w-]{1,64}))?", re.IGNORECASE)
CODE = re.compile(
    r"(?:(?:mã|ma|code|yêu cầu|yeu cau|request)\s*(?:số|so)?\s*[:#]?\s*)?([0-9a-z]{6}|[0-9a-z]{10})[.!]?", re.IGNORECASE
)

#: How a question begins or ends, in plain letters.
ASKS_FIRST = re.compile(
    r"(?:cho (?:em |toi |minh |tui )?hoi|lam sao|bao nhieu|o dau|khi nao|tai sao|the nao|co phai|co duoc|ai |what|how"
    r"|where|when|who|why|which|can |is |are |do |does )"
)
ASKS_LAST = re.compile(
    r".*\b(?:khong|ko|hong|hok|chua|sao|gi|dau|nao|may|nhieu|nhiu|vay|ha)(?: (?:a|vay|the|z|v|ta|em|anh|chi|ad|nhi))*"
)


def intent_of(text: str) -> tuple[Intent, str]:
    """What a whole message wants, and the code in it: a reference or invitation code, or the language asked for.

    ("", "") where it is no command: a false claim would hide an answer, so anything more than a phrase is a miss.
    """
    text = clean(text)
    if command := COMMAND.fullmatch(text):
        return _command(command[1].lower(), command[2] or "")
    if (code := CODE.fullmatch(text)) and (intent := _code(code[1].upper())):
        return intent, code[1].upper()
    read = readings(text)
    for language, book in _languages().items():
        if book.says(read):
            return "language", language
    return next((intent for intent, book in _books().items() if book.says(read)), "") or _opening(text), ""


def _command(word: str, argument: str) -> tuple[Intent, str]:
    intent = COMMANDS.get(word, "")
    if intent == "start" and argument:
        # A deep link carries an officer's invitation here; any other payload is only a start.
        return ("staff", argument.upper()) if is_code(argument.upper(), INVITATION_LENGTH) else ("start", "")
    return intent, argument.upper() if intent in ("staff", "request") else ""


def _code(code: str) -> Intent:
    if is_code(code, CODE_LENGTH):
        return "request"
    return "staff" if is_code(code, INVITATION_LENGTH) else ""


def _opening(text: str) -> Intent:
    first, *rest = re.split(r"[,.;!\n]", text, maxsplit=1)
    if not rest or "?" in text or len(typed(text)) > 20:
        return ""
    return next((intent for intent in OPENING if _books()[intent].holds(first)), "")


@cache
def _books() -> Mapping[Intent, Phrasebook]:
    return {intent: Phrasebook(templates, COURTESY) for intent, templates in PHRASES.items()}


@cache
def _languages() -> Mapping[str, Phrasebook]:
    return {language: Phrasebook(templates, COURTESY) for language, templates in LANGUAGES.items()}


def is_question(text: str) -> bool:
    """Whether a text is put as a question."""
    plain = fold(clean(text)).rstrip(" .!")
    return plain.endswith("?") or bool(ASKS_FIRST.match(plain) or ASKS_LAST.fullmatch(plain))


def read(text: str, search: Callable[[str], Found]) -> Reading:
    """What a text says, before anybody decides. Pure, so that it can be kept and done before the transaction."""
    intent, code = intent_of(text)
    found = search(text)
    return Reading(text, fold(clean(text)), found, intent, code, language_of(text))


def said(message: Inbound, context: Context) -> Intent:
    """What a typed message wants; "" for a tap or a file, whatever stands under it."""
    return context.reading.intent if message.kind == "text" else ""
