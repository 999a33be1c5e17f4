"""Telegram: private chats with the department's bot, by long polling."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
import telegram
from telegram.constants import ChatAction
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.base import Abilities, Outgoing, Take, Taken, Wake
from bot.channels.render import block, shorten, split, utf16
from bot.channels.steps import Step, Steps
from bot.channels.telegram_read import CHANNEL, read
from bot.channels.telegram_request import Bot, TelegramRequest
from bot.clock import Clock
from bot.errors import Ambiguous, Gone, Refused, SendError, StoreUnavailable, TryLater
from handlers.message import Address, Choice, Inbound, Reply

log = structlog.get_logger(__name__)

#: Seconds Telegram holds a question for updates open while there are none.
POLL_SECONDS = 30
#: Seconds before it is asked again when that failed, by how often in a row.
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
#: What we ask for; Telegram keeps everything else to itself.
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

#: What each of the library's errors means for the message it met, most specific first: BadRequest and TimedOut are
#: NetworkErrors too. What is not here has to be mended on our side or theirs, and the message waits for it.
MEANINGS: Final[tuple[tuple[type[TelegramError], Callable[[str], SendError]], ...]] = (
    (Forbidden, Gone),
    (ChatMigrated, Refused),
    (BadRequest, Refused),
    (TimedOut, Ambiguous),
)


class TelegramChannel:
    """The channel "telegram". `token` as @BotFather gave it; what stands before its colon is the account.

    `base_url` is a Bot API server, `proxy` a web proxy ("http://host:port") on the way to it, `pauses` as PAUSES;
    `forms` finds the file of a form by its name. Once the token is refused it polls no more; everything else it tries
    again for ever.
    """

    name = CHANNEL
    abilities = Abilities(buttons=8, label=60, text=4096, edits=True, per_second=25)

    def __init__(
        self,
        token: str,
        *,
        clock: Clock,
        base_url: str = "https://api.telegram.org",
        proxy: str = "",
        request: TelegramRequest | None = None,
        pauses: tuple[float, ...] = PAUSES,
        forms: Callable[[str], Path | None] = lambda name: None,
    ) -> None:
        self.account = token.partition(":")[0]
        self._clock, self._pauses, self._forms = clock, pauses, forms
        self._request = request or TelegramRequest(base_url.rstrip("/"), token, proxy)
        self._bot = Bot(self._request, self.account)
        self._polling: asyncio.Task[None] | None = None
        self._batch: asyncio.Task[int | None] | None = None
        self._signals: set[asyncio.Task[object]] = set()
        self._steps = Steps()

    async def start(self, take: Take, wake: Wake) -> None:
        """Begin to poll. `wake` is not needed: a message never waits for a person to come back."""
        self._polling = asyncio.create_task(self._poll(take), name="telegram-poll")

    async def quiet(self) -> None:
        """Poll no more; the batch in hand is taken to its end. What it leaves unconfirmed comes again next time."""
        await _end(self._polling)
        if self._batch is not None:
            await asyncio.wait({self._batch})

    async def stop(self) -> None:
        """Close every connection."""
        await _end(self._polling, self._batch, *self._signals)
        await self._request.shutdown()

    async def send(self, message: Outgoing) -> str:
        """Say or edit a message: a long one in parts, its buttons below the last; then its files.

        Returns the last part's id. A file that is not there any more is left out: its name stands in the text.
        """
        to, keyboard = message.address, _keyboard(message.reply, self.abilities.label)
        parts = split(block(message.reply), self.abilities.text, utf16) or ("",)
        papers = [path for file in message.reply.files if (path := self._forms(file.reference))]
        below = [None] * (len(parts) - 1) + [keyboard]
        steps: list[Step] = [partial(self._say, to, part, under) for part, under in zip(parts, below, strict=True)]
        if message.replaces and len(parts) == 1:
            steps = [partial(self._replace, to, message.replaces, parts[0], keyboard)]
        return await self._steps.run(message.key, [*steps, *(partial(self._hand, to, path) for path in papers)])

    async def _hand(self, to: Address, path: Path) -> str:
        content, thread = await asyncio.to_thread(path.read_bytes), int(to.thread) if to.thread else None
        try:
            await self._bot.send_document(int(to.chat), content, filename=path.name, message_thread_id=thread)
        except TelegramError as error:
            raise send_error(error) from None
        return ""

    async def _say(self, to: Address, text: str, keyboard: telegram.InlineKeyboardMarkup | None) -> str:
        preview, thread = telegram.LinkPreviewOptions(is_disabled=True), int(to.thread) if to.thread else None
        try:
            sent = await self._bot.send_message(
                int(to.chat), text, message_thread_id=thread, reply_markup=keyboard, link_preview_options=preview
            )
        except TelegramError as error:
            raise send_error(error) from None
        return str(sent.message_id)

    async def _replace(
        self, to: Address, number: str, text: str, keyboard: telegram.InlineKeyboardMarkup | None
    ) -> str:
        try:
            stands = await self._edit(to, number, text, keyboard)
        except TelegramError as error:
            raise send_error(error) from None
        return number if stands else await self._say(to, text, keyboard)

    async def _edit(self, to: Address, number: str, text: str, keyboard: telegram.InlineKeyboardMarkup | None) -> bool:
        """Put a text in the place of an earlier one; whether it stands there."""
        preview = telegram.LinkPreviewOptions(is_disabled=True)
        try:
            await self._bot.edit_message_text(
                text, int(to.chat), int(number), reply_markup=keyboard, link_preview_options=preview
            )
        except BadRequest as error:
            # Anything else: it is gone or too old, so a new message has to do.
            return "not modified" in error.message
        return True

    async def _poll(self, take: Take) -> None:
        """Ask for updates for ever; the offset, and so Telegram's memory, moves only past what is durable."""
        offset, failures, trouble, fresh = 0, 0, "", True
        while True:
            try:
                if fresh:
                    # A webhook left by another set-up would keep every update from us.
                    await self._bot.delete_webhook()
                    fresh = False
                updates = await self._bot.raw_updates(offset, POLL_SECONDS, UPDATES)
                self._batch = asyncio.create_task(self._take_all(updates, take))
                # Shielded: whoever ends the polling does not end a turn half-way.
                stuck = await asyncio.shield(self._batch)
                if updates:
                    offset = updates[-1]["update_id"] + 1 if stuck is None else stuck
                if stuck is not None:
                    raise StoreUnavailable
            except InvalidToken:
                log.error("telegram.token_refused", mend="copy the token again from @BotFather, then start again")
                return
            except Exception as error:
                if trouble != (trouble := type(error).__name__):
                    log.warning("telegram.polling_failed", error=trouble, mend=_mend(error))
                await asyncio.sleep(self._pause(error, failures))
                failures += 1
            else:
                if trouble:
                    log.info("telegram.polling_again", failures=failures)
                failures, trouble = 0, ""

    def _pause(self, error: Exception, failures: int) -> float:
        if isinstance(error, RetryAfter):
            return _seconds(error)
        return self._pauses[-1 if isinstance(error, Conflict) else min(failures, len(self._pauses) - 1)]

    async def _take_all(self, updates: list[dict[str, Any]], take: Take) -> int | None:
        """Hand a batch over, people beside each other, each in order; the first number that is not durable, if any."""
        lines: dict[str, list[tuple[Inbound, int, str]]] = {}
        for raw in updates:
            inbound, tap = self._read(raw)
            if inbound is not None:
                lines.setdefault(inbound.address.chat, []).append((inbound, raw["update_id"], tap))
            elif tap:
                self._signal(self._bot.answer_callback_query(tap))
        stuck = await asyncio.gather(*(self._take_line(line, take) for line in lines.values()))
        return min((number for number in stuck if number is not None), default=None)

    def _read(self, raw: dict[str, Any]) -> tuple[Inbound | None, str]:
        """An update as an Inbound, and the id Telegram waits to hear back if it is a tap."""
        try:
            update = telegram.Update.de_json(raw, self._bot)
            tap = update.callback_query.id if update.callback_query else ""
            return read(update, self.account, self._clock.now()), tap
        except Exception as error:
            # Acknowledged all the same: it would come again and again, and hold up everybody behind it.
            log.error("telegram.unreadable", update=raw.get("update_id"), error=type(error).__name__)
            return None, ""

    async def _take_line(self, line: list[tuple[Inbound, int, str]], take: Take) -> int | None:
        """One person's updates of a batch; the number of the first that is not durable, if any."""
        for inbound, number, tap in line:
            try:
                taken = await take(inbound)
            except Exception as error:
                if not isinstance(error, StoreUnavailable):
                    log.error("telegram.take_failed", error=type(error).__name__)
                return number
            if tap:
                self._signal(self._bot.answer_callback_query(tap))
            if taken is Taken.PENDING:
                # Only then the answer takes a while; beside one that is there already "is typing" would be wrong.
                self._signal(self._bot.send_chat_action(int(inbound.address.chat), ChatAction.TYPING))
        return None

    def _signal(self, call: Coroutine[Any, Any, object]) -> None:
        """Make a call beside everything else; it may fail."""
        task = asyncio.create_task(call, name="telegram-signal")
        self._signals.add(task)
        task.add_done_callback(self._signalled)

    def _signalled(self, task: asyncio.Task[object]) -> None:
        self._signals.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.debug("telegram.signal_failed", error=type(error).__name__)


