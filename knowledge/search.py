"""Finds the entry a question asks for, and prefers a choice or "I don't know" to a wrong answer."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.confidence import ANSWER, CHOICE, Confidence, Confidences, Signs, shipped
from knowledge.entry import Entry
from knowledge.features import ends, said
from knowledge.learned import Learned, Learner, Questions, learn_from
from knowledge.learning import Floats, Known
from knowledge.lexicon import hits, lexicon
from knowledge.text import Courtesy, courtesy_of, language_of, typed

Outcome = Literal["answer", "choices", "unknown"]
Unanswered = Courtesy | Literal["abuse", "far", "near", "unknown"]

#: A further entry stands among the choices from this probability on.
FURTHER = 0.05
#: The probability of the only entry with a phrasing of just these words: whoever adds a phrasing sees it answered.
SAME = 0.99
#: Entries looked at, the most that are offered, and the reasons told for each.
LIKELY, OFFERED, REASONS = 8, 3, 5
#: A follow-up that by itself looks like another's business is still offered its topic from this probability on.
EVEN = 0.5
#: So likely a class of what is not ours must be for its reply to be given: less, and the text is only not understood.
RESEMBLES = 0.3
#: Words of a text that may go on from what was answered before, the topics it may go on from, each e times less likely
#: than a later one, and the questions that name a topic.
SHORT, TOPICS, NAMES = 14, 2, 2
#: The least chances (logarithms) by itself and after a topic's name, how much each counts, and what more an entry of a
#: topic's group gets ("kc" of "kc.apply"), less for the topic itself, which its name has favoured already. Fitted to
#: the practice talks.
LEAST_ALONE, LEAST_AFTER, ALONE, AFTER, GROUP, ITSELF = -7.0, -5.0, 1.45, 0.85, 3.4, 0.8
#: Where a text is parted into sentences, and how many of them are looked at.
SENTENCE, PARTS = re.compile(r"[?!;\n]|\.\s"), 5
#: How far signs count: the logarithm of a chance, of the lead before the next entry, of that before all not ours.
LEAST_CHANCE, MOST_LEAD, MOST_INSIDE = -12.0, 8.0, 10.0
#: The mark of the classes that are not ours, before their name.
OUTSIDE = "~"
#: Of near matters, those that name no authority; every other class names one by its key in routes.toml.
NOBODYS = frozenset(("near", "private", "elsewhere"))
#: How a text of a class is declined that is no near matter.
REPLIES: Mapping[str, Unanswered] = {"chat": "greeting", "abuse": "abuse", "far": "far", "attack": "far"}


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
    a key of routes.toml, or empty.
    """

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    also: str = ""
    reply: Unanswered = ""
    route: str = ""
    language: Literal["vi", "en"] = "vi"


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A text as the model sees it: its words, those of its features that are known, the logarithm of each class's
    probability, the likeliest entries, the class likeliest among those that are not ours, the signs for the first
    entry, and those with a phrasing just alike.
    """

    plain: str
    known: Known
    scores: Floats
    likely: tuple[int, ...]
    outside: int
    signs: Signs
    same: tuple[int, ...] = ()


class Index:
    """The entries ready to be searched. Never changes once built, so any number of threads may search it."""

    def __init__(self, learned: Learned, confidence: Confidences) -> None:
        self._model, self._phrasings = learned.model, learned.plain
        self._confidence = confidence
        foreign = np.array([name.startswith(OUTSIDE) for name in learned.model.classes], bool)
        asked = np.array([bool(phrasings) for phrasings in learned.plain], bool)
        self._ours, self._foreign = np.flatnonzero(~foreign & asked), np.flatnonzero(foreign & asked)
        self._numbers = {name: number for number, name in enumerate(learned.model.classes)}
        #: The entries it holds.
        self.ids = frozenset(name for name in learned.model.classes if not name.startswith(OUTSIDE))
        groups: dict[str, list[int]] = defaultdict(list)
        for name in self.ids:
            groups[_group(name)].append(self._numbers[name])
        self._groups = {group: np.array(numbers) for group, numbers in groups.items()}

    @classmethod
    def from_questions(
        cls,
        questions: Questions,
        outside: Questions | None = None,
        confidence: Confidences | None = None,
        learner: Learner = learn_from,
    ) -> "Index":
        """The index of questions by entry id, and of examples of what it must not answer as `read_outside` gives them.

        Without examples it still declines what resembles no question.
        """
        foreign = {OUTSIDE + name: texts for name, texts in (outside or {}).items()}
        return cls(learner({**questions, **foreign}), confidence or shipped())

    def search(self, text: str, topics: Sequence[str] = ()) -> Found:
        """What the base offers for a text of any kind and length, in a talk about `topics`, latest first.

        Never raises.
        """
        text = ends(text)
        language = language_of(text)
        if courtesy := courtesy_of(text):
            return Found("unknown", reply=courtesy, language=language)
        compared = self.compare(text)
        if compared is None:
            return Found("unknown", reply="unknown", language=language)
        scored = self._scored(compared, self._confidence.alone)
        answers, (reply, route) = self._answers(text, scored), self._declined(text, compared)
        if not answers and self.goes_on(text, topics) and (after := self.compare(text, topics)) is not None:
            later = self._scored(after, self._confidence.after)
            answers = later[:1] if later[0].score >= ANSWER else ()
            # What by itself looks like another's business is mostly no reason to offer more about the topic; what is
            # rude or has nothing to do with it never is.
            least = {"unknown": 0.0, "near": EVEN}.get(reply, 1.0)
            scored = later if later[0].score > max(least, scored[0].score) else scored
        if answers:
            also = answers[1].entry if len(answers) > 1 else ""
            return Found("answer", answers[:1], also, language=language)
        if scored[0].score >= CHOICE:
            choices = tuple(candidate for candidate in scored[:OFFERED] if candidate.score >= FURTHER)
            return Found("choices", choices, language=language)
        return Found("unknown", reply=reply, route=route, language=language)

    def explain(self, text: str, topics: Sequence[str] = ()) -> tuple[str, ...]:
        """How a text was read and compared, by itself and in a talk about `topics`: lines for who mends entries."""
        text = ends(text)
        if courtesy := courtesy_of(text):
            return (courtesy,)
        if (compared := self.compare(text)) is None:
            return ()
        lines = self._explained(compared, self._confidence.alone)
        sure = self._answers(text, self._scored(compared, self._confidence.alone))
        if not sure and self.goes_on(text, topics) and (after := self.compare(text, topics)) is not None:
            lines += (f"after {', '.join(topics[:TOPICS])}:", *self._explained(after, self._confidence.after))
        return lines

    def goes_on(self, text: str, topics: Sequence[str]) -> bool:
        """Whether a text goes on from one of the topics of a talk: a short one, in words that some question has."""
        if len(text.split()) > SHORT or self.ids.isdisjoint(topics[:TOPICS]):
            return False
        return any(name.startswith("w:") for name in self._model.known(said(text).features).names)

    def names(self, compared: Compared) -> tuple[str, ...]:
        """The entries that would be offered, likeliest first."""
        return tuple(self._model.classes[n] for n in compared.likely[:OFFERED])

    def compare(self, text: str, topics: Sequence[str] = ()) -> Compared | None:
        """A text compared with every class, in a talk about `topics`, latest first; None if there is no entry."""
        if not len(self._ours):
            return None
        plain, features = said(text)
        known = self._model.known(features)
        alone = self._model.scores(known)
        scores = self._after(text, alone, topics) if topics else alone
        likely = self._ours[_greatest(scores[self._ours], LIKELY)]
        first = int(likely[0])
        pairs = [name for name in features if name.startswith("p:")]
        adds = self._model.adds(known, first)
        near = process.extractOne(plain, self._phrasings[first], scorer=fuzz.token_set_ratio)
        signs = Signs(
            chance=max(float(scores[first]), LEAST_CHANCE),
            lead=min(float(scores[first] - scores[likely[1]]), MOST_LEAD) if len(likely) > 1 else MOST_LEAD,
            inside=float(np.clip(scores[first] - _together(scores[self._foreign]), -MOST_INSIDE, MOST_INSIDE)),
            pairs=sum(pair in adds for pair in pairs) / (len(pairs) or 1),
            near=near[1] / 100,
        )
        same = tuple(int(n) for n in likely if plain in self._phrasings[n]) if plain and not topics else ()
        outside = int(self._foreign[alone[self._foreign].argmax()]) if len(self._foreign) else -1
        return Compared(plain, known, scores, tuple(map(int, likely)), outside, signs, same)

    def _after(self, text: str, alone: Floats, topics: Sequence[str]) -> Floats:
        """The logarithms of chances in a talk: the product of those by itself and those after a topic's names.

        "còn da giày?" by itself says the new sector; after the old one's names, what about it is asked.
        """
        after = [
            AFTER * np.mean([self._scores(f"{name} {text}") for name in names], axis=0) + self._beside(topic) - age
            for age, topic in enumerate(topics[:TOPICS])
            if topic in self.ids and (names := self._phrasings[self._numbers[topic]][:NAMES])
        ]
        both = ALONE * np.maximum(alone, LEAST_ALONE) + (np.max(after, axis=0) if after else 0.0)
        return np.subtract(both, _together(both))

    def _beside(self, topic: str) -> Floats:
        """What each class gets for being of a topic's group."""
        found = np.zeros(len(self._model.classes))
        found[self._groups[_group(topic)]] = GROUP
        found[self._numbers[topic]] -= ITSELF
        return found

    def _scores(self, text: str) -> Floats:
        return np.maximum(self._model.scores(self._model.known(said(text).features)), LEAST_AFTER)

    def _scored(self, compared: Compared, confidence: Confidence) -> tuple[Candidate, ...]:
        """The likely entries by falling probability; what is missing to 1 is the probability of none."""
        first, sure = compared.likely[0], confidence.of(compared.signs)
        if len(compared.same) == 1:
            first, sure = compared.same[0], SAME
        elif compared.same:  # it is one of them or another, and no likeness tells which
            first, sure = compared.same[0], min(sure, 1 / len(compared.same))
        # What is left is shared by the others and by none of them, as their chances are.
        shares = {n: math.exp(compared.scores[n]) for n in (first, *compared.likely)}
        rest = (1 - sure) / max(1 - shares[first], 1e-12)
        scores = {n: sure if n == first else rest * shares[n] for n in compared.likely}
        if len(compared.same) > 1:
            scores |= dict.fromkeys(compared.same, sure)
        ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(Candidate(self._model.classes[n], score) for n, score in ranked)

    def _answers(self, text: str, scored: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """What is sure of the whole text, or of a sentence by itself if the whole speaks of it too: at most two."""
        found = {candidate.entry: candidate for candidate in scored[:1] if candidate.score >= ANSWER}
        parts = [part for part in SENTENCE.split(text, maxsplit=PARTS) if part.strip()]
        for part in parts if len(parts) > 1 else ():
            compared = self.compare(part)
            top = self._scored(compared, self._confidence.alone)[0] if compared is not None else None
            if top and top.score >= ANSWER and top.entry in {candidate.entry for candidate in scored[:OFFERED]}:
                found.setdefault(top.entry, top)
        return tuple(found.values())[:2]

    def _declined(self, text: str, compared: Compared) -> tuple[Unanswered, str]:
        """How to decline a text, and whose business it is."""
        if hits(typed(text), lexicon().abuse):
            return "abuse", ""
        if compared.outside < 0 or compared.scores[compared.outside] < np.log(RESEMBLES):
            return "unknown", ""
        name = self._model.classes[compared.outside].removeprefix(OUTSIDE)
        reply = REPLIES.get(name)
        return (reply, "") if reply else ("near", "" if name in NOBODYS else name)

    def _explained(self, compared: Compared, confidence: Confidence) -> tuple[str, ...]:
        lines = [f"read: {compared.plain}"]
        for candidate in self._scored(compared, confidence)[:OFFERED]:
            number = self._numbers[candidate.entry]
            adds = sorted(self._model.adds(compared.known, number).items(), key=lambda pair: -pair[1])[:REASONS]
            told = ", ".join(f"{name.partition(':')[2] or name} {add:+.1f}" for name, add in adds)
            lines.append(f"{candidate.entry} {candidate.score:.3f}: chance {compared.scores[number]:.2f}; {told}")
        if compared.outside >= 0:
            name = self._model.classes[compared.outside].removeprefix(OUTSIDE)
            lines.append(f"not ours: {name} {compared.scores[compared.outside]:.2f}")
        told = ", ".join(f"{name} {value:.2f}" for name, value in asdict(compared.signs).items())
        return (*lines, f"signs: {told}")


def questions_of(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """What people ask for each entry: its titles, which name it in a talk, and its phrasings."""
    return {e.id: (e.title.vi, e.title.en, *e.phrasings.vi, *e.phrasings.en) for e in entries}


def _group(entry: str) -> str:
    """What an entry's id begins with: "kc" of "kc.apply"."""
    return entry.partition(".")[0]


def _greatest(scores: Floats, many: int) -> list[int]:
    """The places of the greatest scores, greatest first; of equals the first."""
    least = np.partition(scores, -many)[-many] if len(scores) > many else -np.inf
    return sorted(map(int, np.flatnonzero(scores >= least)), key=lambda place: (-scores[place], place))[:many]


def _together(logarithms: Floats) -> float:
    """The logarithm of the sum of probabilities."""
    return float(np.logaddexp.reduce(logarithms)) if len(logarithms) else -np.inf
