"""The chat page: its HTML with every sentence filled in, its files, and the script that embeds it in other sites."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from aiohttp import web
from jinja2 import Environment, StrictUndefined, Template

from bot.channels.web import WebChannel
from bot.channels.web_frames import rendered
from handlers.catalogue import Wording
from handlers.message import LONGEST_TEXT
from handlers.person import Language

FOLDER = Path(__file__).parent / "static" / "chat"
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: Where the page's sentences stand among all others.
PREFIX = "page."


def page_words(wording: Wording) -> Mapping[str, str]:
    """The page's sentences of one language by their short keys, as WebChannel wants them."""
    return {key.removeprefix(PREFIX): text for key, text in wording.sentences.items() if key.startswith(PREFIX)}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page, as it is sent."""

    body: bytes
    media: str
    tag: str


class ChatPage:
    """The page in front of a WebChannel, at "/". All its addresses are relative, so a proxy may move it."""

    def __init__(self, channel: WebChannel, folder: Path = FOLDER) -> None:
        self.channel = channel
        self._page = _template((folder / "page.html").read_text("utf-8"))
        self._embed = (folder / "embed.js").read_text("utf-8")
        self._assets = {
            path.name: Asset(body := path.read_bytes(), MEDIA[path.suffix], hashlib.sha256(body).hexdigest()[:16])
            for path in sorted(folder.iterdir())
            if path.suffix in MEDIA and path.name != "embed.js"
        }
        ancestors = " ".join(("'self'", *channel.allowed_origins))
        self._policy = (
            f"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
        )

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts for the page; the WebSocket is the channel's own."""
        return (
            web.get("/", self._show),
            web.get("/embed.js", self._script),
            web.get("/chat/files/{name}", self._asset),
        )

    async def _show(self, request: web.Request) -> web.Response:
        language: Language = "en" if request.query.get("language") == "en" else "vi"
        words = {x: dict(self.channel.words(x)) for x in get_args(Language)}
        data = {
            "words": words,
            "greeting": {x: rendered(self.channel.greeting(x)) for x in get_args(Language)},
            "longest": LONGEST_TEXT,
            "frame": self.channel.limits.frame,
        }
        html = self._page.render(language=language, words=words[language], data=json.dumps(data))
        headers = {"Content-Security-Policy": self._policy, "Cache-Control": "no-cache"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def _script(self, request: web.Request) -> web.Response:
        """The script for other sites; its words come with it, for it may fetch nothing from here."""
        words = {x: self.channel.words(x)["open"] for x in get_args(Language)}
        headers = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public, max-age=300"}
        text = self._embed.replace('"WORDS"', json.dumps(words))
        return web.Response(text=text, content_type="text/javascript", headers=headers)

    async def _asset(self, request: web.Request) -> web.Response:
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        # Asked for anew each time, answered by 304: an upgrade never mixes old and new files.
        answer = web.Response(headers={"Cache-Control": "no-cache"})
        answer.etag = asset.tag
        if any(tag.value == asset.tag for tag in request.if_none_match or ()):
            answer.set_status(304)
            return answer
        answer.body, answer.content_type, answer.charset = asset.body, asset.media, "utf-8"
        return answer


def _template(source: str) -> Template:
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)
