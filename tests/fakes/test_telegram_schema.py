"""Whatever is planted wrong in an update, a call, a button or an answer is found, as aiogram's own validators would."""

from importlib.metadata import version
from typing import Any

import pytest

from tests.fakes.telegram_caller import Caller
from tests.fakes.telegram_cases import BUTTON, CHAT, COMPARED, HOA, below, every
from tests.fakes.telegram_schema import problems, update_problems
from tests.fakes.telegram_server import telegram_server


def test_every_case_is_judged_as_aiograms_own_validators_judged_it() -> None:
    wrong = [(name, value) for name, value, fits in every() if fits is bool(problems(name, value))]
    assert not wrong
    assert sum(not fits for *_, fits in every()) > 300
    assert version("aiogram") == COMPARED, "run `python -m tests.fakes.telegram_aiogram`, then write this version there"


@pytest.mark.parametrize(
    ("button", "problem"),
    [
        ({"text": "a", "callback_data": "b", "url": "https://vidu.vn"}, "has the actions ['callback_data', 'url']"),
        ({"text": "a"}, "has the actions []"),
        ({"text": "a", "callback_data": "ấ" * 22}, "callback_data of a wrong length"),
        ({"text": "a", "callback_data": ""}, "callback_data of a wrong length"),
    ],
)
def test_what_the_models_leave_open_of_a_button_is_looked_at(button: dict[str, Any], problem: str) -> None:
    (found,) = problems("sendMessage", {"chat_id": HOA, "text": "a", "reply_markup": below(button)})
    assert problem in found


def test_an_update_is_of_one_kind_and_a_markup_too() -> None:
    message = {"message_id": 1, "date": 1, "chat": CHAT, "text": "a"}
    assert "exactly one" in update_problems({"update_id": 1, "message": message, "edited_message": message})[0]
    assert "exactly one" in update_problems({"update_id": 1})[0]
    both = {"remove_keyboard": True, **below(BUTTON)}
    assert problems("sendMessage", {"chat_id": HOA, "text": "a", "reply_markup": both})


async def test_the_server_finds_what_is_planted_in_updates_calls_buttons_and_answers() -> None:
    async with telegram_server() as server, Caller(server) as bot:
        server.meet(HOA)
        server.push({"message": {"message_id": 1, "date": 1, "chat": CHAT, "txt": "a"}})
        await bot.say(HOA, "a", parse_mod="HTML")
        await bot.say(HOA, "a", reply_markup=below({**BUTTON, "clour": "red"}))
        server.meet(HOA).shown[0].content["caption_entitys"] = []
        await bot.call("editMessageText", chat_id=HOA, message_id=server.shown(HOA)[1].number, text="b")
        assert [problem.partition(":")[0] for problem in server.unfit] == [
            "update.message.txt",
            "sendMessage.parse_mod",
            "sendMessage -> .reply_markup.inline_keyboard[0][0].clour",
            "sendMessage.reply_markup.inline_keyboard[0][0].clour",
        ]
        server.unfit.clear()
        server.push({"message": {"message_id": "?"}}, odd=True)


async def test_a_test_that_leaves_something_unfit_fails() -> None:
    with pytest.raises(AssertionError, match="parse_mod"):
        async with telegram_server() as server, Caller(server) as bot:
            server.meet(HOA)
            await bot.say(HOA, "a", parse_mod="HTML")
