"""The bridge between a bot and telegram-test-api: what the one lacks of Telegram is mended on the way to the other."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bot.channels.telegram_webhook import HEADER
from tests.fakes.telegram_people import SECONDS, Shown
from tests.fakes.telegram_schema import call_problems, result_problems, update_problems
from tests.fakes.telegram_test_api import Json, TelegramTestApi

#: Methods that it has, besides those of updates and webhooks.
PASSED_ON = (
    *("getMe", "sendMessage", "editMessageText", "editMessageReplyMarkup"),
    *("answerCallbackQuery", "deleteMessage"),
)
#: Methods it has not, whose answer is true at Telegram and whose effect nobody here can see.
NODDED_AT = ("sendChatAction", "setMyCommands", "deleteMyCommands", "setMyDescription", "setChatMenuButton")
#: Numbers of dates above this are milliseconds.
MILLISECONDS = 100_000_000_000


class Refused(Exception):
    """A call that is not taken, with the HTTP status of the answer."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


class TelegramBridge:
    """Give the bot `url` and `token`; people start, say and tap, and look at what is `shown`.

    Towards the bot it mends answers and updates (is_bot in getMe, dates in seconds, true instead of null, `from` and
    a chat's kind in messages, chat_instance in taps, no bot's token in updates), keeps updates until they are confirmed
    and holds a poll open, adds the secret to what a webhook brings, and answers with true itself what telegram-test-api
    does not know and nobody can see (NODDED_AT), and getWebhookInfo. Towards telegram-test-api an edit without buttons
    takes those away that are there. Anything else is refused with 404, as an unknown method is.

    `calls`: every call as (method, parameters); `deliveries`: the status of the bot's answer to each delivery, 0 for
    none; `updates`: all it was brought; `unfit`: what aiogram's declarations object to in any of this.
    `webhook` and `secret` are as the bot set them; `site` is where its public site really listens, "" where that
    address is the real one.
    """

    def __init__(self, foreign: TelegramTestApi, token: str) -> None:
        self.token, self.site, self.webhook, self.secret = token, "", "", ""
        self.calls: list[tuple[str, Mapping[str, str]]] = []
        self.deliveries: list[int] = []
        self.updates: list[Json] = []
        self.unfit: list[str] = []
        self._foreign, self._port = foreign, 0
        self._unconfirmed: list[Json] = []
        self._me: Json = {}
        self._changed = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """The Bot API for the bot."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def unconfirmed(self) -> list[int]:
        """The numbers of the updates that would be handed out again."""
        return [update["update_id"] for update in self._unconfirmed]

    # What people do; it returns once it waits to be asked for, or the webhook has taken it.

    async def start(self, user: int) -> None:
        """Tap "Start"."""
        await self._act(user, "command", text="/start")

    async def say(self, user: int, text: str) -> None:
        """Write a text."""
        await self._act(user, "message", text=text)

    async def tap(self, user: int, label: str) -> None:
        """Tap the newest button with this label."""
        for stored in reversed(await self._stored(user)):
            if data := dict(_buttons(stored)).get(label):
                said, date = stored["message"], stored["time"] // 1000
                tapped = {"message_id": stored["messageId"], "date": date, "text": said["text"]}
                await self._act(user, "callback", data=data, message={**tapped, "reply_markup": said["reply_markup"]})
                return
        raise LookupError(f"{user} sees no button {label!r}")

    async def _act(self, user: int, kind: Literal["message", "command", "callback"], **content: Any) -> None:
        await self._foreign.act(self.token, user, kind, **content)
        self._stir()

    # What people see.

    async def shown(self, user: int) -> list[Shown]:
        """What the bot wrote to a person, oldest first, as it stands now."""
        return [
            Shown(stored["messageId"], stored["message"]["text"], _buttons(stored), "message_id" in stored["message"])
            for stored in await self._stored(user)
        ]

    async def wait_for(self, user: int, words: str) -> Shown:
        """The newest message with these words, once there is one. Raises AssertionError."""
        found: list[Shown] = []
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    changed, found = self._changed, await self.shown(user)
                    if fits := [shown for shown in found if words in shown.text]:
                        return fits[-1]
                    await changed.wait()
        except TimeoutError:
            raise AssertionError(f"{user} sees no {words!r} but {[shown.text for shown in found]}") from None

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true of what stands here. Raises TimeoutError."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                await self._changed.wait()

    async def _stored(self, user: int) -> list[Json]:
        history = await self._foreign.history(self.token)
        return [stored for stored in history if str(stored.get("message", {}).get("chat_id")) == str(user)]

    def _stir(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    # The bot's side.

    async def open(self) -> None:
        """Listen."""
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_post("/hook", self._deliver)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Hang up."""
        await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        parameters = {**request.query, **form}
        self.calls.append((method, parameters))
        self.unfit += call_problems(method, parameters)
        self._stir()
        try:
            result = await self._result(method, parameters)
        except Refused as refused:
            failure = {"ok": False, "error_code": refused.status, "description": str(refused)}
            return web.json_response(failure, status=refused.status)
        finally:
            self._stir()
        self.unfit += result_problems(method, result)
        return web.json_response({"ok": True, "result": result})

    async def _result(self, method: str, parameters: dict[str, str]) -> Any:
        """What a call leads to. Raises Refused."""
        if method == "getUpdates":
            return await self._updates(parameters)
        if method == "getWebhookInfo":
            return {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": 0}
        if method in NODDED_AT:
            return True
        if method == "setWebhook":
            return await self._hook(parameters["url"], parameters.get("secret_token", ""))
        if method == "deleteWebhook":
            self.webhook = self.secret = ""
        elif method not in PASSED_ON:
            raise Refused(404, "Not Found: method not found")
        if method == "editMessageText":
            parameters = {"reply_markup": '{"inline_keyboard": []}', **parameters}
        result = await self._passed(method, parameters)
        if method == "getMe":
            return {**result, "is_bot": True}
        if method == "sendMessage":
            return _message(result, await self._bot())
        return True if result is None else result

    async def _passed(self, method: str, parameters: Mapping[str, str]) -> Any:
        """What telegram-test-api says to a call. Raises Refused."""
        status, body = await self._foreign.call(self.token, method, parameters)
        if status != 200 or not body["ok"]:
            raise Refused(body.get("error_code", status), body.get("description") or body.get("message", ""))
        return body["result"]

    async def _hook(self, url: str, secret: str) -> bool:
        """Have it bring updates to the bridge; `webhook` stands only once it does."""
        await self._passed("setWebhook", {"url": f"{self.url}/hook"})
        self.webhook, self.secret = url, secret
        return True

    async def _updates(self, parameters: Mapping[str, str]) -> list[Json]:
        """What is not confirmed; a poll that finds nothing stays open for its time-out."""
        offset, seconds = int(parameters.get("offset", 0)), float(parameters.get("timeout", 0))
        self._unconfirmed = [update for update in self._unconfirmed if update["update_id"] >= offset]
        self._stir()
        until, changed = asyncio.get_running_loop().time() + seconds, self._changed
        with suppress(TimeoutError):
            # Never given up half-way: what was fetched once does not come again.
            while not await self._fetch():
                async with asyncio.timeout_at(until):
                    await changed.wait()
                changed = self._changed
        return self._unconfirmed[: int(parameters.get("limit", 100))]

    async def _fetch(self) -> bool:
        """Take over what telegram-test-api hands out, which it does once; whether there is anything unconfirmed."""
        fresh = [await self._mended(update) for update in await self._passed("getUpdates", {})]
        self._unconfirmed += fresh
        return bool(self._unconfirmed)

    async def _deliver(self, request: web.Request) -> web.Response:
        """Bring an update to the webhook; what the bot answers is handed back."""
        update = await self._mended(await request.json())
        path, headers = urlsplit(self.webhook).path, {HEADER: self.secret} if self.secret else {}
        to = f"{self.site}{path}" if self.site else self.webhook
        assert self._session is not None
        status = 0
        with suppress(aiohttp.ClientError):
            async with self._session.post(to, json=update, headers=headers) as answer:
                status = answer.status
        self.deliveries.append(status)
        self._stir()
        return web.Response(status=status or 502)

    async def _bot(self) -> Json:
        """The bot as a user."""
        if not self._me:
            self._me = {**await self._passed("getMe", {}), "is_bot": True}
        return self._me

    async def _mended(self, raw: Json) -> Json:
        """An update as Telegram hands it out; it is kept."""
        update = await self._whole(raw)
        self.updates.append(update)
        self.unfit += update_problems(update)
        return update

    async def _whole(self, update: Json) -> Json:
        if query := update.get("callback_query"):
            message = _message(query["message"], await self._bot())
            query = {**query, "message": message, "chat_instance": str(message["chat"]["id"])}
            return {"update_id": update["update_id"], "callback_query": query}
        said = update["message"]
        return {"update_id": update["update_id"], "message": _message(said, said["from"])}


def _message(raw: Json, author: Json) -> Json:
    """A message with what Telegram says of it, and nothing else."""
    chat, date = raw["chat"], raw["date"]
    private = {"id": chat["id"], "type": "private", "first_name": chat["first_name"]}
    group = {"id": chat["id"], "type": "supergroup", "title": chat.get("title", "")}
    return {
        "message_id": raw["message_id"],
        "date": date // 1000 if date > MILLISECONDS else date,
        "chat": private if chat["id"] > 0 else group,
        "from": author,
        **{name: raw[name] for name in ("text", "entities", "reply_markup") if name in raw},
    }


def _buttons(stored: Json) -> tuple[tuple[str, str], ...]:
    """The buttons below a message, as (label, data)."""
    rows = stored["message"].get("reply_markup", {}).get("inline_keyboard", ())
    return tuple((button["text"], button.get("callback_data", "")) for row in rows for button in row)


@asynccontextmanager
async def telegram_bridge(foreign: TelegramTestApi, token: str) -> AsyncIterator[TelegramBridge]:
    """A bridge for one bot while the block runs; a token of its own keeps a test apart from others."""
    bridge = TelegramBridge(foreign, token)
    await bridge.open()
    try:
        yield bridge
    finally:
        await bridge.close()
