"""Nobody is written to for money before an officer has read the price and pressed for it; nobody is told twice."""

import datetime as dt
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from aiohttp import ClientResponse
from sqlalchemy import Connection, select, update

from bot.store import work
from bot.store.tables import outbox
from handlers.reach import Windows
from tests.fakes.clock import FakeClock
from tests.fakes.desk_browser import HERE, HTMX, Browser, audits, codes, found, fresh_browser, stored
from tests.fakes.desk_house import DeskHouse

CODE = "7F3K2Q"
RULE = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55)
TEMPLATE = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55, 1200)
SAID = "Cán bộ An đã nhận yêu cầu 7F3K2Q của anh/chị."


@pytest.fixture
def windows() -> Windows:
    """As on a Zalo OA without a template."""
    return RULE


@pytest_asyncio.fixture
async def house(database_url: str, clock: FakeClock, windows: Windows) -> AsyncIterator[DeskHouse]:
    opened = DeskHouse(database_url, clock=clock, windows=windows)
    await opened.start()
    await opened.lead(CODE)
    await opened.heard(CODE)
    yield opened
    await opened.stop()


async def tell(browser: Browser, version: int, headers: dict[str, str] = HTMX, agreed: int = 55) -> ClientResponse:
    """Press the button on the card of a page that saw `version` and showed the price `agreed`."""
    form = {"token": await browser.token(), "version": str(version), "view": "open", "agreed": str(agreed)}
    return await browser.post(f"/leads/{CODE}/tell", headers, **form)


def agreed(page: str) -> list[str]:
    """The prices that the buttons of a page agree to."""
    return found(r'name="agreed" value="(\d+)"', page)


async def later(house: DeskHouse, clock: FakeClock, browser: Browser, **time: float) -> None:
    """Time passes, and An signs in."""
    clock.advance(dt.timedelta(**time))
    await browser.enter(await house.officer("An"))


async def test_somebody_who_wrote_lately_is_told_for_nothing_and_no_price_is_shown(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, hours=47)
    assert 'class="toll"' not in await browser.board()
    page = await (await browser.move(CODE, "claimed", 1)).text()
    assert await house.told(CODE) == [SAID]
    assert "toll" not in page
    assert f"tell-{CODE}" not in page


async def test_the_price_is_read_before_a_verb_and_paid_only_by_a_button_of_its_own(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, days=3)
    page = await browser.board()
    assert "Báo tin cho doanh nghiệp: 55 đ (im lặng 3 ngày)." in page
    assert f"tell-{CODE}" not in page
    page = await (await browser.move(CODE, "claimed", 1)).text()
    assert (await stored(house, CODE)).state == "claimed"
    assert await house.told(CODE) == []
    assert "Chưa báo doanh nghiệp, vì tin này tính phí 55 đ" in page
    assert "Chưa báo doanh nghiệp. Báo tin: 55 đ (im lặng 3 ngày)." in page
    assert found(rf'<button id="tell-{CODE}"[^>]*>([^<]+)</button>', page) == ["Báo tin, 55 đ"]
    assert agreed(page) == ["55"]
    assert "doanh nghiệp chưa được báo" not in page, "nothing is done yet"
    page = await (await tell(browser, 2)).text()
    assert "Yêu cầu 7F3K2Q: đã cho gửi tin báo đến doanh nghiệp (55 đ)." in page
    assert await house.told(CODE) == [SAID]
    assert f"tell-{CODE}" not in page
    assert "Báo tin cho doanh nghiệp: 55 đ" in page, "the next message costs again"
    assert [line[1] for line in await audits(house)] == ["desk.entered", "lead.claimed", "lead.told"]


async def test_pressed_twice_it_leaves_once(house: DeskHouse, browser: Browser, clock: FakeClock) -> None:
    await later(house, clock, browser, days=3)
    await browser.move(CODE, "claimed", 1)
    await tell(browser, 2)
    again = await tell(browser, 2)
    assert again.status == 409
    assert "đã được báo về yêu cầu 7F3K2Q" in await again.text()
    assert await house.told(CODE) == [SAID]
    assert [line[1] for line in await audits(house)].count("lead.told") == 1


def became(state: str, connection: Connection) -> None:
    """All that leaves came into a state."""
    connection.execute(update(outbox).values(state=state))


def look(page: str) -> str:
    """What a page asks for twice a second."""
    return found(r'hx-get="(/board[^"]+)"', page.replace("&amp;", "&"))[0]


