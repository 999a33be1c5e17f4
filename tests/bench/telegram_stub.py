"""A Bot API that does nothing but answer, each call after the same time, and note when a message was sent.

A process of its own: `python -m tests.bench.telegram_stub --latency SECONDS` prints the port it listens on. What it
noted is read and forgotten with GET /noted; GET /count tells how many messages and webhooks there were since then.
"""

import argparse
import asyncio
import itertools
import time
from urllib.parse import parse_qsl

from aiohttp import web

#: The account as it tells of itself.
ME = '{"ok":true,"result":{"id":4242,"is_bot":true,"first_name":"Bench","username":"bench_bot"}}'
DONE = '{"ok":true,"result":true}'
SENT = '{"ok":true,"result":{"message_id":%d,"date":1764000000,"chat":{"id":1,"type":"private"},"text":"x"}}'


class Stub:
    """Answers every method `latency` seconds after it was called."""

    def __init__(self, latency: float) -> None:
        self._latency, self._numbers = latency, itertools.count(1)
        #: When each message was sent (steady seconds of the machine) and its form, unread: reading costs time.
        self._noted: list[tuple[float, bytes]] = []
        self._webhooks = 0

    def app(self) -> web.Application:
        """The Bot API and the two pages about it."""
        app = web.Application()
        app.router.add_get("/noted", self._give_out)
        app.router.add_get("/count", self._count)
        app.router.add_post("/bot{token}/{method}", self._call)
        return app

    async def _call(self, request: web.Request) -> web.Response:
        at, method, body = time.monotonic(), request.match_info["method"].lower(), await request.read()
        if method == "sendmessage":
            # Other forms can be read too, but not by what reads these.
            assert request.content_type == "application/x-www-form-urlencoded", request.content_type
            self._noted.append((at, body))
            answer = SENT % next(self._numbers)
        else:
            self._webhooks += method == "setwebhook"
            answer = ME if method == "getme" else DONE
        await asyncio.sleep(self._latency)
        return web.Response(text=answer, content_type="application/json")

    async def _count(self, request: web.Request) -> web.Response:
        return web.json_response({"messages": len(self._noted), "webhooks": self._webhooks})

    async def _give_out(self, request: web.Request) -> web.Response:
        noted, self._noted, self._webhooks = self._noted, [], 0
        forms = [(at, dict(parse_qsl(body.decode()))) for at, body in noted]
        return web.json_response([(at, int(form["chat_id"]), form["text"]) for at, form in forms])


async def _serve(latency: float) -> None:
    runner = web.AppRunner(Stub(latency).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Listen until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.05)
    asyncio.run(_serve(parser.parse_args().latency))


if __name__ == "__main__":
    main()
