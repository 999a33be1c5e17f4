"""Who may talk to the web chat, and how much one visitor and one network address may send."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web


@dataclass(frozen=True, slots=True)
class WebLimits:
    """The bounds of the web chat. Rates are per minute; `address_…` counts everybody behind one network address.

    `frame` is the longest frame in bytes, `ack_seconds` how long a message waits to be shown, `history` how many
    messages a returning visitor sees, `mistakes` how many unreadable frames in a row end a connection, `waiting` how
    many of one connection's messages wait to be taken in, `unread` how many frames wait for a page that reads slowly.
    """

    frame: int = 512 * 1024
    burst: int = 20
    per_minute: float = 30
    address_per_minute: float = 120
    address_sockets: int = 20
    ack_seconds: float = 10
    history: int = 200
    mistakes: int = 5
    waiting: int = 50
    unread: int = 1000
    heartbeat_seconds: float = 25
    close_seconds: float = 2


class Buckets:
    """Token buckets by key: each holds `burst` and regains `per_minute`. Full ones are forgotten."""

    #: Above this many keys the full buckets are looked for and dropped.
    MANY = 10_000

    def __init__(self, burst: float, per_minute: float, steady: Callable[[], float]) -> None:
        self.burst, self.per_second, self.steady = burst, per_minute / 60, steady
        self._left: dict[str, tuple[float, float]] = {}
        self._many = self.MANY

    def wait(self, key: str) -> float:
        """Take one from the bucket of `key`: 0, or the seconds until there is one again."""
        now = self.steady()
        left = self._level(key, now)
        if left < 1:
            return (1 - left) / self.per_second
        self._left[key] = (left - 1, now)
        if len(self._left) > self._many:
            self._left = {key: kept for key, kept in self._left.items() if self._level(key, now) < self.burst}
            self._many = max(self.MANY, 2 * len(self._left))
        return 0

    def _level(self, key: str, now: float) -> float:
        left, since = self._left.get(key, (self.burst, now))
        return min(self.burst, left + (now - since) * self.per_second)


def remote_of(request: web.BaseRequest, *, trust_forwarded_for: bool) -> str:
    """The network a request comes from: an IPv4 address, or the /64 of an IPv6 one (a household has a whole /64).

    Behind a proxy of ours only the last name in X-Forwarded-For was written by that proxy; a visitor can send others.
    """
    told = request.remote or ""
    if trust_forwarded_for:
        told = ",".join(request.headers.getall("X-Forwarded-For", [])).rpartition(",")[2].strip() or told
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return told
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def from_our_page(request: web.BaseRequest, allowed_origins: tuple[str, ...]) -> bool:
    """Whether our own page asks, or a site that may embed it: a foreign page must not talk in a visitor's name."""
    origin = request.headers.get("Origin", "").lower()
    return urlsplit(origin).netloc == request.host.lower() or origin in allowed_origins
