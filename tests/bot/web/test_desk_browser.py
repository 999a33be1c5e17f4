"""The desk in a real browser, on a phone and at a table: entered, watched, worked by touch and by keyboard, cut off."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.store import leads
from bot.web.server import Listener
from handlers.person import Officer
from handlers.reach import Windows
from tests.fakes.browser import running_browser
from tests.fakes.clock import FakeClock
from tests.fakes.desk_house import DeskHouse

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Dialog, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE, TABLE = (390, 844), (1280, 900)


class Visit:
    """One officer's browser, which must stay on our host, without an error, and within its width."""

    def __init__(self, context: "BrowserContext", house: DeskHouse, officer: Officer) -> None:
        self.context, self.house, self.officer = context, house, officer
        self.console: list[str] = []
        self.asked: list[str] = []
        context.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: self.console.append(str(error.error)))
        context.on("request", lambda request: self.asked.append(request.url))

    async def enter(self) -> "Page":
        """Open a one-time link and press its button."""
        page = await self.context.new_page()
        page.set_default_timeout(10_000)
        await page.goto(f"{self.house.url}/enter#{await self.house.code(self.officer)}")
        await page.get_by_role("button", name="Vào bàn tiếp nhận").click()
        await page.wait_for_url(f"{self.house.url}/")
        return page

    def forget_failed_requests(self) -> None:
        """A test made them fail: what the browser and htmx wrote to the console about them is meant."""
        self.console = [line for line in self.console if "Failed to load resource" not in line and "htmx:" not in line]

    async def check(self) -> None:
        """What holds at the end of every visit."""
        for page in self.context.pages:
            width = await page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
            assert page.viewport_size is not None
            assert width <= page.viewport_size["width"], "nothing is wider than the screen"
        assert [url for url in self.asked if not url.startswith(self.house.url)] == []
        assert self.console == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator["Browser"]:
    """One browser for these tests."""
    async with running_browser() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskHouse]:
    """An open desk with one lead."""
    found = DeskHouse(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    await found.start()
    await found.lead("7F3K2Q")
    yield found
    await found.stop()


@pytest_asyncio.fixture(loop_scope="module", params=[PHONE, TABLE], ids=["phone", "table"])
async def visit(browser: "Browser", house: DeskHouse, request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    """An officer's visit."""
    width, height = request.param
    context = await browser.new_context(
        viewport={"width": width, "height": height}, has_touch=width < 700, reduced_motion="reduce"
    )
    found = Visit(context, house, await house.officer("An"))
    yield found
    await found.check()
    await context.close()


async def test_the_code_of_a_link_is_never_sent_before_the_button_is_pressed(visit: Visit, house: DeskHouse) -> None:
    code = await house.code(visit.officer)
    page = await visit.context.new_page()
    await page.goto(f"{house.url}/enter#{code}")
    assert await page.input_value("#code") == code
    assert page.url == f"{house.url}/enter", "the address keeps no code for the history"
    assert [url for url in visit.asked if code in url and "#" not in url] == []
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{house.url}/")
    assert await page.locator(".lead").count() == 1


async def test_a_lead_is_seen_within_about_a_second_and_said_aloud(visit: Visit, house: DeskHouse) -> None:
    page = await visit.enter()
    assert await page.title() == "(1) Bàn tiếp nhận"
    began = house.clock.steady()
    await house.lead("9KM4TZ", "Đăng ký hội chợ")
    await page.locator("#lead-9KM4TZ.fresh").wait_for()
    assert house.clock.steady() - began < 3, "two looks a second, on a busy machine"
    assert await page.title() == "(2) Bàn tiếp nhận"
    said = page.get_by_role("status")
    assert (await said.inner_text()).endswith("Yêu cầu mới 9KM4TZ: Đăng ký hội chợ")
    assert await page.locator(".lead").first.get_attribute("id") == "lead-9KM4TZ"


async def test_a_lead_is_taken_and_finished_with_a_question_before_the_end(visit: Visit, house: DeskHouse) -> None:
    page = await visit.enter()
    await page.get_by_role("button", name="Nhận: 7F3K2Q").click()
    await page.get_by_text("Yêu cầu 7F3K2Q: cán bộ đã nhận.").wait_for()
    assert await page.title() == "Bàn tiếp nhận"
    assert len(await house.told("7F3K2Q")) == 1
    await page.get_by_role("button", name="Đã liên hệ: 7F3K2Q").click()
    asked: list[str] = []

    async def dismiss(dialog: "Dialog") -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    page.once("dialog", dismiss)
    await page.get_by_role("button", name="Xong: 7F3K2Q").click()
    assert asked == ["Ghi yêu cầu 7F3K2Q là đã xong? Sau đó không đổi lại được, và doanh nghiệp được báo."]
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Xong: 7F3K2Q").click()
    await page.get_by_text("Yêu cầu 7F3K2Q: đã xong.").wait_for()
    lead = await house.store.read(lambda connection: leads.by_code(connection, "7F3K2Q"))
    assert lead is not None
    assert lead.state == "done"


async def test_a_price_is_read_on_the_card_and_paid_by_a_button_of_its_own(browser: "Browser", tmp_path: Path) -> None:
    clock = FakeClock()
    rule = Windows(dt.timedelta(hours=48), dt.timedelta(days=7), 55)
    house = DeskHouse(f"sqlite:///{tmp_path}/desk.db", clock=clock, windows=rule)
    await house.start()
    for code, days in (("9KM4TZ", 5), ("7F3K2Q", 3), ("AAAA2B", 0)):
        await house.lead(code)
        await house.heard(code)
        clock.advance(dt.timedelta(days=days))
    context = await browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, reduced_motion="reduce"
    )
    visit = Visit(context, house, await house.officer("An"))
    page = await visit.enter()
    assert await page.locator(".toll").all_inner_texts() == [
        "Báo tin cho doanh nghiệp: 55 đ (im lặng 3 ngày).",
        "Không nhắn được qua kênh này (im lặng 8 ngày), hãy gọi.",
    ]
    await page.get_by_role("button", name="Nhận: 7F3K2Q").click()
    await page.get_by_text("Chưa báo doanh nghiệp, vì tin này tính phí 55 đ").wait_for()
    assert await house.told("7F3K2Q") == []
    pay = page.get_by_role("button", name="Báo tin, 55 đ: 7F3K2Q")
    await pay.focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("đã cho gửi tin báo đến doanh nghiệp (55 đ)").wait_for()
    assert await pay.count() == 0
    assert len(await house.told("7F3K2Q")) == 1
    await visit.check()
    await context.close()
    await house.stop()


async def test_of_two_officers_the_later_one_is_told_and_sees_who_was_first(visit: Visit, house: DeskHouse) -> None:
    page = await visit.enter()
    # The page stands still while another officer is faster.
    await page.route("**/board*", lambda route: route.abort())
    await page.get_by_role("alert").wait_for()
    first = await house.officer("Bình")
    await house.claim("7F3K2Q", first)
    await page.get_by_role("button", name="Nhận: 7F3K2Q").click()
    await page.get_by_text("vừa được người khác thay đổi").wait_for()
    assert await page.get_by_text("Bình").count() == 1
    assert await page.locator("#lead-7F3K2Q button").count() == 0
    visit.forget_failed_requests()


async def test_whoever_works_by_keyboard_keeps_the_place_while_leads_come_in(visit: Visit, house: DeskHouse) -> None:
    for number in range(2, 10):
        await house.lead(f"AAAA{number}B")
    page = await visit.enter()
    target = page.locator("#claim-AAAA2B")
    await target.focus()
    before = await target.bounding_box()
    await house.lead("9KM4TZ")
    await page.locator("#lead-9KM4TZ").wait_for(state="attached")
    assert await page.evaluate("document.activeElement.id") == "claim-AAAA2B"
    after = await target.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2, "the list did not move under the finger"
    await page.keyboard.press("Enter")
    await page.locator("#contacted-AAAA2B").wait_for()


async def test_a_desk_cut_off_says_so_and_comes_back_by_itself(visit: Visit, house: DeskHouse) -> None:
    page = await visit.enter()
    port = house.listener.port
    await house.listener.stop()
    await page.get_by_text("Mất kết nối với máy chủ").wait_for()
    house.listener = Listener(house.desk.app(), "127.0.0.1", port)
    await house.lead("9KM4TZ")
    await house.listener.start()
    await page.locator("#lead-9KM4TZ").wait_for()
    await page.get_by_role("alert").wait_for(state="hidden")
    visit.forget_failed_requests()


async def test_an_ended_sign_in_leads_to_the_door(visit: Visit, house: DeskHouse) -> None:
    page = await visit.enter()
    await visit.context.clear_cookies()
    await page.wait_for_url(f"{house.url}/enter")


async def test_the_language_is_chosen_and_kept(visit: Visit) -> None:
    page = await visit.enter()
    await page.get_by_role("link", name="English").click()
    await page.get_by_role("heading", name="Requests").wait_for()
    await page.get_by_role("link", name="Mine").click()
    await page.get_by_text("You have not taken any request.").wait_for()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_text("You are signed out.").wait_for()
