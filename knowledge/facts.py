"""The atoms an entry rests on: facts with their sources, and the topics that list which facts each entry needs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

#: OK: answer. CAV: answer with date and caveat. HIST: only when history is asked for. REF: name who knows, no figure.
#: INT: shapes what the bot does, never shown as knowledge.
Use = Literal["OK", "CAV", "HIST", "REF", "INT"]

TEXTS = ("id", "topic", "vi", "en", "status", "confidence")
COLUMNS = ("id", "title_vi", "facts")


class FactsError(ValueError):
    """A file of facts or topics cannot be used; the message has one line for every bad line of the file."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement in both languages. `sources` are codes of the register, `status` and `confidence` open with one."""

    id: str
    topic: str
    vi: str
    en: str
    sources: tuple[str, ...]
    status: str
    confidence: str
    use: Use


@dataclass(frozen=True, slots=True)
class Topic:
    """An entry that has to exist, and the facts it was planned on."""

    id: str
    title_vi: str
    facts: tuple[str, ...]


Item = TypeVar("Item", Fact, Topic)


def facts_from(path: Path) -> tuple[Fact, ...]:
    """Read facts, one JSON object a line, in the order of the file. Raises FactsError for all bad lines at once."""
    return _read(path, _fact, _lines(path))


def topics_from(path: Path) -> tuple[Topic, ...]:
    """Read topics, tab-separated under a heading, in the order of the file. Raises FactsError as `facts_from`."""
    lines = _lines(path)
    heading = next(lines, (1, ""))[1]
    if tuple(heading.split("\t")) != COLUMNS:
        raise FactsError((f"{path.name}:1: write the heading {', '.join(COLUMNS)} with tabs between",))
    return _read(path, _topic, lines)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FactsError((f"{path.name}: cannot be read ({error}); put the file of the release back",)) from error
    # Not splitlines: it also breaks at characters that may stand inside a JSON text.
    return ((n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip())


def _read(path: Path, parse: Callable[[str], Item], lines: Iterator[tuple[int, str]]) -> tuple[Item, ...]:
    found: dict[str, Item] = {}
    faults: list[str] = []
    for n, line in lines:
        try:
            item = parse(line)
            if item.id in found:
                raise ValueError(f"'{item.id}' stands on an earlier line; give each id one line")
            found[item.id] = item
        except ValueError as error:
            faults.append(f"{path.name}:{n}: {error}")
    if faults:
        raise FactsError(tuple(faults))
    return tuple(found.values())


def _fact(line: str) -> Fact:
    try:
        raw: Any = json.loads(line)
    except ValueError as error:
        raise ValueError(f"is not JSON ({error}); write one object a line") from error
    if not isinstance(raw, dict) or set(raw) != {*TEXTS, "sources", "use"}:
        raise ValueError(f"needs exactly these fields: {', '.join((*TEXTS, 'sources', 'use'))}")
    for field in TEXTS:
        if not isinstance(raw[field], str) or not raw[field].strip():
            raise ValueError(f"field '{field}': write a text that is not empty")
    sources = raw["sources"]
    if not isinstance(sources, list) or not all(isinstance(code, str) and code for code in sources):
        raise ValueError("field 'sources': write a list of codes")
    if raw["use"] not in get_args(Use):
        raise ValueError(f"field 'use': '{raw['use']}' is not known; use one of: {', '.join(get_args(Use))}")
    return Fact(**raw | {"sources": tuple(sources)})


def _topic(line: str) -> Topic:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != len(COLUMNS) or not all(cells):
        raise ValueError(f"needs {len(COLUMNS)} filled cells with tabs between: {', '.join(COLUMNS)}")
    return Topic(cells[0], cells[1], tuple(code.strip() for code in cells[2].split(",") if code.strip()))
