"""The whole bot on Telegram: a group of staff is told of a lead, and stays told when it changes its shape."""

import datetime as dt
import re
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.app import App, Parts
from bot.clock import to_ms
from bot.config import Settings
from bot.store import officers, work
from handlers.leads import INVITATION_LENGTH, new_code
from tests.fakes.clock import FakeClock
from tests.fakes.telegram_server import TelegramServer, telegram_server
from tests.fakes.zalo_whole import ENTRIES, small_base

HOA, HAI, GROUP, TOPIC = 7001, 7002, -1009, 7
CODE = re.compile(r"\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}\b")
FORM = (
    ("mua máy sấy dừa", "tên gì?"),
    ("Cơ sở Dừa Xanh", "tên người liên hệ"),
    ("Nguyễn Thị Hoa", "số điện thoại"),
)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with telegram_server() as server:
        yield server


@pytest.fixture
async def app(server: TelegramServer, sqlite_schema: Path, tmp_path: Path) -> AsyncIterator[App]:
    path = tmp_path / "telegram.db"
    with closing(sqlite3.connect(sqlite_schema)) as connection:
        connection.execute("VACUUM INTO ?", [str(path)])
    settings = {
        "storage": {"url": f"sqlite:///{path}"},
        "web": {"port": 0},
        "desk": {"port": 0},
        "telegram": {"enabled": True, "token": server.token, "base_url": server.url},
    }
    app = App(Settings.model_validate(settings), Parts(FakeClock(), shipped=lambda: ENTRIES, knowledge=small_base))
    await app.start()
    yield app
    await app.stop()


async def invited(app: App, name: str) -> str:
    """The code that makes a chat a place."""

    def invite(connection: Connection) -> str:
        now, code = FakeClock().now(), new_code(secrets.SystemRandom(), INVITATION_LENGTH)
        officer = officers.add(connection, name, "", to_ms(now))
        officers.issue(connection, "invite", code, officer.id, to_ms(now + dt.timedelta(days=1)))
        return code

    return await app.store.write(invite)


async def told(server: TelegramServer, chat: int, words: str, thread: int = 0) -> str:
    """Wait until a group sees a message with these words; all of it."""
    found = await server.until(
        lambda: next((shown.text for shown in server.shown_in(chat, thread) if words in shown.text), None)
    )
    assert not any(shown.buttons for shown in server.shown_in(chat, thread)), "nobody knows who would be tapping"
    return found


async def request(server: TelegramServer, *, known: bool = False) -> str:
    """Hoa leaves a request, by what she told before if she is `known`; its code, as she is told."""
    server.say(HOA, "hỗ trợ mua máy móc")
    await server.wait_for(HOA, "Tối đa 300 triệu đồng")
    server.tap(HOA, "Để lại yêu cầu")
    await server.wait_for(HOA, "cần Sở giúp việc gì?")
    if known:
        server.say(HOA, "cần vốn trồng dừa")
    else:
        for words, asked in FORM:
            server.say(HOA, words)
            await server.wait_for(HOA, asked)
        keyboard = await server.until(lambda: server.people[HOA].keyboard or None)
        server.press(HOA, keyboard[0])
    await server.wait_for(HOA, "xem lại giúp em")
    server.tap(HOA, 1)
    done = await server.wait_for(HOA, lambda shown: bool(CODE.search(shown.text)))
    return str(CODE.findall(done.text)[0])


async def test_a_group_is_told_code_and_topic_wherever_its_messages_go(server: TelegramServer, app: App) -> None:
    server.found_group(GROUP, "supergroup", topics={TOPIC: "Cơ khí"})
    server.group_say(GROUP, HAI, f"/staff {await invited(app, 'Nhóm công nghiệp')}", thread=TOPIC)
    await told(server, GROUP, "Nhóm này", TOPIC)
    code = await request(server)
    notice = await told(server, GROUP, f"Yêu cầu mới {code}", TOPIC)
    for private in ("Hoa", "Dừa Xanh", "máy sấy", "090"):
        assert private not in notice
    server.delete_topic(GROUP, TOPIC)
    code = await request(server, known=True)
    await told(server, GROUP, f"Yêu cầu mới {code}")
    tasks = await app.store.read(lambda connection: work.open_tasks(connection))
    assert "place-moved" in [task.kind for task in tasks]


async def test_a_group_that_becomes_a_supergroup_stays_a_place(server: TelegramServer, app: App) -> None:
    server.found_group(-9)
    server.group_say(-9, HAI, f"/staff {await invited(app, 'Nhóm công nghiệp')}")
    await told(server, -9, "Nhóm này")
    new = server.upgrade(-9)
    code = await request(server)
    await told(server, new, f"Yêu cầu mới {code}")


async def test_a_group_that_puts_the_bot_out_and_takes_it_again_is_told_again(server: TelegramServer, app: App) -> None:
    server.found_group(-9)
    server.group_say(-9, HAI, f"/staff {await invited(app, 'Nhóm công nghiệp')}")
    await told(server, -9, "Nhóm này")
    server.kick_bot(-9, HAI)
    await server.until(lambda: not server.unconfirmed)
    await request(server)
    assert "place-lost" in [task.kind for task in await app.store.read(lambda connection: work.open_tasks(connection))]
    server.add_bot(-9, HAI)
    await server.until(lambda: not server.unconfirmed)
    code = await request(server, known=True)
    await told(server, -9, f"Yêu cầu mới {code}")
    assert sum("Yêu cầu mới" in shown.text for shown in server.shown_in(-9)) == 1


async def test_an_officer_taps_and_the_notice_itself_tells_what_became_of_it(server: TelegramServer, app: App) -> None:
    server.say(HAI, f"/staff {await invited(app, 'Trần Văn Hai')}")
    await server.wait_for(HAI, "Chào Trần Văn Hai")
    code = await request(server)
    notice = await server.wait_for(HAI, f"Yêu cầu mới {code}")
    server.tap(HAI, f"lead:{code}:claim")
    await server.until(lambda: notice.edited or None)
    assert "Anh/chị đã nhận yêu cầu" in notice.text
    assert f"lead:{code}:contacted" in [id for _, id in notice.buttons]
    await server.until(lambda: not server.spinning)
    assert len(server.shown(HAI)) == 2
    server.tap(HAI, f"lead:{code}:contacted")
    await server.wait_for(HAI, f"đã liên hệ về yêu cầu {code}")
    assert "Dừa Xanh" in notice.text, "whom to call stays in the chat"


async def test_a_list_of_leads_stays_when_one_is_taken(server: TelegramServer, app: App) -> None:
    server.say(HAI, f"/staff {await invited(app, 'Trần Văn Hai')}")
    await server.wait_for(HAI, "Chào Trần Văn Hai")
    first = await request(server)
    await request(server, known=True)
    server.say(HAI, "danh sách")
    listed = await server.wait_for(HAI, "Có 2 yêu cầu đang mở")
    server.tap(HAI, f"lead:{first}:claim")
    await server.wait_for(HAI, "Anh/chị đã nhận yêu cầu")
    await server.until(lambda: not server.spinning)
    assert not listed.edited


async def test_a_command_for_another_bot_is_not_ours(server: TelegramServer, app: App) -> None:
    server.found_group(-9)
    await server.called("getMe")
    server.group_say(-9, HAI, "/help@khac_bot")
    server.group_say(-9, HAI, "/help@caunoi_bot")
    await told(server, -9, "nhắn riêng cho trợ lý")
    assert len(server.shown_in(-9)) == 1
