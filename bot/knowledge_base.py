"""The curated base as it runs: loaded from the library, replaced whole when a newer version was published."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import structlog

import knowledge
from bot.learning import learner
from knowledge import confidence as confidences
from knowledge.base import References, references_from
from knowledge.confidence import ConfidenceError, read_confidences
from knowledge.contacts import contacts_from, filled
from knowledge.entry import Entry, from_folder
from knowledge.learned import Learner
from knowledge.menu import menu_from
from knowledge.outside import read_outside
from knowledge.search import Found, Index, questions_of

FOLDER = Path(knowledge.__file__).parent

log = structlog.get_logger()


class KnowledgeBase:
    """A handlers.context.Knowledge. Replacing is one assignment, so a turn that reads it never waits."""

    def __init__(
        self,
        entries: tuple[Entry, ...],
        version: int = 0,
        *,
        hold_unconfirmed: bool = False,
        learn: Learner | None = None,
        confidence: Path | None = None,
    ) -> None:
        self._hold = hold_unconfirmed
        self._confidence_file, self._confidence = confidence, confidences.shipped()
        self._calibrated_at: int | None = None
        self._learn = learn or learner()
        self._outside = read_outside(FOLDER / "outside.tsv")
        self.routes = route_names(FOLDER / "routes.toml")
        self.menu = menu_from(FOLDER / "menu.toml")
        self.contacts = contacts_from(FOLDER / "contacts.toml")
        self._published: tuple[Entry, ...] | None = None
        self.replace(entries, version)

    def replace(self, entries: tuple[Entry, ...], version: int) -> bool:
        """Answer from these entries from now on, as sure of them as the calibration says.

        False if both are those it answers from already (a draft was saved).
        """
        recalibrated = self.recalibrated and self._calibrate()
        if entries == self._published and not recalibrated:
            self.version = version
            return False
        shown = {entry.id: filled(entry, self.contacts) for entry in entries if entry.confirmed or not self._hold}
        index = Index.from_questions(questions_of(shown.values()), self._outside, self._confidence, self._learn)
        self.index, self.entries, self.version = index, MappingProxyType(shown), version
        self._published = entries
        return True

    @property
    def recalibrated(self) -> bool:
        """Whether the file of the calibration is another than the one it was read from."""
        return self._calibrated_at != _changed(self._confidence_file)

    def _calibrate(self) -> bool:
        """Read the calibration; False if there is nothing new to go by. One that cannot be read changes nothing."""
        self._calibrated_at = _changed(self._confidence_file)
        try:
            found = read_confidences(self._confidence_file) if self._confidence_file and self._calibrated_at else None
        except (ConfidenceError, OSError) as error:
            log.error("knowledge.uncalibrated", reason=str(error))
            return False
        before, self._confidence = self._confidence, found or confidences.shipped()
        return before != self._confidence

    def search(self, text: str, topics: tuple[str, ...] = ()) -> Found:
        """What the base offers for a text, in a talk about these entries, latest first."""
        return self.index.search(text, topics)

    def explain(self, text: str, topics: tuple[str, ...] = ()) -> tuple[str, ...]:
        """How the base read and compared a text, in lines."""
        return self.index.explain(text, topics)


def _changed(file: Path | None) -> int | None:
    """When a file was last written, in nanoseconds; None if there is none."""
    try:
        return file.stat().st_mtime_ns if file else None
    except OSError:
        return None


def route_names(path: Path) -> Mapping[str, tuple[str, str]]:
    """Who handles what we do not: key of routes.toml → its Vietnamese and English name."""
    tables = tomllib.loads(path.read_text("utf-8"))
    return MappingProxyType({key: (table["name"]["vi"], table["name"]["en"]) for key, table in tables.items()})


def references(forms: Iterable[str] = ()) -> References:
    """What the shipped entries refer to, with the names of the forms there are. Raises FactsError, EntryError."""
    return references_from(FOLDER, route_names(FOLDER / "routes.toml"), forms)


def shipped() -> tuple[Entry, ...]:
    """The entries that came with the program."""
    return from_folder(FOLDER / "entries")
