"""What every benchmark is given: a folder on a real disk, its length, and a voice."""

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Bench(NamedTuple):
    """The circumstances of a run."""

    folder: Path
    """Empty, on the disk that is to be measured ($TMPDIR chooses it)."""
    quick: bool
    say: Callable[[str], None]
    """Tells whoever waits how far it is."""

    def times(self, full: int, quick: int) -> int:
        """Return how often to repeat."""
        return quick if self.quick else full


class Progress:
    """Prints how far a benchmark is, at most four times a second, on standard error."""

    def __init__(self) -> None:
        self._name = ""
        self._next = 0.0
        self._live = sys.stderr.isatty()

    def begin(self, name: str) -> None:
        """Say which benchmark comes now."""
        self._name = name
        self._next = 0.0
        self("starts")

    def __call__(self, text: str) -> None:
        """Show ``text`` as the benchmark's present state."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.25 if self._live else 2.0)
        line = f"bench {self._name}: {text}"
        print(
            f"\r\033[K{line}" if self._live else line,
            end="" if self._live else "\n",
            file=sys.stderr,
            flush=True,
        )

    def end(self) -> None:
        """Leave the line."""
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def machine(folder: Path) -> str:
    """Describe where the figures come from, without naming the machine."""
    import pygame

    from device.store.home import filesystem_of

    sdl = ".".join(map(str, pygame.get_sdl_version()))
    kind = platform.machine().replace("_", "-")
    return (
        f"{os.cpu_count()}-core {kind}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, pygame-ce {pygame.version.ver}, SDL {sdl}, "
        f"files on {filesystem_of(folder)}"
    )
