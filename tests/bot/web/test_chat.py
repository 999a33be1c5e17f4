"""The chat page as a browser fetches it: words, policy, files, the script for other sites."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser
from typing import Any, get_args

import aiohttp
import pytest

from bot.web.chat import FOLDER, page_words
from handlers.catalogue import Wording, wording
from handlers.person import Language
from tests.fakes.web_house import WebHouse, open_house

SITE = "https://sct.example.vn"


def words(language: Language) -> Mapping[str, str]:
    """The shipped sentences, and one that tries to break out of where it stands."""
    return {**page_words(wording(language)), "open": f'"></script><b>{language}</b>'}


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        open_house(WebHouse(words, allowed_origins=(SITE,))) as house,
        aiohttp.ClientSession(house.url) as session,
    ):
        yield session


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    def one(self, tag: str) -> dict[str, str | None]:
        """The attributes of the first tag of a name."""
        return next(attributes for name, attributes in self.tags if name == tag)


async def get(client: aiohttp.ClientSession, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, str]:
    """An answer with its text."""
    async with client.get(path, headers=headers) as answer:
        return answer, await answer.text()


@pytest.mark.parametrize(
    ("path", "language", "title"),
    [("/", "vi", "Trợ lý tự động"), ("/?language=en", "en", "Automatic assistant"), ("/?language=xx", "vi", "Trợ lý")],
)
async def test_the_page_speaks_the_language_asked_for(
    client: aiohttp.ClientSession, path: str, language: str, title: str
) -> None:
    answer, html = await get(client, path)
    page = Page(html)
    assert answer.status == 200
    assert page.one("html")["lang"] == language
    assert title in html
    pressed = {a["data-language"]: a["aria-pressed"] for _, a in page.tags if "data-language" in a}
    assert pressed == {"vi": str(language == "vi").lower(), "en": str(language == "en").lower()}


async def test_the_page_carries_its_words_and_greeting_as_data_nobody_can_break_out_of(
    client: aiohttp.ClientSession,
) -> None:
    _, html = await get(client, "/")
    data: dict[str, Any] = json.loads(Page(html).one("body")["data-page"] or "")
    assert data["words"]["en"]["open"] == '"></script><b>en</b>'
    assert data["greeting"]["vi"]["choices"] == [{"id": "entry:a", "label": "Hỗ trợ mua máy"}]
    assert (data["longest"], data["frame"]) == (4000, 524288)
    assert "<b>" not in html


async def test_the_policy_lets_nothing_in_but_our_own_files_and_only_allowed_sites_embed_it(
    client: aiohttp.ClientSession,
) -> None:
    answer, html = await get(client, "/")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == f"'self' {SITE}"
    assert "unsafe" not in str(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for tag, attributes in Page(html).tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "script" or attributes["src"]
        for name in ("src", "href"):
            assert not re.match(r"https?:|//", attributes.get(name) or ""), "no other host"


async def test_every_file_of_the_page_is_served_and_asked_for_anew_cheaply(client: aiohttp.ClientSession) -> None:
    _, html = await get(client, "/")
    files = {a.get("src") or a.get("href") for tag, a in Page(html).tags if tag in ("script", "link", "img")}
    assert "chat/files/chat.js" in files
    for file in (*files, "chat/files/memory.js"):
        answer, text = await get(client, f"/{file}")
        assert (answer.status, answer.headers["Cache-Control"], bool(text)) == (200, "no-cache", True)
        again, nothing = await get(client, f"/{file}", **{"If-None-Match": answer.headers["ETag"]})
        assert (again.status, nothing) == (304, "")


@pytest.mark.parametrize("name", ["page.html", "embed.js", "nothing.js", "..%2f..%2fchat.py", "%2e%2e"])
async def test_nothing_else_is_served(client: aiohttp.ClientSession, name: str) -> None:
    answer, _ = await get(client, f"/chat/files/{name}")
    assert answer.status == 404


async def test_the_script_for_other_sites_brings_its_words_and_may_be_loaded_there(
    client: aiohttp.ClientSession,
) -> None:
    answer, script = await get(client, "/embed.js")
    assert answer.content_type == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert json.dumps({x: f'"></script><b>{x}</b>' for x in get_args(Language)}) in script
    assert '"WORDS"' not in script


def test_the_page_takes_its_words_from_its_own_table() -> None:
    sentences = Wording("vi", {"page.title": "Cầu Nối", "page.send": "Gửi", "menu.title": "x"})
    assert page_words(sentences) == {"title": "Cầu Nối", "send": "Gửi"}


def test_every_word_the_page_and_the_channel_ask_for_is_there_in_both_languages_and_none_is_idle() -> None:
    channel = FOLDER.parents[2] / "channels" / "web.py"
    html = (FOLDER / "page.html").read_text("utf-8")
    scripts = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.js"))
    asked = set(re.findall(r"words\.(\w+)", html + scripts))
    asked |= set(re.findall(r'data-(?:word|label|placeholder)="(\w+)"', html))
    asked |= set(re.findall(r'(?:\bword|speaker)\("(\w+)"\)', scripts))
    asked |= set(re.findall(r'\bmark\(.+"(\w+)"\)', scripts))
    asked |= set(re.findall(r'_(?:tell|turn_away)\(connection, "(\w+)"', channel.read_text("utf-8")))
    asked |= {"lost", "offline", "long", "open"}
    for language in get_args(Language):
        assert set(page_words(wording(language))) == asked
