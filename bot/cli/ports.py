"""Whether the ports of the settings can be had."""

import socket
from collections.abc import Iterator

from bot.config import Settings


def taken(settings: Settings) -> Iterator[tuple[str, str]]:
    """The sections of the settings whose host and port cannot be listened on, each with the reason."""
    for section, listener in (("web", settings.web), ("desk", settings.desk)):
        try:
            _listen(listener.host, listener.port)
        except OSError as error:
            yield section, f"port {listener.port} on {listener.host}: {error.strerror or error}"


def _listen(host: str, port: int) -> None:
    family, kind, protocol, _, where = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as tried:
        # As a server does it: a port that is only cooling down counts as free.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(where)
        tried.listen(1)
