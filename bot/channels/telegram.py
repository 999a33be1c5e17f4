"""Telegram: private chats with the department's bot and the groups of its staff, by long polling or by webhook."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import telegram
from aiohttp import web
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.channels.aside import Aside
from bot.channels.base import Abilities, Alarm, Outgoing, Take, Taken, Wake, unheard
from bot.channels.door import Webhook
from bot.channels.render import block, split, utf16
from bot.channels.steps import Step, Steps
from bot.channels.telegram_chats import Chats, is_group
from bot.channels.telegram_errors import NO_MARKUP, says, seconds, send_error
from bot.channels.telegram_menu import Commands, no_commands, tell_commands
from bot.channels.telegram_outgoing import Markup, buttons, field, marked
from bot.channels.telegram_polling import Polling
from bot.channels.telegram_read import CHANNEL, is_for_another, read
from bot.channels.telegram_request import Bot, TelegramRequest
from bot.channels.telegram_webhook import WebhookDoor
from bot.clock import Clock
from handlers.message import Address, Inbound
from handlers.person import Language

log = structlog.get_logger(__name__)

BASE_URL = "https://api.telegram.org"
#: Seconds before a call that takes in updates is tried again, by how often it failed in a row.
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
NO_PREVIEW = telegram.LinkPreviewOptions(is_disabled=True)
#: Replies a second of the whole bot: no limit is known for them, so this only keeps the connections from a storm.
PER_SECOND = 1_000.0
#: Messages in bulk a second; Telegram names 30 (core.telegram.org/bots/faq).
BULK_PER_SECOND = 20.0


class TelegramChannel:
    """The channel "telegram". `token` as @BotFather gave it; what stands before its colon is the account.

    It polls, unless a `webhook` is given. `base_url` is a Bot API server, `proxy` a web proxy ("http://host:port") on
    the way to it, `pauses` as PAUSES; `forms` finds the file of a form by its name, `words` has "share_button" and
    "share_closed" in a language, `commands` the command menus; `bulk_per_second` is the pace of bulk, for replies go at
    once; `alarm` hears of what a person has to mend. Once the token is refused it takes in nothing more; everything
    else it tries again for ever.
    """

    name = CHANNEL

    def __init__(
        self,
        token: str,
        *,
        clock: Clock,
        base_url: str = BASE_URL,
        proxy: str = "",
        webhook: Webhook | None = None,
        request: TelegramRequest | None = None,
        pauses: tuple[float, ...] = PAUSES,
        forms: Callable[[str], Path | None] = lambda name: None,
        words: Callable[[Language], Mapping[str, str]] = lambda language: {},
        commands: Commands = no_commands,
        bulk_per_second: float = BULK_PER_SECOND,
        alarm: Alarm = unheard,
    ) -> None:
        self.account = token.partition(":")[0]
        self.abilities = Abilities(
            buttons=8, label=60, text=4096, edits=True, per_second=PER_SECOND, bulk_per_second=bulk_per_second
        )
        self._clock, self._pauses, self._forms, self._words = clock, pauses, forms, words
        self._commands, self._aside = commands, Aside(self.name, self.account, clock, alarm)
        self._request = request or TelegramRequest(base_url.rstrip("/"), token, proxy)
        self._bot = Bot(self._request, self.account)
        self._door = WebhookDoor(self._bot, webhook, self._receive, self._aside.report, pauses) if webhook else None
        self._polling = Polling(self._bot, self._read, self._take_in, self._aside.report, pauses)
        self._take: Take | None = None
        self._steps, self._chats = Steps(), Chats(clock)
        #: Our name, with which commands in groups are addressed; "" until Telegram has told it.
        self._username = ""
        #: Chats in which the field to share a number stands: whether it still covers a part of the screen.
        self._asked: dict[str, bool] = {}

    def routes(self) -> tuple[web.RouteDef, ...]:
        """What the public site mounts: the webhook, if there is one."""
        return self._door.routes() if self._door else ()

    async def start(self, take: Take, wake: Wake) -> None:
        """Begin to take in updates. `wake` is not needed: a message never waits for a person to come back."""
        self._take = take
        (self._door or self._polling).start()
        self._aside.signal(self._learn_name())
        self._aside.signal(tell_commands(self._bot, self._commands, self._pauses))

    async def _learn_name(self) -> None:
        self._username = (await self._bot.get_me()).username or ""

    async def quiet(self) -> None:
        """Take in nothing more; what is in hand is taken to its end. Telegram keeps the rest and brings it again."""
        await (self._door or self._polling).end()

    async def stop(self) -> None:
        """Close every connection."""
        await (self._door.end() if self._door else self._polling.drop())
        await self._aside.stop()
        await self._request.shutdown()

    async def send(self, message: Outgoing) -> str:
        """Say or edit a message: a long one in parts, its buttons below the last; then its files.

        Returns the last part's id. A file that is not there any more is left out: its name stands in the text.
        """
        to, reply = message.address, message.reply
        parts = split(block(reply), self.abilities.text, utf16) or ("",)
        titles = frozenset(card.title for card in reply.cards)
        below: list[Markup] = [None] * (len(parts) - 1) + [self._below(message)]
        if below[-1] is None and to.chat in self._asked:
            below[-1] = telegram.ReplyKeyboardRemove()
        steps: list[Step] = [
            partial(self._say, to, part, titles, under) for part, under in zip(parts, below, strict=True)
        ]
        if message.replaces and len(parts) == 1:
            steps = [partial(self._replace, to, message.replaces, parts[0], titles, below[0])]
        elif isinstance(below[-1], telegram.InlineKeyboardMarkup):
            steps.insert(0, partial(self._put_away, to, message.language))
        papers = [path for file in reply.files if (path := self._forms(file.reference))]
        sent = await self._steps.run(message.key, [*steps, *(partial(self._hand, to, path) for path in papers)])
        if isinstance(below[-1], telegram.ReplyKeyboardRemove) and not message.replaces:
            self._asked.pop(to.chat, None)
        elif isinstance(below[-1], telegram.ReplyKeyboardMarkup):
            self._asked[to.chat] = True
        return sent

    async def _put_away(self, to: Address, language: Language) -> str:
        """Take the field for the number away, where it still covers a part of the screen, with a line of its own.

        A message with buttons cannot do it, and an edit neither.
        """
        line = self._words(language).get("share_closed", "")
        if line and self._asked.get(to.chat):
            await self._say(to, line, (), telegram.ReplyKeyboardRemove())
            del self._asked[to.chat]
        return ""

    def _below(self, message: Outgoing) -> Markup:
        """The buttons of a message, or the field to share one's number."""
        share = self._words(message.language).get("share_button", "")
        if message.reply.wants_contact and share and not is_group(message.address):
            return field(message.reply, share)
        return buttons(message.reply, self.abilities.label)

    async def _say(self, to: Address, text: str, titles: Collection[str], below: Markup) -> str:
        html = marked(text, titles)
        if html:
            try:
                return await self._call(to, partial(self._send, to, html, below, ParseMode.HTML))
            except _BadMarkup:
                log.warning("telegram.markup_refused")
        return await self._call(to, partial(self._send, to, text, below))

    async def _send(self, to: Address, text: str, below: Markup, mode: ParseMode | None = None) -> str:
        thread = {"message_thread_id": to.thread} if to.thread else {}
        more = {"parse_mode": mode, "reply_markup": below, "link_preview_options": NO_PREVIEW}
        return await self._bot.say(to.chat, text, **thread, **{key: value for key, value in more.items() if value})

    async def _replace(self, to: Address, number: str, text: str, titles: Collection[str], below: Markup) -> str:
        """Put a text in the place of an earlier one; where that cannot be, say it anew."""
        under, html = below if isinstance(below, telegram.InlineKeyboardMarkup) else None, marked(text, titles)
        mode = ParseMode.HTML if html else None
        stands = await self._call(to, partial(self._edit, to, number, html or text, under, mode))
        return stands or await self._say(to, text, titles, below)

    async def _edit(
        self, to: Address, number: str, text: str, under: telegram.InlineKeyboardMarkup | None, mode: ParseMode | None
    ) -> str:
        try:
            await self._bot.edit_message_text(
                text,
                int(to.chat),
                int(number),
                parse_mode=mode,
                reply_markup=under,
                link_preview_options=NO_PREVIEW,
            )
        except BadRequest as error:
            # Anything else: it is gone or too old, so a new message has to do.
            return number if says(error, ("not modified",)) else ""
        return number

    async def _hand(self, to: Address, path: Path) -> str:
        content = await asyncio.to_thread(path.read_bytes)

        async def send() -> str:
            await self._bot.send_document(int(to.chat), content, filename=path.name, message_thread_id=_thread(to))
            return ""

        return await self._call(to, send)

    async def _call(self, to: Address, call: Callable[[], Coroutine[Any, Any, str]]) -> str:
        """Make a call that shows something in a chat, if its time has come. Raises a SendError."""
        self._chats.enter(to)
        try:
            return await call()
        except RetryAfter as error:
            self._chats.pause(to, seconds(error))
            failure: Exception = send_error(error, to)
        except TelegramError as error:
            refused = isinstance(error, BadRequest) and says(error, NO_MARKUP)
            failure = _BadMarkup() if refused else send_error(error, to)
        # Raised here, where the library's error is no longer its context.
        raise failure

    async def _receive(self, raw: object) -> None:
        """Take in what the webhook brought. Raises what `take` raises."""
        if isinstance(raw, dict):
            await self._take_in(*self._read(raw))

    def _read(self, raw: dict[str, Any]) -> tuple[Inbound | None, str]:
        try:
            update = telegram.Update.de_json(raw, self._bot)
            tap = update.callback_query.id if update.callback_query else ""
            inbound = read(update, self.account, self._clock.now())
            return (None if inbound and is_for_another(inbound, self._username) else inbound), tap
        except Exception as error:
            # Acknowledged all the same: it would come again and again, and hold up everybody behind it.
            log.error("telegram.unreadable", update=raw.get("update_id"), error=type(error).__name__)
            return None, ""

    async def _take_in(self, inbound: Inbound | None, tap: str) -> None:
        assert self._take is not None
        if inbound and inbound.kind == "contact" and inbound.address.chat in self._asked:
            # Whoever tapped it sees it no more. Before the turn, whose answer may leave at once.
            self._asked[inbound.address.chat] = False
        taken = await self._take(inbound) if inbound else None
        if tap:
            # Only now: until then the button spins, as it should.
            self._aside.signal(self._bot.answer_callback_query(tap))
        if inbound and taken is Taken.PENDING:
            # Only then the answer takes a while; beside one that is there already "is typing" would be wrong.
            to = inbound.address
            self._aside.signal(
                self._bot.send_chat_action(int(to.chat), ChatAction.TYPING, message_thread_id=_thread(to))
            )


class _BadMarkup(Exception):
    """Telegram cannot read the bold of a text, though it could read the text."""


def _thread(to: Address) -> int | None:
    return int(to.thread) if to.thread else None
