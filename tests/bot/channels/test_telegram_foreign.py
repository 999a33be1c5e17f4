"""Our Telegram channel, and the whole bot on it, under telegram-test-api, a fake of Telegram by somebody else."""

import datetime as dt
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from bot.app import App, Parts
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_webhook import PATH
from bot.clock import SystemClock, to_ms
from bot.config import Settings
from bot.store import officers
from handlers.leads import INVITATION_LENGTH, new_code
from handlers.message import Address
from tests.fakes.clock import FakeClock
from tests.fakes.house import House
from tests.fakes.telegram_bridge import TelegramBridge, telegram_bridge
from tests.fakes.telegram_test_api import TelegramTestApi, telegram_test_api
from tests.fakes.zalo_whole import ENTRIES, small_base

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOA, HAI, BA = 7001, 7002, 7003
#: Buttons tapped in a whole talk.
TAPS = 4
#: The account is the number of the only bot telegram-test-api knows.
ACCOUNT = "666"
PUBLIC, SECRET = "https://sct.example.vn", "a-secret-of-the-webhook"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def foreign() -> AsyncIterator[TelegramTestApi]:
    """One for all tests; each is another bot there."""
    async with telegram_test_api() as foreign:
        yield foreign


@pytest_asyncio.fixture(loop_scope="module")
async def bridge(foreign: TelegramTestApi, request: pytest.FixtureRequest) -> AsyncIterator[TelegramBridge]:
    """The way there for the bot of this test; nothing that went over it is foreign to aiogram, a third party."""
    async with telegram_bridge(foreign, f"{ACCOUNT}:{request.node.name}") as bridge:
        yield bridge
        assert bridge.unfit == []


@pytest.fixture
def database(sqlite_schema: Path, tmp_path: Path) -> Path:
    """A database where nobody has talked yet."""
    path = tmp_path / "telegram.db"
    with closing(sqlite3.connect(sqlite_schema)) as connection:
        connection.execute("VACUUM INTO ?", [str(path)])
    return path


@asynccontextmanager
async def whole(bridge: TelegramBridge, database: Path, secret: str) -> AsyncIterator[App]:
    """The whole bot, behind the bridge; with a `secret` it has a public site for its webhook."""
    settings = {
        "storage": {"url": f"sqlite:///{database}"},
        "web": {"port": 0, "public_url": PUBLIC},
        "desk": {"port": 0},
        "telegram": {"enabled": True, "token": bridge.token, "base_url": bridge.url, "webhook_secret": secret},
    }
    app = App(Settings.model_validate(settings), Parts(FakeClock(), shipped=lambda: ENTRIES, knowledge=small_base))
    await app.start()
    try:
        assert app.public_listener is not None
        bridge.site = f"http://127.0.0.1:{app.public_listener.port}"
        yield app
    finally:
        await app.stop()


async def joins(bridge: TelegramBridge, app: App, user: int, name: str) -> None:
    """Somebody becomes an officer."""

    def invite(connection: Connection) -> str:
        now, code = FakeClock().now(), new_code(secrets.SystemRandom(), INVITATION_LENGTH)
        officer = officers.add(connection, name, "", to_ms(now))
        officers.issue(connection, "invite", code, officer.id, to_ms(now + dt.timedelta(days=1)))
        return code

    await bridge.say(user, f"/staff {await app.store.write(invite)}")
    await bridge.wait_for(user, f"Chào {name}")


