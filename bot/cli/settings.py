"""The settings and the store a command works with."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bot.cli.failure import CommandError
from bot.config import Settings, load
from bot.store.store import Store

#: Read where no file is named, if it is there.
USUAL = Path("config.toml")
SQLITE = "sqlite:///"

config_option = click.option(
    "--config", metavar="FILE", help="The settings; otherwise config.toml in this folder, if it is there."
)


def settings_file(config: str | None) -> Path | None:
    """The file of the settings: the named one, or the usual one if it is there."""
    if config is not None:
        return Path(config)
    return USUAL if USUAL.exists() else None


def settings_of(config: str | None) -> Settings:
    """The settings a command was given. Raises ConfigError with one line per problem."""
    return load(settings_file(config), os.environ)


def sqlite_file(settings: Settings) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    url = settings.storage.url
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


@contextmanager
def opened(settings: Settings, *, make: bool = False) -> Iterator[Store]:
    """The store, beside a running bot too. Raises CommandError where there is none yet, unless it may `make` one."""
    file = sqlite_file(settings)
    if file is not None and not make and not file.exists():
        raise CommandError(f"{file}: there is no database yet; start the bot first, or name its settings by --config")
    store = Store(settings.storage.url, size=2)
    try:
        yield store
    finally:
        store.close()


def login() -> str:
    """The name of whoever works at this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"uid-{os.getuid()}"
