"""Finds the entry a question asks for, and prefers a choice or "I don't know" to a wrong answer."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from knowledge.entry import Entry
from knowledge.lexicon import Phrases, Words, hits, lexicon, phrases
from knowledge.ranking import Asked, Comparison, Ranking, ends
from knowledge.text import fold, language_of, typed, words

Outcome = Literal["answer", "choices", "unknown"]
Unanswered = Literal["", "greeting", "abuse", "far", "near", "unknown"]

#: A wrong answer costs ten times a refusal, so one is given from 10/11 on; a choice is offered from CHOICE on.
ANSWER, CHOICE = 0.91, 0.3
#: Routes that are the department's own: such a question is not another's business, only not answered yet.
OURS = frozenset(("department", "trade-promotion-centre", "officer"))
#: Sentences looked at for a second question.
PARTS = 5
#: The probability of the only entry with a phrasing of just these words: whoever adds a phrasing sees it answered.
SAME = 0.99
#: A lead counts up to here, also that of an entry no other stands beside.
LEAD = 6.0
#: A further entry stands among the choices from this probability on.
FURTHER = 0.06


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may answer; `score` is the probability, 0 to 1, that it is the right one."""

    entry: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What the base offers for a text.

    `candidates`, best first: one for an answer, up to three for choices, none otherwise. `also`: the entry of a second
    question in the same text. `reply`: how to decline, where `outcome` is unknown; `route`: whose business it then is,
    a key of routes.toml, or empty (with `near` another authority's, with `unknown` our own). `explain`: lines for those
    who mend entries.
    """

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    also: str = ""
    reply: Unanswered = ""
    route: str = ""
    language: Literal["vi", "en"] = "vi"
    explain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """The logistic model: what each field of Comparison adds to an entry's chance against the chance of "none"."""

    none: float
    phrasing: float
    topic: float
    evidence: float
    marks: float

    def chance(self, comparison: Comparison) -> float:
        """The logarithm of an entry's chance, "none" being 0."""
        return (
            self.phrasing * comparison.phrasing
            + self.topic * comparison.topic
            + self.evidence * comparison.evidence
            + self.marks * comparison.marks
            - self.none
        )


@dataclass(frozen=True, slots=True)
class Confidence:
    """A second logistic model, of whether the likeliest entry is right: by its chance, by its lead before the next one,
    and by how near its phrasing and how much of the evidence is.
    """

    none: float
    chance: float
    lead: float
    phrasing: float
    evidence: float

    def of(self, chance: float, lead: float, comparison: Comparison) -> float:
        """The probability, 0 to 1."""
        sure = self.chance * chance + self.lead * lead - self.none
        sure += self.phrasing * comparison.phrasing + self.evidence * comparison.evidence
        return 1 / (1 + math.exp(-sure))


#: Printed by tests/bench/weights.py on the shipped entries and practice questions.
WEIGHTS = Weights(none=4.8, phrasing=4.3, topic=6.9, evidence=5.4, marks=-4.8)
CONFIDENCE = Confidence(none=2.9, chance=0.6, lead=0.5, phrasing=0.7, evidence=2.9)


class Index:
    """The entries ready to be searched. Never changes once built, so any number of threads may search it."""

    def __init__(self, entries: Iterable[Entry], routes: Mapping[str, tuple[str, ...]] | None = None) -> None:
        entries = tuple(entries)
        #: How questions are compared with the entries.
        self.ranking = Ranking(
            {e.id: (*e.phrasings.vi, *e.phrasings.en, e.title.vi, e.title.en) for e in entries},
            {e.id: (e.answer.vi, e.answer.en, e.more.vi, e.more.en) for e in entries},
        )
        self._routes = _routes(routes)

    @classmethod
    def from_questions(
        cls, questions: Mapping[str, Iterable[str]], routes: Mapping[str, tuple[str, ...]] | None = None
    ) -> "Index":
        """An index over questions alone, by entry id, where there are no entries."""
        index = cls((), routes)
        index.ranking = Ranking(questions, {})
        return index

    @property
    def ids(self) -> frozenset[str]:
        """The entries it holds."""
        return frozenset(self.ranking.ids)

    def search(self, text: str) -> Found:
        """What the base offers for a text of any kind and length. Never raises."""
        text = ends(text)
        language = language_of(text)
        if _courteous(text):
            return Found("unknown", reply="greeting", language=language, explain=("greeting",))
        asked = self.ranking.compare(text)
        scored = weigh(asked)
        explain = _explain(asked, scored)
        top = scored[0] if scored else Candidate("", 0.0)
        reply, route = self._declined(text, top.entry)
        ours = reply in ("unknown", "abuse") or len(asked.same) == 1
        if ours and top.score >= ANSWER:
            return Found("answer", (top,), self._second(text, top.entry), language=language, explain=explain)
        if ours and top.score >= CHOICE:
            choices = tuple(candidate for candidate in scored[:3] if candidate.score >= FURTHER)
            return Found("choices", choices, language=language, explain=explain)
        return Found("unknown", reply=reply, route=route, language=language, explain=explain)

    def _second(self, text: str, first: str) -> str:
        """The entry of a second question in the text, if another sentence asks one as clearly."""
        for part in re.split(r"[?!;\n]|\.\s", text, maxsplit=PARTS):
            scored = weigh(self.ranking.compare(part))
            if scored and scored[0].score >= ANSWER and scored[0].entry != first:
                return scored[0].entry
        return ""

    def _declined(self, text: str, entry: str) -> tuple[Unanswered, str]:
        """How to decline a text, and whose business it is, by phrases of it that the likeliest entry does not know."""

        def foreign(found: Iterable[Words]) -> list[Words]:
            return [phrase for phrase in found if not (entry and self.ranking.holds(entry, phrase, marked))]

        read, tokens, table = words(text), typed(text), lexicon()
        marked = {fold(token): token for token in tokens if not token.isascii()}
        routes = {key: sum(map(len, foreign(hits(read, phrases)))) for key, phrases in self._routes.items()}
        route = max(routes, key=lambda key: routes[key], default="")
        if not routes.get(route):
            route = ""
        if hits(tokens, table.abuse):
            return "abuse", ""
        if hits(tokens, table.elsewhere) or (route and route not in OURS):
            return "near", route
        return ("far", "") if foreign(hits(tokens, table.far)) else ("unknown", route)


def weigh(asked: Asked, weights: Weights = WEIGHTS, confidence: Confidence = CONFIDENCE) -> tuple[Candidate, ...]:
    """The candidates of a question by falling probability; what is missing to 1 is the probability of none."""
    chances = {id: weights.chance(comparison) for id, comparison in asked.entries}
    ranked = sorted(chances, key=lambda id: (-chances[id], id))
    if not ranked:
        return ()
    top, comparison = ranked[0], dict(asked.entries)[ranked[0]]
    lead = min(chances[top] - chances[ranked[1]], LEAD) if len(ranked) > 1 else LEAD
    sure = confidence.of(chances[top], lead, comparison)
    if len(asked.same) == 1 and asked.same[0] in chances:
        top, sure = asked.same[0], SAME
    elif asked.same:  # it is one of them or another, and no likeness tells which
        sure = min(sure, 1 / len(asked.same))
    # What is left is shared by the others and by none of them, as their chances are.
    odds = {id: math.exp(chances[id]) for id in ranked if id != top}
    rest = (1 - sure) / (1 + sum(odds.values()))
    scores = {top: sure} | {id: rest * share for id, share in odds.items()}
    return tuple(Candidate(id, score) for id, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))


