"""A missing part is loud, and a failure where everything must run."""

import pytest

from tests.fakes.requirements import MISSING, in_one_line, require


def test_what_is_there_stops_nothing() -> None:
    require("a browser", True, "install one", environ={"REQUIRE_ALL": "1"})


def test_what_is_missing_skips_with_one_line_that_names_the_cure() -> None:
    with pytest.raises(pytest.skip.Exception) as skipped:
        require("a browser", False, "install\n  chromium", environ={})
    assert str(skipped.value) == "A BROWSER IS MISSING, its tests did not run. install chromium"


def test_where_everything_must_run_what_is_missing_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"A BROWSER IS MISSING.*install one"):
        require("a browser", False, "install one", environ={"REQUIRE_ALL": "1"})


def skipped(reason: str, line: int) -> pytest.TestReport:
    """The report of a test skipped at a line."""
    place = ("test_x.py", line, f"Skipped: {reason}")
    return pytest.TestReport(f"test_x.py::{line}", ("test_x.py", line, "t"), {}, "skipped", place, "setup")


def test_skips_for_one_missing_part_fold_into_one_line_and_others_keep_their_place() -> None:
    one, two, other = skipped(f"A BROWSER {MISSING}", 3), skipped(f"A BROWSER {MISSING}", 9), skipped("not here", 5)
    for report in (one, two, other):
        in_one_line(report)
    assert one.longrepr == two.longrepr
    assert other.longrepr == ("test_x.py", 5, "Skipped: not here")
