"""`bot ask`: one question, or a batch, put to the entries alone. It reads, and leaves nothing behind."""

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import click

from bot.channels.render import numbered
from bot.cli.failure import CommandError
from bot.cli.knowledge_file import opened
from bot.clock import VIETNAM, SystemClock
from bot.router import route
from handlers.asking import BEGINNING, Asked, ask
from handlers.context import Knowledge
from handlers.message import Choice, Reply
from handlers.person import Conversation
from handlers.reading import Reading

#: The keys of a JSON line, in their order.
KEYS = (
    *("question", "outcome", "entry", "also", "choices", "reply", "route", "stale", "score", "ms"),
    *("text", "sources", "facts", "status", "confirmed_on"),
)
#: A line of a batch that holds a talk, not a question.
TALK = re.compile(r'\s*\{\s*"turns"\s*:')
#: The hour asked at, where a day was given.
NOON = dt.time(12, tzinfo=VIETNAM)


@dataclass(frozen=True, slots=True)
class Answer:
    """One question answered: what came out, after how many milliseconds, the talk as it goes on, and how it came."""

    asked: Asked
    ms: float
    talk: Conversation
    reading: Reading
    explain: tuple[str, ...]


@click.command("ask")
@click.argument("question", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a question instead of the text.")
@click.option("--explain", is_flag=True, help="Also tell how the question was read and compared.")
@click.option("--today", metavar="DATE", help="Ask as on this day, for example 2026-11-24.")
@click.option("--knowledge", metavar="FILE", help="Answer from this file of entries, or of lines {id, questions}.")
@click.option("--batch", metavar="FILE", help='One question a line (up to a tab), or {"turns": ["…"]}; - reads input.')
def command(
    question: tuple[str, ...],
    as_json: bool,
    explain: bool,
    today: str | None,
    knowledge: str | None,
    batch: str | None,
) -> None:
    """Ask the entries a QUESTION, as a person would. Nothing is stored."""
    if bool(question) == bool(batch):
        raise click.UsageError("write one question in quotes, or --batch FILE")
    now = _day(today) if today is not None else SystemClock().now()
    talks = _talks(batch) if batch else iter([(" ".join(question),)])
    base = opened(Path(knowledge) if knowledge else None, now.date())
    for talk in talks:
        for answer in _answers(talk, base, now, explain=explain):
            print(_line(answer, explain=explain) if as_json or batch else _shown(answer, explain=explain), flush=True)


def _answers(turns: tuple[str, ...], base: Knowledge, now: dt.datetime, *, explain: bool) -> Iterator[Answer]:
    """One talk, answered turn by turn."""
    clock, talk = SystemClock(), BEGINNING
    for text in turns:
        whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        lines = base.explain(whole, talk.topics(now)) if explain else ()
        began = clock.steady()
        asked, talk, reading = ask(whole, talk, base, now, route)
        yield Answer(asked, 1000 * (clock.steady() - began), talk, reading, lines)


def _line(answer: Answer, *, explain: bool) -> str:
    found: dict[str, Any] = asdict(answer.asked) | {"ms": round(answer.ms, 2)}
    found["score"] = round(answer.asked.score, 4)
    told = {"intent": answer.reading.intent, "explain": answer.explain} if explain else {}
    return json.dumps({key: found[key] for key in KEYS} | told, ensure_ascii=False)


def _shown(answer: Answer, *, explain: bool) -> str:
    """The answer as a person gets it, with the numbers they may answer."""
    asked, offer = answer.asked, answer.talk.offered
    choices = tuple(Choice(id, label) for id, label in zip(offer.ids, offer.labels, strict=False))
    lines = [numbered(Reply(asked.text, choices))]
    if explain:
        outcome = f"{asked.outcome} {asked.entry or asked.reply}".strip()
        lines += ["", f"{outcome} · {asked.score:.3f} · {answer.ms:.0f} ms", *answer.explain]
        lines += [f"intent: {answer.reading.intent}"] if answer.reading.intent else []
    return "\n".join(lines)


def _day(text: str) -> dt.datetime:
    try:
        return dt.datetime.combine(dt.date.fromisoformat(text), NOON)
    except ValueError:
        raise CommandError(f"--today: '{text}' is no day; write it like 2026-11-24") from None


def _talks(batch: str) -> Iterator[tuple[str, ...]]:
    """The talks of a batch, read as they come. Raises CommandError naming the line."""
    if batch == "-":
        yield from _parsed(sys.stdin.buffer, "standard input")
        return
    try:
        with Path(batch).open("rb") as file:
            yield from _parsed(file, batch)
    except OSError as error:
        raise CommandError(f"{batch}: cannot be read ({error.strerror}); name a file of questions") from error


def _parsed(lines: IO[bytes], name: str) -> Iterator[tuple[str, ...]]:
    for number, raw in enumerate(lines, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise CommandError(f"{name}, line {number}: is not UTF-8 text; save the file as UTF-8") from None
        if TALK.match(line):
            yield _turns(line, f"{name}, line {number}")
        elif line.strip():
            yield (line.partition("\t")[0].strip(),)


def _turns(line: str, place: str) -> tuple[str, ...]:
    """The texts of a talk; a turn may also be a practice turn, {"say": "…", "expect": …}."""
    try:
        turns = json.loads(line)["turns"]
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{place}: is no JSON ({error})") from error
    said = [turn.get("say") if isinstance(turn, dict) else turn for turn in turns] if isinstance(turns, list) else []
    texts = tuple(text for text in said if isinstance(text, str))
    if not isinstance(turns, list) or len(texts) != len(turns):
        raise CommandError(f'{place}: write {{"turns": ["…", "…"]}}')
    return texts
