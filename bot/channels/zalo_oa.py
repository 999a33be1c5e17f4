"""The Zalo Official Account: events come by webhook, answers leave as consultation messages or approved templates."""

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from bot.channels.base import Abilities, Alarm, Note, Outgoing, Remaining, Take, Wake
from bot.channels.steps import Step, Steps
from bot.channels.zalo_oa_api import ZaloOaApi, ZaloOaError, ZaloOaUnreachable
from bot.channels.zalo_oa_errors import send_error
from bot.channels.zalo_oa_grant import ZaloOaGrant
from bot.channels.zalo_oa_outgoing import BUTTONS, LABEL, TEXT, Message, file, image, share, texts
from bot.channels.zalo_oa_read import CHANNEL
from bot.channels.zalo_oa_template import NoticeTemplate
from bot.channels.zalo_oa_webhook import OaWebhook
from bot.clock import Clock
from bot.errors import Closed, Refused, SendError, StoreError
from handlers.message import Address, File, Inbound, Link
from handlers.person import Language
from handlers.reach import Windows
from handlers.turn import OpenTask

log = structlog.get_logger(__name__)

#: Free for so long after a person's last word, refused after the second (tin tư vấn, zalo.solutions, 2026).
FREE, PAID = dt.timedelta(hours=48), dt.timedelta(days=7)
#: What Zalo takes as a picture and as a file, by the end of the name, and how large in bytes.
PICTURES, PAPERS = (".jpg", ".jpeg", ".png"), (".pdf", ".doc", ".docx", ".csv")
LARGEST_PICTURE = 1_000_000
#: People whose newest message and last check are remembered.
REMEMBERED = 5_000
#: How long what Zalo said of a person's window is believed.
CHECK_AFTER = dt.timedelta(hours=6)
#: Seconds between looks whether events still come.
LOOK = 600.0
#: Message type invalid or unsupported, which Zalo says where it takes no buttons; and some field of it is invalid.
NO_BUTTONS, NO_FIELD = -233, -201
#: Not sendable to this person as a consultation message any more.
TOO_LATE = (-230, -232)
#: How long an id is that stands for none: an event without a message, which nobody can quote.
MADE_UP = 40


class OutOfWindow(Closed):
    """The person was silent for so long that only a template reaches them."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is remembered of a person: their newest message, when they sent it, when Zalo was asked of their window."""

    message: str
    at: dt.datetime
    checked: dt.datetime


