"""A device at a counter for the benchmarks that need one: enrolled, its agent running.

Set up by the product's own commands (`demo.stage`), on a virtual screen.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.stage import SAMPLE, Stage
from tests.benchmarks.virtual_screen import VirtualScreen, virtual_screen

LONG_SECONDS = 3600


@contextmanager
def counter(folder: Path, *, patient: bool = False) -> Iterator[tuple[Stage, VirtualScreen]]:
    """Give an enrolled device whose central runs; ``patient``: its screens do not time out."""
    hall = SAMPLE
    if patient:
        hall = folder / "hall.toml"
        pack = 'pack = "liaoning"'
        longer = "".join(
            f"\n{name}_seconds = {LONG_SECONDS}" for name in ("rating", "reasons", "thanks")
        )
        hall.write_text(SAMPLE.read_text("utf-8").replace(pack, pack + longer), "utf-8")
    with virtual_screen() as screen:
        stage = Stage(folder, screen.environment())
        try:
            stage.make_central(hall)
            stage.start_central()
            stage.make_device("--size", "1280x800")
            stage.enrol()
            yield stage, screen
        finally:
            stage.close()


@contextmanager
def bare_window(screen: VirtualScreen) -> Iterator["subprocess.Popen[bytes]"]:
    """Show the bare window and take it away again."""
    process = start_bare_window(screen)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def start_bare_window(screen: VirtualScreen) -> "subprocess.Popen[bytes]":
    """Start the bare window's program."""
    import os

    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("bare_window.py"))],
        env={**os.environ, **screen.environment()},
    )
