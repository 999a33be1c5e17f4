"""The Zalo Bot Platform: private chats with a bot, by long polling or by webhook, in plain text."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from unicodedata import normalize

import structlog
from aiohttp import web

from bot.channels.aside import Aside
from bot.channels.base import Abilities, Alarm, Outgoing, Quota, Take, Taken, Wake, unheard
from bot.channels.door import Webhook
from bot.channels.render import block, numbered, split, utf16
from bot.channels.steps import Step, Steps
from bot.channels.zalo_bot_api import ZaloBotApi, ZaloBotError
from bot.channels.zalo_bot_errors import FINAL, send_error
from bot.channels.zalo_bot_polling import Polling
from bot.channels.zalo_bot_read import CHANNEL, event_of, read
from bot.channels.zalo_bot_webhook import WebhookDoor
from bot.clock import Clock
from bot.errors import Refused
from handlers.message import File, Inbound
from handlers.person import Language

log = structlog.get_logger(__name__)

BASE_URL = "https://bot-api.zaloplatforms.com"
#: Seconds the platform holds a question for updates open while there are none.
POLL_SECONDS = 30.0
#: Seconds before a call is tried again, by how often it failed in a row.
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
#: Longest message, in UTF-16 units: the documents say characters and not which, so the safe way of counting.
LONGEST = 2000
#: What a bot of the free plan has; the platform tells neither by a call.
QUOTA = Quota(people=50, per_month=3000)
#: What can be shown as a picture, by the end of a form's name.
PICTURES = (".jpg", ".jpeg", ".png", ".gif")


class ZaloBotChannel:
    """The channel "zalo-bot". `token` as Zalo Bot Creator gave it; what stands before its colon is the account.

    It polls, unless a `webhook` is given. `files` tells the public address of a form by its name ("" for none), `hint`
    the line below numbered choices; `quota` is what the account's plan gives, `per_second` its pace; `alarm` hears of
    what a person has to mend. Once the token is refused it takes in nothing more; everything else it tries again for
    ever. What Zalo hands to a question for updates that is just then broken off (a restart) is lost: a webhook has no
    such moment.
    """

    name = CHANNEL

    def __init__(
        self,
        token: str,
        *,
        clock: Clock,
        hint: Callable[[Language], str],
        base_url: str = BASE_URL,
        webhook: Webhook | None = None,
        files: Callable[[str], str] = lambda name: "",
        quota: Quota = QUOTA,
        per_second: float = 10,
        alarm: Alarm = unheard,
        pauses: tuple[float, ...] = PAUSES,
        poll_seconds: float = POLL_SECONDS,
        api: ZaloBotApi | None = None,
    ) -> None:
        account, colon, _ = token.partition(":")
        # Without a colon all of it is the secret.
        self.account = account if colon else "bot"
        self.abilities = Abilities(
            buttons=0,
            label=LONGEST,
            text=LONGEST,
            edits=False,
            per_second=per_second,
            once=webhook is None,
            quota=quota,
        )
        self._clock, self._hint, self._files = clock, hint, files
        self._aside = Aside(self.name, self.account, clock, alarm)
        self._api = api or ZaloBotApi(token, base_url)
        self._door = WebhookDoor(self._api, webhook, self._receive, self._aside.report, pauses) if webhook else None
        self._polling = Polling(
            self._api, self._receive, self._aside.report, clock, seconds=poll_seconds, pauses=pauses
        )
        self._take: Take | None = None
        self._steps = Steps()

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts: the webhook, if there is one."""
        return self._door.routes() if self._door else ()

    async def start(self, take: Take, wake: Wake) -> None:
        """Begin to take in updates. `wake` is not needed: a message never waits for a person to come back."""
        self._take = take
        (self._door or self._polling).start()

    async def quiet(self) -> None:
        """Ask for nothing more; what is in hand is taken to its end. What Zalo posts is taken in until the very end,
        for what is refused may never come again.
        """
        await self._polling.end()

    async def stop(self) -> None:
        """Close every connection, once what is in hand is durable."""
        await (self._door or self._polling).end()
        await self._aside.stop()
        await self._api.close()

    async def send(self, message: Outgoing) -> str:
        """Say a message, a long one in parts, with its choices numbered; then its pictures. The last one's id."""
        chat, reply = message.address.chat, message.reply
        # The files' names stand in the text; with their addresses a form can be fetched.
        reply = replace(reply, files=tuple(replace(file, name=self._named(file)) for file in reply.files))
        text = numbered(reply, self._hint(message.language)) if message.numbered else block(reply)
        pictures = [file for file in message.reply.files if _is_picture(file) and self._files(file.reference)]
        steps: list[Step] = [partial(self._say, chat, part) for part in split(normalize("NFC", text), LONGEST, utf16)]
        steps += [partial(self._show, chat, file) for file in pictures]
        if not steps:
            raise Refused("zalo-bot: there is nothing to say")
        return await self._steps.run(message.key, steps)

    def _named(self, file: File) -> str:
        address = self._files(file.reference)
        return f"{file.name}: {address}" if address else file.name

    async def _say(self, chat: str, text: str) -> str:
        try:
            return (await self._api.send_message(chat, text)).message_id
        except ZaloBotError as error:
            failure = send_error(error)
        raise failure

    async def _show(self, chat: str, file: File) -> str:
        try:
            return (await self._api.send_photo(chat, self._files(file.reference))).message_id
        except ZaloBotError as error:
            if error.code in FINAL:
                # Some hosts are refused. Its address stands in the text already, so nothing is missing.
                log.warning("zalo_bot.picture_refused", file=file.reference, error=str(error))
                return ""
            failure = send_error(error)
        raise failure

    async def _receive(self, update: object) -> None:
        """Take in a raw update. Raises what `take` raises."""
        inbound = self._read(update)
        if inbound is None:
            return
        assert self._take is not None
        if await self._take(inbound) is Taken.PENDING:
            # Only then the answer takes a while; beside one that is there already "is typing" would be wrong.
            self._aside.signal(self._api.send_chat_action(inbound.address.chat))

    def _read(self, update: object) -> Inbound | None:
        try:
            inbound = read(update, self.account, self._clock.now())
        except Exception as error:
            # It must not hold up everybody behind it.
            log.error("zalo_bot.unreadable", error=type(error).__name__)
            return None
        if inbound is None:
            log.info("zalo_bot.ignored", happened=event_of(update))
        return inbound


def _is_picture(file: File) -> bool:
    return file.reference.lower().endswith(PICTURES)
