"""The approved template by which a notice reaches somebody who has been silent for more than a week."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping

from bot.channels.base import Outgoing
from bot.channels.zalo_oa_api import TOKEN_REFUSED, ZaloOaApi, ZaloOaError, ZaloOaUnreachable
from bot.channels.zalo_oa_errors import send_error
from bot.channels.zalo_oa_outgoing import template_data
from bot.clock import Clock
from bot.errors import Closed, Halted, Refused
from handlers.message import Address

#: Not sendable by the person's id in the account: then by their number.
NOT_BY_UID = -249


class NoticeTemplate:
    """The template `id`; `fields` fill its parameters, `phone` tells somebody's number as +84… ("" for none)."""

    def __init__(
        self,
        api: ZaloOaApi,
        id: str,
        fields: Mapping[str, str],
        clock: Clock,
        phone: Callable[[Address], Awaitable[str]] | None,
    ) -> None:
        self._api, self._id, self._fields, self._clock, self._phone = api, id, fields, clock, phone
        self._longest: Mapping[str, int] | None = None

    async def send(self, message: Outgoing) -> str:
        """Tell a notice; Zalo's id of it. Raises a SendError.

        What is wrong with templates closes this way to this person and no other: talks go on without them.
        """
        try:
            return await self._tell(message)
        except (ZaloOaError, ZaloOaUnreachable) as error:
            failure = send_error(error, self._clock.now(), zbs=True)
            token = isinstance(error, ZaloOaError) and abs(error.code) in TOKEN_REFUSED
        if isinstance(failure, Refused):
            failure = Closed(str(failure))
        elif isinstance(failure, Halted) and not token:
            failure = Closed(f"{failure}: {failure.mend}")
        raise failure

    async def _tell(self, message: Outgoing) -> str:
        if self._longest is None:
            self._longest = (await self._api.template_info(self._id)).longest
        data = template_data(message, self._fields, self._longest)
        try:
            return (await self._api.send_template(message.address.chat, self._id, data)).message_id
        except ZaloOaError as error:
            number = await self._phone(message.address) if self._phone and error.code == NOT_BY_UID else ""
            if not number:
                raise
        # The one call of Zalo's that knows a repetition by its key.
        key = hashlib.sha256(message.key.encode()).hexdigest()[:48]
        return (await self._api.send_template_phone(number.removeprefix("+"), self._id, data, key)).message_id
