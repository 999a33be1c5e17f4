"""The command line's door: finds the command, and tells every failure in one sentence with an exit status."""

import importlib
import io
import sys
import traceback
from collections.abc import Sequence

import click

from bot.errors import BotError
from knowledge.fields import EntryError

#: Every command, in a module of the same name that is imported only when it is asked for.
COMMANDS = ("run", "chat", "ask", "check", "knowledge", "staff", "leads", "zalo")
#: Exit statuses: what was asked for cannot be done as it was asked; something nobody expected; stopped by a key.
REFUSED, UNEXPECTED, STOPPED = 2, 70, 130


class Door(click.Group):
    """The commands, each imported when it is needed, so that a short one does not wait for the long ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"bot.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show where an unexpected failure came from. Stands before the command.")
def group(debug: bool) -> None:
    """Cầu Nối, trợ lý của Sở Công Thương · the assistant of a Department of Industry and Trade."""
    del debug  # read in `run_command`, which sees the failure


def run_command(arguments: Sequence[str], commands: click.Group = group) -> int:
    """Run one of the commands; its exit status. Every failure becomes a sentence on standard error."""
    try:
        status = commands.main(args=list(arguments), prog_name="bot", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return REFUSED
    except click.ClickException as error:
        place = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "bot"
        return _refused(f"{' '.join(error.format_message().split())} ({place} --help)")
    except (BotError, EntryError) as error:
        return _refused(str(error))
    except (click.Abort, KeyboardInterrupt):
        return STOPPED
    except BrokenPipeError:
        # Whoever read the output has enough; closing it must not complain a second time.
        sys.stdout = io.StringIO()
        return 0
    except Exception as error:
        if "--debug" in arguments[:1]:
            traceback.print_exc()
        print(
            f"bot: something unexpected happened ({type(error).__name__}); 'bot --debug …' shows where, "
            "and a running bot's log holds it too.",
            file=sys.stderr,
        )
        return UNEXPECTED
    return status if isinstance(status, int) else 0


def main() -> None:
    """The program `bot`."""
    for stream in (sys.stdout, sys.stderr):
        # Whatever the machine's locale is; what cannot be a character (part of a broken argument) is shown escaped.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run_command(sys.argv[1:]))


def _refused(sentence: str) -> int:
    print("\n".join(f"bot: {line}" for line in sentence.splitlines()), file=sys.stderr)
    return REFUSED
