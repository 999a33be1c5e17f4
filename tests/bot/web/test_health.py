"""What a monitor sees."""

from collections.abc import Mapping

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.web import health
from bot.web.server import Listener, site


def fails() -> Mapping[str, object]:
    raise RuntimeError("0912 345 678")


@pytest.mark.parametrize(
    ("check", "status", "body"),
    [
        (dict, 200, {"status": "ok"}),
        (lambda: {"status": "ok", "outbox": 3}, 200, {"status": "ok", "outbox": 3}),
        (lambda: {"status": "degraded", "store": "read-only"}, 503, {"status": "degraded", "store": "read-only"}),
        (fails, 503, {"status": "degraded", "reason": "the check itself failed"}),
    ],
)
async def test_the_status_is_in_the_code_and_in_the_body(
    check: health.Check, status: int, body: dict[str, object]
) -> None:
    listener = Listener(site(health.routes(check)), "127.0.0.1", 0)
    await listener.start()
    url = f"http://127.0.0.1:{listener.port}/health"
    with capture_logs():
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            assert (answer.status, await answer.json()) == (status, body)
            assert answer.headers["Cache-Control"] == "no-store"
    await listener.stop()
