"""Where what the knowledge teaches is kept, and the process that learns it while the bot goes on answering."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import structlog

from knowledge.learned import Learned, Learner, Questions, learn_from, remembered

log = structlog.get_logger()


def folder() -> Path | None:
    """The folder of this user for what can be made again, $XDG_CACHE_HOME or ~/.cache; None where there is none."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cau-noi"
    except RuntimeError:
        return None


def learner(learn: Learner = learn_from) -> Learner:
    """A learner that learns the same questions once."""
    found = folder()
    return partial(remembered, folder=found, learner=learn) if found else learn


def apart(questions: Questions) -> Learned:
    """Learn in a process of its own: some seconds of arithmetic here would hold up every answer."""
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(learn_from, questions).result()
    except (BrokenProcessPool, OSError) as error:
        log.warning("knowledge.learned_here", reason=type(error).__name__)
        return learn_from(questions)
