"""Groups on Telegram in a test, plain ones and supergroups with topics: who writes there, and what the bot hears."""

from dataclasses import dataclass, field
from typing import Literal

from bot.clock import Clock
from tests.fakes.telegram_people import People, Place, Shown, bot, user_of, worded
from tests.fakes.telegram_text import Json, meant

GroupKind = Literal["group", "supergroup"]

#: Messages and edits of a bot in one group in so many seconds.
GROUP_LIMIT, GROUP_SECONDS = 20, 60.0
#: The user the Bot API names where a group itself is the sender.
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
TOPIC_COLOUR = 7322096


@dataclass
class Group(Place):
    """A group; `topics` are the names of its open and closed topics by their number, None where it has none."""

    kind: GroupKind = "group"
    title: str = ""
    topics: dict[int, str] | None = None
    closed: set[int] = field(default_factory=set)
    #: Whether the bot is in it, and whether as an administrator, who hears everything and may write everywhere.
    member: bool = True
    admin: bool = False
    #: The supergroup it became, 0 if it is still itself.
    moved_to: int = 0

    def chat(self) -> Json:
        """The chat as messages name it."""
        forum = {"is_forum": True} if self.topics is not None else {}
        return {"id": self.id, "type": self.kind, "title": self.title, **forum}


class Groups(People):
    """The groups; each is a number below zero. The bot has privacy mode: it hears what is meant for it."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.groups: dict[int, Group] = {}

    def place(self, chat: int) -> Place:
        """The chat of this number."""
        return self.groups[chat] if chat in self.groups else super().place(chat)

    def found_group(
        self,
        chat: int,
        kind: GroupKind = "group",
        title: str = "Phòng Công nghiệp",
        topics: dict[int, str] | None = None,
        *,
        admin: bool = False,
        member: bool = True,
    ) -> Group:
        """A group that is there with the bot in it, which nobody tells it of. With topics it is a forum."""
        assert chat < 0, "Telegram numbers groups below zero"
        assert topics is None or kind == "supergroup", "only a supergroup has topics"
        group = Group(chat, kind=kind, title=title, topics=dict(topics) if topics is not None else None)
        group.admin, group.member = admin, member
        self.groups[chat] = group
        return group

    def group_say(self, chat: int, user: int, text: str, thread: int = 0, *, reply_to: int = 0) -> bool:
        """Write in a group, perhaps in answer to a message of the bot; whether the bot hears of it."""
        group = self.groups[chat]
        group.acted = self.stir()
        message = {**self._head(group, thread), "from": user_of(user), **worded(text)}
        if reply_to:
            message["reply_to_message"] = self.stored(chat, reply_to)
        elif thread:
            # So the Bot API tells it: what answers nothing answers the beginning of its topic.
            message["reply_to_message"] = self._beginning(group, thread)
        heard = group.member and (group.admin or bool(reply_to) or meant(text, bot()["username"]))
        if heard:
            self.push({"message": message})
        return heard

    def tap_in(self, chat: int, user: int, which: int | str, thread: int = 0) -> str:
        """Tap a button of the newest message with buttons in a group, or in a topic of it; the callback's id."""
        return self.tap_at(self.groups[chat], user, which, thread)

    def shown_in(self, chat: int, thread: int = 0) -> list[Shown]:
        """What the bot wrote in a topic, or outside of topics, oldest first, as it stands now."""
        return [shown for shown in self.groups[chat].shown if shown.thread == thread]

    def add_bot(self, chat: int, by: int) -> None:
        """Take the bot into a group."""
        group = self.groups.get(chat) or self.found_group(chat, member=False)
        before = "kicked" if group.kind == "supergroup" and group.shown else "left"
        group.member = True
        self.tell_membership(group, by, before, "member")
        self.push({"message": {**self._head(group), "from": user_of(by), "new_chat_members": [bot()]}})

    def kick_bot(self, chat: int, by: int) -> None:
        """Put the bot out of a group."""
        group = self.groups[chat]
        before = "administrator" if group.admin else "member"
        group.member = group.admin = False
        self.tell_membership(group, by, before, "kicked" if group.kind == "supergroup" else "left")

    def upgrade(self, chat: int, by: int = 1) -> int:
        """Make a plain group a supergroup: it has another number from now on, which is returned."""
        old = self.groups[chat]
        new = self.found_group(-1_000_000_000_000 - self.next_number(), "supergroup", old.title, admin=old.admin)
        old.moved_to = new.id
        self.push({"message": {**self._head(old), "from": user_of(by), "migrate_to_chat_id": new.id}})
        itself = {"from": ANONYMOUS, "sender_chat": new.chat()}
        self.push({"message": {**self._head(new), **itself, "migrate_from_chat_id": chat}})
        return new.id

    def open_topic(self, chat: int, thread: int, name: str) -> None:
        """Begin a topic, or open a closed one again without a word to the bot."""
        group = self.groups[chat]
        assert group.topics is not None
        group.topics[thread] = name
        group.closed.discard(thread)

    def delete_topic(self, chat: int, thread: int) -> None:
        """Delete a topic with everything in it; Telegram tells bots nothing of it."""
        group = self.groups[chat]
        assert group.topics is not None
        del group.topics[thread]
        group.closed.discard(thread)
        group.shown = [shown for shown in group.shown if shown.thread != thread]
        self.stir()

    def close_topic(self, chat: int, thread: int, by: int = 1) -> None:
        """Close a topic: only administrators write there now."""
        group = self.groups[chat]
        group.closed.add(thread)
        self.push({"message": {**self._head(group, thread), "from": user_of(by), "forum_topic_closed": {}}})

    def _head(self, group: Group, thread: int = 0) -> Json:
        """Where and when a message is written."""
        assert not thread or (group.topics is not None and thread in group.topics), f"no topic {thread}"
        where = {"message_thread_id": thread, "is_topic_message": True} if thread else {}
        return {"message_id": self.next_number(), "date": self.time(), "chat": group.chat(), **where}

    def _beginning(self, group: Group, thread: int) -> Json:
        """The message that began a topic."""
        assert group.topics is not None
        topic = {"name": group.topics[thread], "icon_color": TOPIC_COLOUR}
        return {**self._head(group, thread), "message_id": thread, "from": user_of(1), "forum_topic_created": topic}
