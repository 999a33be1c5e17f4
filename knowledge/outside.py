"""Examples of what the base must not answer, from which the search learns to decline it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from knowledge.learned import Questions

#: What a text may be that is no authority's business: small talk, rude words, attempts to misuse the assistant, nothing
#: to do with enterprises; and near matters: of some authority, of another province, of none (prices, jobs, advice).
KINDS = ("chat", "abuse", "attack", "far", "near", "elsewhere", "private")


class OutsideError(ValueError):
    """The examples cannot be read: which line, and how to mend it."""


def read_outside(path: Path, routes: Iterable[str] = ()) -> Questions:
    """Read lines of a text and whose business it is, parted by a tab: one of KINDS, or a key of routes.toml.

    `routes`: the keys there are; without any, every key is taken. Raises OutsideError, OSError.
    """
    known = {*KINDS, *routes} if routes else frozenset[str]()
    found: Mapping[str, list[str]] = defaultdict(list)
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text, _, name = line.partition("\t")
        if not line.strip():
            continue
        if not text.strip() or not name.strip() or (known and name not in known):
            raise OutsideError(f"{path.name}, line {number}: write a text, a tab, one of {', '.join(sorted(known))}")
        found[name].append(text)
    return {name: tuple(texts) for name, texts in found.items()}