async def test_an_open_page_sees_that_time_raised_the_price(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, hours=47.9)
    asked = look(await browser.board())
    assert (await browser.get(asked, HTMX)).status == 204
    clock.advance(dt.timedelta(minutes=10))
    assert "55 đ (im lặng 2 ngày)" in await (await browser.get(asked, HTMX)).text()


async def test_an_open_page_sees_that_somebody_was_told(house: DeskHouse, browser: Browser, clock: FakeClock) -> None:
    await later(house, clock, browser, days=3)
    await browser.move(CODE, "claimed", 1)
    asked = look(await browser.board())
    assert (await browser.get(asked, HTMX)).status == 204
    await tell(browser, 2)
    answer = await browser.get(asked, HTMX)
    assert (answer.status, f"tell-{CODE}" in await answer.text()) == (200, False)


async def test_whoever_cannot_be_written_to_is_to_be_called(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, days=8)
    assert "Không nhắn được qua kênh này (im lặng 8 ngày), hãy gọi." in await browser.board()
    page = await (await browser.move(CODE, "claimed", 1)).text()
    assert "đã ghi một việc gọi điện" in page
    assert f"tell-{CODE}" not in page
    (task,) = await house.store.read(work.open_tasks)
    assert (task.kind, task.about) == ("call", "7F3K2Q: báo doanh nghiệp là đã có cán bộ nhận yêu cầu")
    refused = await tell(browser, 2)
    assert refused.status == 409
    assert "Không nhắn được cho doanh nghiệp qua kênh này (im lặng 8 ngày). Anh/chị gọi 0912 345 678." in (
        await refused.text()
    )
    assert await house.told(CODE) == []


@pytest.mark.parametrize("windows", [TEMPLATE])
async def test_after_a_week_a_template_reaches_them(house: DeskHouse, browser: Browser, clock: FakeClock) -> None:
    await later(house, clock, browser, days=8)
    page = await (await browser.move(CODE, "claimed", 1)).text()
    assert "Báo bằng tin mẫu: khoảng 1.200 đ (im lặng 8 ngày)" in page
    assert found(rf'<button id="tell-{CODE}"[^>]*>([^<]+)</button>', page) == ["Báo tin, khoảng 1.200 đ"]
    english = await (await browser.get("/?language=en")).text()
    assert "Tell them, about 1,200 VND" in english
    assert "A template reaches them, about 1,200 VND (silent for 8 days)." in english
    assert agreed(english) == ["1200"]
    assert (await tell(browser, 2, agreed=1200)).status == 200
    assert await house.told(CODE) == [SAID]


@pytest.mark.parametrize("windows", [TEMPLATE])
async def test_a_price_that_rose_since_the_page_was_drawn_is_shown_and_not_paid(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, days=6, hours=23)
    page = await (await browser.move(CODE, "claimed", 1)).text()
    assert agreed(page) == ["55"]
    clock.advance(dt.timedelta(hours=2))
    refused = await tell(browser, 2)
    page = await refused.text()
    assert refused.status == 409
    assert "lúc này tính phí khoảng 1.200 đ (doanh nghiệp im lặng 7 ngày), nên chưa gửi" in page
    assert agreed(page) == ["1200"]
    assert await house.told(CODE) == []
    token = await browser.token()
    unsaid = await browser.post(f"/leads/{CODE}/tell", HTMX, token=token, version="2")
    assert unsaid.status == 409
    for strange in ("", "-5", "5x", "٥٥", "9" * 5000):
        form = {"token": token, "version": "2", "agreed": strange}
        assert (await browser.post(f"/leads/{CODE}/tell", HERE, **form)).status == 400
    assert await house.told(CODE) == []
    assert (await tell(browser, 2, agreed=1200)).status == 200
    again = await tell(browser, 2)
    assert "đã được báo về yêu cầu 7F3K2Q" in await again.text(), "what was told has no price any more"
    assert await house.told(CODE) == [SAID]


async def test_a_message_that_was_given_up_is_told_again_and_one_in_doubt_is_not(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, days=3)
    await browser.move(CODE, "claimed", 1)
    await tell(browser, 2)
    for state, offered in (("unknown", False), ("failed", True)):
        await house.store.write(partial(became, state))
        assert (f'id="tell-{CODE}"' in await browser.board()) == offered
    assert (await tell(browser, 2)).status == 200
    waits = await house.store.read(lambda connection: connection.execute(select(outbox.c.state)).scalars().all())
    assert waits == ["ready"]
    assert await house.told(CODE) == [SAID, SAID]


