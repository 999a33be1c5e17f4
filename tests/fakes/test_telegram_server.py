"""The fake Bot API refuses what Telegram refuses, shows what people would see, and fails when it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.telegram_caller import Caller
from tests.fakes.telegram_server import TelegramServer, telegram_server

HOA, BA = 7001, 7002
BUTTON = {"inline_keyboard": [[{"text": "Nhận", "callback_data": "a"}]]}
FIELD = {"keyboard": [[{"text": "Gửi số", "request_contact": True}], [{"text": "Bỏ qua"}]], "one_time_keyboard": True}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[TelegramServer]:
    async with telegram_server(clock=clock) as server:
        server.meet(HOA)
        yield server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Caller]:
    async with Caller(server) as bot:
        yield bot


# What is refused.

LONG = "🌾" * 2048
MENU = [{"command": "menu", "description": "Các mục"}]
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "no text": ("sendMessage", {"chat_id": HOA, "text": " \n"}, "message text is empty"),
    "long text": ("sendMessage", {"chat_id": HOA, "text": LONG + "a"}, "message is too long"),
    "stranger": ("sendMessage", {"chat_id": 9, "text": "a"}, "chat not found"),
    "name for a chat": ("sendMessage", {"chat_id": "@ai", "text": "a"}, "chat not found"),
    "topic of a person": ("sendMessage", {"chat_id": HOA, "text": "a", "message_thread_id": 7}, "thread not found"),
    "markdown": ("sendMessage", {"chat_id": HOA, "text": "a", "parse_mode": "Markdown"}, "unsupported parse_mode"),
    "bad html": ("sendMessage", {"chat_id": HOA, "text": "<b>a", "parse_mode": "HTML"}, "can't parse entities"),
    "answer to nothing": (
        "sendMessage",
        {"chat_id": HOA, "text": "a", "reply_parameters": {"message_id": 9}},
        "message to be replied not found",
    ),
    "no file": ("sendDocument", {"chat_id": HOA, "document": ""}, "no document"),
    "long caption": ("sendPhoto", {"chat_id": HOA, "photo": b"x", "caption": "a" * 1025}, "caption is too long"),
    "edit of nothing": ("editMessageText", {"chat_id": HOA, "message_id": 9, "text": "a"}, "message to edit not found"),
    "unknown tap": ("answerCallbackQuery", {"callback_query_id": "x"}, "query is too old"),
    "long answer to a tap": ("answerCallbackQuery", {"callback_query_id": "x", "text": "a" * 201}, "TOO_LONG"),
    "unknown action": ("sendChatAction", {"chat_id": HOA, "action": "dancing"}, "wrong parameter action"),
    "capital command": ("setMyCommands", {"commands": [{**MENU[0], "command": "Menu"}]}, "BOT_COMMAND_INVALID"),
    "long description": ("setMyCommands", {"commands": [{**MENU[0], "description": "a" * 257}]}, "DESCRIPTION_INVALID"),
    "many commands": ("setMyCommands", {"commands": MENU * 101}, "TOO_MUCH"),
    "unknown file": ("getFile", {"file_id": "x"}, "wrong file_id"),
    "topic without forum": ("createForumTopic", {"chat_id": HOA, "name": "Cơ khí"}, "not a forum"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_telegram_refuses_is_refused_and_changes_nothing(
    server: TelegramServer, bot: Caller, case: str
) -> None:
    method, given, why = REFUSED[case]
    answer = await bot.call(method, **given)
    assert (answer.status, answer.json["ok"], answer.json["error_code"]) == (400, False, 400)
    assert why in answer.why
    assert not server.shown(HOA)
    assert not server.commands


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ({"text": "a", "callback_data": "ấ" * 22}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": "b", "url": "https://vidu.vn"}, "BUTTON_DATA_INVALID"),
        ({"text": "a"}, "unallowed"),
        ({"text": " ", "callback_data": "b"}, "unallowed"),
    ],
    ids=["long data", "no data", "two actions", "no action", "no label"],
)
async def test_a_button_telegram_would_not_take_is_refused(bot: Caller, button: dict[str, str], why: str) -> None:
    answer = await bot.say(HOA, "Việc nào?", reply_markup={"inline_keyboard": [[button]]})
    assert (answer.status, why in answer.why) == (400, True)


async def test_the_longest_text_is_counted_without_its_markup(server: TelegramServer, bot: Caller) -> None:
    assert (await bot.say(HOA, f"<b>{LONG}</b>", parse_mode="HTML")).status == 200
    assert server.shown(HOA)[0].text == LONG


async def test_an_unknown_method_and_a_wrong_token(server: TelegramServer, bot: Caller) -> None:
    assert (await bot.call("sendTelepathy", chat_id=HOA)).status == 404
    assert server.unfit == ["sendTelepathy: no such method"]
    server.unfit.clear()
    async with aiohttp.ClientSession() as session:
        for token, status in (("4242:another", 401), ("none", 404)):
            async with session.get(f"{server.url}/bot{token}/getMe") as answer:
                assert answer.status == status


async def test_a_call_without_what_it_needs_is_refused_and_noted(server: TelegramServer, bot: Caller) -> None:
    assert (await bot.call("answerCallbackQuery")).status == 400
    assert (await bot.call("setMyCommands", commands="menu")).status == 400
    assert [problem.partition(":")[0] for problem in server.unfit] == ["answerCallbackQuery", "setMyCommands"]
    server.unfit.clear()


async def test_who_blocked_the_bot_or_left_telegram_is_not_reached(server: TelegramServer, bot: Caller) -> None:
    server.block(HOA)
    assert (await bot.say(HOA, "a")).why == "Forbidden: bot was blocked by the user"
    server.unblock(HOA)
    assert (await bot.say(HOA, "a")).status == 200
    server.deactivate(HOA)
    gone = await bot.call("sendChatAction", chat_id=HOA, action="typing")
    assert (gone.status, gone.why) == (403, "Forbidden: user is deactivated")
    changes = [update["my_chat_member"] for update in server.updates]
    states = [(change["old_chat_member"]["status"], change["new_chat_member"]["status"]) for change in changes]
    assert states == [("member", "kicked"), ("kicked", "member")]


async def test_a_tap_is_answered_once_and_an_edit_has_to_change_something(server: TelegramServer, bot: Caller) -> None:
    sent = (await bot.say(HOA, "Việc nào?", reply_markup=BUTTON)).result
    id = server.tap(HOA, "Nhận")
    assert (await bot.call("answerCallbackQuery", callback_query_id=id, text="a" * 200)).result is True
    assert "too old" in (await bot.call("answerCallbackQuery", callback_query_id=id)).why
    same = {"chat_id": HOA, "message_id": sent["message_id"], "text": "Việc nào?"}
    unchanged = await bot.call("editMessageText", **same, reply_markup=BUTTON)
    assert (unchanged.status, "message is not modified" in unchanged.why) == (400, True)
    edited = (await bot.call("editMessageText", **same)).result
    assert ("reply_markup" in edited, edited["edit_date"]) == (False, sent["date"])
    assert "inline keyboard expected" in (await bot.call("editMessageText", **same, reply_markup=FIELD)).why
    paper = (await bot.call("sendDocument", chat_id=HOA, document=b"x")).result
    refused = await bot.call("editMessageText", chat_id=HOA, message_id=paper["message_id"], text="a")
    assert "no text in the message" in refused.why


# What people see and do.


async def test_bold_is_shown_as_text_with_an_entity(server: TelegramServer, bot: Caller) -> None:
    sent = (await bot.say(HOA, "🌾 <b>AB12</b> &amp; <i>mới</i>", parse_mode="HTML")).result
    assert server.shown(HOA)[0].text == sent["text"] == "🌾 AB12 & mới"
    assert [(one["type"], one["offset"], one["length"]) for one in sent["entities"]] == [
        ("bold", 3, 4),
        ("italic", 10, 3),
    ]


async def test_files_are_shown_by_their_name_and_can_be_fetched(server: TelegramServer, bot: Caller) -> None:
    await bot.call("sendDocument", chat_id=HOA, document="mẫu".encode())
    picture = (await bot.call("sendPhoto", chat_id=HOA, photo=b"x", caption="<b>Sơ đồ</b>", parse_mode="HTML")).result
    assert [shown.text for shown in server.shown(HOA)] == ["document.pdf: mẫu", "photo.pdf: x\nSơ đồ"]
    assert picture["caption_entities"]
    server.send_file(HOA, "voice")
    file = (await bot.call("getFile", file_id=server.updates[0]["message"]["voice"]["file_id"])).result
    where = f"{server.url}/file/bot{server.token}/{file['file_path']}"
    async with aiohttp.ClientSession() as session, session.get(where) as answer:
        assert (answer.status, len(await answer.read())) == (200, file["file_size"])


async def test_a_reply_keyboard_is_pressed_and_goes_away(server: TelegramServer, bot: Caller) -> None:
    person = server.meet(HOA)
    await bot.say(HOA, "Số của bạn?", reply_markup=FIELD)
    assert list(person.keyboard) == ["Gửi số", "Bỏ qua"]
    server.press(HOA, "Gửi số")
    assert not person.keyboard, "one tap puts it away"
    await bot.say(HOA, "Số của bạn?", reply_markup=FIELD)
    await bot.say(HOA, "Việc nào?", reply_markup=BUTTON)
    server.press(HOA, "Bỏ qua")
    contact, words = (update["message"] for update in server.updates)
    assert (contact["contact"]["user_id"], words["text"]) == (HOA, "Bỏ qua")
    await bot.say(HOA, "Số của bạn?", reply_markup={**FIELD, "one_time_keyboard": False})
    server.press(HOA, "Bỏ qua")
    assert server.meet(HOA).keyboard
    await bot.say(HOA, "Cảm ơn.", reply_markup={"remove_keyboard": True})
    with pytest.raises(AssertionError, match="no 'Bỏ qua'"):
        server.press(HOA, "Bỏ qua")


async def test_commands_carry_their_entity_and_an_album_its_id(server: TelegramServer) -> None:
    server.say(HOA, "/start kc-machinery")
    server.say(HOA, "mua máy")
    album = server.send_album(HOA, ("photo", "document"), "hồ sơ")
    start, words, first, second = (update["message"] for update in server.updates)
    assert start["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert "entities" not in words
    assert first["media_group_id"] == second["media_group_id"] == album
    assert (first["caption"], "caption" in second) == ("hồ sơ", False)


async def test_menus_are_kept_by_scope_and_language(server: TelegramServer, bot: Caller) -> None:
    given = {"scope": {"type": "all_private_chats"}, "language_code": "en"}
    await bot.call("setMyCommands", commands=MENU, **given)
    assert server.commands == {("all_private_chats", "en"): [("menu", "Các mục")]}
    assert (await bot.call("getMyCommands", **given)).result == MENU
    assert (await bot.call("getMyCommands")).result == []
    await bot.call("deleteMyCommands", **given)
    assert not server.commands


async def test_what_a_bot_asks_about_itself_and_a_chat(bot: Caller) -> None:
    assert (await bot.call("getMe")).result["can_read_all_group_messages"] is False
    assert (await bot.call("getChat", chat_id=HOA)).result["type"] == "private"


# Updates by polling.


async def test_updates_are_handed_out_until_a_higher_offset_is_asked(server: TelegramServer, bot: Caller) -> None:
    for text in ("một", "hai", "ba"):
        server.say(HOA, text)
    first = (await bot.call("getUpdates", limit=2)).result
    assert [update["message"]["text"] for update in first] == ["một", "hai"]
    rest = (await bot.call("getUpdates", offset=first[0]["update_id"] + 1)).result
    assert [update["message"]["text"] for update in rest] == ["hai", "ba"]
    assert len(server.unconfirmed) == 2
    assert [update["message"]["text"] for update in (await bot.call("getUpdates", offset=-1)).result] == ["ba"]
    assert len(server.unconfirmed) == 1


# When it fails.


async def test_a_flooded_chat_refuses_for_so_long_and_others_do_not(
    server: TelegramServer, bot: Caller, clock: FakeClock
) -> None:
    server.meet(BA)
    server.flood(HOA, 7)
    clock.advance(2.5)
    refused = await bot.say(HOA, "a")
    assert (refused.status, refused.json["parameters"]) == (429, {"retry_after": 5})
    assert (await bot.say(BA, "a")).status == 200
    clock.advance(5)
    assert (await bot.say(HOA, "a")).status == 200


async def test_every_call_but_getupdates_takes_its_time(server: TelegramServer, bot: Caller) -> None:
    server.latency = 0.05
    loop = asyncio.get_running_loop()
    began = loop.time()
    calling = asyncio.create_task(bot.say(HOA, "a"))
    await server.called("sendMessage")
    assert not server.shown(HOA), "not before its time"
    await calling
    assert loop.time() - began >= 0.05
    server.latency = 60.0
    async with asyncio.timeout(5):
        assert (await bot.call("getUpdates")).result == []


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
async def test_a_connection_drops_before_or_after_the_call_is_carried_out(
    server: TelegramServer, bot: Caller, late: bool
) -> None:
    server.fail("sendMessage", drop=True, late=late)
    with pytest.raises(aiohttp.ClientError):
        await bot.say(HOA, "a")
    assert len(server.shown(HOA)) == late


async def test_a_call_is_carried_out_though_its_bot_died_meanwhile(server: TelegramServer, bot: Caller) -> None:
    gate = server.hold("sendMessage")
    calling = asyncio.create_task(bot.say(HOA, "a"))
    await server.called("sendMessage")
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    await bot.call("getMe")  # By now the server has seen the connection end.
    gate.set()
    await server.wait_for(HOA, "a")


async def test_a_gateways_page_is_no_json(server: TelegramServer, bot: Caller) -> None:
    server.fail("sendMessage", 502, html="<html>Bad Gateway</html>")
    answer = await bot.say(HOA, "a")
    assert (answer.status, answer.json) == (502, None)
    assert json.dumps((await bot.say(HOA, "a")).result)