@dataclass(frozen=True, slots=True)
class OaSettings:
    """What the department set. Prices in đồng a message; `fields` fill the template's parameters."""

    app_id: str
    oa_id: str
    webhook_key: str
    app_secret: str = ""
    per_minute: float = 100
    price: int = 55
    template: str = ""
    template_price: int = 200
    fields: Mapping[str, str] = field(default_factory=lambda: {"noi_dung": "{text}"})
    picture: str = ""
    silent_hours: int = 72
    capture: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the bot lends the channel: `forms` finds a file by its name, `link` its public address ("" for none),
    `phone` somebody's number as +84… ("" where unknown or not allowed), `words` the channel's few own sentences."""

    clock: Clock
    alarm: Alarm
    note: Note
    words: Callable[[Language], Mapping[str, str]]
    forms: Callable[[str], Path | None] = lambda name: None
    link: Callable[[str], str] = lambda name: ""
    phone: Callable[[Address], Awaitable[str]] | None = None


class ZaloOaChannel:
    """The channel "zalo-oa"; the account is the id of the Official Account."""

    name = CHANNEL

    def __init__(self, settings: OaSettings, api: ZaloOaApi, grant: ZaloOaGrant, around: Surroundings) -> None:
        self.account = settings.oa_id
        self.abilities = Abilities(
            buttons=BUTTONS,
            label=LABEL,
            text=TEXT,
            edits=False,
            per_second=settings.per_minute / 60,
            windows=Windows(FREE, PAID, settings.price, settings.template_price if settings.template else 0),
        )
        self._settings, self._api, self._grant, self._around = settings, api, grant, around
        keys = {name: getattr(settings, name) for name in ("app_id", "oa_id", "webhook_key", "app_secret")}
        self._webhook = OaWebhook(keys, around.clock, self._hear)
        self._webhook.capture = settings.capture
        self._take: Take | None = None
        self._steps, self._quiet = Steps(), False
        self._tasks: set[asyncio.Task[Any]] = set()
        #: Of each person, by their chat; whoever was heard last stands last.
        self._heard: OrderedDict[str, Heard] = OrderedDict()
        self._buttons = True
        self._template = (
            NoticeTemplate(api, settings.template, settings.fields, around.clock, around.phone)
            if settings.template
            else None
        )

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts: the webhook."""
        return self._webhook.routes()

    async def start(self, take: Take, wake: Wake) -> None:
        """Open the webhook and keep the grant fresh. `wake` is not needed: nobody's absence holds a message back."""
        self._take = take
        self._webhook.open()
        self._beside(self._grant.watch())
        self._beside(self._listen())

    async def quiet(self) -> None:
        """Ask Zalo nothing more. Events are taken in until the end: what is refused may never come again, and what
        is durable is answered at the next start.
        """
        self._quiet = True

    async def stop(self) -> None:
        """Close every connection."""
        self._webhook.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.close()

    async def send(self, message: Outgoing) -> str:
        """Say a message: its text in parts, buttons below the last; a card to share a number; then its files.

        A notice to somebody silent for more than a week goes as the approved template, if there is one. A file Zalo
        does not take is left as a link.
        """
        message, papers = self._papers(message)
        chat, words = message.address.chat, self._around.words(message.language)
        said = texts(message, words["hint"], buttons=self._buttons, quote=self._quoted(message))
        steps: list[Step] = [partial(self._say, chat, part) for part in said]
        if message.reply.wants_contact and self._settings.picture:
            card = share(words["share_title"], words["share_text"], self._settings.picture)
            steps.append(partial(self._offer_share, chat, card))
        steps += [partial(self._hand, chat, form, path) for form, path in papers]
        try:
            return await self._steps.run(message.key, steps)
        except OutOfWindow:
            if not message.tells_enterprise or self._template is None:
                raise
        return await self._template.send(message)

    async def _hear(self, inbound: Inbound) -> None:
        assert self._take is not None
        # Before it is answered, which may be before it is taken in.
        self._remember(inbound)
        await self._take(inbound)
        chat, now = inbound.address.chat, self._around.clock.now()
        heard = self._heard.get(chat)
        if heard is not None and now - heard.checked >= CHECK_AFTER and not self._quiet:
            self._heard[chat] = replace(heard, checked=now)
            self._beside(self._check(inbound.address))

    def _remember(self, inbound: Inbound) -> None:
        if inbound.kind in ("staff_echo", "blocked", "withdrawn"):
            return
        chat, at = inbound.address.chat, inbound.sent_at
        known = self._heard.pop(chat, None) or Heard("", at, self._around.clock.now() - CHECK_AFTER)
        # What Zalo delivers late is not the newest.
        is_newest = len(inbound.id) != MADE_UP and at >= known.at
        self._heard[chat] = replace(known, message=inbound.id, at=at) if is_newest else known
        while len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)

    async def _check(self, address: Address) -> None:
        """Ask how many free messages are left for a person, for whoever wants to write to them later."""
        found = await self._api.quota(address.chat)
        await self._around.note(address, Remaining(found.last_interaction, found.left))

    async def _say(self, chat: str, part: Message) -> str:
        """Say one part; plainly if Zalo does not take what hangs on it. The choices stand numbered in the text."""
        try:
            return (await self._api.send_cs(chat, part)).message_id
        except (ZaloOaError, ZaloOaUnreachable) as error:
            code = error.code if isinstance(error, ZaloOaError) else 0
            failure = self._failure(error)
        if code not in (NO_BUTTONS, NO_FIELD) or part.keys() == {"text"}:
            raise failure
        if code == NO_BUTTONS and "attachment" in part and self._buttons:
            log.warning("zalo_oa.no_buttons", mend="buttons are left out until the next start")
            self._buttons = False
        return await self._say(chat, {"text": part["text"]})

    def _failure(self, error: ZaloOaError | ZaloOaUnreachable) -> SendError:
        if isinstance(error, ZaloOaError) and error.code in TOO_LATE:
            return OutOfWindow(f"{CHANNEL}: {error}")
        return send_error(error, self._around.clock.now())

    async def _offer_share(self, chat: str, card: Message) -> str:
        """Best effort: who cannot share a number by a tap types it."""
        try:
            return (await self._api.send_cs(chat, card)).message_id
        except (ZaloOaError, ZaloOaUnreachable) as error:
            log.info("zalo_oa.no_share_card", error=str(error))
            return ""

    async def _hand(self, chat: str, form: File, path: Path) -> str:
        """Hand over a file; its link where Zalo does not take it."""
        content = await asyncio.to_thread(path.read_bytes)
        try:
            if path.suffix.lower() in PICTURES:
                part = image(await self._api.upload_image(content, path.name))
            else:
                part = file(await self._api.upload_file(content, path.name))
            return (await self._api.send_cs(chat, part)).message_id
        except (ZaloOaError, ZaloOaUnreachable) as error:
            failure = self._failure(error)
        if isinstance(failure, Refused) and (link := self._around.link(form.reference)):
            log.warning("zalo_oa.file_refused", form=form.reference, error=str(failure))
            return await self._say(chat, {"text": f"{form.name}: {link}"})
        raise failure

    def _papers(self, message: Outgoing) -> tuple[Outgoing, list[tuple[File, Path]]]:
        """The message and the files Zalo takes; the others become links in its text."""
        papers, links, files = [], [], []
        for form in message.reply.files:
            path = self._around.forms(form.reference)
            if path is not None and _is_taken(path):
                papers.append((form, path))
            elif address := self._around.link(form.reference):
                links.append(Link(form.name, address))
                continue
            files.append(form)
        reply = replace(message.reply, links=(*message.reply.links, *links), files=tuple(files))
        return replace(message, reply=reply), papers

    def _quoted(self, message: Outgoing) -> str:
        """The person's message that is answered, where they have written again since: only then it is not clear."""
        heard = self._heard.get(message.address.chat)
        answered = message.key.split("/")[2] if message.numbered and message.key.count("/") == 3 else ""
        known = heard is not None and heard.message and len(answered) != MADE_UP
        return answered if heard and known and answered != heard.message else ""

    async def _listen(self) -> None:
        """Tell staff when nothing has come for long: after failed deliveries Zalo ends a webhook without a word."""
        limit = dt.timedelta(hours=self._settings.silent_hours)
        while True:
            await asyncio.sleep(LOOK)
            await self.look_for_silence(limit)

    async def look_for_silence(self, limit: dt.timedelta) -> None:
        """Open a task if no event came for `limit`; where that cannot be written down, the next look does."""
        heard, now = self._webhook.heard_at, self._around.clock.now()
        if heard is not None and now - heard >= limit:
            about = f"{CHANNEL}/{self.account}: {heard:%H:%M %d/%m/%Y}; console → Webhook → Kiểm tra"
            task = OpenTask("channel-silent", f"channel-silent:{CHANNEL}:{heard:%Y%m%d%H%M}", about)
            try:
                await self._around.alarm(task)
            except StoreError as error:
                log.error("zalo_oa.silence_not_told", error=str(error))

    def _beside(self, call: Coroutine[Any, Any, object]) -> None:
        """Do something beside everything else; it may fail."""
        task = asyncio.create_task(call, name="zalo-oa")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.info(
                "zalo_oa.beside_failed", error=str(error) if isinstance(error, SendError) else type(error).__name__
            )


def _is_taken(path: Path) -> bool:
    kind = path.suffix.lower()
    return kind in PAPERS or (kind in PICTURES and path.stat().st_size <= LARGEST_PICTURE)
