"""The chat page in a real browser, as on a phone: asked, tapped, reloaded, cut off, embedded, used by keyboard."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web

from bot.channels.web_limits import WebLimits
from bot.web.chat import page_words
from bot.web.server import Listener
from handlers.catalogue import wording
from handlers.message import Card, Choice, Inbound, Link, Reply
from handlers.person import Language
from tests.fakes.browser import running_browser
from tests.fakes.web_house import WebHouse, greeting, open_house

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Locator, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE = (390, 844)
LONG = "\n".join(f"{n}. Một dòng của câu trả lời dài, để biết phần đầu có được thấy trước không." for n in range(40))

#: The lowest contrast of a text on the page against what is behind it, and that text.
CONTRAST = """() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((x) => x / 255)
      .map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parts(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] === 1) return getComputedStyle(e).backgroundColor;
    }
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    if (!walker.currentNode.textContent.trim() || box.width < 2 || element.closest(".skip, noscript")) continue;
    const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), walker.currentNode.textContent]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
}"""


def words(language: Language) -> Mapping[str, str]:
    """The shipped sentences."""
    return page_words(wording(language))


def rule(inbound: Inbound) -> Sequence[Reply]:
    """Answers that show all a reply can hold."""
    if inbound.choice.startswith("language:"):
        return [Reply("Now in English." if inbound.choice.endswith("en") else "Nay nói tiếng Việt.")]
    if inbound.text == "dài":
        return [Reply(LONG)]
    if inbound.text == "html":
        links = (Link("Trang <i>thật</i>", "https://example.vn/a"), Link("xấu", "javascript:alert(1)"))
        return [Reply("<b>đậm</b><img src=x onerror=alert(1)>", links=links)]
    if inbound.text == "thẻ":
        return [Reply("Các yêu cầu:", (), (Card("Mã 7F3K2Q", "Máy sấy dừa", (Choice("lead:7F3K2Q", "Xem"),)),))]
    if inbound.choice:
        return [Reply(f"Anh/chị chọn {inbound.choice}.")]
    offer = (Choice("entry:a", "Xem chi tiết"), Choice("ask:person", "Để lại yêu cầu, cán bộ gọi lại"))
    return [Reply(f"Về “{inbound.text}”: có hỗ trợ.", offer)]


class Visit:
    """One visitor's browser, which must stay on our host, without an error, and within its width."""

    def __init__(self, context: "BrowserContext", home: str) -> None:
        self.context, self.home = context, home
        self.console: list[str] = []
        self.abroad: list[str] = []
        context.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: self.console.append(str(error.error)))
        context.on("request", lambda request: self.abroad.append(request.url))

    async def page(self, path: str = "") -> "Page":
        """A new tab with the page."""
        page = await self.context.new_page()
        page.set_default_timeout(10_000)
        await page.goto(f"{self.home}{path}")
        return page

    async def check(self) -> None:
        """What holds at the end of every visit."""
        for page in self.context.pages:
            width = await page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
            assert page.viewport_size is not None
            assert width <= page.viewport_size["width"], "nothing is wider than the screen"
        assert [url for url in self.abroad if not url.startswith(self.home)] == []
        assert self.console == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator["Browser"]:
    """One browser for these tests."""
    async with running_browser() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def house() -> AsyncIterator[WebHouse]:
    """An open house."""
    async with open_house(WebHouse(words, rule=rule)) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: "Browser", house: WebHouse) -> AsyncIterator[Visit]:
    """A visitor with a phone."""
    width, height = PHONE
    context = await browser.new_context(
        viewport={"width": width, "height": height}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    found = Visit(context, house.url)
    yield found
    await found.check()
    await context.close()


async def ask(page: "Page", text: str) -> None:
    """Type a message and send it."""
    await page.fill("#input", text)
    await page.keyboard.press("Enter")


async def shows(page: "Page", *texts: str) -> None:
    """Wait until the talk consists of exactly these messages, the greeting left out."""
    await page.wait_for_function(
        "(wanted) => JSON.stringify(Array.from(document.querySelectorAll('.row:not(.greeting) .bubble'),"
        " (bubble) => bubble.textContent)) === JSON.stringify(wanted)",
        arg=texts,
    )


def button(page: "Page", name: str) -> "Locator":
    """A button by its label."""
    return page.get_by_role("button", name=name, exact=True)


async def test_ask_tap_and_reload(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    assert await page.locator(".greeting .bubble").inner_text() == greeting("vi").text
    assert house.taken == {}, "a look stores nothing"
    await ask(page, "mua máy")
    talk = ["mua máy", "Về “mua máy”: có hỗ trợ."]
    await shows(page, *talk)
    await button(page, "Xem chi tiết").tap()
    talk += ["Xem chi tiết", "Anh/chị chọn entry:a."]
    await shows(page, *talk)
    assert await page.locator(".choices").count() == 0, "old choices cannot be tapped any more"
    await page.reload()
    await shows(page, *talk)
    assert await page.locator(".greeting").count() == 0
    assert await page.locator(".ours[data-state=stored]").count() == 2
    await ask(page, "hội chợ")
    await shows(page, *talk, "hội chợ", "Về “hội chợ”: có hỗ trợ.")
    assert [inbound.text for inbound in house.taken.values()] == ["mua máy", "Xem chi tiết", "hội chợ"]


async def test_a_choice_of_the_greeting_begins_the_talk(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    await button(page, "Hỗ trợ mua máy").tap()
    await shows(page, "Hỗ trợ mua máy", "Anh/chị chọn entry:a.")
    (inbound,) = house.taken.values()
    assert (inbound.kind, inbound.choice) == ("choice", "entry:a")


async def test_the_tabs_of_one_visitor_are_one_talk(visit: Visit, house: WebHouse) -> None:
    one, two = await visit.page(), await visit.page()
    await ask(one, "một")
    talk = ["một", "Về “một”: có hỗ trợ."]
    await shows(one, *talk)
    await shows(two, *talk)
    await ask(two, "hai")
    talk += ["hai", "Về “hai”: có hỗ trợ."]
    await shows(two, *talk)
    await shows(one, *talk)
    assert len(house.talks) == 1


async def test_a_restart_of_the_server_loses_and_doubles_nothing(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    await ask(page, "một")
    talk = ["một", "Về “một”: có hỗ trợ."]
    await shows(page, *talk)
    await house.stop()
    await page.get_by_text(words("vi")["lost"]).wait_for()
    await ask(page, "hai")
    await ask(page, "ba")
    await shows(page, *talk, "hai", "ba")
    assert await page.locator(".ours[data-state=sending]").count() == 2
    address = next(iter(house.taken.values())).address
    house.tell(address, Reply("Cán bộ đã nhận yêu cầu."))
    await house.start()
    await page.get_by_text("Về “ba”: có hỗ trợ.").wait_for()
    assert await page.locator("#status").inner_text() == ""
    assert [inbound.text for inbound in house.taken.values()] == ["một", "hai", "ba"]
    await page.reload()
    talk += ["Cán bộ đã nhận yêu cầu.", "hai", "Về “hai”: có hỗ trợ.", "ba", "Về “ba”: có hỗ trợ."]
    await shows(page, *talk)
    # The browser itself notes each connection that failed while nobody listened.
    refused = [line for line in visit.console if "WebSocket connection" in line]
    assert refused == visit.console
    visit.console.clear()


async def test_what_is_not_sent_survives_a_reload(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    await ask(page, "một")
    await shows(page, "một", "Về “một”: có hỗ trợ.")
    house.gate.clear()
    await ask(page, "hai")
    await page.locator(".ours[data-state=sending]").wait_for()
    await page.reload()
    await shows(page, "một", "Về “một”: có hỗ trợ.", "hai")
    house.gate.set()
    await shows(page, "một", "Về “một”: có hỗ trợ.", "hai", "Về “hai”: có hỗ trợ.")
    assert len(house.taken) == 2


async def test_a_refused_message_is_kept_until_the_person_sends_it_again(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    house.full = True
    await ask(page, "một")
    await page.get_by_text(words("vi")["not_stored"]).wait_for()
    house.full = False
    await button(page, words("vi")["again"]).tap()
    await shows(page, "một", "Về “một”: có hỗ trợ.")
    assert await button(page, words("vi")["again"]).count() == 0


async def test_a_hasty_visitor_waits_and_loses_nothing(browser: "Browser") -> None:
    house = WebHouse(words, rule=lambda _: (), limits=WebLimits(burst=1, per_minute=240))
    await house.start()
    context = await browser.new_context()
    page = await Visit(context, house.url).page()
    for text in ("một", "hai", "ba"):
        await ask(page, text)
    await page.wait_for_function("() => document.querySelectorAll('.ours[data-state=stored]').length === 3")
    assert [inbound.text for inbound in house.taken.values()] == ["một", "hai", "ba"]
    await context.close()
    await house.stop()


async def test_a_message_no_connection_can_carry_is_said_to_be_too_long_and_blocks_nothing(browser: "Browser") -> None:
    house = WebHouse(words, rule=rule, limits=WebLimits(frame=8000))
    await house.start()
    context = await browser.new_context()
    page = await Visit(context, house.url).page()
    await page.fill("#input", "đ " * 3000)
    assert await page.locator("#hint").inner_text() == words("vi")["long"]
    await page.keyboard.press("Enter")
    await page.locator(".ours[data-state=too_long]").wait_for()
    assert await page.locator("#hint").inner_text() == ""
    await ask(page, "ngắn")
    await page.get_by_text("Về “ngắn”: có hỗ trợ.").wait_for()
    assert [inbound.text for inbound in house.taken.values()] == ["ngắn"]
    await context.close()
    await house.stop()


async def test_html_is_shown_as_text_and_only_safe_links_are_links(visit: Visit) -> None:
    page = await visit.page()
    await ask(page, "html")
    await page.get_by_text("<b>đậm</b><img src=x onerror=alert(1)>").wait_for()
    links = page.locator(".log a")
    assert await links.evaluate_all("all => all.map(a => [a.textContent, a.href, a.rel, a.target])") == [
        ["Trang <i>thật</i>", "https://example.vn/a", "noopener noreferrer", "_blank"]
    ]
    assert await page.locator(".log b, .log img, .log i").count() == 0


async def test_cards_have_choices_of_their_own(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    await ask(page, "thẻ")
    await page.get_by_role("heading", name="Mã 7F3K2Q").wait_for()
    await button(page, "Xem").tap()
    await page.get_by_text("Anh/chị chọn lead:7F3K2Q.").wait_for()


async def test_the_beginning_of_a_long_answer_is_seen_first_and_the_next_one_is_announced(
    visit: Visit, house: WebHouse
) -> None:
    page = await visit.page()
    await ask(page, "dài")
    row = page.locator(".row").last
    await page.get_by_text("39. Một dòng").wait_for(state="attached")
    top = await page.evaluate(
        "document.querySelector('.row:last-child').getBoundingClientRect().top"
        " - document.getElementById('log').getBoundingClientRect().top"
    )
    assert 0 <= top < 40
    house.tell(next(iter(house.taken.values())).address, Reply("Tin sau."))
    await page.locator("#newest").tap()
    await page.wait_for_function("() => document.getElementById('newest').hidden")
    assert await row.inner_text() != ""
    box = await page.get_by_text("Tin sau.").bounding_box()
    assert box is not None
    assert box["y"] < PHONE[1]


async def test_the_language_is_switched_before_and_within_a_talk(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    await button(page, "English").tap()
    assert await page.locator(".greeting .bubble").inner_text() == greeting("en").text
    assert await page.locator("#input").get_attribute("placeholder") == words("en")["placeholder"]
    assert await page.locator("html").get_attribute("lang") == "en"
    assert house.taken == {}
    await ask(page, "machines")
    await shows(page, "English", "machines", "Now in English.", "Về “machines”: có hỗ trợ.")
    await page.reload()
    await shows(page, "English", "Now in English.", "machines", "Về “machines”: có hỗ trợ.")
    assert await page.get_by_role("heading", level=1).inner_text() == "Cầu Nối"
    assert await button(page, "English").get_attribute("aria-pressed") == "true"
    await button(page, "Tiếng Việt").tap()
    await page.get_by_text("Nay nói tiếng Việt.").wait_for()
    assert [i.choice for i in house.taken.values()] == ["language:en", "", "language:vi"]


async def test_everything_can_be_done_with_the_keyboard(visit: Visit) -> None:
    page = await visit.page()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "input"
    await page.keyboard.type("mua máy")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("sấy")
    await page.keyboard.press("Enter")
    await page.get_by_text("Về “mua máy").wait_for()
    await page.keyboard.press("Shift+Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Để lại yêu cầu, cán bộ gọi lại"
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await page.get_by_text("Anh/chị chọn ask:person.").wait_for()
    assert await page.evaluate("document.activeElement.id") == "input"


async def test_enter_belongs_to_the_input_method_while_it_composes(visit: Visit, house: WebHouse) -> None:
    page = await visit.page()
    await page.fill("#input", "muas")
    await page.evaluate(
        "document.getElementById('input').dispatchEvent(new KeyboardEvent('keydown',"
        " { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))"
    )
    assert await page.input_value("#input") == "muas"
    await page.keyboard.press("Enter")
    await page.get_by_text("Về “muas”").wait_for()
    assert len(house.taken) == 1


async def test_a_screen_reader_is_told_what_is_what(visit: Visit) -> None:
    page = await visit.page()
    await ask(page, "mua máy")
    await page.get_by_text("Về “mua máy”").wait_for()
    log = page.get_by_role("log", name=words("vi")["log"])
    assert await log.get_attribute("aria-live") == "polite"
    assert await log.get_attribute("aria-busy") == "false"
    said = await log.locator(".row").nth(1).text_content() or ""
    assert said.startswith(f"{words('vi')['you']}mua máy")
    assert said.endswith(words("vi")["stored"])
    assert await page.get_by_role("textbox", name=words("vi")["input"]).count() == 1
    assert await page.evaluate("parseFloat(getComputedStyle(document.getElementById('input')).fontSize)") >= 16


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_it_is_readable_on_any_screen_by_day_and_by_night(
    browser: "Browser", house: WebHouse, scheme: str, width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 600}, color_scheme="dark" if scheme == "dark" else "light"
    )
    visit = Visit(context, house.url)
    page = await visit.page()
    await ask(page, "thẻ")
    await ask(page, "x" * 300)
    await page.get_by_text("Về “x").wait_for()
    house.full = True
    await ask(page, "chưa gửi được")
    await page.locator("[data-state=refused]").wait_for()
    ratio, text = await page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    small = await page.locator("button:visible").evaluate_all("all => all.map(b => b.getBoundingClientRect().height)")
    assert min(small) >= 40, "a finger finds every button"
    await visit.check()
    await context.close()


async def test_another_site_shows_it_in_a_frame_if_it_is_allowed(browser: "Browser") -> None:
    async def front(request: web.Request) -> web.Response:
        home = ours.url
        text = f'<!doctype html><title>Site</title><h1>Site</h1><script src="{home}embed.js" defer></script>'
        policy = f"default-src 'none'; script-src {home}; frame-src {home}"
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.router.add_get("/", front)
    site = Listener(app, "127.0.0.1", 0)
    await site.start()
    ours = WebHouse(words, rule=rule, allowed_origins=(f"http://localhost:{site.port}",))
    await ours.start()
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    visit = Visit(context, ours.url)

    page = await context.new_page()
    await page.goto(f"http://localhost:{site.port}/")
    await button(page, words("vi")["open"]).click()
    frame = page.frame_locator("iframe")
    await frame.locator("#input").fill("mua máy")
    await frame.locator("#input").press("Enter")
    await frame.get_by_text("Về “mua máy”").wait_for()
    await frame.locator("#input").press("Escape")
    await button(page, words("vi")["open"]).wait_for()
    assert await page.evaluate("document.activeElement.shadowRoot.activeElement.tagName") == "BUTTON"
    await button(page, words("vi")["open"]).click()
    await frame.get_by_text("Về “mua máy”").wait_for()
    assert visit.console == []

    # The same site under a name that is not allowed.
    await page.goto(f"http://127.0.0.1:{site.port}/")
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await button(page, words("vi")["open"]).click()
    await context.close()
    await ours.stop()
    await site.stop()