async def talk(bridge: TelegramBridge, app: App) -> None:
    """Somebody starts, asks, leaves a request by buttons; one officer takes it by a button, another sees it taken."""
    await joins(bridge, app, HAI, "Trần Văn Hai")
    await joins(bridge, app, BA, "Lê Thị Ba")
    await bridge.start(HOA)
    greeting = await bridge.wait_for(HOA, "trợ lý tự động")
    assert ("Để lại yêu cầu", "lead:start") in greeting.buttons
    await bridge.say(HOA, "hỗ trợ mua máy móc")
    answer = await bridge.wait_for(HOA, "Tối đa 300 triệu đồng")
    assert answer.buttons[0] == ("Xem chi tiết", "more:kc.machinery")
    await bridge.tap(HOA, "Xem chi tiết")
    await bridge.wait_for(HOA, "Ai được xét")
    await bridge.tap(HOA, "Để lại yêu cầu")
    await bridge.wait_for(HOA, "cần Sở giúp việc gì?")
    for words, asked in (
        ("mua máy sấy dừa", "tên gì?"),
        ("Cơ sở Dừa Xanh", "tên người liên hệ"),
        ("chị Lan", "số điện thoại"),
        ("0903123456", "có đồng ý gửi không?"),
    ):
        await bridge.say(HOA, words)
        await bridge.wait_for(HOA, asked)
    await bridge.tap(HOA, "Đồng ý, gửi yêu cầu")
    await bridge.wait_for(HOA, "Đã ghi yêu cầu")
    card = await bridge.wait_for(BA, "Yêu cầu mới")
    await bridge.wait_for(HAI, "Yêu cầu mới")
    await bridge.tap(HAI, "Nhận")
    await bridge.wait_for(HAI, "Anh/chị đã nhận yêu cầu")
    await bridge.wait_for(HOA, "Trần Văn Hai đã nhận yêu cầu")
    # In the place of the card, and with nothing left to tap.
    taken = await bridge.wait_for(BA, "Trần Văn Hai đã nhận")
    assert (card.edited, card.buttons[0][0]) == (False, "Nhận")
    assert (taken.edited, taken.buttons, taken.number) == (True, (), card.number)


def called(bridge: TelegramBridge, method: str) -> int:
    """How often the bot called a method."""
    return [name for name, _ in bridge.calls].count(method)


async def test_a_whole_talk_by_polling(bridge: TelegramBridge, database: Path) -> None:
    async with whole(bridge, database, "") as app:
        await talk(bridge, app)
        await bridge.until(lambda: not bridge.unconfirmed)
        await bridge.until(lambda: called(bridge, "answerCallbackQuery") == TAPS)
    assert not bridge.webhook
    # Each question brings something, but the last one; it is no loop that asks without end.
    assert called(bridge, "getUpdates") <= len(bridge.updates) + 1


async def test_a_whole_talk_by_webhook(bridge: TelegramBridge, database: Path) -> None:
    async with whole(bridge, database, SECRET) as app:
        await bridge.until(lambda: bool(bridge.webhook))
        await talk(bridge, app)
        await bridge.until(lambda: called(bridge, "answerCallbackQuery") == TAPS)
    assert bridge.webhook == f"{PUBLIC}{PATH}"
    assert bridge.deliveries == [200] * len(bridge.updates)
    assert called(bridge, "getUpdates") == called(bridge, "deleteWebhook") == 0


async def test_a_delivery_without_the_secret_or_to_nobody_fails_and_the_next_one_is_taken(
    bridge: TelegramBridge, database: Path
) -> None:
    async with whole(bridge, database, SECRET):
        await bridge.until(lambda: bool(bridge.webhook))
        bridge.secret = "somebody-elses"
        with pytest.raises(AssertionError, match="status code 403"):
            await bridge.start(HOA)
        bridge.secret = SECRET
        await bridge.start(HOA)
        await bridge.wait_for(HOA, "trợ lý tự động")
    with pytest.raises(AssertionError, match="status code 502"):
        await bridge.say(HOA, "mua máy")
    assert bridge.deliveries == [403, 200, 0]


async def test_a_webhook_left_behind_is_removed_before_polling(
    foreign: TelegramTestApi, bridge: TelegramBridge
) -> None:
    # Nobody listens there: what is brought there is lost.
    await foreign.call(bridge.token, "setWebhook", {"url": "http://127.0.0.1:9/elsewhere"})
    house = House()
    channel = TelegramChannel(bridge.token, clock=SystemClock(), base_url=bridge.url, pauses=(0.01,))
    await house.open(channel)
    await bridge.until(lambda: called(bridge, "getUpdates") == 1)
    await bridge.say(HOA, "mua máy")
    shown = await bridge.wait_for(HOA, "Anh/chị nói: mua máy")
    await bridge.tap(HOA, "Gặp cán bộ")
    await bridge.wait_for(HOA, "Anh/chị nói: Gặp cán bộ")
    await house.settled()
    await channel.quiet()
    await channel.stop()
    said, tapped = house.taken.values()
    assert said.address == tapped.address == Address("telegram", ACCOUNT, str(HOA))
    assert (said.kind, said.text) == ("text", "mua máy")
    assert (tapped.kind, tapped.choice, tapped.text) == ("choice", "entry:b", "Gặp cán bộ")
    assert tapped.reply_to == str(shown.number)
