"""Plays every conversation file with the whole bot over every channel."""

import asyncio
import datetime as dt
import re
import secrets
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.app import App, Parts
from bot.clock import to_ms
from bot.config import Settings
from bot.knowledge_base import KnowledgeBase, shipped
from bot.store import officers
from bot.store.shelf import SqlShelf
from bot.store.store import Store
from handlers.leads import INVITATION_LENGTH, new_code
from knowledge.entry import Entry
from knowledge.library import Library
from tests.fakes import postgres
from tests.fakes.clock import FakeClock
from tests.fakes.dialogue import (
    CHANNELS,
    NAME,
    ChannelName,
    Dialogue,
    DialogueError,
    Expect,
    Invite,
    Line,
    Pass,
    Restart,
    Say,
    Send,
    Tap,
    parse,
    read,
)
from tests.fakes.talker import Talker
from tests.fakes.talkers import TALKERS

FOLDER = Path(__file__).parent / "dialogues"
FILES = tuple(sorted(FOLDER.glob("*.txt")))
#: Those also played on PostgreSQL, and the channel each is played over there.
ON_POSTGRESQL: tuple[tuple[str, ChannelName], ...] = (("whole-talk.txt", "web"), ("two-officers.txt", "telegram"))
#: Seconds until the bot must have done all it has to do, and between two looks whether it has.
PATIENCE, LOOK = 15.0, 0.005
#: How many messages wait for their turn, what one of their turns raised, how many replies and jobs have to go.
UNDER_WAY = text(
    "SELECT (SELECT count(*) FROM inbox WHERE state = 'pending'),"
    " (SELECT max(error) FROM inbox WHERE state = 'pending'),"
    " (SELECT count(*) FROM outbox WHERE state = 'ready'),"
    " (SELECT count(*) FROM jobs WHERE state = 'ready' AND due_at <= :now)"
)

MakeBase = Callable[..., KnowledgeBase]


class Play:
    """One conversation over one channel: the bot, its people, and what is known by name."""

    def __init__(self, dialogue: Dialogue, channel: ChannelName, url: str, base: MakeBase) -> None:
        self.dialogue, self.channel, self.url, self.base = dialogue, channel, url, base
        self.clock = FakeClock()
        self.talker: Talker = TALKERS[channel](dialogue.people, self.clock)
        self.names: dict[str, str] = {}
        #: How far into what came to each person the file has read.
        self.place = dict.fromkeys(dialogue.people, 0)

    async def play(self) -> None:
        """From the first line to the last. Raises AssertionError with the line that did not come true."""
        await self.talker.open()
        try:
            await self._start()
            try:
                for line in self.dialogue.on(self.channel):
                    try:
                        await self._do(line)
                    except (AssertionError, LookupError) as error:
                        said = "\n    ".join(map(str, self.talker.heard(getattr(line.step, "who", ""))))
                        where = f"{self.dialogue.name}:{line.number} over {self.channel}"
                        raise AssertionError(f"{where}: {line.words}\n{error}\nWhat came:\n    {said}") from None
            finally:
                await self.app.stop()
        finally:
            await self.talker.close()

    async def _start(self) -> None:
        own = {"storage": {"url": self.url}, "web": {"port": 0}, "desk": {"port": 0}}
        settings = Settings.model_validate(own | self.talker.settings())
        # The database holds the entries already.
        parts = Parts(self.clock, channels=self.talker.channels(), shipped=lambda: (), knowledge=self.base)
        self.app = App(settings, parts)
        await self.app.start()
        await self.talker.meet(self.app)

    async def _do(self, line: Line) -> None:
        match line.step:
            case Say(who, words):
                self._turn_page(who)
                await self._settled(self.talker.say(who, self._named(words)))
            case Tap(who, which):
                self._turn_page(who)
                await self._settled(self.talker.tap(who, which))
            case Send(who, kind, value):
                self._turn_page(who)
                await self._settled(self.talker.send(who, kind, value))
            case Pass(time):
                self._turn_page(*self.dialogue.people)
                self.clock.advance(time)
                await self._settled()
            case Restart():
                await self.app.stop()
                self._turn_page(*self.dialogue.people)
                await self._settled(self._start())
            case Invite(name):
                self.names["invite"] = await self.app.store.write(lambda connection: self._invited(connection, name))
            case Expect(who, words, absent):
                self._expect(who, words, absent)

    def _turn_page(self, *people: str) -> None:
        """What they were told so far is not looked at any more."""
        for who in people:
            self.talker.forget(who)
            self.place[who] = 0

    async def _settled(self, act: Awaitable[None] | None = None) -> None:
        """Do something, and wait until nothing is under way any more: no message, no reply, no job that is due."""
        try:
            async with asyncio.timeout(PATIENCE):
                if act is not None:
                    await act
                while await self.app.store.read(self._open):
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise AssertionError(f"after {PATIENCE:g} s: {await self.app.store.read(self._open)}") from None

    def _open(self, connection: Connection) -> str:
        """What is still under way."""
        waits, raised, ready, due = connection.execute(UNDER_WAY, {"now": to_ms(self.clock.now())}).one()
        if raised:
            raise AssertionError(f"a turn raised {raised}")
        found = {"messages wait for their turn": waits, "replies have not left": ready, "jobs are due": due}
        return ", ".join(f"{count} {what}" for what, count in found.items() if count)

    def _invited(self, connection: Connection, name: str) -> str:
        now = self.clock.now()
        code = new_code(secrets.SystemRandom(), INVITATION_LENGTH)
        officer = officers.named(connection, name) or officers.add(connection, name, "", to_ms(now))
        officers.issue(connection, "invite", code, officer.id, to_ms(now + dt.timedelta(days=1)))
        return code

    def _expect(self, who: str, words: str, absent: bool) -> None:
        came = " ".join(map(str, self.talker.heard(who)))
        found = re.compile(self._pattern(words)).search(came, 0 if absent else self.place[who])
        if absent and found:
            raise AssertionError("it must not come, and it did")
        if not absent:
            if found is None:
                raise AssertionError("it did not come, or not in this place")
            self.place[who] = found.end()
            self.names |= found.groupdict()

    def _named(self, words: str) -> str:
        return NAME.sub(lambda name: self.names[name[1]], words)

    def _pattern(self, words: str) -> str:
        """A text as a pattern: blanks are all the same, and a name not known yet is caught."""
        parts = NAME.split(" ".join(words.split()))
        for at in range(1, len(parts), 2):
            name = parts[at]
            parts[at] = re.escape(self.names[name]) if name in self.names else rf"(?P<{name}>[0-9A-Za-z]+)"
        parts[::2] = map(re.escape, parts[::2])
        return "".join(parts)


