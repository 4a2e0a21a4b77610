"""What every test stands on."""

import os

import pytest
from hypothesis import settings

settings.register_profile("all", deadline=None, print_blob=True)
settings.load_profile("all")

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """On the build machine a skip is a failure: everything a test needs is installed there."""
    report = yield
    if report.skipped and os.environ.get("HAOCHAPING_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report
