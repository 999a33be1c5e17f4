"""What each layer of the search earns on questions that nothing was fitted to: `python -m tests.bench.ablation`.

For each layer the search learns anew without it. Percent of the unseen questions in scope whose likeliest entry is
right, by kind of typing; then the percent answered right where one in a hundred of those out of scope is answered (by
the shipped confidence, which was fitted to the whole). noisy: without marks, chat spelling, typing mistakes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from knowledge import features, text
from knowledge.confidence import shipped
from knowledge.entry import from_folder
from knowledge.features import said
from knowledge.learned import Learned, Questions, learn_from
from knowledge.learning import learn
from knowledge.lexicon import lexicon
from knowledge.outside import read_outside
from knowledge.practice import Question, read_questions
from knowledge.search import Index, questions_of
from tests.bench.panel import threshold
from tests.bench.understanding import CLEAN, KNOWLEDGE, PRACTICE, UNSEEN

GROUPS: Mapping[str, tuple[str, ...]] = {
    "clean": CLEAN,
    "noisy": ("nomarks", "teencode", "typo"),
    "telex": ("telex",),
    "english": ("english", "mixed"),
}
#: Module, name and what stands there instead.
Put = tuple[Any, str, object]


def without(prefix: str) -> Callable[[Questions], Learned]:
    """A learner that passes over some features; at a question they are then unknown."""

    def learner(questions: Questions) -> Learned:
        read = {name: tuple(map(said, own)) for name, own in questions.items()}
        kept = {
            name: [{k: v for k, v in text.features.items() if not k.startswith(prefix)} for text in own]
            for name, own in read.items()
        }
        return Learned(learn(kept), tuple(tuple(dict.fromkeys(text.plain for text in own)) for own in read.values()))

    return learner


@contextmanager
def instead(puts: Iterable[Put]) -> Iterator[None]:
    """Something else in the place of names, until the end."""
    given = list(puts)
    kept = [(module, name, getattr(module, name)) for module, name, _ in given]
    try:
        for module, name, other in given:
            setattr(module, name, other)
        yield
    finally:
        for module, name, own in kept:
            setattr(module, name, own)


def tables(**empty: object) -> list[Put]:
    """The lexicon with some of its tables replaced, for whoever reads it."""
    less = replace(lexicon(), **empty)  # type: ignore[arg-type]
    return [(module, "lexicon", lambda: less) for module in (text, features)]


#: Layers by name: what stands in their place, and how it is learned.
LAYERS: Mapping[str, tuple[Callable[[], Iterable[Put]], Callable[[Questions], Learned]]] = {
    "all layers": (list, learn_from),
    "Telex and VNI read back": (lambda: [(text, "_untyped", tuple)], learn_from),
    "abbreviations, chat spelling": (lambda: tables(words={}, before_number={}), learn_from),
    "tone marks made one": (lambda: [(text, "_retoned", str)], learn_from),
    "other provinces": (list, without(features.ELSEWHERE)),
    "pairs of words": (list, without("p:")),
    "letters of words": (list, without("c:")),
    "marks": (list, without("m:")),
}


def measured(index: Index, asked: Iterable[Question]) -> dict[str, float]:
    """Percent right at rank 1 by group and of all, and answered right where 1 % out of scope is."""
    right = dict[str, list[bool]]()
    inside, outside = list[tuple[float, bool]](), list[tuple[str, float]]()
    for question in asked:
        compared = index.compare(question.text)
        assert compared is not None
        first, sure = index.names(compared)[0], shipped().alone.of(compared.signs)
        if not question.expected:
            outside.append((first, sure))
            continue
        inside.append((sure, first in question.expected))
        for group in (*(name for name, kinds in GROUPS.items() if question.kind in kinds), "all"):
            right.setdefault(group, []).append(first in question.expected)
    bar = threshold(outside, bool)
    found = {group: 100 * sum(own) / len(own) for group, own in right.items()}
    return found | {"answered": 100 * sum(good for sure, good in inside if sure >= bar) / len(inside)}


def main() -> None:
    """Print the table."""
    questions, outside = questions_of(from_folder(KNOWLEDGE / "entries")), read_outside(KNOWLEDGE / "outside.tsv")
    asked = [question for file in UNSEEN for question in read_questions(PRACTICE / file)]
    columns = (*GROUPS, "all", "answered")
    print(f"{len(asked)} questions written by the project, not by enterprises\n")
    print(f"| without | {' | '.join(columns)} |\n|---|{'--:|' * len(columns)}", flush=True)
    half = {name: texts[:2] + texts[2::2] for name, texts in questions.items()}
    for name, (puts, learner) in LAYERS.items():
        with instead(puts()):
            found = measured(Index.from_questions(questions, outside, learner=learner), asked)
        print(f"| {name} | {' | '.join(f'{found[column]:.1f}' for column in columns)} |", flush=True)
    for name, index in (
        ("half of the phrasings", Index.from_questions(half, outside)),
        ("examples of what is not ours", Index.from_questions(questions)),
    ):
        found = measured(index, asked)
        print(f"| {name} | {' | '.join(f'{found[column]:.1f}' for column in columns)} |", flush=True)


if __name__ == "__main__":
    main()