def furnish(url: str) -> None:
    """Bring the shipped entries into a database."""
    store = Store(url)
    store.submit(lambda connection: Library(SqlShelf(connection)).seed(shipped(), FakeClock().now())).result()
    store.close()


@pytest.fixture(scope="session")
def furnished(sqlite_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the shipped entries, to be copied: to bring them in takes a while."""
    path = tmp_path_factory.mktemp("furnished") / "furnished.db"
    shutil.copy(sqlite_schema, path)
    furnish(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(furnished: Path, tmp_path: Path) -> str:
    """The URL of a database where nobody has talked yet."""
    shutil.copy(furnished, tmp_path / "talk.db")
    return f"sqlite:///{tmp_path / 'talk.db'}"


@pytest.fixture(scope="session")
def base() -> MakeBase:
    """Makes a knowledge base like the bot, and gives the one made before where the entries are the same: it is slow."""
    made: list[tuple[tuple[Entry, ...], int, KnowledgeBase]] = []

    def make(
        entries: tuple[Entry, ...], version: int, *, hold_unconfirmed: bool, **_calibration: Path
    ) -> KnowledgeBase:
        for known, number, base in made:
            if number == version and known == entries and not hold_unconfirmed:
                return base
        made.append((entries, version, KnowledgeBase(entries, version, hold_unconfirmed=hold_unconfirmed)))
        return made[-1][2]

    return make


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_every_dialogue_comes_true(path: Path, channel: ChannelName, url: str, base: MakeBase) -> None:
    await Play(read(path), channel, url, base).play()


@pytest.mark.parametrize(("name", "channel"), ON_POSTGRESQL)
async def test_a_dialogue_comes_true_on_postgresql(
    name: str, channel: ChannelName, postgres_schema: str, base: MakeBase
) -> None:
    postgres.empty(postgres_schema)
    furnish(postgres_schema)
    await Play(read(FOLDER / name), channel, postgres_schema, base).play()


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("> chào\n< Dạ, em nghe\n<! Dạ, em nghe", r"talk.txt:3 over web.*must not come"),
        ("> chào\n< Dạ, em nghe\n< Dạ, em nghe", r"talk.txt:3 over web.*did not come.*Dạ, em nghe"),
        ("> chào\n< câu này không ai nói", r"talk.txt:2 over web.*did not come"),
        ("> chào\n> [9]\n< Dạ", r"talk.txt:2 over web.*no choice '9'"),
    ],
)
async def test_a_dialogue_that_does_not_come_true_tells_the_line(
    file: str, told: str, url: str, base: MakeBase
) -> None:
    play = Play(parse("talk.txt", file), "web", url, base)
    with pytest.raises(AssertionError, match=f"(?s){told}"):
        await play.play()


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("> chào\nDạ", "talk.txt:2: 'Dạ': a line begins with"),
        ("> chào\n~ 3 ngày", "talk.txt:2: '~ 3 ngày': a line begins with"),
        ("# một\n\n>\n< Dạ", "talk.txt:3: '>': write a text"),
        ("< Dạ\n> chào", "talk.txt:1: '< Dạ': nobody has said anything yet"),
        ("> chào", "talk.txt: it expects nothing"),
        ("? viber\n> chào\n< Dạ", r"talk.txt:1: '\? viber': after '\?' stand channels"),
        ("> (voice)\n< Dạ", r"talk.txt:1: '> \(voice\)': nobody can send \(voice\) over terminal: put it between"),
        ("? telegram zalo-bot\n> (contact 1)\n< Dạ", r"talk.txt:2: .* over zalo-bot: .*'\? telegram, zalo-oa'"),
        ("? telegram\n> (contact)\n< Dạ", r"talk.txt:2: '> \(contact\)': write the number"),
        ("> nhận $code\n< Dạ", r"talk.txt:1: '> nhận \$code': \$code is not known yet"),
        ("> chào\n< $code", r"talk.txt:2: '< \$code': \$code is not known yet: catch it with a word beside it"),
    ],
)
def test_a_bad_line_is_told_with_its_mend(file: str, told: str) -> None:
    with pytest.raises(DialogueError, match=told):
        parse("talk.txt", file)


def test_what_stands_between_channels_is_played_only_there() -> None:
    dialogue = parse("talk.txt", "> một\n? telegram\n> (voice)\n?\n< hai")
    assert [line.number for line in dialogue.on("web")] == [1, 5]
    assert [line.number for line in dialogue.on("telegram")] == [1, 3, 5]
