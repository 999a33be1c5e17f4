"""The desk as a browser asks it: who gets in, what is shown, what a form may do, and that the person hears of it."""

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import get_args

import pytest
import pytest_asyncio
from aiohttp import ClientResponse, ClientSession, CookieJar
from sqlalchemy import Connection, select

from bot.store import leads, officers, work
from bot.store.tables import audit, passes
from bot.web.desk_board import view_named
from handlers.context import Lead
from handlers.person import Language, Officer, Profile
from handlers.turn import LeadState
from tests.fakes.clock import FakeClock
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


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def house(database_url: str, clock: FakeClock) -> AsyncIterator[DeskHouse]:
    opened = DeskHouse(database_url, clock=clock)
    await opened.start()
    yield opened
    await opened.stop()


@pytest_asyncio.fixture
async def browser(house: DeskHouse) -> AsyncIterator[Browser]:
    async with fresh_browser(house) as opened:
        yield opened


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


async def test_nobody_sees_the_desk_without_a_sign_in(house: DeskHouse, browser: Browser) -> None:
    await house.lead("7F3K2Q")
    for path in ("/", "/board?view=all&seen="):
        answer = await browser.get(path)
        assert (answer.status, answer.headers["Location"]) == (303, "/enter")
        assert "7F3K2Q" not in await answer.text()


async def test_looking_at_a_link_does_not_use_it_up(house: DeskHouse, browser: Browser) -> None:
    code = await house.code(await house.officer("An"))
    for path in ("/enter", f"/enter?code={code}"):
        assert (await browser.get(path)).status == 200
    assert (await browser.post("/enter", HERE, code=code)).status == 303


async def test_a_code_lets_in_once(house: DeskHouse, browser: Browser) -> None:
    officer = await house.officer("An")
    code = await house.code(officer)
    assert (await browser.post("/enter", HERE, code=f" {code} ")).status == 303
    assert "An" in await browser.board()
    async with fresh_browser(house) as other:
        again = await other.post("/enter", HERE, code=code)
        assert again.status == 403
        assert "Mã này không dùng được" in await again.text()
        assert (await other.get("/")).status == 303


async def test_a_code_lets_nobody_in_after_its_time(house: DeskHouse, browser: Browser, clock: FakeClock) -> None:
    code = await house.code(await house.officer("An"), minutes=15)
    clock.advance(dt.timedelta(minutes=15))
    assert (await browser.post("/enter", HERE, code=code)).status == 403


