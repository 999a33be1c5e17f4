"""How well questions are understood, beside what people would install instead: python -m tests.bench.understanding

Prints, by kind of question, what was answered right, offered, wrong, for the shipped search and for the panel over the
same phrasings and examples. `--misses` also prints every question that was not answered right; `--fit` writes
knowledge/confidence.toml anew and tells how it does on cases it was not fitted to.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from knowledge.calibration import calibrated
from knowledge.confidence import FILE, Confidences, written
from knowledge.entry import from_folder
from knowledge.learned import Questions
from knowledge.outside import read_outside
from knowledge.practice import TOTAL, Question, Tally, judge, read_questions, read_talks, tallies, wilson
from knowledge.search import OUTSIDE, Index, questions_of
from tests.bench.panel import PANEL, ranked, threshold

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
PRACTICE = KNOWLEDGE / "practice"
#: What the confidence is fitted to, and what nothing was fitted to.
FITTED, UNSEEN = ("questions.tsv", "more.tsv"), ("unseen.tsv", "fresh.tsv")
TALKS, UNSEEN_TALKS = ("dialogues.jsonl", "talks.jsonl"), ("unseen-dialogues.jsonl", "fresh-dialogues.jsonl")
#: The kinds that are properly typed, in scope.
CLEAN = ("direct", "situated", "southern")


def rows(questions: Sequence[Question], outcome: Callable[[Question], str]) -> dict[str, Tally]:
    """A tally by kind, of the clean kinds together, of all in scope and of all out of it."""
    found = [(question, outcome(question)) for question in questions]
    pairs = [(question.kind, result) for question, result in found]
    pairs += [("clean", result) for question, result in found if question.kind in CLEAN]
    pairs += [("in scope" if question.expected else "out of scope", result) for question, result in found]
    return {tally.kind: tally for tally in tallies(pairs) if tally.kind != TOTAL}


def ours(index: Index) -> Callable[[Question], str]:
    """The judge of the shipped search."""
    return lambda question: judge(index.search(question.text), question.expected)


def panel(questions: dict[str, tuple[str, ...]], asked: Sequence[Question]) -> dict[str, Callable[[Question], str]]:
    """The judges of the panel, each with the threshold that answers one in a hundred of those out of scope here."""
    texts = [(text, name) for name, own in questions.items() for text in own]
    owners, found = [name for _, name in texts], dict[str, Callable[[Question], str]]()
    for name, make in PANEL.items():
        engine = make([text for text, _ in texts])
        hits = {question.text: ranked(engine, owners, question.text) or [("", 0.0)] for question in asked}
        bar = threshold((hits[q.text][0] for q in asked if not q.expected), lambda name: name[:1] not in ("", OUTSIDE))

        def outcome(question: Question, hits: dict[str, list[tuple[str, float]]] = hits, bar: float = bar) -> str:
            best = hits[question.text]
            if best[0][1] >= bar and best[0][0][:1] not in ("", OUTSIDE):
                return "right" if best[0][0] in question.expected else "wrong"
            offered = [name for name, _ in best if not name.startswith(OUTSIDE)][:3]
            return (
                ("offered" if set(offered) & set(question.expected) else "declined") if question.expected else "right"
            )

        found[name] = outcome
    return found


def percent(hits: int, n: int) -> str:
    """A share with its 95 % interval."""
    low, high = wilson(hits, n)
    return f"{100 * hits / n:.1f} ({100 * low:.0f}–{100 * high:.0f})"


def table(found: dict[str, dict[str, Tally]]) -> str:
    """A line a kind: its n, and for each engine right / offered / wrong in percent, ours with intervals."""
    first, *_ = found
    lines = [f"| kind | n | {' | '.join(found)} |", "|---|---|" + "---|" * len(found)]
    for kind, tally in found[first].items():
        n, cells = tally.n, list[str]()
        for name, all_rows in found.items():
            row = all_rows[kind]
            right, wrong = (
                percent(hits, n) if name == first else f"{100 * hits / n:.1f}" for hits in (row.right, row.wrong)
            )
            cells.append(f"{right} / {100 * row.offered / n:.0f} / {wrong}")
        lines.append(f"| {kind} | {n} | {' | '.join(cells)} |")
    return "\n".join(lines)


def talks(index: Index) -> dict[str, Tally]:
    """The later turns of the practice talks, by file and tag, each with the entries answered before as its topics, and
    the questions out of scope of the practice files, each after an answer.
    """
    found = list[tuple[str, str]]()
    for file in (*TALKS, *UNSEEN_TALKS):
        for tag, turns in read_talks(PRACTICE / file):
            topics = list[str]()
            for number, (text, expected) in enumerate(turns):
                answer = index.search(text, topics)
                if number:
                    found += [(f"{file} {tag}", judge(answer, expected)), (f"{file} all", judge(answer, expected))]
                if answer.outcome == "answer":
                    topics = [answer.candidates[0].entry, *(t for t in topics if t != answer.candidates[0].entry)][:3]
    entries = sorted(index.ids)
    for file in (*FITTED, *UNSEEN):
        for n, question in enumerate(q for q in read_questions(PRACTICE / file) if not q.expected):
            answer = index.search(question.text, [entries[n % len(entries)]])
            found.append((f"{file} {question.kind} after an answer", judge(answer, ())))
    return {tally.kind: tally for tally in tallies(found) if tally.kind != TOTAL}


def replies(index: Index, files: Sequence[str]) -> str:
    """A line a kind out of scope: what is said to it, in percent."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for question in (question for file in files for question in read_questions(PRACTICE / file)):
        if not question.expected:
            found = index.search(question.text)
            reply = "near, authority named" if found.route else found.reply or found.outcome
            said[question.kind][reply] += 1
    heads = list(dict.fromkeys(reply for counts in said.values() for reply in counts))
    lines = [f"| kind | n | {' | '.join(heads)} |", "|---|---|" + "--:|" * len(heads)]
    for kind, counts in said.items():
        n = counts.total()
        lines.append(f"| {kind} | {n} | {' | '.join(f'{100 * counts[head] / n:.0f}' for head in heads)} |")
    return "\n".join(lines)


