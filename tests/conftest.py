"""What holds for all tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

#: Set by .ci/run, which installs whatever a test may want: there, what is missing is a mistake of that script.
_ALL_IS_HERE = os.environ.get("TESTS_NEED_EVERYTHING") == "1"
_MISSING = "is not installed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that was skipped for want of something, where all of it ought to be there."""
    report = yield
    if _ALL_IS_HERE and report.skipped and _MISSING in str(report.longrepr):
        report.outcome = "failed"
    return report