async def test_the_sign_in_is_a_cookie_no_script_and_no_other_site_can_use(house: DeskHouse, browser: Browser) -> None:
    entered = await browser.post("/enter", HERE, code=await house.code(await house.officer("An")))
    cookie = entered.cookies["desk"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert not cookie["secure"]
    assert cookie["max-age"] == str(12 * 3600)
    kept = await house.store.read(lambda c: [row.hash for row in c.execute(select(passes.c.hash))])
    assert cookie.value not in kept, "only a hash of it is stored"


async def test_behind_https_the_cookie_stays_there(database_url: str) -> None:
    house = DeskHouse(database_url, public_url="https://noibo.example.gov.vn/desk")
    await house.start()
    async with fresh_browser(house) as browser:
        entered = await browser.post("/enter", HERE, code=await house.code(await house.officer("An")))
        assert entered.cookies["desk"]["secure"]
        assert entered.headers["Location"] == "/desk/"
        assert 'action="/desk/enter"' in await (await browser.get("/enter")).text()
    await house.stop()


async def test_a_sign_in_ends_after_twelve_hours_and_an_open_page_is_sent_to_the_door(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await browser.enter(await house.officer("An"))
    clock.advance(dt.timedelta(hours=11, minutes=59))
    assert (await browser.get("/")).status == 200
    clock.advance(dt.timedelta(minutes=1))
    assert (await browser.get("/")).status == 303
    assert (await browser.get("/board", HTMX)).headers["HX-Redirect"] == "/enter"


async def test_an_officer_who_was_removed_is_out_at_once(house: DeskHouse, browser: Browser) -> None:
    officer = await house.officer("An")
    await browser.enter(officer)
    await house.store.write(lambda connection: officers.remove(connection, officer.id, house.now))
    assert (await browser.get("/")).status == 303


async def test_whoever_leaves_cannot_come_back_with_the_old_cookie(house: DeskHouse, browser: Browser) -> None:
    await browser.enter(await house.officer("An"))
    kept = {cookie.key: cookie.value for cookie in browser.session.cookie_jar}
    left = await browser.post("/leave", HERE, token=await browser.token())
    assert (left.status, left.headers["Location"]) == (303, "/enter?left=1")
    assert "Anh/chị đã thoát" in await (await browser.get("/enter?left=1")).text()
    browser.session.cookie_jar.update_cookies(kept)
    assert (await browser.get("/")).status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "HOST"}, 403),
        ({"Origin": "HOST"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_a_form_counts_only_from_our_own_page(
    house: DeskHouse, browser: Browser, headers: dict[str, str], status: int
) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    sent = {name: value.replace("HOST", house.url) for name, value in headers.items()}
    answer = await browser.move("7F3K2Q", "claimed", 1, sent)
    assert answer.status == status
    assert (await stored(house, "7F3K2Q")).state == ("claimed" if status == 303 else "new")


async def test_a_form_counts_only_with_the_token_of_its_own_sign_in(house: DeskHouse, browser: Browser) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    async with fresh_browser(house) as other:
        await other.enter(await house.officer("Bình"))
        foreign = await other.token()
    for token in ("", "ơ", foreign):
        form = {"token": token, "to": "claimed", "version": "1"}
        answer = await browser.post("/leads/7F3K2Q/state", HERE, **form)
        assert answer.status == 403
        assert "không được gửi từ trang của anh/chị" in await answer.text()
        quiet = await browser.post("/leads/7F3K2Q/state", HTMX, **form)
        assert (quiet.status, quiet.headers["HX-Retarget"], quiet.headers["HX-Reswap"]) == (403, "#news", "innerHTML")
        assert "<html" not in await quiet.text()
    assert (await stored(house, "7F3K2Q")).state == "new"


async def test_leads_stand_newest_first_with_all_an_officer_needs_and_nothing_they_wrote_is_markup(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await house.lead("7F3K2Q", "Mua máy <script>alert(1)</script>", Profile('"><b>Dừa</b>', "chị Lan", "+84912345678"))
    clock.advance(60)
    await house.lead("9KM4TZ", "Hội chợ", Profile("", "", ""))
    await browser.enter(await house.officer("An"))
    page = await browser.board()
    assert codes(page) == ["9KM4TZ", "7F3K2Q"]
    assert "Mua máy &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&#34;&gt;&lt;b&gt;Dừa&lt;/b&gt;" in page
    assert 'href="tel:+84912345678"' in page
    assert "0912 345 678" in page
    assert "09:30 · 23/11/2026" in page
    assert "<title>(2) Bàn tiếp nhận</title>" in page
    assert "2 yêu cầu chưa ai nhận" in page


async def test_an_empty_desk_says_so(house: DeskHouse, browser: Browser) -> None:
    await browser.enter(await house.officer("An"))
    page = await browser.board()
    assert "Hiện không có yêu cầu nào đang mở" in page
    assert "Không có việc nào" in page
    assert "<title>Bàn tiếp nhận</title>" in page
    assert "Anh/chị chưa nhận yêu cầu nào" in await browser.board("mine")


async def test_each_view_shows_its_leads(house: DeskHouse, browser: Browser) -> None:
    officer, other = await house.officer("An"), await house.officer("Bình")
    for code in ("AAA222", "BBB333", "CCC444", "DDD555"):
        await house.lead(code)
    await browser.enter(other)
    await browser.move("BBB333", "claimed", 1)
    await browser.enter(officer)
    await browser.move("CCC444", "claimed", 1)
    await browser.move("DDD555", "claimed", 1)
    await browser.move("DDD555", "dropped", 2)
    assert codes(await browser.board("open")) == ["CCC444", "BBB333", "AAA222"]
    assert codes(await browser.board("mine")) == ["CCC444"]
    assert codes(await browser.board("all")) == ["DDD555", "CCC444", "BBB333", "AAA222"]
    assert codes(await browser.board("nonsense")) == codes(await browser.board("open"))
    assert view_named("mine") == "mine"


async def test_an_open_page_hears_of_a_new_lead_and_of_nothing_else(house: DeskHouse, browser: Browser) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    (look,) = found(r'hx-get="(/board[^"]+)"', (await browser.board()).replace("&amp;", "&"))
    assert (await browser.get(look, HTMX)).status == 204
    await house.lead("9KM4TZ", "Đăng ký\nhội chợ " + "rất " * 40)
    answer = await browser.get(look, HTMX)
    changed = await answer.text()
    assert codes(changed) == ["9KM4TZ", "7F3K2Q"]
    assert "<title>(2) Bàn tiếp nhận</title>" in changed
    (news,) = found(r'<p id="news" hx-swap-oob="innerHTML">(.*)</p>', changed)
    assert news.startswith("09:30 · Yêu cầu mới 9KM4TZ: Đăng ký hội chợ rất")
    assert len(news) < 130
    assert found(r'<article id="lead-(\w+)" class="lead new fresh"', changed) == ["9KM4TZ"]
    (look,) = found(r'hx-get="(/board[^"]+)"', changed.replace("&amp;", "&"))
    assert (await browser.get(look, HTMX)).status == 204


async def test_several_new_leads_are_told_in_one_line(house: DeskHouse, browser: Browser) -> None:
    await browser.enter(await house.officer("An"))
    (look,) = found(r'hx-get="(/board[^"]+)"', (await browser.board()).replace("&amp;", "&"))
    for number in range(2, 9):
        await house.lead(f"AAAA{number}B")
    changed = await (await browser.get(look, HTMX)).text()
    assert "7 yêu cầu mới: AAAA8B, AAAA7B, AAAA6B, AAAA5B, AAAA4B …" in changed


async def test_a_claim_moves_the_lead_and_everybody_hears_of_it(house: DeskHouse, browser: Browser) -> None:
    officer, _ = await house.officer("An", told_at="an"), await house.officer("Bình", told_at="binh")
    await house.lead("7F3K2Q")
    await browser.enter(officer)
    answer = await browser.move("7F3K2Q", "claimed", 1)
    page = await answer.text()
    assert answer.status == 200
    assert "Yêu cầu 7F3K2Q: cán bộ đã nhận." in page
    assert 'id="contacted-7F3K2Q"' in page
    lead = await stored(house, "7F3K2Q")
    assert (lead.state, lead.version, lead.officer) == ("claimed", 2, officer)
    assert await house.told("7F3K2Q") == ["Cán bộ An đã nhận yêu cầu 7F3K2Q của anh/chị."]
    assert await house.told("binh") == ["Yêu cầu 7F3K2Q: An đã nhận."]
    assert await house.told("an") == []
    actor = f"officer:{officer.id}"
    assert await audits(house) == [(actor, "desk.entered", ""), (actor, "lead.claimed", "7F3K2Q")]


async def test_a_lead_goes_all_the_way_from_the_desk(house: DeskHouse, browser: Browser) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    path: tuple[LeadState, ...] = ("claimed", "new", "claimed", "contacted", "done")
    for version, to in enumerate(path, 1):
        assert (await browser.move("7F3K2Q", to, version)).status == 200
        assert (await stored(house, "7F3K2Q")).state == to
    assert len(await house.told("7F3K2Q")) == 4, "taken, given back, taken, done"


async def test_of_two_officers_the_later_one_reads_one_sentence_and_sees_the_fresh_row(
    house: DeskHouse, browser: Browser
) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    async with fresh_browser(house) as other:
        await other.enter(await house.officer("Bình"))
        assert (await other.move("7F3K2Q", "claimed", 1)).status == 200
    told = len(house.left)
    late = await browser.move("7F3K2Q", "claimed", 1)
    page = await late.text()
    assert late.status == 409
    assert "Chưa ghi: yêu cầu 7F3K2Q vừa được người khác thay đổi" in page
    assert "Bình" in page
    assert "claim-7F3K2Q" not in page
    whole = await browser.move("7F3K2Q", "claimed", 1, HERE)
    assert whole.status == 409
    assert "<html" in await whole.text()
    lead = await stored(house, "7F3K2Q")
    assert (lead.version, lead.officer and lead.officer.name) == (2, "Bình")
    assert len(house.left) == told


@pytest.mark.parametrize(
    ("to", "version", "sentence"),
    [("contacted", 2, "Yêu cầu 7F3K2Q đã có Bình nhận."), ("claimed", 2, "Yêu cầu 7F3K2Q đã có Bình nhận.")],
)
async def test_what_the_chat_would_refuse_the_desk_refuses(
    house: DeskHouse, browser: Browser, to: str, version: int, sentence: str
) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("Bình"))
    await browser.move("7F3K2Q", "claimed", 1)
    await browser.enter(await house.officer("An"))
    answer = await browser.move("7F3K2Q", to, version)
    assert answer.status == 409
    assert f"Chưa ghi: {sentence}" in await answer.text()
    assert (await stored(house, "7F3K2Q")).version == 2


async def test_a_lead_nobody_has_is_refused_and_a_form_without_sense_not_understood(
    house: DeskHouse, browser: Browser
) -> None:
    await browser.enter(await house.officer("An"))
    unknown = await browser.move("QQQ222", "claimed", 1)
    assert (unknown.status, "Không có yêu cầu QQQ222" in await unknown.text()) == (409, True)
    assert (await browser.move("QQQ222", "stolen", 1)).status == 400
    token = await browser.token()
    for version in ("", "-1", "x"):
        assert (await browser.post("/leads/Q/state", HERE, token=token, to="new", version=version)).status == 400
    big = await browser.post("/leads/Q/state", HERE, token=token, to="x" * 20_000)
    assert (big.status, "chưa hiểu yêu cầu này" in await big.text()) == (400, True)


async def test_a_browser_without_scripts_is_sent_back_to_its_view(house: DeskHouse, browser: Browser) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    answer = await browser.move("7F3K2Q", "claimed", 1, HERE)
    assert (answer.status, answer.headers["Location"]) == (303, "/?view=open")


async def test_a_task_is_shown_in_words_and_done_once(house: DeskHouse, browser: Browser) -> None:
    officer = await house.officer("An")
    await house.task("erase", "erase:1", "person 7")
    await house.task("unheard-of", "x", "<b>?</b>")
    await browser.enter(officer)
    page = await browser.board()
    assert "Xóa thông tin của một người" in page
    assert "Việc khác" in page
    assert "&lt;b&gt;?&lt;/b&gt;" in page
    id, _ = found(r"hx-post=\"/tasks/(\d+)/done\"", page)
    for _ in range(2):
        answer = await browser.post(f"/tasks/{id}/done", HTMX, token=await browser.token(), view="open")
        assert answer.status == 200
        assert "xong một việc" in await answer.text()
    assert [task.kind for task in await house.store.read(work.open_tasks)] == ["unheard-of"]
    assert [found for found in await audits(house) if found[1] == "task.done"] == [
        (f"officer:{officer.id}", "task.done", id)
    ]


async def test_a_page_that_is_not_there_says_so_and_leads_back(house: DeskHouse, browser: Browser) -> None:
    for path in ("/nothing", "/files/../desk.py", "/tasks/x/done"):
        answer = await browser.get(path)
        page = await answer.text()
        assert answer.status in (400, 404), path
        assert 'href="/"' in page
        assert "Chưa làm được" in page


async def test_while_nothing_can_be_stored_the_desk_asks_for_patience(house: DeskHouse, browser: Browser) -> None:
    code = await house.code(await house.officer("An"))
    await asyncio.to_thread(house.store.close)
    answer = await browser.post("/enter", HERE, code=code)
    assert (answer.status, "Máy chủ đang bận" in await answer.text()) == (503, True)
    quiet = await browser.post("/enter", HTMX, code=code)
    assert (quiet.status, quiet.headers["HX-Retarget"]) == (503, "#news")


@pytest.mark.parametrize("language", get_args(Language))
async def test_every_page_has_all_its_words_in_each_language_and_no_script_or_style_of_its_own(
    house: DeskHouse, browser: Browser, language: Language
) -> None:
    for number in range(2, 7):
        await house.lead(f"AAAA{number}B")
    for kind in ("lead", "erase", "stop", "review", "failed-update", "failed-job", "not-sent", "other"):
        await house.task(kind, kind, kind)
    await browser.enter(await house.officer("An"))
    for version, to in enumerate(("claimed", "contacted", "done"), 1):
        await browser.move("AAAA2B", to, version)
    for version, to in enumerate(("claimed", "contacted"), 1):
        await browser.move("AAAA3B", to, version)
    for version, to in enumerate(("claimed", "dropped"), 1):
        await browser.move("AAAA4B", to, version)
    await browser.move("AAAA5B", "claimed", 1)
    for path in ("/?view=all", "/?view=mine", "/enter", "/nothing"):
        answer = await browser.get(f"{path}{'&' if '?' in path else '?'}language={language}")
        page = await answer.text()
        assert f'<html lang="{language}">' in page
        assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|https?://", page) == []
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert f'<html lang="{language}">' in await browser.board(), "the choice of language lasts"


async def test_its_files_are_asked_for_anew_so_that_an_upgrade_never_mixes_them(browser: Browser) -> None:
    for name in ("htmx.min.js", "desk.js", "enter.js", "desk.css", "icon.svg"):
        answer = await browser.get(f"/files/{name}")
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache"), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = await browser.get(f"/files/{name}", {"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304
