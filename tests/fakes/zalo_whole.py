"""The whole bot in this process on both of Zalo's channels, with a clock a test moves, and what its database holds."""

import asyncio
import datetime as dt
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Connection, TextClause, text

from bot.app import App, Parts
from bot.channels.zalo_oa_webhook import PATH
from bot.clock import to_ms
from bot.config import Settings
from bot.knowledge_base import KnowledgeBase
from bot.store import officers, work
from bot.store.grants import StoredGrants
from bot.store.store import Store
from handlers.leads import INVITATION_LENGTH, new_code
from knowledge.entry import Entry
from tests.fakes.clock import FakeClock
from tests.fakes.entries import CONTACT, HOURS, MACHINERY, TEXTILE, USED
from tests.fakes.talker import NUMBERED
from tests.fakes.zalo_bot_server import ZaloBotServer, zalo_bot_server
from tests.fakes.zalo_crowd import CODE
from tests.fakes.zalo_oa_grants import fresh, settings_of
from tests.fakes.zalo_oa_server import ZaloOaServer, zalo_oa_server

ENTRIES = (MACHINERY, USED, CONTACT, HOURS, TEXTILE)
#: Seconds until the bot must have done all it can do now, and between two looks whether it has.
PATIENCE, LOOK = 15.0, 0.01
#: Whether every message has had its turn, every reply that may leave now has left, one has to wait for longer.
PENDING = text("SELECT NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'pending')")
LEAVING = text("SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'ready' AND not_before <= :now)")
PUT_OFF = text("SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'ready' AND not_before > :now)")


class ZaloWhole:
    """A bot that runs. People of the account are digits, those of the Zalo Bot are words."""

    def __init__(self, app: App, oa: ZaloOaServer, zalo_bot: ZaloBotServer, clock: FakeClock) -> None:
        self.app, self.oa, self.zalo_bot, self.clock = app, oa, zalo_bot, clock

    async def log_in(self) -> None:
        """What `bot zalo login` does: a new pair of tokens lies in the store."""
        await _log_in(self.app.store, self.oa, self.clock)

    async def request(self, user: str) -> str:
        """Somebody leaves a request on the account, and is told its code."""
        for words in ("để lại yêu cầu", "mua máy sấy dừa", "Cơ sở Dừa Xanh", "chị Lan", "0903123456"):
            await self.say(user, words)
        await self.say(user, "đồng ý")
        told = await self.oa.wait_for(user, "mã ")
        return str(CODE.findall(told.text)[0])

    async def say(self, user: str, words: str) -> None:
        """Say something on the account, and wait until all that comes of it is done."""
        self.oa.say(user, words)
        await self.settled()

    async def officer(self, user: str, name: str = "Trần Văn Hai") -> None:
        """Somebody on the Zalo Bot becomes an officer."""

        def invite(connection: Connection) -> str:
            now, code = self.clock.now(), new_code(secrets.SystemRandom(), INVITATION_LENGTH)
            officer = officers.add(connection, name, "", to_ms(now))
            officers.issue(connection, "invite", code, officer.id, to_ms(now + dt.timedelta(days=1)))
            return code

        self.zalo_bot.say(user, f"/staff {await self.app.store.write(invite)}")
        await self.zalo_bot.wait_for(user, f"Chào {name}")

    def number(self, user: str, label: str) -> str:
        """The number to type on the Zalo Bot for a choice of the newest message that has any."""
        for shown in reversed(self.zalo_bot.shown(user)):
            if choices := {found: number for number, found in NUMBERED.findall(shown.text)}:
                return str(choices[label])
        raise LookupError(f"{user} was offered nothing")

    async def passes(self, time: dt.timedelta) -> None:
        """Let time pass, and what is due then happen."""
        self.clock.advance(time)
        await self.settled()

    async def settled(self) -> None:
        """Until nothing is under way any more: no event, no message that waits for its turn, no reply that may leave.

        Not for an account that is halted: of its replies only the first is put off, the others wait behind it.
        """
        await self.taken()
        now = {"now": to_ms(self.clock.now())}
        await self._until(LEAVING, now)
        # What was sent has led to events of its own.
        await self.oa.settled()

    async def taken(self) -> None:
        """Until every event was delivered and every message has had its turn."""
        await self.oa.settled()
        async with asyncio.timeout(PATIENCE):
            while self.zalo_bot.waiting:
                await asyncio.sleep(LOOK)
        await self._until(PENDING, {})

    async def tried_in_vain(self) -> None:
        """Until one of the replies that wait was tried now and has to wait for longer."""
        await self._until(PUT_OFF, {"now": to_ms(self.clock.now())})

    async def _until(self, question: TextClause, values: dict[str, int]) -> None:
        """Until the answer is yes. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not await self.app.store.read(lambda c: c.execute(question, values).scalar_one()):
                await asyncio.sleep(LOOK)

    async def tasks(self, kind: str) -> list[str]:
        """What the open tasks of a kind are about."""
        found = await self.app.store.read(work.open_tasks)
        return [task.about for task in found if task.kind == kind]

    async def a_task(self, kind: str) -> str:
        """What the only open task of a kind is about, once there is one."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await self.tasks(kind)):
                await asyncio.sleep(LOOK)
        (about,) = found
        return about

    async def waiting(self) -> int:
        """How many replies wait to leave, now or later."""
        waits = text("SELECT count(*) FROM outbox WHERE state = 'ready'")
        return await self.app.store.read(lambda connection: int(connection.execute(waits).scalar_one()))

    async def health(self) -> dict[str, Any]:
        """What a monitor is told."""
        assert self.app.public_listener is not None
        url = f"http://127.0.0.1:{self.app.public_listener.port}/health"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            found: dict[str, Any] = await answer.json()
            return found


