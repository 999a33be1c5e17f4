"""A site answers politely whatever happens inside, and its listener opens and closes cleanly."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.errors import ConfigError, StoreUnavailable
from bot.web.server import HEADERS, Listener, site


async def fine(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())), headers={"Referrer-Policy": "origin"})


async def broken(request: web.Request) -> web.Response:
    raise KeyError("0912 345 678")


async def full(request: web.Request) -> web.Response:
    raise StoreUnavailable("the disk is full")


async def misconfigured(request: web.Request) -> web.Response:
    raise ConfigError("config.toml: key 'x': mend it")


async def moved(request: web.Request) -> web.Response:
    raise web.HTTPFound("/fine")


ROUTES = (
    web.get("/fine", fine),
    web.post("/fine", fine),
    web.get("/broken/{name}", broken),
    web.get("/full", full),
    web.get("/misconfigured", misconfigured),
    web.get("/moved", moved),
)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    listener = Listener(site(ROUTES, largest_body=1000), "127.0.0.1", 0)
    await listener.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.port}") as session:
        yield session
    await listener.stop()


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nowhere", 404, "There is no such page"),
        ("POST", "/full", 405, "There is no such page"),
        ("GET", "/broken/0912345678", 500, "thử lại sau"),
        ("GET", "/misconfigured", 500, "thử lại sau"),
        ("GET", "/full", 503, "đang bận"),
    ],
)
async def test_a_failure_is_a_polite_sentence(
    client: aiohttp.ClientSession, method: str, path: str, status: int, words: str
) -> None:
    with capture_logs():
        async with client.request(method, path) as answer:
            text = await answer.text()
            assert answer.status == status
            assert words in text
            assert "Traceback" not in text
            assert "Error" not in text
            assert all(answer.headers[name] == value for name, value in HEADERS.items())


async def test_an_unexpected_error_is_logged_by_its_kind_and_route_only(client: aiohttp.ClientSession) -> None:
    with capture_logs() as logs:
        await client.get("/broken/0912345678")
        await client.get("/misconfigured")
    assert [(line["error"], line["reason"], line["route"]) for line in logs] == [
        ("KeyError", "", "/broken/{name}"),
        ("ConfigError", "config.toml: key 'x': mend it", "/misconfigured"),
    ]


async def test_a_body_beyond_the_limit_is_refused(client: aiohttp.ClientSession) -> None:
    async with client.post("/fine", data=b"x" * 1000) as answer:
        assert (answer.status, await answer.text()) == (200, "1000")
    async with client.post("/fine", data=b"x" * 1001) as answer:
        assert answer.status == 413


async def test_a_redirect_and_a_header_of_a_page_stay_as_they_are(client: aiohttp.ClientSession) -> None:
    async with client.get("/moved", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/fine")
    async with client.get("/fine") as answer:
        assert answer.headers["Referrer-Policy"] == "origin"


async def test_a_taken_port_is_a_named_error_that_says_how_to_mend_it() -> None:
    first = Listener(site(()), "127.0.0.1", 0)
    await first.start()
    second = Listener(site(()), "127.0.0.1", first.port)
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1 port {first.port} .*choose another"):
        await second.start()
    await second.stop()
    await first.stop()
    await first.stop()


async def test_a_listener_may_be_stopped_before_it_started() -> None:
    listener = Listener(site(()), "127.0.0.1", 8080)
    assert listener.port == 8080
    await listener.stop()
