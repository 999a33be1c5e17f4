"""What `bot check` looks at outside the program: the place of the database and the ports."""

import ipaddress
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator

from bot.cli.ports import taken
from bot.cli.settings import sqlite_file
from bot.config import Settings
from bot.errors import StoreUnavailable
from bot.store import engine
from bot.web.desk_link import address

#: Whether a line is a problem (or a notice), and the line.
Told = Iterator[tuple[bool, str]]

#: Fewer free bytes than this and a busy week could fill the disk.
FREE = 500_000_000
#: Seconds to wait for an answer from ourselves.
NEAR = 2


def storage(settings: Settings) -> Told:
    """Whether the database can be written. A SQLite file is not made by looking."""
    file = sqlite_file(settings)
    if file is not None:
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
            yield True, f"[storage] url: the folder {folder} cannot be written; make it writable for this user"
        elif (free := shutil.disk_usage(folder).free) < FREE:
            yield True, f"[storage] url: {free // 1_000_000} MB are free on the disk of {folder}; free some space"
        if file.exists() and not os.access(file, os.R_OK | os.W_OK):
            yield True, f"[storage] url: the file {file} cannot be written; make it writable for this user"
        if not file.exists():
            yield False, f"{file}: there is no database yet; the first start makes it"
            return
    opened = engine.create(settings.storage.url, size=1)
    try:
        with engine.told_plainly(opened), opened.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except StoreUnavailable as error:
        yield True, f"[storage] url: {error}"
    finally:
        opened.dispose()


def listeners(settings: Settings) -> Told:
    """Whether the ports can be had, or are ours already, and who can reach the desk."""
    if _runs(settings):
        yield False, "the bot is running here, so its ports were not tried"
    else:
        for section, reason in taken(settings):
            yield (
                True,
                f"[{section}] cannot listen on {reason}; end the program that uses it, or set another [{section}] port",
            )
    desk = settings.desk
    if not _near(desk.host) and not desk.public_url.startswith("https:"):
        yield False, "[desk] host: other machines reach the desk without https; put it behind a proxy or a tunnel"


def _runs(settings: Settings) -> bool:
    """Whether what listens on the public port is a bot."""
    if not settings.web.port:
        return False
    where = f"{address(settings.web.host, settings.web.port, '')}/health"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(where, timeout=NEAR) as answer:
            return "knowledge" in json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code == 503 and b'"knowledge"' in error.read()  # it runs, but not well
    except (OSError, ValueError, TypeError):
        return False


def _near(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
