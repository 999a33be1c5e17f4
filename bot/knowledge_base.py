"""The curated base as it runs: loaded from the library, replaced whole when a newer version was published."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import knowledge
from bot.learning import learner
from knowledge.base import References, references_from
from knowledge.contacts import contacts_from, filled
from knowledge.entry import Entry, from_folder
from knowledge.learned import Learner
from knowledge.menu import menu_from
from knowledge.outside import read_outside
from knowledge.search import Found, Index, questions_of

FOLDER = Path(knowledge.__file__).parent


class KnowledgeBase:
    """A handlers.context.Knowledge. Replacing is one assignment, so a turn that reads it never waits."""

    def __init__(
        self,
        entries: tuple[Entry, ...],
        version: int = 0,
        *,
        hold_unconfirmed: bool = False,
        learn: Learner | None = None,
    ) -> None:
        self._hold = hold_unconfirmed
        self._learn = learn or learner()
        self._outside = read_outside(FOLDER / "outside.tsv")
        self.routes = route_names(FOLDER / "routes.toml")
        self.menu = menu_from(FOLDER / "menu.toml")
        self.contacts = contacts_from(FOLDER / "contacts.toml")
        self._published: tuple[Entry, ...] | None = None
        self.replace(entries, version)

    def replace(self, entries: tuple[Entry, ...], version: int) -> bool:
        """Answer from these entries from now on; False if they are those it answers from (a draft was saved)."""
        if entries == self._published:
            self.version = version
            return False
        shown = {entry.id: filled(entry, self.contacts) for entry in entries if entry.confirmed or not self._hold}
        index = Index.from_questions(questions_of(shown.values()), self._outside, learner=self._learn)
        self.index, self.entries, self.version = index, MappingProxyType(shown), version
        self._published = entries
        return True

    def search(self, text: str, topics: tuple[str, ...] = ()) -> Found:
        """What the base offers for a text, in a talk about these entries, latest first."""
        return self.index.search(text, topics)

    def explain(self, text: str, topics: tuple[str, ...] = ()) -> tuple[str, ...]:
        """How the base read and compared a text, in lines."""
        return self.index.explain(text, topics)


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
