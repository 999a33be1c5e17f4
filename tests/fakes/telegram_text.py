"""Texts at Telegram in a test: lengths as it counts them, HTML as it takes it, and the entities it finds by itself."""

import re
from html import unescape
from typing import Any

Json = dict[str, Any]

#: Tags of the HTML mode → the entity each becomes.
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
#: What is markup in a text of the HTML mode: a tag, a lone "<", an entity, a lone "&".
MARKUP = re.compile(r"<(?P<end>/?)(?P<tag>[a-zA-Z][\w-]*)(?P<more>[^<>]*)>|(?P<lone><)|(?P<amp>&(?P<name>#?\w+;)?)")
#: Character references it knows; every other is refused here, though Telegram leaves some of them as they stand.
KNOWN = re.compile(r"(lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
#: Commands and mentions, which it marks in what people write.
MARKED = re.compile(r"(?<![\w/@])(?:(?P<command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)|(?P<mention>@\w{3,32}))(?![\w@])")


class Unparsable(Exception):
    """Why a text is no HTML for Telegram."""


def utf16(text: str) -> int:
    """The length Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def parsed(html: str) -> tuple[str, list[Json]]:
    """The text without tags, and its entities. Raises Unparsable."""
    text, entities, at = "", list[Json](), 0
    stack: list[tuple[str, int, str]] = []
    for found in MARKUP.finditer(html):
        text, at = text + html[at : found.start()], found.end()
        where = len(html[: found.start()].encode())
        if found["lone"]:
            raise Unparsable(f"Unsupported start tag at byte offset {where}")
        if found["amp"]:
            if not KNOWN.fullmatch(found["name"] or ""):
                raise Unparsable(f'Unsupported character reference "{found[0]}" at byte offset {where}')
            text += unescape(found[0])
        elif not found["end"]:
            tag = found["tag"].lower()
            if tag not in TAGS or (tag == "span" and "tg-spoiler" not in found["more"]):
                raise Unparsable(f'Unsupported start tag "{tag}" at byte offset {where}')
            stack.append((tag, utf16(text), found["more"]))
        elif not stack:
            raise Unparsable(f"Unexpected end tag at byte offset {where}")
        else:
            tag, began, more = stack.pop()
            if found["tag"].lower() != tag:
                expected = f'expected "</{tag}>", found "</{found["tag"]}>"'
                raise Unparsable(f"Unmatched end tag at byte offset {where}, {expected}")
            if utf16(text) > began:
                entity: Json = {"type": TAGS[tag], "offset": began, "length": utf16(text) - began}
                if tag == "a":
                    entity["url"] = unescape(more.partition("=")[2].strip("\"' "))
                entities.append(entity)
    if stack:
        raise Unparsable(f'Can\'t find end tag corresponding to start tag "{stack[-1][0]}"')
    # The inner ends before the outer, which is told first.
    entities.reverse()
    return text + html[at:], sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def entities_of(text: str) -> list[Json]:
    """The commands and mentions in a text of a person."""
    return [
        {
            "type": "bot_command" if found["command"] else "mention",
            "offset": utf16(text[: found.start()]),
            "length": utf16(found[0]),
        }
        for found in MARKED.finditer(text)
    ]


def meant(text: str, name: str) -> bool:
    """Whether a group's text is for the bot of this name: a command that names no other bot, or its own name."""
    marks = [found[0].lower() for found in MARKED.finditer(text)]
    return any(mark.partition("@")[2] in ("", name.lower()) for mark in marks if mark.startswith("/")) or (
        f"@{name.lower()}" in marks
    )
