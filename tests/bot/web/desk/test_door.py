"""Who gets in, until when, and from which page a form counts."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.store import officers
from bot.store.tables import passes
from tests.fakes.clock import FakeClock
from tests.fakes.desk_browser import HERE, HTMX, Browser, fresh_browser, stored
from tests.fakes.desk_house import DeskHouse


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