async def _log_in(store: Store, oa: ZaloOaServer, clock: FakeClock) -> None:
    await StoredGrants(store, clock, f"zalo-oa/{oa.oa_id}", "login").save(fresh(oa, clock))


def small_base(entries: tuple[Entry, ...], version: int, **_more: object) -> KnowledgeBase:
    """A base of few entries that has learned nothing: it is made in a moment."""
    return KnowledgeBase(entries, version)


@asynccontextmanager
async def zalo_whole(
    database: Path, *, people: int = 50, per_month: int = 3000, **account: Any
) -> AsyncIterator[ZaloWhole]:
    """The bot on a SQLite file that has every table; `account`: further settings of the Official Account.

    `people` and `per_month` are what the Zalo Bot may have, in the settings and at Zalo.
    """
    clock = FakeClock()
    async with zalo_oa_server(clock=clock) as oa, zalo_bot_server(clock=clock) as zalo_bot:
        zalo_bot.quota.people, zalo_bot.quota.messages = people, per_month
        zalo_bot_settings = {
            "enabled": True,
            "token": zalo_bot.token,
            "base_url": zalo_bot.url,
            "people": people,
            "per_month": per_month,
        }
        settings = Settings.model_validate(
            {
                "storage": {"url": f"sqlite:///{database}"},
                "web": {"port": 0},
                "desk": {"port": 0},
                **settings_of(oa, per_minute=6000, **account),
                "zalo_bot": zalo_bot_settings,
            }
        )
        # Before the start: a bot that finds no login has a task for that at once.
        store = Store(settings.storage.url)
        await _log_in(store, oa, clock)
        store.close()
        app = App(settings, Parts(clock, shipped=lambda: ENTRIES, knowledge=small_base))
        await app.start()
        try:
            whole = ZaloWhole(app, oa, zalo_bot, clock)
            assert app.public_listener is not None
            await oa.hook(f"http://127.0.0.1:{app.public_listener.port}{PATH}")
            yield whole
        finally:
            await app.stop()
