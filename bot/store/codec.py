"""Records as JSON text and back: updates that wait, replies that leave."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from handlers.message import Address, Card, Choice, Contact, File, Inbound, Link, Reply


def dump_inbound(inbound: Inbound) -> str:
    """An update as JSON text."""
    return _dump(asdict(inbound) | {"sent_at": inbound.sent_at.isoformat()})


def load_inbound(text: str) -> Inbound:
    """The update written by `dump_inbound`."""
    raw = json.loads(text)
    contact = raw["contact"]
    return Inbound(
        **(
            raw
            | {
                "address": Address(**raw["address"]),
                "sent_at": dt.datetime.fromisoformat(raw["sent_at"]),
                "files": tuple(File(**item) for item in raw["files"]),
                "contact": Contact(**contact) if contact else None,
            }
        )
    )


def dump_reply(reply: Reply) -> str:
    """What a reply holds besides its text, as JSON text; "" where there is nothing more."""
    rest: dict[str, Any] = {
        "choices": [[c.id, c.label] for c in reply.choices],
        "cards": [[card.title, card.text, [[c.id, c.label] for c in card.choices]] for card in reply.cards],
        "links": [[link.label, link.url] for link in reply.links],
        "files": [asdict(file) for file in reply.files],
        "wants_contact": reply.wants_contact,
    }
    rest = {key: value for key, value in rest.items() if value}
    return _dump(rest) if rest else ""


def load_reply(text: str, body: str, replaces: str = "") -> Reply:
    """The reply whose text and body were stored."""
    rest: Mapping[str, Any] = json.loads(body) if body else {}
    return Reply(
        text,
        choices=_choices(rest.get("choices", [])),
        cards=tuple(Card(title, words, _choices(choices)) for title, words, choices in rest.get("cards", [])),
        links=tuple(Link(label, url) for label, url in rest.get("links", [])),
        files=tuple(File(**item) for item in rest.get("files", [])),
        replaces=replaces,
        wants_contact=rest.get("wants_contact", False),
    )


def _choices(pairs: list[list[str]]) -> tuple[Choice, ...]:
    return tuple(Choice(id, label) for id, label in pairs)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
