"""What keeps the desk private: forms only from its own pages, nothing kept by the browser, one sentence per failure."""

from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.errors import StoreUnavailable

POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
#: Shows a failure: the request and its status, one of those below.
Show = Callable[[web.Request, int], web.Response]
#: The statuses that have a sentence of their own; another one of 400 or more is told as the first.
FAILURES = (400, 403, 404, 503)


def guard(public_url: str, show: Show) -> Middleware:
    """The middleware around every page of the desk; `public_url` is the address officers see, "" if just ours."""
    host = urlsplit(public_url).netloc

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer: web.StreamResponse
        try:
            if request.method not in ("GET", "HEAD") and not _from_our_page(request, host):
                raise web.HTTPForbidden
            answer = await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                _careful(error, "no-store")
                raise
            answer = show(request, error.status if error.status in FAILURES else FAILURES[0])
        except StoreUnavailable:
            answer = show(request, 503)
        _careful(answer, "no-cache" if isinstance(answer, web.FileResponse) else "no-store")
        return answer

    return guarded


def _careful(answer: web.StreamResponse, cache: str) -> None:
    answer.headers["Content-Security-Policy"] = POLICY
    # Without a referrer a browser would call the origin of our own forms "null".
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = cache


def _from_our_page(request: web.Request, host: str) -> bool:
    """Whether a form was sent by one of our own pages. Browsers tell the site only over https and on localhost."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    return bool(origin) and origin in (request.host, host)
