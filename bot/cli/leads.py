"""`bot leads`: what people asked for, and whether every record of it agrees."""

import datetime as dt
from collections.abc import Iterator
from typing import get_args

import click

from bot.cli.settings import config_option, opened, settings_of
from bot.clock import SystemClock, to_ms
from bot.store import leads, reconcile
from bot.store.reconcile import Records
from handlers.catalogue import wording
from handlers.person import Language
from handlers.phone import shown

#: Sent notices are forgotten after 30 days, so older leads cannot be compared any more.
DAYS = 29
#: What a person reads with the code of a new lead.
SENTENCES = ("consent.opened", "consent.opened_unattended")
#: Most characters of a need in a line.
SHORT = 60


@click.group("leads")
def command() -> None:
    """Leads: list, reconcile."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are done or dropped.")
@config_option
def listed(everything: bool, config: str | None) -> None:
    """Print the open leads, newest first: code, state, time, officer, enterprise, contact, phone, need."""
    with opened(settings_of(config)) as store:
        work = leads.newest if everything else lambda connection: tuple(reversed(leads.in_states(connection)))
        found = store.submit(work).result()
    for lead in found:
        profile, need = lead.profile, " ".join(lead.need.split())
        officer = lead.officer.name if lead.officer else ""
        cells = (profile.enterprise, profile.contact_name, shown(profile.phone), need[:SHORT])
        opened_at = f"{lead.opened_at:%Y-%m-%d %H:%M}"
        print("\t".join((lead.code, lead.state, opened_at, *(cell or "-" for cell in (officer, *cells)))))
    if not found:
        print("No lead." if everything else "No open lead.")


@command.command("reconcile")
@config_option
def reconciled(config: str | None) -> int:
    """Compare lead rows, notices that left, and codes people were told; exit 1 if they differ."""
    since = to_ms(SystemClock().now() - dt.timedelta(days=DAYS))
    with opened(settings_of(config)) as store:
        records = store.submit(lambda connection: reconcile.read(connection, since, openings())).result()
    found = list(differences(records))
    for line in found:
        print(line)
    if not found:
        print(f"{len(records.rows)} leads of the last {DAYS} days: every record agrees.")
    return 1 if found else 0


def openings() -> tuple[str, ...]:
    """The words before the code where a person is told of their new lead, in every language."""
    return tuple({wording(x).sentences[key].partition("{code}")[0] for x in get_args(Language) for key in SENTENCES})


def differences(records: Records) -> Iterator[str]:
    """A line for every code the records disagree about, with what to do."""
    for code in sorted(records.rows - records.attended):
        yield f"{code}: no officer was told and no task was made; open it at the desk"
    for code in sorted(records.given_up):
        yield f"{code}: no place took its notice; open it at the desk, and look after the officers' places"
    for code in sorted(records.rows - records.told):
        yield f"{code}: its person was not told the code; call them"
    for code in sorted((records.told | records.attended) - records.rows):
        yield f"{code}: was told or announced, but there is no such lead; look into the backups"
