"""`bot staff`: who takes leads: invite, list, remove, and let into the desk."""

import datetime as dt
from dataclasses import replace
from secrets import SystemRandom

import click

from bot.cli.failure import CommandError
from bot.cli.settings import config_option, opened, settings_of
from bot.clock import SystemClock, to_ms
from bot.knowledge_base import KnowledgeBase
from bot.platforms import abilities_alone
from bot.store import leads, officers, work
from bot.store.connection import Connection
from bot.store.context import StoreContext
from bot.turns import Turns
from bot.web import desk_link
from handlers.context import Lead
from handlers.leads import INVITATION_LENGTH, Decision, change, new_code
from handlers.person import Officer
from handlers.turn import Effect

#: How long an invitation can be used.
INVITATION = dt.timedelta(hours=72)
LONGEST_NAME = 80
#: Who acts, in the audit.
ACTOR = "command line"


@click.group("staff")
def command() -> None:
    """Officers: invite, list, remove, desk-link."""


@command.command("invite")
@click.option("--name", required=True, help="The officer's name, as enterprises read it.")
@click.option("--team", default="", help="The officer's team.")
@config_option
def invite(name: str, team: str, config: str | None) -> None:
    """Print a one-time code that makes a chat a place where the officer is told of new leads."""
    clean_name, clean_team = " ".join(name.split()), " ".join(team.split())
    if not clean_name or len(clean_name) > LONGEST_NAME:
        raise CommandError(f"--name: write the officer's name, 1 to {LONGEST_NAME} characters")
    now, code = SystemClock().now(), new_code(SystemRandom(), INVITATION_LENGTH)

    def add(connection: Connection) -> Officer:
        officer = officers.named(connection, clean_name)
        officer = officer or officers.add(connection, clean_name, clean_team, to_ms(now))
        officers.issue(connection, "invite", code, officer.id, to_ms(now + INVITATION))
        work.note(connection, ACTOR, "officer.invited", str(officer.id), to_ms(now))
        return officer

    with opened(settings_of(config), make=True) as store:
        officer = store.submit(add).result()
    print(f"Mã mời của {officer.name} (dùng một lần, trong 72 giờ): {code}")
    print(f"Cán bộ nhắn cho trợ lý, tại nơi muốn nhận báo yêu cầu mới: /staff {code}")
    print(
        f"The officer sends '/staff {code}' to the assistant, from the chat that is to be told; once, within 72 hours."
    )


@command.command("list")
@config_option
def listed(config: str | None) -> None:
    """Print every officer, the team, and the number of places where they are told."""
    with opened(settings_of(config)) as store:
        found = store.submit(officers.everyone).result()
    for officer, places in found:
        print("\t".join((officer.name, officer.team or "-", f"places: {places}")))
    if not found:
        print("No officer yet: bot staff invite --name NAME")


@command.command("remove")
@click.argument("name")
@config_option
def remove(name: str, config: str | None) -> None:
    """Take an officer out: no place, no desk any more; the leads they hold wait for others again."""
    settings, clock = settings_of(config), SystemClock()
    turns = Turns(KnowledgeBase(()), clock, {}, lambda channel, account: "", abilities_of=abilities_alone(settings))

    def take_out(connection: Connection) -> int:
        officer = _known(connection, name)
        held = [lead for lead in leads.in_states(connection, limit=10_000) if lead.officer == officer]

        def release(context: StoreContext) -> tuple[Effect, ...]:
            given_back = (_released(lead, officer, context) for lead in held)
            return tuple(effect for decision in given_back for effect in decision.effects)

        turns.desk(officer, release)(connection)
        officers.remove(connection, officer.id, to_ms(clock.now()))
        work.note(connection, ACTOR, "officer.removed", str(officer.id), to_ms(clock.now()))
        return len(held)

    with opened(settings) as store:
        released = store.submit(take_out).result()
    print(f"{name} is no officer any more; {released} open leads wait for others again.")


@command.command("desk-link")
@click.argument("name")
@config_option
def link(name: str, config: str | None) -> None:
    """Print a link into the desk for an officer, once, within 15 minutes."""
    settings, clock = settings_of(config), SystemClock()
    desk = settings.desk
    with opened(settings) as store:
        issued = store.submit(lambda c: desk_link.issue(c, clock, desk, desk.port, _known(c, name))).result()
    print(issued)


def _released(lead: Lead, officer: Officer, context: StoreContext) -> Decision:
    """Give it back. Nobody is asked here whether a message is worth its price: what is not free becomes a call."""
    reach = context.reach(lead.address)
    if reach.way != "free":
        reach = replace(reach, way="closed")
    return change(lead, "new", officer, context.wording, context.places, reach)


def _known(connection: Connection, name: str) -> Officer:
    officer = officers.named(connection, " ".join(name.split()))
    if officer is None:
        names = ", ".join(officer.name for officer, _ in officers.everyone(connection)) or "nobody yet"
        raise CommandError(f"'{name}' is no officer; there are: {names}")
    return officer
