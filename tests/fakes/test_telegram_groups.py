"""Groups at the fake Telegram: what the bot hears there, topics, another number, and the pace of a minute."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.telegram_caller import Caller
from tests.fakes.telegram_server import TelegramServer, telegram_server

HOA = 7001
PLAIN, FORUM = -500, -1_000_000_000_600
BUTTON = {"inline_keyboard": [[{"text": "Nhận", "callback_data": "a"}]]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[TelegramServer]:
    async with telegram_server(clock=clock) as server:
        server.found_group(PLAIN, title="Phòng Công nghiệp")
        server.found_group(FORUM, "supergroup", topics={7: "Cơ khí", 8: "Dệt may"})
        yield server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Caller]:
    async with Caller(server) as bot:
        yield bot


def heard(server: TelegramServer) -> list[Any]:
    """The messages that reached the bot."""
    return [update["message"] for update in server.updates if "message" in update]


@pytest.mark.parametrize(
    ("text", "reaches"),
    [
        ("/staff AB12", True),
        ("/staff@caunoi_bot AB12", True),
        ("/staff@Caunoi_Bot", True),
        ("/staff@another_bot AB12", False),
        ("nhờ @caunoi_bot xem", True),
        ("nhờ @caunoi_bot2 xem", False),
        ("chào cả phòng", False),
        ("tỉ lệ 1/staff", False),
        ("thư@caunoi_bot", False),
    ],
)
async def test_in_a_group_the_bot_hears_what_is_meant_for_it(server: TelegramServer, text: str, reaches: bool) -> None:
    assert server.group_say(PLAIN, HOA, text) is reaches
    assert [message["text"] for message in heard(server)] == [text] * reaches


async def test_it_hears_answers_to_it_and_as_an_administrator_everything(server: TelegramServer, bot: Caller) -> None:
    sent = (await bot.say(PLAIN, "AB12")).result
    server.group_say(PLAIN, HOA, "để tôi", reply_to=sent["message_id"])
    server.groups[PLAIN].admin = True
    server.group_say(PLAIN, HOA, "chào cả phòng")
    answer, words = heard(server)
    assert answer["reply_to_message"]["message_id"] == sent["message_id"]
    assert (words["text"], words["chat"]["type"]) == ("chào cả phòng", "group")


async def test_a_topic_is_named_in_both_directions_and_stands_by_itself(server: TelegramServer, bot: Caller) -> None:
    sent = (await bot.say(FORUM, "AB12", message_thread_id=7, reply_markup=BUTTON)).result
    assert (sent["message_thread_id"], sent["is_topic_message"], sent["chat"]["is_forum"]) == (7, True, True)
    await bot.say(FORUM, "CD34")
    assert [shown.text for shown in server.shown_in(FORUM, 7)] == ["AB12"]
    assert [shown.text for shown in server.shown_in(FORUM)] == ["CD34"]
    server.group_say(FORUM, HOA, "/help", thread=8)
    (message,) = heard(server)
    assert (message["message_thread_id"], message["is_topic_message"]) == (8, True)
    assert message["reply_to_message"]["forum_topic_created"]["name"] == "Dệt may"
    server.tap_in(FORUM, HOA, "Nhận", thread=7)
    query = server.updates[-1]["callback_query"]
    assert (query["data"], query["message"]["message_thread_id"], query["from"]["id"]) == ("a", 7, HOA)
    with pytest.raises(AssertionError, match="sees no button"):
        server.tap_in(FORUM, HOA, "Nhận", thread=8)


async def test_topics_that_are_gone_or_closed_take_nothing(server: TelegramServer, bot: Caller) -> None:
    await bot.say(FORUM, "AB12", message_thread_id=7)
    server.delete_topic(FORUM, 7)
    server.close_topic(FORUM, 8)
    assert not server.shown_in(FORUM, 7)
    assert (await bot.say(FORUM, "a", message_thread_id=7)).why == "Bad Request: message thread not found"
    assert (await bot.say(FORUM, "a", message_thread_id=8)).why == "Bad Request: TOPIC_CLOSED"
    assert (await bot.say(PLAIN, "a", message_thread_id=7)).why == "Bad Request: message thread not found"
    assert (await bot.call("sendChatAction", chat_id=FORUM, action="typing", message_thread_id=7)).status == 400
    assert [message["message_thread_id"] for message in heard(server) if "forum_topic_closed" in message] == [8]
    server.groups[FORUM].admin = True
    assert (await bot.say(FORUM, "a", message_thread_id=8)).status == 200


async def test_only_an_administrator_opens_topics(server: TelegramServer, bot: Caller) -> None:
    assert "not enough rights" in (await bot.call("createForumTopic", chat_id=FORUM, name="AB12")).why
    server.groups[FORUM].admin = True
    topic = (await bot.call("createForumTopic", chat_id=FORUM, name="AB12")).result
    assert (await bot.say(FORUM, "a", message_thread_id=topic["message_thread_id"])).status == 200
    assert (await bot.call("getChat", chat_id=FORUM)).result["is_forum"] is True


async def test_a_plain_group_becomes_a_supergroup_with_another_number(server: TelegramServer, bot: Caller) -> None:
    new = server.upgrade(PLAIN, by=HOA)
    refused = await bot.say(PLAIN, "a")
    assert (refused.status, refused.json["parameters"]) == (400, {"migrate_to_chat_id": new})
    assert (await bot.say(new, "a")).result["chat"]["type"] == "supergroup"
    there, here = heard(server)
    assert (there["chat"]["id"], there["migrate_to_chat_id"]) == (PLAIN, new)
    assert (here["chat"]["id"], here["migrate_from_chat_id"]) == (new, PLAIN)


@pytest.mark.parametrize(("chat", "kind", "after"), [(PLAIN, "group", "left"), (FORUM, "supergroup", "kicked")])
async def test_a_bot_put_out_and_taken_in_again(
    server: TelegramServer, bot: Caller, chat: int, kind: str, after: str
) -> None:
    server.kick_bot(chat, HOA)
    refused = await bot.say(chat, "a")
    assert (refused.status, refused.why) == (403, f"Forbidden: bot was kicked from the {kind} chat")
    assert server.group_say(chat, HOA, "/help") is False
    server.add_bot(chat, HOA)
    assert (await bot.say(chat, "a")).status == 200
    changes = [update["my_chat_member"] for update in server.updates if "my_chat_member" in update]
    states = [(change["old_chat_member"]["status"], change["new_chat_member"]["status"]) for change in changes]
    assert states[0] == ("member", after)
    assert states[1][1] == "member"
    assert [message["new_chat_members"][0]["username"] for message in heard(server)] == ["caunoi_bot"]


async def test_a_group_the_bot_was_never_in_is_joined(server: TelegramServer, bot: Caller) -> None:
    assert (await bot.say(-9, "a")).why == "Bad Request: chat not found"
    server.add_bot(-9, HOA)
    assert (await bot.say(-9, "a")).status == 200


async def test_a_phone_number_is_asked_for_in_private_chats_only(bot: Caller) -> None:
    field = {"keyboard": [[{"text": "Gửi số", "request_contact": True}]]}
    refused = await bot.say(PLAIN, "Số?", reply_markup=field)
    assert (refused.status, "private chats only" in refused.why) == (400, True)


async def test_a_group_takes_so_many_messages_and_edits_a_minute_and_people_more(
    server: TelegramServer, bot: Caller, clock: FakeClock
) -> None:
    server.group_limit = 4
    server.meet(HOA)
    sent = (await bot.say(FORUM, "AB12", message_thread_id=7)).result
    clock.advance(10)
    await bot.say(FORUM, "CD34", message_thread_id=8)
    await bot.call("sendDocument", chat_id=FORUM, document=b"x")
    edit = {"chat_id": FORUM, "message_id": sent["message_id"]}
    assert (await bot.call("editMessageText", **edit, text="AB12: đã nhận")).status == 200
    refused = await bot.say(FORUM, "quá nhiều")
    assert (refused.status, refused.json["parameters"]) == (429, {"retry_after": 50})
    assert (await bot.call("editMessageText", **edit, text="AB12: xong")).status == 429
    assert (await bot.say(PLAIN, "nhóm khác")).status == 200
    assert [(await bot.say(HOA, "a")).status for _ in range(30)] == [200] * 30
    clock.advance(50)
    assert (await bot.say(FORUM, "nữa")).status == 200
    assert (await bot.say(FORUM, "lại quá nhiều")).status == 429