def send_error(error: TelegramError) -> SendError:
    """What a failed call means for the message it carried."""
    if isinstance(error, RetryAfter):
        return TryLater("telegram: too many messages", _seconds(error))
    meaning = next((meaning for kind, meaning in MEANINGS if isinstance(error, kind)), TryLater)
    return meaning(f"telegram: {error.message}")


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if isinstance(after, dt.timedelta) else after


def _keyboard(reply: Reply, longest: int) -> telegram.InlineKeyboardMarkup | None:
    """One button a row, in the order of a numbered list: those of the cards, then the reply's own."""
    # Below several cards equal labels ("Nhận việc") would not tell which card they mean.
    labels = [choice.label for choice in reply.offered]
    named = [
        Choice(choice.id, f"{choice.label} · {card.title}" if labels.count(choice.label) > 1 else choice.label)
        for card in reply.cards
        for choice in card.choices
    ]
    rows = [
        [telegram.InlineKeyboardButton(shorten(choice.label, longest), callback_data=choice.id)]
        for choice in (*named, *reply.choices)
    ]
    return telegram.InlineKeyboardMarkup(rows) if rows else None


def _mend(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another program reads this bot's messages, or a webhook is set: end it, or use a token of its own"
    if isinstance(error, StoreUnavailable):
        return "messages wait at Telegram until the store takes them"
    return "it is tried again; if it lasts, look at the network, the proxy and base_url"


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
