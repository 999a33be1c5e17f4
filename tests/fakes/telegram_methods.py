"""The calls of the Bot API that show nothing to people, in a test: the webhook, command menus, files, topics."""

import json
import re
from urllib.parse import urlsplit

from bot.clock import Clock
from tests.fakes.network import is_loopback
from tests.fakes.telegram_delivery import CONNECTIONS
from tests.fakes.telegram_groups import TOPIC_COLOUR, Group
from tests.fakes.telegram_people import bot
from tests.fakes.telegram_sending import Given, Refused, Sending
from tests.fakes.telegram_text import Json, utf16

#: Ports a webhook may have, and how many deliveries at once it may ask for.
PORTS, MOST_CONNECTIONS = {443, 80, 88, 8443}, 100
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Methods(Sending):
    """Every call by its name in `methods`.

    Telegram wants an https webhook; here plain http does, to this machine and any of its ports.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        #: The command menus, by scope ("default", "all_private_chats", "chat:-5" …) and language.
        self.commands: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.methods |= {
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "setMyCommands": self._set_commands,
            "getMyCommands": self._get_commands,
            "deleteMyCommands": self._delete_commands,
            "getChat": self._get_chat,
            "getFile": self._get_file,
            "createForumTopic": self._create_topic,
        }

    async def _get_me(self, given: Given) -> Json:
        return {**bot(), "can_join_groups": True, "can_read_all_group_messages": False}

    async def _set_webhook(self, given: Given) -> bool:
        url, secret = given.get("url", ""), given.get("secret_token", "")
        parts = urlsplit(url)
        if url and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            if parts.scheme != "https" or not parts.hostname:
                raise Refused(400, "Bad Request: bad webhook: HTTPS url must be provided for webhook")
            if (parts.port or 443) not in PORTS:
                raise Refused(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if "secret_token" in given and not SECRET.fullmatch(secret):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        connections = int(given.get("max_connections", CONNECTIONS))
        if not 1 <= connections <= MOST_CONNECTIONS:
            raise Refused(400, "Bad Request: max_connections must be between 1 and 100")
        if "allowed_updates" in given:
            self.allowed = json.loads(given["allowed_updates"])
        self._drop_pending(given)
        self.set_webhook(url, secret, connections)
        return True

    async def _delete_webhook(self, given: Given) -> bool:
        self._drop_pending(given)
        self.set_webhook("")
        return True

    def _drop_pending(self, given: Given) -> None:
        if given.get("drop_pending_updates") == "true":
            self.updates.clear()

    async def _webhook_info(self, given: Given) -> Json:
        found: Json = {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": len(self.updates)}
        if self.webhook:
            found["max_connections"] = self.max_connections
        if self.allowed:
            found["allowed_updates"] = self.allowed
        if self.last_error:
            found["last_error_date"], found["last_error_message"] = self.last_error
        return found

    async def _set_commands(self, given: Given) -> bool:
        commands = [(one["command"], one["description"]) for one in json.loads(given["commands"])]
        if len(commands) > 100:
            raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        for command, description in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command):
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= utf16(description) <= 256:
                raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[_menu(given)] = commands
        self.stir()
        return True

    async def _get_commands(self, given: Given) -> list[Json]:
        return [{"command": name, "description": what} for name, what in self.commands.get(_menu(given), [])]

    async def _delete_commands(self, given: Given) -> bool:
        self.commands.pop(_menu(given), None)
        return True

    async def _get_chat(self, given: Given) -> Json:
        place, _ = self.reached(given)
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
        return {**place.chat(), **more}

    async def _get_file(self, given: Given) -> Json:
        file = self.files.get(given.get("file_id", ""))
        if file is None:
            raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        told = {name: file[name] for name in ("file_id", "file_unique_id", "file_size")}
        return {**told, "file_path": f"files/{file['file_id']}"}

    async def _create_topic(self, given: Given) -> Json:
        place, _ = self.reached(given)
        if not isinstance(place, Group) or place.topics is None:
            raise Refused(400, "Bad Request: the chat is not a forum")
        if not place.admin:
            raise Refused(400, "Bad Request: not enough rights to create a topic")
        if not 1 <= utf16(given["name"]) <= 128:
            raise Refused(400, "Bad Request: TOPIC_TITLE_INVALID")
        thread = self.next_number()
        self.open_topic(place.id, thread, given["name"])
        return {"message_thread_id": thread, "name": given["name"], "icon_color": TOPIC_COLOUR}


def _menu(given: Given) -> tuple[str, str]:
    scope = json.loads(given.get("scope", '{"type": "default"}'))
    where = ":".join(str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope)
    return where, given.get("language_code", "")
