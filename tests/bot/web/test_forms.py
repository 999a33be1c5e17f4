"""Forms as a browser downloads them."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.forms import Forms
from bot.web.forms import routes
from bot.web.server import Listener, site


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser at a site with one form."""
    (tmp_path / "don.docx").write_bytes(b"form")
    (tmp_path / "page.html").write_bytes(b"<script>")
    listener = Listener(site(routes(Forms(tmp_path))), "127.0.0.1", 0)
    await listener.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.port}") as session:
        yield session
    await listener.stop()


async def test_a_form_is_downloaded_and_never_shown(client: aiohttp.ClientSession) -> None:
    async with client.get("/forms/don.docx") as answer:
        assert (answer.status, await answer.read()) == (200, b"form")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="don.docx"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["none.docx", "page.html", "%2e%2e%2fconfig.pdf", "..%2fdon.docx"])
async def test_what_is_no_form_is_not_there(client: aiohttp.ClientSession, name: str) -> None:
    async with client.get(f"/forms/{name}") as answer:
        assert answer.status == 404
