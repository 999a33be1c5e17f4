"""The signature under what Zalo posts to the Official Account's webhook, and which other formula one would fit.

Header `X-ZEvent-Signature: mac=<hex>`: plain SHA-256 of app id, raw body, the body's timestamp and the OA secret key of
the console's Webhook page, one after the other (developers.zalo.me, Official Account, Webhook).
"""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator

HEADER, TIME_HEADER = "X-ZEvent-Signature", "X-ZEvent-Timestamp"


def signature(app_id: str, body: bytes, timestamp: str, key: str) -> str:
    """The signature in lower-case hexadecimal."""
    return hashlib.sha256(app_id.encode() + body + timestamp.encode() + key.encode()).hexdigest()


def presented(header: str) -> str:
    """The hexadecimal digits of a header, however it is written: mac=…, mac = "…", in capitals."""
    return header.strip().removeprefix("mac").lstrip(" =").strip("\"' ").lower()


def fits(header: str, app_id: str, body: bytes, timestamp: str, key: str) -> bool:
    """Whether a header is the signature of a body; compared in constant time."""
    mine = signature(app_id, body, timestamp, key)
    return hmac.compare_digest(mine.encode(), _bytes(header))


def variant(header: str, body: bytes, timestamp: str, ids: dict[str, str], keys: dict[str, str]) -> str:
    """Which formula would give this header, in words; "" for none of those seen elsewhere.

    `ids` and `keys` by the names of the settings that hold them. For the first day only: what is accepted is `fits`.
    """
    for (who, id), (what, key), (how, text) in itertools.product(ids.items(), keys.items(), _bodies(body)):
        if not (id and key):
            continue
        whole = id.encode() + text + timestamp.encode() + key.encode()
        coded = hmac.new(key.encode(), id.encode() + text + timestamp.encode(), hashlib.sha256)
        for name, digest in (("SHA-256", hashlib.sha256(whole).hexdigest()), ("HMAC-SHA-256", coded.hexdigest())):
            if hmac.compare_digest(digest.encode(), _bytes(header)):
                return f"{name} of {who} + {how} + timestamp + {what}"
    return ""


def _bytes(header: str) -> bytes:
    """The digits of a header, also where it holds bytes that are no text."""
    return presented(header).encode("utf-8", "surrogateescape")


def _bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The body as it came, and as careless programs write it again."""
    yield "raw body", body
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return
    yield "body written again", json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    yield "body written again with blanks", json.dumps(event).encode()
