"""What every test stands on."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("all", deadline=None, print_blob=True, max_examples=60)
settings.load_profile("all")

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

JOURNEYS = "tests/journeys/"
LONG = (JOURNEYS, "tests/device/kiosk/test_screens_everywhere.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """On the build machine a skip is a failure: everything a test needs is installed there."""
    report = yield
    if report.skipped and os.environ.get("HAOCHAPING_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report


class FileByFile(LoadScopeScheduling):
    """Gives a worker a whole file, so that its central, browser or release is made only once.

    Where tests run on either kind of database, a file is two: a change of kind costs a central.
    Journeys are halved: they mostly wait, and a third worker has something to do meanwhile.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file.startswith(JOURNEYS):
            return "journeys, A to O" if file < f"{JOURNEYS}test_p" else "journeys, P to Z"
        return f"{file} on PostgreSQL" if "postgresql" in test else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileByFile:
    """Say how tests are handed out, whatever ``--dist`` says.

    Its ``loadgroup`` would know no groups with pytest 9.2 (pytest-xdist's issue 1386).
    """
    config.option.loadscopereorder = False  # which would begin with what has most tests
    return FileByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that nobody waits for it alone in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A virtual screen of its own, named like ``:7``."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("Xvfb and xdotool are needed (see system-packages.txt)")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests want to be seen: scores, sizes (``record_property("shown", ...)``)."""
    shown = {
        line
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, line in report.user_properties
        if name == "shown"
    }
    for line in sorted(map(str, shown)):
        terminalreporter.write_line(line)
