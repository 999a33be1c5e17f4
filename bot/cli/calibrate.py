"""`bot knowledge calibrate`: how sure a likeliest entry is, fitted anew to a base that was edited."""

from pathlib import Path

import click

from bot.cli.failure import CommandError
from bot.cli.published import published
from bot.cli.settings import config_option, settings_of
from bot.knowledge_base import FOLDER
from bot.learning import learner
from knowledge import workbook
from knowledge.calibration import calibrated
from knowledge.confidence import Confidences, written
from knowledge.outside import read_outside
from knowledge.practice import PracticeError, Question, Turn, read_questions, read_talks
from knowledge.search import questions_of
from knowledge.shelf import ShelfError
from knowledge.workbook import WorkbookError

#: What the shipped confidence was fitted to as well; the other practice files are for judging alone.
PRACTICE, TALKS = ("questions.tsv", "more.tsv"), ("dialogues.jsonl", "talks.jsonl")

FEW = "too few later turns to fit to: the same numbers; give talks by --talks FILE"


@click.command("calibrate")
@click.option("--practice", metavar="FILE", multiple=True, help="More questions: text, ids (a|b, or -), kind; by tabs.")
@click.option("--talks", metavar="FILE", multiple=True, help='More talks: lines {"turns": [{"say", "expect"}], "tag"}.')
@click.option("--dry-run", is_flag=True, help="Only tell how sure the answers would be.")
@config_option
def command(practice: tuple[str, ...], talks: tuple[str, ...], dry_run: bool, config: str | None) -> None:
    """Learn anew how sure an answer must be, after many edits; a running bot takes it over. Takes minutes.

    Practice questions that ask for no published entry are left out. What is told was judged by questions that the
    numbers were not fitted to.
    """
    file = Path(settings_of(config).storage.confidence)
    try:
        entries = [item.entry for item in published(settings_of(config))]
        questions, turns = _questions(practice), _turns(talks)
    except (PracticeError, ShelfError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename}: cannot be read ({error.strerror}); name a file that is there") from error
    ids = {entry.id for entry in entries}
    asked = [question for question in questions if ids.intersection(question.expected)]
    if not asked:
        raise CommandError("no practice question asks for a published entry; give some by --practice FILE")
    # Of the others as large a part: how often what is not ours is asked does not depend on how much is published.
    share = len(asked) / sum(bool(question.expected) for question in questions)
    others = [question for question in questions if not question.expected]
    asked += [question for n, question in enumerate(others) if int((n + 1) * share) > int(n * share)]
    outside = read_outside(FOLDER / "outside.tsv")
    alone, after = calibrated(questions_of(entries), outside, asked, turns, learner())
    print(f"a question by itself\n{alone.told()}\n\nafter an answer\n{after.told() if after is not alone else FEW}")
    if not dry_run:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            text = written(Confidences(alone.confidence, after.confidence))
            workbook.put(file, lambda draft: draft.write_text(text, "utf-8"))
        except (WorkbookError, OSError) as error:
            raise CommandError(str(error)) from error
        print(f"\nwritten to {file}; a running bot with these settings takes it over within seconds")


def _questions(more: tuple[str, ...]) -> list[Question]:
    files = (*(FOLDER / "practice" / name for name in PRACTICE), *map(Path, more))
    return [question for file in files for question in read_questions(file)]


def _turns(more: tuple[str, ...]) -> list[tuple[Turn, ...]]:
    files = (*(FOLDER / "practice" / name for name in TALKS), *map(Path, more))
    return [turns for file in files for _, turns in read_talks(file)]
