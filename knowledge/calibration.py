"""Fits the confidence to questions the index has not seen, and tells how well it does, without fooling itself."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.confidence import ANSWER, CHOICE, Confidence, Confidences, Signs, fit
from knowledge.learned import Learner, Questions, learn_from
from knowledge.practice import Question, Tally, Turn, judge, report, tallies
from knowledge.search import OUTSIDE, Candidate, Found, Index

#: The examples are asked of indexes without a tenth of them, each tenth in turn; the report splits the cases in so many
#: parts, each judged by a confidence fitted to the others.
LEFT_OUT, PARTS = 10, 10
#: A practice question is asked after the topic of the one so many times further, so that all topics come.
APART = 37
#: The bounds of what was said, for the comparison with what was so.
BOUNDS = (0.0, CHOICE, 0.6, 0.8, ANSWER, 0.97, 1.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A question as an index saw it that had not learned from it: the first entries, and the signs for the first."""

    kind: str
    expected: tuple[str, ...]
    entries: tuple[str, ...]
    signs: Signs

    @property
    def right(self) -> bool:
        """Whether the first entry is one of those expected."""
        return self.entries[0] in self.expected

    def outcome(self, confidence: Confidence) -> str:
        """The field of Tally it counts for."""
        score = confidence.of(self.signs)
        found = tuple(Candidate(entry, score) for entry in self.entries)
        if score >= ANSWER:
            return judge(Found("answer", found[:1]), self.expected)
        return judge(Found("choices" if score >= CHOICE else "unknown", found), self.expected)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A confidence, and how it did on cases it was not fitted to: tallies by kind, and for each span of what it said
    (from, to, cases, mean of what it said, share that was right, both with the weights it was fitted with).
    """

    confidence: Confidence
    tallies: tuple[Tally, ...]
    reliability: tuple[tuple[float, float, int, float, float], ...]

    def told(self) -> str:
        """How it did, as tables for people."""
        lines = [
            f"said {low:.2f}–{high:.2f}: {n} cases, {said:.3f} on average, {right:.3f} right"
            for low, high, n, said, right in self.reliability
        ]
        return "\n".join((report(self.tallies), *lines))


def calibrated(
    questions: Questions,
    outside: Questions,
    practice: Sequence[Question],
    talks: Iterable[Sequence[Turn]],
    learner: Learner = learn_from,
) -> tuple[Calibration, Calibration]:
    """The confidences alone and after an answer: about twelve times the learning of the questions.

    Where the talks give too few cases to fit to, the first stands for both.
    """
    alone = calibrate(cases(questions, outside, practice, learner))
    index = Index.from_questions(questions, outside, Confidences(alone.confidence, alone.confidence), learner)
    found = cases_after(index, talks, practice)
    return alone, calibrate(found) if len(found) > PARTS else alone


def cases(
    questions: Questions, outside: Questions, practice: Iterable[Question], learner: Learner = learn_from
) -> tuple[Case, ...]:
    """The examples asked of indexes without them, and the practice questions, which no index holds, of the whole.

    Phrasings left out in turn are no practice: written by one hand to cover every side of an entry, they are harder
    than what people ask (38 % of them answered, where 85 % of practice questions were).
    """
    found: list[Case] = []
    for left in range(LEFT_OUT):
        index = Index.from_questions(questions, _kept(outside, left))
        for name, texts in outside.items():
            found += _cases(index, (Question(text, (), OUTSIDE + name) for text in texts[left::LEFT_OUT]))
    index = Index.from_questions(questions, outside, learner=learner)
    return (*found, *_cases(index, (q for q in practice if not q.expected or index.ids.intersection(q.expected))))


def cases_after(index: Index, talks: Iterable[Sequence[Turn]], practice: Sequence[Question]) -> tuple[Case, ...]:
    """What a talk decides: short texts that are not sure by themselves, after what was answered before.

    The later turns of talks, and against being dragged back to an old topic the practice questions, each after that of
    another one.
    """
    asked = list[tuple[Question, tuple[str, ...]]]()
    for turns in talks:
        for n, (text, expected) in enumerate(turns[1:], 1):
            topics = tuple(before[0] for _, before in reversed(turns[:n]) if before)
            if not expected or index.ids.intersection(expected):
                asked.append((Question(text, expected, "later turn"), topics))
    others = [id for question in practice for id in question.expected[:1] if id in index.ids]
    for n, question in enumerate(practice if others else ()):
        asked.append((question, (others[(n * APART) % len(others)],)))
    found = list[Case]()
    for question, topics in asked:
        if index.goes_on(question.text, topics) and index.search(question.text).outcome != "answer":
            compared = index.compare(question.text, topics)
            if compared is not None:
                found.append(Case(question.kind, question.expected, index.names(compared), compared.signs))
    return tuple(found)


def calibrate(cases: Sequence[Case]) -> Calibration:
    """The confidence of all cases, and the report by parts.

    Examples of what is not ours show how much there is of it, not how often it is asked: all that is out of scope
    together counts as often as the practice questions that are.
    """
    outside = [case.kind.startswith(OUTSIDE) for case in cases if not case.expected]
    often = outside.count(False) / len(outside) if False in outside else 1.0
    weighed = [(case, 1.0 if case.expected else often) for case in cases]
    outcomes, said = list[tuple[str, str]](), list[tuple[float, bool, float]]()
    for part in range(PARTS):
        confidence = _fitted([pair for n, pair in enumerate(weighed) if n % PARTS != part])
        for case, weight in weighed[part::PARTS]:
            outcomes.append((case.kind, case.outcome(confidence)))
            said.append((confidence.of(case.signs), case.right, weight))
    return Calibration(_fitted(weighed), tallies(outcomes), _reliability(said))


def _cases(index: Index, questions: Iterable[Question]) -> list[Case]:
    compared = ((question, index.compare(question.text)) for question in questions)
    return [Case(q.kind, q.expected, index.names(c), c.signs) for q, c in compared if c is not None]


def _kept(questions: Questions, left: int) -> Questions:
    return {k: tuple(text for n, text in enumerate(texts) if n % LEFT_OUT != left) for k, texts in questions.items()}


def _fitted(weighed: Sequence[tuple[Case, float]]) -> Confidence:
    return fit([case.signs for case, _ in weighed], [case.right for case, _ in weighed], [w for _, w in weighed])


def _reliability(said: Sequence[tuple[float, bool, float]]) -> tuple[tuple[float, float, int, float, float], ...]:
    spans: dict[int, list[tuple[float, bool, float]]] = defaultdict(list)
    for case in said:
        spans[max(n for n, bound in enumerate(BOUNDS[:-1]) if case[0] >= bound)].append(case)
    found = list[tuple[float, float, int, float, float]]()
    for n, own in sorted(spans.items()):
        told, right, weight = sum(s * w for s, _, w in own), sum(r * w for _, r, w in own), sum(w for _, _, w in own)
        found.append((BOUNDS[n], BOUNDS[n + 1], len(own), told / weight, right / weight))
    return tuple(found)