def read_routes(path: Path) -> dict[str, tuple[str, ...]]:
    """The phrases of routes.toml by key: what is another authority's business. Raises OSError, TOMLDecodeError."""
    return {key: tuple(table.get("words", ())) for key, table in tomllib.loads(path.read_text("utf-8")).items()}


def _routes(routes: Mapping[str, tuple[str, ...]] | None) -> dict[str, Phrases]:
    read = {key: {words(phrase): () for phrase in found} for key, found in (routes or {}).items()}
    return {key: phrases({w: w for w in found if w}) for key, found in read.items()}


def _courteous(text: str) -> bool:
    """Whether a text is nothing but greetings, at least one, and courtesy."""
    read = words(text)
    greetings = hits(read, lexicon().greetings)
    return bool(greetings) and sum(map(len, greetings)) + sum(map(len, hits(read, lexicon().courtesy))) >= len(read)


def _explain(asked: Asked, scored: tuple[Candidate, ...]) -> tuple[str, ...]:
    compared = dict(asked.entries)
    lines = [f"read: {' '.join(asked.words)}", f"in no entry: {', '.join(asked.strange) or '-'}"]
    for candidate in scored[:3]:
        values = asdict(compared[candidate.entry])
        told = ", ".join(f"{name} {value:.2f}" for name, value in values.items())
        lines.append(f"{candidate.score:.3f} {candidate.entry}: {told}")
    return tuple(lines)
