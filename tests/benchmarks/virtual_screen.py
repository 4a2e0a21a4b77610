"""A screen that can be read without asking anybody, and a finger that X takes for real.

Xvfb keeps its framebuffer in a file; mapped into this process, a pixel is read from memory,
without a request that would compete with the program under measurement. What is seen is
what a monitor would show. Taps are XTEST events, which reach a program the way a real
device's do.
"""

import ctypes
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = (1280, 800)
_PR_SET_TIMERSLACK = 29
_ROOT_COLOUR = 0xFF00FF
"""Of the bare screen; no program under measurement paints in it."""


_EDGE = (6, 500)


class CannotMeasure(Exception):
    """Something that the measurement needs is not installed."""


class VirtualScreen:
    """One Xvfb, its pixels and its mouse."""

    def __init__(self, name: str, framebuffer: Path) -> None:
        self.name = name
        with framebuffer.open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header = struct.unpack(">25I", self._memory[:100])
        self._line = header[12]
        self._start = header[0] + header[19] * 12
        # Sleeps of microseconds end when they should, not 50 us later.
        _library("libc.so.6").prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(1), 0, 0, 0)
        self._x11, self._test = _library("libX11.so.6"), _library("libXtst.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(name.encode()))
        self._x11.XDefaultRootWindow.restype = ctypes.c_ulong
        root = ctypes.c_ulong(self._x11.XDefaultRootWindow(self._display))
        self._x11.XSetWindowBackground(self._display, root, ctypes.c_ulong(_ROOT_COLOUR))
        self._x11.XClearWindow(self._display, root)
        self._x11.XSync(self._display, 0)

    def environment(self) -> dict[str, str]:
        """Return what a program needs to appear on this screen."""
        return {"DISPLAY": self.name, "SDL_VIDEODRIVER": "x11"}

    # --- the eye --------------------------------------------------------------------------

    def pixel(self, x: int, y: int) -> bytes:
        """Return what the screen shows at one place, as the framebuffer's four bytes."""
        at = self._start + y * self._line + x * 4
        return self._memory[at : at + 4]

    def row(self, x: int, y: int, width: int) -> bytes:
        """Return a stretch of one line."""
        at = self._start + y * self._line + x * 4
        return self._memory[at : at + width * 4]

    def bare(self, x: int, y: int) -> bool:
        """True where no window covers the screen."""
        return self.pixel(x, y)[:3] == _ROOT_COLOUR.to_bytes(3, "little")

    def picture(self) -> list[bytes]:
        """Return all that the screen shows, line by line."""
        return [self.row(0, y, SIZE[0]) for y in range(SIZE[1])]

    def wait_until_bare(self, seconds: float) -> None:
        """Wait until no window covers the screen's left edge, or until the time is over."""
        until = time.monotonic() + seconds
        while not self.bare(*_EDGE) and time.monotonic() < until:
            time.sleep(0.01)

    def wait_for(self, place: tuple[int, int], shown: bytes, seconds: float) -> int:
        """Look until ``place`` shows ``shown``; returns perf_counter_ns. Raises `TimeoutError`.

        Sleeps 30 us between two looks (some 50 in fact): whoever looks without pause takes
        a core from the programs under measurement, and the scheduler makes them wait.
        """
        return self._wait(lambda: self.pixel(*place)[:3] == shown[:3], seconds)

    def wait_for_other(self, place: tuple[int, int], shown: bytes, seconds: float) -> int:
        """Look until ``place`` shows anything else than ``shown``; otherwise as `wait_for`."""
        return self._wait(lambda: self.pixel(*place)[:3] != shown[:3], seconds)

    def _wait(self, seen: Callable[[], bool], seconds: float) -> int:
        until = time.monotonic() + seconds
        while not seen():
            if time.monotonic() > until:
                raise TimeoutError(f"the screen did not change within {seconds} s")
            time.sleep(30e-6)
        return time.perf_counter_ns()

    # --- the finger -----------------------------------------------------------------------

    def move(self, x: int, y: int) -> None:
        """Put the pointer somewhere."""
        self._test.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        self._x11.XSync(self._display, 0)

    def button(self, down: bool) -> int:
        """Press or release the first button; returns perf_counter_ns of just before."""
        before = time.perf_counter_ns()
        self._test.XTestFakeButtonEvent(self._display, 1, int(down), ctypes.c_ulong(0))
        self._x11.XFlush(self._display)
        return before

    def close(self) -> None:
        """Let go of the screen."""
        self._x11.XCloseDisplay(self._display)
        self._memory.close()


@contextmanager
def virtual_screen() -> Iterator[VirtualScreen]:
    """Start an Xvfb of 1280x800 and give its screen. Raises `CannotMeasure`."""
    if shutil.which("Xvfb") is None:
        raise CannotMeasure("Xvfb is needed (see system-packages.txt)")
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    base = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="haochaping-xvfb-", dir=base) as folder:
        reading, writing = os.pipe()
        server = subprocess.Popen(
            [
                *("Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-noreset"),
                *("-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-fbdir", folder),
            ],
            pass_fds=(writing,),
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        if not number:
            raise CannotMeasure("Xvfb did not start")
        screen = VirtualScreen(f":{number}", Path(folder) / "Xvfb_screen0")
        try:
            yield screen
        finally:
            screen.close()
            server.terminate()
            server.wait()


def _library(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise CannotMeasure(f"{name} is needed (xdotool brings it, system-packages.txt)") from error
