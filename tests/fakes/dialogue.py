"""Reads the conversation files of tests/dialogues; the README beside them says how they are written."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

ChannelName = Literal["terminal", "web", "telegram", "zalo-oa", "zalo-bot"]
Kind = Literal["contact", "location", "photo", "document", "voice", "sticker", "video"]

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
#: What people can send besides text, by channel.
SENDABLE: Mapping[ChannelName, tuple[Kind, ...]] = {
    "telegram": get_args(Kind),
    "zalo-oa": ("contact", "location", "photo", "document", "voice", "sticker"),
    "zalo-bot": ("photo", "voice", "sticker"),
}
#: Who speaks on a line without a name.
PERSON = "person"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

SPOKEN = re.compile(r"(?:@(?P<who>[a-z]\w*)\s+)?(?P<mark>>|<!|<)(?:\s+(?P<text>\S.*))?")
PASSES = re.compile(r"~\s*(\d+)\s*([smhd])")
LONG = re.compile(r"\(long (\d+)\)")
SENDS = re.compile(rf"\(({'|'.join(get_args(Kind))})(?:\s+(.+))?\)")
NAME = re.compile(r"\$([a-z]+)")


class DialogueError(ValueError):
    """A line of a dialogue cannot be read; the message says which one and how to write it."""


@dataclass(frozen=True, slots=True)
class Say:
    """`who` types a text."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Tap:
    """`who` takes an offered choice, by its place from 1 or by its label."""

    who: str
    which: int | str


@dataclass(frozen=True, slots=True)
class Send:
    """`who` sends something that is no text; `value` is the number of a contact, or the words under a picture."""

    who: str
    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Expect:
    """Among what came to `who` this text is next, or (`absent`) it is nowhere."""

    who: str
    text: str
    absent: bool


@dataclass(frozen=True, slots=True)
class Pass:
    """Time goes by."""

    time: dt.timedelta


@dataclass(frozen=True, slots=True)
class Restart:
    """The bot is stopped and started again."""


@dataclass(frozen=True, slots=True)
class Invite:
    """An officer gets a one-time invitation; its code is $invite."""

    officer: str


Step = Say | Tap | Send | Expect | Pass | Restart | Invite


@dataclass(frozen=True, slots=True)
class Line:
    """One step, the number and the words of its line, and the channels it is for."""

    number: int
    words: str
    step: Step
    channels: tuple[ChannelName, ...] = CHANNELS


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation file."""

    name: str
    lines: tuple[Line, ...]

    def on(self, channel: ChannelName) -> tuple[Line, ...]:
        """What is played on a channel."""
        return tuple(line for line in self.lines if channel in line.channels)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who takes part."""
        steps = (line.step for line in self.lines)
        return tuple(dict.fromkeys(step.who for step in steps if isinstance(step, Say | Tap | Send | Expect)))


def read(path: Path) -> Dialogue:
    """A conversation file. Raises DialogueError for its first bad line."""
    return parse(path.name, path.read_text("utf-8"))


def parse(name: str, text: str) -> Dialogue:
    """The same from its text."""
    lines = tuple(_lines(name, text.splitlines()))
    if not any(isinstance(line.step, Expect) for line in lines):
        raise DialogueError(f"{name}: it expects nothing: write what must come on a line with '<'")
    return Dialogue(name, lines)


def _lines(name: str, raw: Sequence[str]) -> Iterator[Line]:
    channels, bound, talking = CHANNELS, set[str](), False
    for number, words in enumerate(map(str.strip, raw), 1):
        if not words or words.startswith("#"):
            continue
        try:
            if words.startswith("?"):
                channels = _channels(words[1:].split())
                continue
            step = _step(words)
            _check(step, channels, bound, talking)
        except ValueError as error:
            raise DialogueError(f"{name}:{number}: '{words}': {error}") from None
        talking = talking or isinstance(step, Say | Tap | Send)
        yield Line(number, words, step, channels)


def _channels(names: Sequence[str]) -> tuple[ChannelName, ...]:
    found = tuple(channel for channel in CHANNELS if channel in names)
    if len(found) < len(names):
        raise ValueError(f"after '?' stand channels ({', '.join(CHANNELS)}), or nothing for all of them")
    return found or CHANNELS


def _step(words: str) -> Step:
    if words == "! restart":
        return Restart()
    if passes := PASSES.fullmatch(words):
        return Pass(dt.timedelta(**{UNITS[passes[2]]: int(passes[1])}))
    if words.startswith("invite "):
        return Invite(words.removeprefix("invite ").strip())
    spoken = SPOKEN.fullmatch(words)
    if spoken is None:
        raise ValueError(
            "a line begins with > < <! @name ~ ! ? # or invite; time is 5m, 2h or 3d; '! restart' is whole"
        )
    who, text = spoken["who"] or PERSON, spoken["text"]
    if not text:
        raise ValueError("write a text behind the sign")
    if spoken["mark"] != ">":
        return Expect(who, text, absent=spoken["mark"] == "<!")
    if text.startswith("[") and text.endswith("]"):
        which = text[1:-1].strip()
        return Tap(who, int(which) if which.isdecimal() else which)
    if sends := SENDS.fullmatch(text):
        return Send(who, _kind(sends[1]), sends[2] or "")
    if long := LONG.fullmatch(text):
        return Say(who, ("dừa sáp " * (int(long[1]) // 8 + 1))[: int(long[1])])
    return Say(who, re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text))


def _kind(word: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == word)


def _check(step: Step, channels: Sequence[ChannelName], bound: set[str], talking: bool) -> None:
    """What a line cannot be because of those before it; notes the names it binds."""
    match step:
        case Invite():
            bound.add("invite")
        case Expect(_, text, absent):
            if not talking:
                raise ValueError("nobody has said anything yet")
            if absent:
                _known(text, bound)
            if NAME.fullmatch(text):
                _known(text, bound)
            bound.update(NAME.findall(text))
        case Say(_, text):
            _known(text, bound)
        case Send(_, kind, value):
            if unable := [channel for channel in channels if kind not in SENDABLE.get(channel, ())]:
                able = ", ".join(channel for channel, kinds in SENDABLE.items() if kind in kinds)
                raise ValueError(f"nobody can send ({kind}) over {unable[0]}: put it between '? {able}' and '?'")
            if kind == "contact" and not value.isdecimal():
                raise ValueError("write the number, as in (contact 0903123456)")


def _known(text: str, bound: set[str]) -> None:
    for name in NAME.findall(text):
        if name not in bound:
            raise ValueError(f"${name} is not known yet: catch it with a word beside it, as in '< mã ${name}'")
