"""What was learned from the questions of each class, kept in a folder so that the same questions are learned once."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import knowledge
from knowledge.features import said
from knowledge.learning import Model, learn

#: The questions of each class: an entry's phrasings, or examples of what the base must not answer.
Questions = Mapping[str, tuple[str, ...]]

#: Files of a folder that are kept: a base that is edited leaves one behind with every publishing.
KEPT = 6
#: What a file that is gone, cut off or something else raises when it is read.
UNREADABLE = (OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile)
#: The parts of a model that are arrays.
ARRAYS = ("keys", "starts", "rarity", "held", "weights", "bias")
#: What the numbers depend on besides the questions.
SOURCES = ("lexicon.py", "lexicon.toml", "keys.py", "text.py", "features.py", "learning.py")


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A model, and in the order of its classes their questions in plain words."""

    model: Model
    plain: tuple[tuple[str, ...], ...]


#: Learns from questions: here, or in a process of its own.
Learner = Callable[[Questions], Learned]


def learn_from(questions: Questions) -> Learned:
    """What questions teach: some seconds for a hundred entries."""
    plain: Mapping[str, dict[str, None]] = {name: {} for name in questions}

    def read(name: str) -> Iterator[Mapping[str, float]]:
        """The features of a class, made when they are needed: those of all texts at once would fill the memory."""
        for text in map(said, questions[name]):
            plain[name][text.plain] = None
            yield text.features

    model = learn({name: read(name) for name in questions})
    return Learned(model, tuple(map(tuple, plain.values())))


def remembered(questions: Questions, folder: Path, learner: Learner = learn_from) -> Learned:
    """What questions teach, taken from a folder if it was learned before. A folder that fails is passed over."""
    file = folder / f"{_digest(questions)}.npz"
    with suppress(*UNREADABLE):
        read = _read(file, tuple(questions))
        file.touch()  # the oldest go first, and this one is in use
        return read
    found = learner(questions)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        _write(file, found)
        files = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in files[KEPT:]:
            old.unlink(missing_ok=True)
    return found


def _digest(questions: Questions) -> str:
    found = hashlib.sha256(json.dumps([list(pair) for pair in questions.items()]).encode())
    for name in SOURCES:
        found.update(Path(knowledge.__file__).with_name(name).read_bytes())
    return found.hexdigest()[:32]


def _read(file: Path, classes: tuple[str, ...]) -> Learned:
    """Raises one of UNREADABLE."""
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        plain = json.loads(arrays["plain"].tobytes())
        model = Model(classes, *(arrays[name] for name in ARRAYS))
        return Learned(model, tuple(map(tuple, plain)))


def _write(file: Path, learned: Learned) -> None:
    """Whole or not at all, also where two processes write at once. Raises OSError."""
    parts = {name: getattr(learned.model, name) for name in ARRAYS}
    text = json.dumps(learned.plain, ensure_ascii=False).encode()
    new = file.with_name(f"{file.stem}.{os.getpid()}.new")
    with new.open("wb") as out:
        np.savez(out, plain=np.frombuffer(text, np.uint8), **parts)
    new.replace(file)
