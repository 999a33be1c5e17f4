"""The browser of the tests: one that Playwright brought, or one of the machine."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.requirements import require

if TYPE_CHECKING:
    from playwright.async_api import Browser

#: Programs of the machine that Playwright can drive, best first.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CURE = "apt-get install --no-install-recommends chromium-headless-shell, and uv sync --group browser"


def find_browser() -> str | None:
    """The path of a browser: the one BROWSER_PATH names, "" for Playwright's own, or one of the machine; else None."""
    if named := os.environ.get("BROWSER_PATH"):
        return named
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    if own.is_dir() and any(own.glob("chromium*")):
        return ""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def running_browser() -> AsyncIterator["Browser"]:
    """A running browser; skips, or fails where everything must run, without one."""
    path = find_browser()
    require("a browser", path is not None, CURE)
    try:
        # In a group of its own, for nearly all tests run without it.
        from playwright.async_api import async_playwright
    except ModuleNotFoundError:
        require("playwright", False, CURE)
        raise
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=path or None)
        yield browser
        await browser.close()
