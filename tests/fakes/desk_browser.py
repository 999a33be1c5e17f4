"""A browser at the desk, and what it finds there."""

import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientResponse, ClientSession, CookieJar
from sqlalchemy import Connection, select

from bot.store import leads
from bot.store.tables import audit
from handlers.context import Lead
from handlers.person import Officer
from tests.fakes.desk_house import DeskHouse

HERE = {"Sec-Fetch-Site": "same-origin"}
HTMX = {**HERE, "HX-Request": "true"}


@dataclass
class Browser:
    """One browser with its cookies."""

    house: DeskHouse
    session: ClientSession

    async def get(self, path: str, headers: dict[str, str] | None = None) -> ClientResponse:
        """A page, without following where it sends."""
        return await self._read(self.session.get(f"{self.house.url}{path}", headers=headers, allow_redirects=False))

    async def post(self, path: str, headers: dict[str, str], **form: str) -> ClientResponse:
        """A form, sent with these headers."""
        asked = self.session.post(f"{self.house.url}{path}", data=form, headers=headers, allow_redirects=False)
        return await self._read(asked)

    async def _read(self, asked: Awaitable[ClientResponse]) -> ClientResponse:
        answer = await asked
        await answer.read()
        return answer

    async def enter(self, officer: Officer) -> None:
        """Sign in with a fresh code."""
        entered = await self.post("/enter", HERE, code=await self.house.code(officer))
        assert entered.status == 303, await entered.text()

    async def board(self, view: str = "open") -> str:
        """The whole page."""
        answer = await self.get(f"/?view={view}")
        assert answer.status == 200
        return await answer.text()

    async def token(self) -> str:
        """What every form of this browser's pages holds."""
        return found(r'name="token" value="(\w+)"', await self.board())[0]

    async def move(self, code: str, to: str, version: int, headers: dict[str, str] = HTMX) -> ClientResponse:
        """Set a lead's state from a page that saw `version`."""
        token = await self.token()
        return await self.post(f"/leads/{code}/state", headers, token=token, to=to, version=str(version), view="open")


def found(pattern: str, page: str) -> list[str]:
    """Every place of a pattern, at least one."""
    places: list[str] = re.findall(pattern, page)
    assert places, f"{pattern} is not in the page"
    return places


def codes(page: str) -> list[str]:
    """The leads of a page, top to bottom."""
    return re.findall(r'id="lead-(\w+)"', page)


@asynccontextmanager
async def fresh_browser(house: DeskHouse) -> AsyncIterator[Browser]:
    """A browser nobody used yet."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(house, session)


async def stored(house: DeskHouse, code: str) -> Lead:
    """A lead as it is in the store."""
    lead = await house.store.read(lambda connection: leads.by_code(connection, code))
    assert lead is not None
    return lead


async def audits(house: DeskHouse) -> list[tuple[str, str, str]]:
    """Who did what, oldest first."""

    def read(connection: Connection) -> list[tuple[str, str, str]]:
        rows = connection.execute(select(audit.c.actor, audit.c.action, audit.c.about).order_by(audit.c.id))
        return [(row.actor, row.action, row.about) for row in rows]

    return await house.store.read(read)
