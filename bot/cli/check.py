"""`bot check`: everything that is wrong with settings, knowledge and machine, each with its mend on one line."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import click

from bot.cli import check_machine
from bot.cli.settings import config_option, settings_of
from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import ConfigError
from bot.knowledge_base import FOLDER, route_names
from knowledge import check
from knowledge.facts import FactsError, facts_from, topics_from

#: Where the check of the knowledge base puts topics without an entry.
TOPICS = "topics.tsv"


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
    found = _knowledge(SystemClock().now().date())
    try:
        settings = settings_of(config)
    except ConfigError as error:
        found = Findings(tuple(str(error).splitlines())) + found
    else:
        found += _machine(settings, online=online)
    for kind, lines in (("notice", found.notices), ("problem", found.problems)):
        for line in lines:
            print(f"{kind}: {line}")
    print(f"{len(found.problems)} problems, {len(found.notices)} notices")
    return 1 if found.problems else 0


def _knowledge(today: dt.date) -> Findings:
    entries, unreadable = check.read_folder(FOLDER / "entries")
    try:
        facts, topics = facts_from(FOLDER / "facts.jsonl"), topics_from(FOLDER / TOPICS)
    except FactsError as error:
        return Findings((*map(str, unreadable), *error.faults))
    found = check.problems(entries, facts, topics, route_names(FOLDER / "routes.toml").keys(), today)
    # Topics are planned work: the release that misses one still answers everything else.
    notices = [str(problem) for problem in found if problem.place == TOPICS]
    if unconfirmed := sum(not entry.confirmed for entry in entries):
        notices.append(
            f"{unconfirmed} of {len(entries)} entries are not confirmed by the department yet; each answer says so"
        )
    wrong = (str(problem) for problem in (*unreadable, *found) if problem.place != TOPICS)
    return Findings(tuple(wrong), tuple(notices))


def _machine(settings: Settings, *, online: bool) -> Findings:
    def told() -> Iterator[tuple[bool, str]]:
        yield from check_machine.storage(settings)
        yield from check_machine.listeners(settings)
        if online and settings.telegram.enabled:
            yield from check_machine.telegram(settings)

    lines = list(told())
    return Findings(
        tuple(line for is_problem, line in lines if is_problem),
        tuple(line for is_problem, line in lines if not is_problem),
    )
