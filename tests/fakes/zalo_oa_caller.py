"""Somebody who calls the fake of Zalo's API as its documentation says, to try it."""

import io
import json
from typing import Any

import aiohttp

from tests.fakes.zalo_oa_delivery import Json
from tests.fakes.zalo_oa_server import OAUTH, ZaloOaServer

CS = "/v3.0/oa/message/cs"


class Caller:
    """A client with a good access token. Every answer is the JSON with HTTP status 200; `headers` are the last ones."""

    def __init__(self, zalo: ZaloOaServer, session: aiohttp.ClientSession) -> None:
        self.zalo, self._session = zalo, session
        self.access, self.refresh = zalo.grant()
        self.headers: dict[str, str] = {}

    def renew(self) -> None:
        """Take another pair of tokens, when the clock went past the first."""
        self.access, self.refresh = self.zalo.grant()

    async def post(self, path: str, body: Json, **headers: str) -> Json:
        """Send JSON."""
        return await self._ask("POST", path, json=body, headers=headers or {"access_token": self.access})

    async def get(self, path: str, **data: Any) -> Json:
        """Ask with ?data=."""
        query = {"data": json.dumps(data)}
        return await self._ask("GET", path, params=query, headers={"access_token": self.access})

    async def upload(self, kind: str, content: bytes, name: str) -> Json:
        """Send a file."""
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(content), filename=name)
        return await self._ask("POST", f"/v2.0/oa/upload/{kind}", data=form, headers={"access_token": self.access})

    async def say(self, user: str, text: str = "Chào anh/chị", /, **attachment: Any) -> Json:
        """Send a consultation message; `attachment`: the payload of a template."""
        more = {"attachment": {"type": "template", "payload": attachment}} if attachment else {}
        return await self.post(CS, {"recipient": {"user_id": user}, "message": {"text": text, **more}})

    async def token(self, secret: str = "", **form: str) -> Json:
        """Ask for a pair of tokens."""
        headers = {"secret_key": secret or self.zalo.app_secret}
        return await self._ask("POST", OAUTH, data={"app_id": self.zalo.app_id, **form}, headers=headers)

    async def _ask(self, method: str, path: str, **more: Any) -> Json:
        async with self._session.request(method, self.zalo.url + path, **more) as answer:
            assert answer.status == 200
            self.headers = dict(answer.headers)
            found: Json = await answer.json()
            return found
