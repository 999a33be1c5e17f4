"""What a test needs from the machine: missing, it is one loud skip line, or a failure where everything must run."""

import os
from collections.abc import Mapping

import pytest

#: Stands in every reason, so that the end of a run can tell them from other skips.
MISSING = "IS MISSING, its tests did not run."


def require(what: str, found: bool, cure: str, environ: Mapping[str, str] = os.environ) -> None:
    """Go on if `found`; otherwise skip the test, or fail it when REQUIRE_ALL=1. `cure` tells how to get it."""
    if found:
        return
    reason = f"{what.upper()} {MISSING} {' '.join(cure.split())}"
    if environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def in_one_line(report: pytest.TestReport) -> None:
    """Move a skip of ours here from the test's own place: those of one reason are then told in one line."""
    if report.skipped and isinstance(report.longrepr, tuple) and MISSING in report.longrepr[2]:
        report.longrepr = (__file__, require.__code__.co_firstlineno, report.longrepr[2])
