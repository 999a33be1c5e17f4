"""In a group the assistant takes an invitation, says how to give one, and is silent about everything else."""

import pytest

from handlers.intents import read
from handlers.message import Contact, File, InboundKind
from handlers.reminder import remind
from handlers.turn import Audit, BecomeOfficer
from tests.fakes.context import FakeContext, Store, Talk
from tests.fakes.entries import QUESTION, knowledge
from tests.fakes.officers import BINH, HOA, officer, opened

CODE = "HAAAA23456"
PERSONAL = ("mua máy sấy", "Dừa Xanh", "chị Lan", "0912", "912 345 678")


@pytest.fixture
def store() -> Store:
    """A house without staff."""
    return Store(knowledge())


@pytest.fixture
def group(store: Store) -> Talk:
    """A group in which nothing was said yet."""
    return Talk(store, "-1001", "telegram", shared=True)


def told_group(store: Store, group: Talk) -> list[str]:
    """What the group was told of by other people's turns, with nothing to tap."""
    assert not [tell for tell in store.told.values() if tell.address == group.person.address and tell.reply.offered]
    return store.told_at(group.person.address)


@pytest.mark.parametrize("words", [f"/staff {CODE}", f"/staff@cau_bot {CODE.lower()}", f"/start@cau_bot {CODE}"])
def test_an_invitation_makes_the_group_a_place_and_nobody_in_it_an_officer(
    store: Store, group: Talk, words: str
) -> None:
    store.invite(HOA, CODE)
    turn = group.say(words)
    assert group.said.startswith("Nhóm này từ giờ nhận báo yêu cầu mới")
    assert [(place.officer, place.address.chat, place.shared) for place in store.places] == [(HOA, "-1001", True)]
    assert turn.effects[0] == BecomeOfficer(HOA.id, 1, shared=True)
    assert turn.effects[1:] == (Audit("officer.joined", "1"),)
    assert group.person.officer is None
    assert group.offered == []
    assert not group.person.conversation.introduced


def test_an_invitation_opens_one_group_once(store: Store, group: Talk) -> None:
    store.invite(HOA, CODE)
    group.say(f"/staff {CODE}")
    other = Talk(store, "-1002", "telegram", shared=True)
    other.say(f"/staff {CODE}")
    assert "không dùng được" in other.said
    assert len(store.places) == 1


@pytest.mark.parametrize("words", ["/staff", "/help", "/help@cau_noi_bot", "/STAFF"])
def test_who_asks_is_told_how_in_a_few_words(group: Talk, words: str) -> None:
    group.say(words)
    assert "/staff MÃ" in group.said
    assert len(group.turn.replies) == 1


@pytest.mark.parametrize(
    "words",
    [
        *("/start", "/start kc_machinery", "/start ABCDEF2345", "/menu", "/request", "/human", "/lead", "/"),
        *(QUESTION, "help", "trợ giúp", "danh sách", "để lại yêu cầu", "xóa số của tôi", "đồng ý", "1", ""),
        *(CODE, f"mã {CODE}"),
    ],
)
def test_everything_else_that_is_said_there_is_not_answered(store: Store, group: Talk, words: str) -> None:
    store.invite(HOA, CODE)
    before = group.person
    turn = group.say(words)
    assert (turn.replies, turn.effects, group.person) == ((), (), before)


@pytest.mark.parametrize("kind", ["choice", "contact", "location", "file", "edited", "joined"])
def test_what_is_no_text_is_not_answered_either(store: Store, group: Talk, kind: InboundKind) -> None:
    store.invite(HOA, CODE)
    card, files = Contact("0912345678", own=True), (File("x", "photo"),)
    turn = group.send(kind, text=f"/staff {CODE}", choice="lead:7F3K2Q:claim", contact=card, files=files)
    assert (turn.replies, turn.effects) == ((), ())


def test_a_group_is_told_code_and_topic_and_whoever_takes_it_says_so_privately(store: Store, group: Talk) -> None:
    store.invite(HOA, CODE)
    group.say(f"/staff {CODE}")
    binh = officer(store, BINH, "BAAAA23456")
    lan = Talk(store, "lan")
    lan.tap("lead:start:kc.machinery")
    for text in ("mua máy sấy", "Dừa Xanh", "chị Lan", "0912 345 678", "đồng ý"):
        lan.say(text)
    (code,) = store.leads
    (notice,) = told_group(store, group)
    title = store.knowledge.entries["kc.machinery"].title.get("vi")
    lines = (f"Yêu cầu mới {code}", f"Chủ đề: {title}", f'Nhận: nhắn riêng cho trợ lý "nhận {code}".')
    assert notice == "\n".join(lines)
    assert not [word for word in PERSONAL if word in notice]
    for words in (f"nhận {code}", f"/request {code}", code):
        assert group.say(words).replies == ()
    assert group.tap(f"lead:{code}:claim").replies == ()
    assert store.leads[code].state == "new"
    binh.say(f"nhận {code}")
    assert store.leads[code].officer == BINH


def test_a_lead_without_a_topic_is_told_by_its_code(store: Store, group: Talk) -> None:
    store.invite(HOA, CODE)
    group.say(f"/staff {CODE}")
    _, code = opened(store)
    (notice,) = told_group(store, group)
    assert notice.splitlines()[0] == f"Yêu cầu mới {code}"
    assert len(notice.splitlines()) == 2


def test_a_group_hears_also_of_what_the_officer_whose_invitation_opened_it_takes_and_gives_back(
    store: Store, group: Talk
) -> None:
    store.invite(HOA, CODE)
    group.say(f"/staff {CODE}")
    hoa = officer(store, HOA, "HAAAA34567")
    _, code = opened(store)
    hoa.say(f"nhận {code}")
    hoa.say(f"trả lại {code}")
    said = told_group(store, group)
    assert [text.splitlines()[0] for text in said] == [
        f"Yêu cầu mới {code}",
        f"Yêu cầu {code}: Hoa đã nhận.",
        f"Yêu cầu mới {code}",
    ]
    assert not [word for word in PERSONAL for text in said if word in text]
    taken = next(t for t in store.told.values() if t.address == group.person.address and ":taken:" in t.key)
    assert taken.reply.replaces == f"lead:{code}:new:telegram/main/-1001/"


def test_a_group_is_reminded_without_a_word_about_the_person(store: Store, group: Talk) -> None:
    store.invite(HOA, CODE)
    group.say(f"/staff {CODE}")
    lan, code = opened(store)
    context = FakeContext(store, lan.person, read("", store.knowledge.search))
    context.apply(remind(code, lan.person, context))
    said = told_group(store, group)
    assert len(said) == 2
    assert not [word for word in PERSONAL for text in said if word in text]
