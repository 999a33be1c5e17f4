"""Every command a platform shows does something, and is described in both languages within its limits."""

import re

import pytest

from handlers.catalogue import Wording, wording
from handlers.commands import GROUP, LONGEST, PRIVATE, menu
from handlers.intents import COMMANDS, intent_of
from tests.fakes.context import Store, Talk
from tests.fakes.entries import knowledge


@pytest.mark.parametrize("language", [wording("vi"), wording("en")], ids=["vi", "en"])
@pytest.mark.parametrize("shared", [False, True], ids=["private", "group"])
def test_commands_are_described_within_what_platforms_take(language: Wording, shared: bool) -> None:
    shown = menu(language, shared=shared)
    assert tuple(name for name, _ in shown) == (GROUP if shared else PRIVATE)
    assert all(re.fullmatch(r"[a-z0-9_]{1,32}", name) for name, _ in shown)
    assert all(1 <= len(text) <= LONGEST and "\n" not in text for _, text in shown)
    assert len({text for _, text in shown}) == len(shown)


@pytest.mark.parametrize("name", sorted({*PRIVATE, *GROUP}))
def test_a_command_shown_is_one_that_is_understood(name: str) -> None:
    assert intent_of(f"/{name}") == (COMMANDS[name], "")


@pytest.mark.parametrize("name", PRIVATE)
def test_a_command_of_the_menu_is_answered_by_what_it_says(name: str) -> None:
    talk = Talk(Store(knowledge()))
    talk.say(f"/{name}")
    assert talk.said
    assert "chưa hiểu rõ" not in talk.said
    assert talk.store.questions == []
