"""What a monitor asks: GET /health tells in a few words whether the bot does its work."""

from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

#: Tells how the bot is: "status" ("ok" or "degraded") and JSON-ready details without personal data. Must not block.
Check = Callable[[], Mapping[str, object]]


def routes(check: Check) -> tuple[web.RouteDef, ...]:
    """The route; 200 while the status is "ok", else 503, so that a monitor need not read the body."""

    async def health(request: web.Request) -> web.Response:
        try:
            found = {"status": "ok", **check()}
        except Exception as error:
            log.error("health.check_failed", error=type(error).__name__)
            found = {"status": "degraded", "reason": "the check itself failed"}
        status = 200 if found["status"] == "ok" else 503
        return web.json_response(found, status=status, headers={"Cache-Control": "no-store"})

    return (web.get("/health", health),)
