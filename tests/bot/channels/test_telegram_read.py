"""Every kind of update as Telegram tells it, and what the bot reads in it."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
import telegram

from bot.channels.telegram_read import read
from bot.clock import VIETNAM
from handlers.message import Address, Contact, File, Inbound, InboundKind

EXAMPLES = Path(__file__).parents[2] / "examples" / "telegram"
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM)
SENT = dt.datetime.fromtimestamp(1795401000, VIETNAM)
PERSON, GROUP = "700100200", "-1001500600700"


def said(
    number: int,
    kind: InboundKind,
    text: str = "",
    *,
    sent_at: dt.datetime = SENT,
    choice: str = "",
    files: tuple[File, ...] = (),
    contact: Contact | None = None,
    reply_to: str = "",
) -> Inbound:
    """What the person of the examples said."""
    address = Address("telegram", "4242", PERSON)
    return Inbound(
        str(815000100 + number), address, PERSON, kind, sent_at, text, choice, files, contact, reply_to=reply_to
    )


def in_group(number: int, kind: InboundKind, text: str = "", *, thread: str = "") -> Inbound:
    """What somebody said in the group of the examples."""
    base = said(number, kind, text)
    return replace(base, address=Address("telegram", "4242", GROUP, thread), shared=True)


EXPECTED: dict[str, Inbound | None] = {
    "text": said(1, "text", "mua máy mới có được hỗ trợ không ạ? 🙏"),
    "start": said(2, "text", "/start site"),
    "answer": said(3, "text", "việc thứ hai", reply_to="13"),
    "tap": said(4, "choice", "Gặp cán bộ", choice="bot.person", sent_at=NOW, reply_to="13"),
    "tap_on_old": said(5, "choice", choice="bot.person", sent_at=NOW, reply_to="2"),
    "own_contact": said(6, "contact", contact=Contact("+84901234567", "Hoa Nguyễn", own=True)),
    "other_contact": said(7, "contact", contact=Contact("0907654321", "Anh Ba", own=False)),
    "unlinked_contact": said(8, "contact", contact=Contact("0907654321", "Anh Ba", own=False)),
    "location": said(9, "location", "10.241000, 106.375000"),
    "photo": said(10, "file", "máy này có được không", files=(File("AgAC-y", "photo", size=98211),)),
    "document": said(11, "file", files=(File("BQAC-1", "document", "báo cáo.pdf", "application/pdf", 40960),)),
    "voice": said(12, "file", files=(File("AwAC-1", "voice", mime="audio/ogg", size=15201),)),
    "sticker": said(13, "file", files=(File("CAAC-1", "sticker", size=21010),)),
    "video": said(14, "file", files=(File("BAAC-1", "video", "xưởng.mp4", "video/mp4", 512000),)),
    "edited": said(15, "edited", "mua máy cũ", sent_at=SENT + dt.timedelta(seconds=60)),
    "blocked": said(16, "blocked", sent_at=SENT + dt.timedelta(seconds=100)),
    "unblocked": said(17, "unblocked", sent_at=SENT + dt.timedelta(seconds=200)),
    "group_text": in_group(18, "text", "chào cả nhà"),
    "group_command": in_group(23, "text", "/staff@caunoi_bot ABCD234567", thread="7"),
    "group_unnamed": replace(in_group(24, "text", "/staff"), author="1087968824"),
    "group_upgraded": replace(in_group(27, "moved", GROUP), address=Address("telegram", "4242", "-500600")),
    "group_put_out": in_group(28, "blocked"),
    "group_took_in": in_group(29, "unblocked"),
    "group_rights": None,
    "group_other_bot": None,
    "group_photo": None,
    "group_edited": None,
    "group_tap": None,
    "channel_post": None,
    "pinned": None,
    "live_location": None,
}


@pytest.mark.parametrize("example", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_each_example_is_read_as_what_the_person_meant(example: str) -> None:
    raw = json.loads((EXAMPLES / f"{example}.json").read_text(encoding="utf-8"))
    update = telegram.Update.de_json(raw, None)
    assert read(update, "4242", NOW) == EXPECTED[example]


def test_no_expected_example_is_missing() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(EXPECTED)
