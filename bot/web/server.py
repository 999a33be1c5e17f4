"""Web sites put together from the routes their rooms offer, and the listener that opens one on a port."""

from collections.abc import Iterable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.errors import BotError, ConfigError, StoreUnavailable

log = structlog.get_logger(__name__)

#: Largest body of a request in bytes, unless the site says otherwise.
LARGEST_BODY = 1024 * 1024

#: Set on every answer that does not set them itself: the strictest that still shows a text.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: What a person reads instead of a page, both languages at once: nobody said yet which one they speak.
FAILURES = {
    400: "Máy chủ chưa hiểu yêu cầu này. Anh/chị vui lòng mở lại trang.\nThe request was not understood.",
    403: "Trang này không mở được từ đây.\nThis page cannot be opened from here.",
    404: "Không có trang này.\nThere is no such page.",
    405: "Không có trang này.\nThere is no such page.",
    413: "Nội dung gửi lên quá lớn.\nWhat was sent is too large.",
    500: "Máy chủ gặp lỗi. Anh/chị vui lòng thử lại sau.\nThe server made a mistake. Please try again later.",
    503: "Máy chủ đang bận. Anh/chị vui lòng thử lại sau ít phút.\nPlease try again in a few minutes.",
}


def site(routes: Iterable[web.AbstractRouteDef], *, largest_body: int = LARGEST_BODY) -> web.Application:
    """A site with these routes. An error is one polite sentence with its status, never a traceback."""
    app = web.Application(client_max_size=largest_body, middlewares=[polite_failures])
    app.on_response_prepare.append(careful_headers)
    app.add_routes(routes)
    return app


@web.middleware
async def polite_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into answers; what nobody expected is logged by its kind only, for its text may quote a person."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = failure(error.status)
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except StoreUnavailable:
        return failure(503)
    except Exception as error:
        known = isinstance(error, BotError)
        route = request.match_info.route.resource
        log.error(
            "web.failed",
            error=type(error).__name__,
            reason=str(error) if known else "",
            route=route and route.canonical,
        )
        return failure(500)


def failure(status: int) -> web.Response:
    """The answer for a status of 400 or more."""
    text = FAILURES.get(status) or FAILURES[400 if status < 500 else 500]
    return web.Response(status=status, text=text, headers={"Cache-Control": "no-store"})


async def careful_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that keep a browser careful."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


class Listener:
    """A site on a port. No access log: addresses of visitors are nobody's business."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self.host, self._asked = host, port
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)

    @property
    def port(self) -> int:
        """The port it listens on; the real one where 0 was asked for."""
        addresses = self._runner.addresses
        return int(addresses[0][1]) if addresses else self._asked

    async def start(self) -> None:
        """Listen. Raises ConfigError where the address cannot be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self._asked).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"web: cannot listen on {self.host} port {self._asked} ({error.strerror or error}); "
                "choose another host or port in the settings, or stop the program that uses this one"
            ) from error

    async def stop(self) -> None:
        """Stop listening and end what is still open. Safe before a start, after a failed one, and twice."""
        await self._runner.cleanup()
