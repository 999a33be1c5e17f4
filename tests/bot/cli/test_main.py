"""The door of the command line: what there is, what is refused, and what nobody expected."""

import click
import pytest

from bot.cli.failure import CommandError
from bot.cli.main import COMMANDS, group, run_command
from bot.errors import ConfigError
from knowledge.fields import EntryError


def test_every_command_of_the_table_is_there_and_tells_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--help"]) == 0
    printed = capsys.readouterr().out
    for name in COMMANDS:
        found = group.get_command(click.Context(group), name)
        assert found is not None
        assert found.help
        assert f"\n  {name} " in printed


def test_an_unknown_command_is_one_sentence_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["fly"]) == 2
    assert capsys.readouterr().err == "bot: No such command 'fly'. (bot --help)\n"


def test_no_command_at_all_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([]) == 2
    assert "Commands:" in capsys.readouterr().err


def broken(error: BaseException) -> click.Group:
    """Commands of which one, "break", fails with this error."""

    @click.command("break")
    def command() -> None:
        raise error

    return click.Group("bot", commands=[command], params=group.params)


def test_what_nobody_expected_is_one_sentence_that_quotes_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["break"], broken(ZeroDivisionError("chị Lan"))) == 70
    printed = capsys.readouterr()
    assert printed.err.startswith("bot: something unexpected happened (ZeroDivisionError)")
    assert len(printed.err.splitlines()) == 1
    assert "Lan" not in printed.err


def test_debug_shows_where_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--debug", "break"], broken(ZeroDivisionError("here"))) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (ConfigError("one\ntwo"), 2, "bot: one\nbot: two\n"),
        (CommandError("no"), 2, "bot: no\n"),
        (EntryError("a.toml", "id", "write it"), 2, "bot: a.toml: field 'id': write it\n"),
        (KeyboardInterrupt(), 130, "\n"),
    ],
)
def test_a_failure_with_a_name_is_its_own_sentence(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, told: str
) -> None:
    assert run_command(["break"], broken(error)) == status
    assert capsys.readouterr().err == told