def refit(questions: Questions, outside: Questions) -> None:
    """Write the confidences anew and print how they do."""
    practice = [question for file in FITTED for question in read_questions(PRACTICE / file)]
    turns = [turns for file in TALKS for _, turns in read_talks(PRACTICE / file)]
    alone, after = calibrated(questions, outside, practice, turns)
    FILE.write_text(written(Confidences(alone.confidence, after.confidence)), "utf-8")
    print(alone.told(), after.told(), sep="\n")


def main(arguments: Sequence[str]) -> None:
    """Fit, or print the tables."""
    questions, outside = questions_of(from_folder(KNOWLEDGE / "entries")), read_outside(KNOWLEDGE / "outside.tsv")
    if "--fit" in arguments:
        refit(questions, outside)
        return
    index = Index.from_questions(questions, outside)
    for file in (*FITTED, *UNSEEN):
        asked = read_questions(PRACTICE / file)
        others = panel({**questions, **{OUTSIDE + name: texts for name, texts in outside.items()}}, asked)
        engines = {"Cầu Nối": ours(index), **others}
        print(f"\n{file}: {len(asked)} questions written by the project, not by enterprises\n")
        print(table({name: rows(asked, outcome) for name, outcome in engines.items()}))
        for question in asked if "--misses" in arguments else ():
            if (outcome := engines["Cầu Nối"](question)) != "right":
                print(f"\n{outcome} ({question.kind}): {question.text}\n  expected {question.expected or '-'}")
                print("  " + "\n  ".join(index.explain(question.text)))
    print("\nwhat is said to what is out of scope, unseen\n")
    print(replies(index, UNSEEN))
    print("\nlater turns of talks\n")
    print(table({"Cầu Nối": talks(index)}))


if __name__ == "__main__":
    main(sys.argv[1:])
