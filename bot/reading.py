"""Reads what a message says, before the transaction; the same text is read once."""

from collections import OrderedDict

from bot.knowledge_base import KnowledgeBase
from handlers.intents import intent_of
from handlers.reading import Reading
from knowledge.search import Found
from knowledge.text import clean, fold, language_of

#: Texts remembered; people ask the same things.
REMEMBERED = 4096


class Reader:
    """Makes readings from the knowledge as it stands; a published change empties the memory."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._memory: OrderedDict[str, Reading] = OrderedDict()
        self._version = base.version

    def read(self, text: str) -> Reading:
        """What a text says. Never raises."""
        if self._version != self._base.version:
            self._memory.clear()
            self._version = self._base.version
        found = self._memory.get(text)
        if found is None:
            found = self._memory[text] = self._read(clean(text))
            if len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        else:
            self._memory.move_to_end(text)
        return found

    def _read(self, text: str) -> Reading:
        intent, code = intent_of(text)
        found = self._base.search(text) if text else Found("unknown", (), reply="unknown")
        return Reading(text, fold(text), found, intent, code, language_of(text), found.explain)
