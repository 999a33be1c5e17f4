"""The one-time link that lets an officer into the desk."""

import datetime as dt
import secrets

from bot.clock import Clock, to_ms
from bot.config import Desk
from bot.store import officers
from bot.store.connection import Connection
from handlers.person import Officer

#: How long a link can be used.
LASTS = dt.timedelta(minutes=15)
#: Hosts to listen on that nobody can open: every address of the machine.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}


def address(host: str, port: int, public_url: str) -> str:
    """Where a site of ours is opened, without a last slash: the address people see, or else where it listens."""
    if public_url:
        return public_url.rstrip("/")
    return f"http://{ANYWHERE.get(host) or (f'[{host}]' if ':' in host else host)}:{port}"


def issue(connection: Connection, clock: Clock, desk: Desk, port: int, officer: Officer) -> str:
    """A new link to the desk on `port`. The code stands behind "#", so no server or preview on its way sees it."""
    code = secrets.token_urlsafe(16)
    officers.issue(connection, "desk", code, officer.id, to_ms(clock.now() + LASTS))
    return f"{address(desk.host, port, desk.public_url)}/enter#{code}"
