"""What the Official Account's channel hands over beside words: forms, pictures, and the card to share a number."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.zalo_oa import LARGEST_PICTURE, ZaloOaChannel
from bot.errors import Ambiguous, Refused, TryLater
from handlers.message import Choice, File, Reply
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_house import CS, HOA, PLACE, WORDS, ZaloOaHouse, opened, out
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

HINT = WORDS["hint"]
UPLOAD_IMAGE, UPLOAD_FILE = "/v2.0/oa/upload/image", "/v2.0/oa/upload/file"
JPEG = b"\xff\xd8\xff\xe0"
PICTURE = "https://sct.example.vn/chia-se.jpg"
ASK = Reply("Anh/chị cho em số điện thoại.", (Choice("a", "Thôi"),), wants_contact=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as zalo:
        zalo.echoes = zalo.receipts = False
        zalo.say(HOA, "chào")
        yield zalo


@pytest.fixture
def house(zalo: ZaloOaServer, clock: FakeClock) -> ZaloOaHouse:
    return ZaloOaHouse(zalo, clock)


@pytest.fixture
async def channel(zalo: ZaloOaServer, house: ZaloOaHouse) -> AsyncIterator[ZaloOaChannel]:
    async with opened(zalo, house, picture=PICTURE) as channel:
        yield channel


def form(house: ZaloOaHouse, folder: Path, name: str, content: bytes = b"%PDF-1.7", *, public: bool = True) -> File:
    """A form of the department, and the file of a reply that stands for it."""
    path = folder / name
    path.write_bytes(content)
    house.forms[name] = path
    if public:
        house.public.add(name)
    return File(name, "document", f"Mẫu ({name})")


def kinds(zalo: ZaloOaServer) -> list[str]:
    """The kinds of the messages Hoa sees."""
    return [shown.kind for shown in zalo.shown(HOA)]


async def meanwhile(happens: Callable[[], Coroutine[Any, Any, None]], sending: Coroutine[Any, Any, str]) -> str:
    """Send while something happens at Zalo."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(happens())
        done = await asyncio.gather(sending, return_exceptions=True)
    if isinstance(done[0], BaseException):
        raise done[0]
    return done[0]


# Files.


async def test_files_zalo_takes_follow_the_text_and_the_others_are_links_in_it(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, tmp_path: Path
) -> None:
    files = (
        form(house, tmp_path, "don.PDF"),
        form(house, tmp_path, "map.jpg", JPEG),
        form(house, tmp_path, "to.jpg", JPEG + b" " * LARGEST_PICTURE),
        form(house, tmp_path, "bang.xlsx"),
        form(house, tmp_path, "kho.xlsx", public=False),
        File("gone.pdf", "document", "Mẫu (gone.pdf)"),
    )
    number = await channel.send(out(Reply("Mẫu đơn:", (Choice("a", "Tiếp"),), files=files)))
    text, paper, picture = zalo.shown(HOA)
    assert text.text == (
        f"Mẫu đơn:\n\nMẫu (to.jpg): {PLACE}/to.jpg\nMẫu (bang.xlsx): {PLACE}/bang.xlsx\n\n"
        f"Mẫu (don.PDF)\nMẫu (map.jpg)\nMẫu (kho.xlsx)\nMẫu (gone.pdf)\n\n1. Tiếp\n\n{HINT}"
    )
    assert (paper.kind, picture.kind, picture.message_id) == ("file", "image", number)
    uploads = [(call.path, call.body["file"]["name"]) for call in zalo.calls if "upload" in call.path]
    assert uploads == [(UPLOAD_FILE, "don.PDF"), (UPLOAD_IMAGE, "map.jpg")]


@pytest.mark.parametrize(
    ("path", "error"),
    [(UPLOAD_FILE, TryLater), (CS, TryLater), (CS, Ambiguous)],
    ids=["upload", "send", "dropped"],
)
async def test_a_second_try_hands_over_only_what_is_missing(
    zalo: ZaloOaServer,
    house: ZaloOaHouse,
    channel: ZaloOaChannel,
    tmp_path: Path,
    path: str,
    error: type[Exception],
) -> None:
    message = out(Reply("Mẫu đơn:", files=(form(house, tmp_path, "don.pdf"),)))
    gate = zalo.hold(UPLOAD_FILE)

    async def fail() -> None:
        await zalo.until(lambda: zalo.held[UPLOAD_FILE])
        zalo.fail(path, -200, drop=error is Ambiguous)
        gate.set()

    with pytest.raises(error):
        await meanwhile(fail, channel.send(message))
    assert kinds(zalo) == ["text"]
    await channel.send(message)
    assert kinds(zalo) == ["text", "file"]
    assert [call.path for call in zalo.calls].count(UPLOAD_FILE) == 2


async def test_a_file_zalo_does_not_take_is_left_as_its_link(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, tmp_path: Path
) -> None:
    files = (form(house, tmp_path, "map.jpg", b"no picture"), form(house, tmp_path, "don.pdf"))
    with capture_logs() as lines:
        await channel.send(out(Reply("Đây ạ:", files=files)))
    assert [shown.text for shown in zalo.shown(HOA)][1] == f"Mẫu (map.jpg): {PLACE}/map.jpg"
    assert kinds(zalo) == ["text", "text", "file"]
    assert [(line["event"], line["form"]) for line in lines] == [("zalo_oa.file_refused", "map.jpg")]


async def test_without_a_link_staff_learn_of_it(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, tmp_path: Path
) -> None:
    file = form(house, tmp_path, "map.jpg", b"no picture", public=False)
    with pytest.raises(Refused):
        await channel.send(out(Reply("Đây ạ:", files=(file,))))


# The card to share a number.


async def test_a_card_to_share_a_number_follows_the_question(zalo: ZaloOaServer, channel: ZaloOaChannel) -> None:
    number = await channel.send(out(ASK))
    text, card = zalo.shown(HOA)
    assert text.buttons
    assert (card.kind, card.message_id) == ("request_user_info", number)
    payload = card.raw["message"]["attachment"]["payload"]
    element = {"title": WORDS["share_title"], "subtitle": WORDS["share_text"], "image_url": PICTURE}
    assert payload == {"template_type": "request_user_info", "elements": [element]}


async def test_without_a_picture_there_is_no_card(zalo: ZaloOaServer, house: ZaloOaHouse) -> None:
    async with opened(zalo, house) as channel:
        await channel.send(out(ASK))
    assert len(await zalo.called(CS)) == 1
    assert kinds(zalo) == ["text"]


@pytest.mark.parametrize("how", ["code", "page", "drop"])
async def test_a_card_that_cannot_be_sent_does_no_harm(
    zalo: ZaloOaServer, house: ZaloOaHouse, channel: ZaloOaChannel, tmp_path: Path, how: str
) -> None:
    message = out(Reply(ASK.text, wants_contact=True, files=(form(house, tmp_path, "don.pdf"),)))
    gate = zalo.hold(CS)

    async def fail() -> None:
        await zalo.called(CS)
        gate.set()
        gate.clear()
        await zalo.called(CS, 2)
        zalo.fail(CS, -233, drop=how == "drop", html="<html>" if how == "page" else "")
        gate.set()

    await meanwhile(fail, channel.send(message))
    assert kinds(zalo) == ["text", "file"]
