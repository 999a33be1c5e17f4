"""Telegram's side of a webhook as a load: the texts of many people, those of one chat in order, chats in parallel.

A process of its own: it reads [[update, person, text], …] from its standard input, posts them to the URL it is given,
and prints [[update, began, ended, status], …] of every try: steady seconds of the machine, status 0 for no answer.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque

import aiohttp

from tests.bench.telegram_terms import HEADER, SECRET

#: How often a delivery that was not answered 2xx is made, and seconds between.
TRIES, PAUSE = 5, 1.0
SENT_AT = 1_764_000_000

Text = tuple[int, int, str]
Try = tuple[int, float, float, int]


class Load:
    """Posts what waits in each chat's line on so many connections, at most `per_second` (0: as fast as it goes)."""

    def __init__(self, url: str, texts: list[Text], per_second: float) -> None:
        self._url, self.tries = url, list[Try]()
        self._gap, self._next_at = 1 / per_second if per_second else 0.0, 0.0
        self._lines: dict[int, deque[Text]] = {}
        for text in texts:
            self._lines.setdefault(text[1], deque()).append(text)
        #: The people whose next text may be delivered: none of theirs is on its way.
        self._free: asyncio.Queue[int | None] = asyncio.Queue()
        for person in self._lines:
            self._free.put_nowait(person)

    async def run(self, connections: int) -> None:
        """Deliver everything."""
        connector, timeout = aiohttp.TCPConnector(limit=connections), aiohttp.ClientTimeout(total=60)
        headers = {HEADER: SECRET, "Content-Type": "application/json"}
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as session:
            await asyncio.gather(*(self._connection(session, connections) for _ in range(connections)))

    async def _connection(self, session: aiohttp.ClientSession, connections: int) -> None:
        while (person := await self._free.get()) is not None:
            line = self._lines[person]
            await self._pace()
            await self._deliver(session, line.popleft())
            if line:
                self._free.put_nowait(person)
            else:
                del self._lines[person]
            if not self._lines:
                for _ in range(connections):
                    self._free.put_nowait(None)

    async def _pace(self) -> None:
        now = time.monotonic()
        wait, self._next_at = self._next_at - now, max(self._next_at, now) + self._gap
        if wait > 0:
            await asyncio.sleep(wait)

    async def _deliver(self, session: aiohttp.ClientSession, text: Text) -> None:
        body = _update(*text)
        for _ in range(TRIES):
            began = time.monotonic()
            try:
                async with session.post(self._url, data=body) as answer:
                    await answer.read()
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            self.tries.append((text[0], began, time.monotonic(), status))
            if 200 <= status < 300:
                return
            await asyncio.sleep(PAUSE)


def _update(update: int, person: int, text: str) -> bytes:
    """A text in a private chat, as Telegram tells of it."""
    name = {"first_name": "Nguyễn Thị", "last_name": str(person), "username": f"person_{person}"}
    message = {
        "message_id": update,
        "from": {"id": person, "is_bot": False, **name, "language_code": "vi"},
        "chat": {"id": person, **name, "type": "private"},
        "date": SENT_AT,
        "text": text,
    }
    return json.dumps({"update_id": update, "message": message}).encode()


def main() -> None:
    """Deliver what stands on the standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--per-second", type=float, default=0.0)
    asked = parser.parse_args()
    load = Load(asked.url, [tuple(text) for text in json.load(sys.stdin)], asked.per_second)
    asyncio.run(load.run(asked.connections))
    json.dump(load.tries, sys.stdout)


if __name__ == "__main__":
    main()
