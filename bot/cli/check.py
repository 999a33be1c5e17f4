"""`bot check`: everything that is wrong with settings, knowledge and machine, each with its mend on one line."""

from dataclasses import dataclass
from itertools import chain

import click

from bot.cli import check_knowledge, check_machine, check_telegram, check_zalo
from bot.cli.check_machine import Told
from bot.cli.settings import config_option, settings_of, sqlite_file
from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import ConfigError, StoreError
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: problems fail the check, notices are worth knowing."""

    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(self.problems + other.problems, self.notices + other.notices)


@click.command("check")
@click.option("--online", is_flag=True, help="Also ask the platforms whether our tokens are good.")
@config_option
def command(online: bool, config: str | None) -> int:
    """Check settings, knowledge and machine; exit 1 if there is a problem."""
    today = SystemClock().now().date()
    try:
        settings = settings_of(config)
    except ConfigError as error:
        found = Findings(tuple(str(error).splitlines())) + _sorted(check_knowledge.shipped(Settings(), today))
    else:
        told = chain(check_knowledge.shipped(settings, today), check_knowledge.edited(settings, today))
        found = _sorted(told) + _sorted(_machine(settings, online=online))
    for kind, lines in (("notice", found.notices), ("problem", found.problems)):
        for line in lines:
            print(f"{kind}: {line}")
    print(f"{len(found.problems)} problems, {len(found.notices)} notices")
    return 1 if found.problems else 0


def _machine(settings: Settings, *, online: bool) -> Told:
    yield from check_machine.storage(settings)
    yield from check_machine.listeners(settings)
    yield from check_zalo.settings_alone(settings)
    if online and settings.telegram.enabled:
        yield from check_telegram.telegram(settings)
    if online:
        yield from check_zalo.online(settings, SystemClock(), lambda: _store(settings))


def _store(settings: Settings) -> Store | None:
    """The database; None where there is none yet, or none that can be opened (that is told by then)."""
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return None
    try:
        return Store(settings.storage.url, size=2)
    except StoreError:
        return None


def _sorted(told: Told) -> Findings:
    lines = list(told)
    return Findings(
        tuple(line for is_problem, line in lines if is_problem),
        tuple(line for is_problem, line in lines if not is_problem),
    )
