"""From exec to the first frame on the screen, the kiosk against a bare window.

The kiosk is started as a technician starts it, on an enrolled device with the sample hall;
the bare window is the smallest program that imports pygame-ce and shows a filled window.
Both by turns, on the same Xvfb, with the same SDL settings. The end is seen from outside:
a place on the screen, read from the framebuffer, has the colour of the finished picture.
Chromium with a page of the same keys takes its turns after them.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from demo.stage import Stage
from tests.benchmarks import figures, web_kiosk
from tests.benchmarks.bench import Bench
from tests.benchmarks.counter import counter
from tests.benchmarks.figures import Figure, median, spread
from tests.benchmarks.virtual_screen import VirtualScreen

TARGET = 1.3
_PLACES = ((6, 500), (640, 440), (1270, 60))
"""Where to look: margin, middle, header."""
_AFTER_THE_FRAME = "_ctypes"
"""The first import once the frame is on the screen (`service.give_memory_back`)."""
_SETTLED_S = 1.5
_PATIENCE_S = 15.0


def run(bench: Bench) -> figures.Outcome:
    """Start both by turns and see when each is there."""
    with counter(bench.folder) as (stage, screen):
        kiosk = [
            *(sys.executable, "-m", "haochaping", "kiosk"),
            *("--config", str(stage.profile)),
        ]
        bare = [sys.executable, str(Path(__file__).with_name("bare_window.py"))]
        finished = {"kiosk": _finished(screen, kiosk), "bare": _finished(screen, bare)}
        found: dict[str, list[float]] = {"kiosk": [], "bare": []}
        runs = bench.times(15, 5)
        for number in range(runs):
            bench.say(f"start {number + 1} of {runs}")
            for name, command in (("kiosk", kiosk), ("bare", bare)):
                found[name].append(_first_frame_ms(screen, command, *finished[name]))
        notes = _imports(stage, screen, kiosk)
        web = web_kiosk.compared(lambda: _beside_chromium(bench, screen, found["kiosk"]))
    ratio = median(found["kiosk"]) / median(found["bare"])
    figure = Figure(
        "first frame: kiosk",
        spread(found["kiosk"], digits=0),
        f"bare window: {spread(found['bare'], digits=0)}",
        ratio,
        f"<= {TARGET}x",
        ratio <= TARGET,
    )
    return figures.Outcome([figure, *web.figures], notes + web.notes)


def _beside_chromium(bench: Bench, screen: VirtualScreen, kiosk: list[float]) -> Figure:
    browser = web_kiosk.Browser(screen, bench.folder / "web")
    found: list[float] = []
    starts = bench.times(6, 3)
    for number in range(starts):
        bench.say(f"Chromium: start {number + 1} of {starts}")
        before = time.perf_counter_ns()
        with browser.started():
            found.append((browser.wait_until_shown() - before) / 1e6)
            time.sleep(0.5)
    return Figure(
        "first frame: kiosk beside Chromium",
        spread(kiosk, digits=0),
        f"Chromium: {spread(found, digits=0)}",
        median(kiosk) / median(found),
    )


def _start(screen: VirtualScreen, command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, env={**os.environ, **screen.environment()}, stderr=subprocess.DEVNULL
    )


def _end(screen: VirtualScreen, process: "subprocess.Popen[bytes]") -> None:
    """End a program and wait until its window is gone."""
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    screen.wait_until_bare(_PATIENCE_S)


def _finished(screen: VirtualScreen, command: list[str]) -> tuple[tuple[int, int], bytes]:
    """Return a place and the colour it has once the program has painted."""
    process = _start(screen, command)
    until = time.monotonic() + _PATIENCE_S
    while screen.bare(*_PLACES[0]) and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(_SETTLED_S)
    shown = {place: screen.pixel(*place) for place in _PLACES}
    _end(screen, process)
    for place, colour in shown.items():
        if any(colour[:3]):
            return place, colour
    raise RuntimeError("the program painted nothing but black")


def _first_frame_ms(
    screen: VirtualScreen, command: list[str], place: tuple[int, int], colour: bytes
) -> float:
    before = time.perf_counter_ns()
    process = _start(screen, command)
    try:
        return (screen.wait_for(place, colour, _PATIENCE_S) - before) / 1e6
    finally:
        time.sleep(0.3)
        _end(screen, process)


def _imports(stage: Stage, screen: VirtualScreen, kiosk: list[str]) -> list[str]:
    """Name what takes longest to import before the first frame (python -X importtime)."""
    traced = stage.folder / "importtime.log"
    with traced.open("wb") as log:
        process = subprocess.Popen(
            [kiosk[0], "-X", "importtime", *kiosk[1:]],
            env={**os.environ, **screen.environment()},
            stderr=log,
        )
        time.sleep(2.5)
        _end(screen, process)
    costs: list[tuple[int, str]] = []
    for line in traced.read_text("utf-8", "replace").splitlines():
        entry = re.fullmatch(r"import time:\s+(\d+) \|\s+\d+ \| ( *)(\S+)", line)
        if entry is None:
            continue
        if entry[3] == _AFTER_THE_FRAME:
            break
        costs.append((int(entry[1]), entry[3]))
    costs.sort(reverse=True)
    total = sum(cost for cost, _ in costs)
    top = ", ".join(f"{name} {cost / 1000:.1f}" for cost, name in costs[:10])
    return [f"the kiosk's longest imports by themselves, of {total / 1000:.0f} ms traced: {top}"]
