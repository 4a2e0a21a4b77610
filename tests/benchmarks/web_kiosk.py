"""A Chromium in kiosk mode, for comparison: started, found in all its processes, and ended.

Started as an installation that knows its browser would: full screen, a profile of its own
that an earlier start has made, and without what a kiosk has no use for (first-run pages,
updates, translation, extensions). Only where Chromium is installed.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.figures import Figure, Outcome
from tests.benchmarks.processes import session
from tests.benchmarks.virtual_screen import SIZE, CannotMeasure, VirtualScreen
from tests.benchmarks.web_page import Page, write_page

MISSING = "Chromium is not installed (system-packages.txt): nothing was compared with it"
FLAGS = (
    "--kiosk",
    f"--window-size={SIZE[0]},{SIZE[1]}",
    "--window-position=0,0",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-extensions",
    "--disable-pinch",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--overscroll-history-navigation=0",
    "--password-store=basic",
    "--disable-gpu",
)
"""What such a kiosk is started with. There is no GPU under Xvfb: told so, Chromium takes 30 MB
less and answers no later."""
_AS_ROOT = ("--no-sandbox", "--test-type")
"""Chromium refuses to run as root otherwise; the second keeps a warning off the page."""
_START_S = 30.0
_END_S = 5.0
_SETTLED_S = 2.0


class WebKiosk(NamedTuple):
    """One Chromium on the screen, showing our page."""

    screen: VirtualScreen
    page: Page
    leader: int
    """The process that was started; all others are of its session."""

    @property
    def processes(self) -> list[int]:
        """All of Chromium's processes."""
        return session(self.leader)

    @property
    def key(self) -> tuple[int, int]:
        """The middle of one of the five keys."""
        x, y, width, height = self.page.levels[1]
        return x + width // 2, y + height // 2

    @property
    def rate(self) -> tuple[int, int]:
        """The middle of the key that leads to the question."""
        x, y, width, height = self.page.rate
        return x + width // 2, y + height // 2

    @property
    def decline(self) -> tuple[int, int]:
        """The middle of the key that leads back."""
        x, y, width, height = self.page.decline
        return x + width // 2, y + height // 2

    def press(self, place: tuple[int, int]) -> None:
        """Press what is at ``place`` as a finger would, and let the page settle."""
        self.screen.move(*place)
        self.screen.button(down=True)
        time.sleep(0.1)
        self.screen.button(down=False)
        time.sleep(0.3)


class Browser:
    """Chromium with a profile and a page, ready to be started on a screen."""

    def __init__(self, screen: VirtualScreen, folder: Path) -> None:
        """Raises `CannotMeasure` if Chromium is not installed."""
        program = chromium()
        if program is None:
            raise CannotMeasure(MISSING)
        folder.mkdir(exist_ok=True)
        self.page = write_page(folder)
        self._screen = screen
        root = _AS_ROOT if os.geteuid() == 0 else ()
        profile = f"--user-data-dir={folder / 'profile'}"
        self._command = [program, *FLAGS, *root, profile, self.page.address]
        with self.started():  # makes the profile
            self.wait_until_shown()
            time.sleep(_SETTLED_S)

    @contextmanager
    def started(self) -> Iterator[WebKiosk]:
        """Start Chromium; at the end, whatever happened, none of its processes is left."""
        process = subprocess.Popen(
            self._command,
            env={**os.environ, **self._screen.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield WebKiosk(self._screen, self.page, process.pid)
        finally:
            _end(process)
            self._screen.wait_until_bare(_END_S)

    @property
    def telling(self) -> tuple[tuple[int, int], bytes]:
        """A place on the first page, and the colour that nothing but the page has there."""
        x, y, _, height = self.page.rate
        return (x + 24, y + height // 2), bytes(reversed(self.page.accent))

    def wait_until_shown(self) -> int:
        """Wait for the first page; returns perf_counter_ns. Raises `TimeoutError`."""
        place, accent = self.telling
        return self._screen.wait_for(place, accent, _START_S)

    @contextmanager
    def showing(self) -> Iterator[WebKiosk]:
        """Start Chromium and wait until its page has settled."""
        with self.started() as kiosk:
            self.wait_until_shown()
            time.sleep(_SETTLED_S)
            yield kiosk


def chromium() -> str | None:
    """Return where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def compared(measure: Callable[[], Figure]) -> Outcome:
    """Return what ``measure`` finds beside Chromium, or why it could not; nothing without one."""
    if chromium() is None:
        return Outcome([], [])
    try:
        return Outcome([measure()], [])
    except Exception as error:  # noqa: BLE001 - the kiosk's own figures stand
        return Outcome([], [f"not compared with Chromium: {type(error).__name__}: {error}"])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End Chromium and all of its processes: at first as asked, then by force."""
    process.terminate()
    until = time.monotonic() + _END_S
    while time.monotonic() < until:
        process.poll()
        if not session(process.pid):
            return
        time.sleep(0.05)
    for pid in session(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait()
