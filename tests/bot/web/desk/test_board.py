"""What the desk shows, and what an open page hears."""

import asyncio
import re
from typing import get_args

import pytest

from bot.web.desk_board import view_named
from handlers.person import Language, Profile
from tests.fakes.clock import FakeClock
from tests.fakes.desk_browser import HERE, HTMX, Browser, codes, found
from tests.fakes.desk_house import DeskHouse


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
