"""The base as it runs: it takes over a calibration when one is written, and keeps what it has when one is broken."""

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.knowledge_base import KnowledgeBase, shipped
from knowledge.confidence import Confidences, written
from knowledge.confidence import shipped as usual

FEW = tuple(entry for entry in shipped() if entry.id in ("contact.hours", "tax.cit"))
ASKED = "Sở mở cửa mấy giờ vậy em"
#: Sure of nothing, whatever the signs.
NEVER = Confidences(replace(usual().alone, level=-99.0), replace(usual().after, level=-99.0))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a calibration would be."""
    return tmp_path / "confidence.toml"


def test_a_calibration_is_taken_over_and_given_up_again(file: Path) -> None:
    base = KnowledgeBase(FEW, 1, confidence=file)
    assert not base.recalibrated
    before = base.search(ASKED)
    assert before.outcome == "answer"
    file.write_text(written(NEVER))
    assert base.recalibrated
    assert base.replace(FEW, 1), "the same entries, but less sure of them"
    assert not base.recalibrated
    assert base.search(ASKED).outcome == "unknown"
    file.unlink()
    assert base.replace(FEW, 1)
    assert base.search(ASKED) == before


def test_one_that_was_there_before_is_read_at_the_start(file: Path) -> None:
    file.write_text(written(NEVER))
    assert KnowledgeBase(FEW, 1, confidence=file).search(ASKED).outcome == "unknown"


def test_one_that_cannot_be_read_changes_nothing_and_is_told_once(file: Path) -> None:
    base = KnowledgeBase(FEW, 1, confidence=file)
    file.write_text("[alone]\nlevel = ")
    with capture_logs() as logs:
        assert not base.replace(FEW, 2)
        assert not base.recalibrated, "it is not read again before it changes"
    ((event, reason),) = [(line["event"], line["reason"]) for line in logs]
    assert event == "knowledge.uncalibrated" and "bot knowledge calibrate" in reason
    assert (base.search(ASKED).outcome, base.version) == ("answer", 2)
