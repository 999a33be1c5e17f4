"""Prints what the shipped entries make of the practice questions, by kind: python -m tests.bench.practice [--misses]"""

import sys
from pathlib import Path

from knowledge.entry import from_folder
from knowledge.practice import Question, judge, read_questions, report, score
from knowledge.search import Index, read_routes

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"


def main(misses: bool) -> None:
    """Print the table, and with `misses` every question that was not answered right."""
    routes = KNOWLEDGE / "routes.toml"
    index = Index(from_folder(KNOWLEDGE / "entries"), read_routes(routes) if routes.exists() else {})
    questions = list[Question]()
    for file in ("questions.tsv", "more.tsv"):
        some = read_questions(KNOWLEDGE / "practice" / file)
        print(f"{file}: {len(index.ids)} entries, {len(some)} questions")
        print(report(score(index, some)))
        questions += some
    for question in questions if misses else ():
        found = index.search(question.text)
        expected = tuple(id for id in question.expected if id in index.ids)
        outcome = judge(found, expected)
        if outcome != "right":
            print(f"\n{outcome} ({question.kind}): {question.text}\n  expected {question.expected or '-'}", end="")
            print(f", {found.outcome} {found.reply} {found.route}\n  " + "\n  ".join(found.explain))


if __name__ == "__main__":
    main("--misses" in sys.argv[1:])
