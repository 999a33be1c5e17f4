"""The guard of the test run: whatever reaches for another machine is refused, and the test that did it fails."""

import ipaddress
import socket
import sys
from typing import Any

#: What was refused so far, newest last: code under test may swallow the error, so each test looks here at its end.
refused: list[str] = []

#: Events of the interpreter that reach for a host, and where their arguments hold it.
WATCHED = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}


class NetworkRefused(RuntimeError):
    """A test reached for another machine: give the code under test a fake's loopback address instead.

    Not an OSError, which code under test is right to try again.
    """


def refuse_network() -> None:
    """Refuse every host but loopback from now on, in this process, for good. C code (libpq) is not seen."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    # Runs on every event of the interpreter, so what is not watched leaves at once.
    place = WATCHED.get(event)
    if place is None:
        return
    where = arguments[place]
    if isinstance(arguments[0], socket.socket):
        if arguments[0].family not in (socket.AF_INET, socket.AF_INET6) or where is None:
            return
        where = where[0]
    if not is_loopback(where):
        refused.append(f"{event} {where!r}")
        raise NetworkRefused(f"{event} to {where!r}: tests talk to this machine only; pass the address of a fake")


def is_loopback(host: str | bytes | None) -> bool:
    """Whether a host is this machine by itself: loopback addresses, localhost, and "" (any of its own)."""
    name = (host.decode("ascii", "replace") if isinstance(host, bytes) else host or "").partition("%")[0]
    if name in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_loopback