async def test_who_writes_again_can_be_told_for_nothing(house: DeskHouse, browser: Browser, clock: FakeClock) -> None:
    await later(house, clock, browser, days=3)
    await browser.move(CODE, "claimed", 1)
    await house.heard(CODE, "alo")
    page = await browser.board()
    assert "Chưa báo doanh nghiệp. Giờ báo được miễn phí" in page
    assert agreed(page) == ["0"]
    page = await (await tell(browser, 2, agreed=0)).text()
    assert "(miễn phí)" in page
    assert await house.told(CODE) == [SAID]
    assert "toll" not in await browser.board()


async def test_only_the_holder_tells_and_after_a_release_anybody(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, days=3)
    await browser.move(CODE, "claimed", 1)
    async with fresh_browser(house) as other:
        await other.enter(await house.officer("Bình"))
        page = await other.board()
        assert f"tell-{CODE}" not in page
        assert "toll" not in page, "what another takes care of costs nobody else"
        refused = await tell(other, 2)
        assert (refused.status, "đã có An nhận" in await refused.text()) == (409, True)
        await browser.move(CODE, "new", 2)
        assert f"tell-{CODE}" in await other.board()
        assert (await tell(other, 3)).status == 200
    assert await house.told(CODE) == ["Yêu cầu 7F3K2Q của anh/chị được chuyển lại, đang chờ cán bộ khác nhận."]
    assert f"tell-{CODE}" not in await browser.board()


async def test_what_is_done_asks_without_promising_and_keeps_its_button_among_all(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, days=3)
    await browser.move(CODE, "claimed", 1)
    page = await (await browser.move(CODE, "contacted", 2)).text()
    assert f"tell-{CODE}" not in page, "that is told to nobody"
    assert "Yêu cầu 7F3K2Q: cán bộ đã liên hệ.<" in page
    assert "không đổi lại được; doanh nghiệp chưa được báo." in page
    await browser.move(CODE, "done", 3)
    assert codes(await browser.board()) == []
    assert f"tell-{CODE}" in await browser.board("all")
    await tell(browser, 4)
    page = await browser.board("all")
    assert codes(page) == [CODE]
    assert "toll" not in page, "nothing more is said to them"
    assert ["đã xong" in text for text in await house.told(CODE)] == [True]


async def test_where_it_is_forgotten_whether_they_were_told_nothing_is_offered(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    an = await house.officer("An")
    clock.advance(dt.timedelta(days=3))
    await browser.enter(an)
    await browser.move(CODE, "claimed", 1)
    clock.advance(dt.timedelta(days=28))
    await house.heard(CODE)
    await browser.enter(an)
    assert f"tell-{CODE}" in await browser.board()
    clock.advance(dt.timedelta(days=3))
    await browser.enter(an)
    page = await browser.board()
    assert f"tell-{CODE}" not in page
    refused = await tell(browser, 2)
    assert refused.status == 409
    assert "không còn biết doanh nghiệp đã được báo hay chưa" in await refused.text()
    assert "đã được báo về" not in await refused.text()
    assert await house.told(CODE) == []


async def test_a_page_that_is_behind_or_not_ours_tells_nobody(
    house: DeskHouse, browser: Browser, clock: FakeClock
) -> None:
    await later(house, clock, browser, days=3)
    await browser.move(CODE, "claimed", 1)
    assert (await tell(browser, 1)).status == 409
    strange = await browser.post(f"/leads/{CODE}/tell", HERE, token="x", version="2")
    assert strange.status == 403
    token, abroad = await browser.token(), {"Sec-Fetch-Site": "cross-site"}
    assert (await browser.post(f"/leads/{CODE}/tell", abroad, token=token, version="2")).status == 403
    assert (await browser.post(f"/leads/{CODE}/tell", HERE, token=token, version="")).status == 400
    assert (await browser.post("/leads/QQQ222/tell", HERE, token=token, version="2")).status == 409
    assert await house.told(CODE) == []
    back = await tell(browser, 2, HERE)
    assert (back.status, back.headers["Location"]) == (303, "/?view=open")


async def test_a_lead_nobody_moved_has_nothing_to_tell(house: DeskHouse, browser: Browser, clock: FakeClock) -> None:
    await later(house, clock, browser, days=3)
    refused = await tell(browser, 1)
    assert (refused.status, "không có tin nào cần báo" in await refused.text()) == (409, True)
