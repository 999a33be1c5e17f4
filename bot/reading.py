"""Reads what a message says, before the transaction; the same text is read once."""

from collections import OrderedDict

from bot.knowledge_base import KnowledgeBase
from handlers import intents
from handlers.reading import Reading

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
            found = self._memory[text] = intents.read(text, self._base.search)
            if len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        else:
            self._memory.move_to_end(text)
        return found
