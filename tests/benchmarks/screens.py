"""What painting costs by itself: each screen laid out and painted in this process.

SDL's dummy display, no X server, no waiting: what a page change asks of the processor
between the tap and `canvas.show`. The first time includes typefaces and icons that are kept
afterwards; the kiosk draws them ahead (`warm`) while nobody waits. Each screen on the panel
of 1280x800; on the others, and with large and contrasting looks, the one that takes longest.
The floor beside it is filling the whole picture with one colour.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure, median, spread

if TYPE_CHECKING:
    from pygame import Surface

    from device.kiosk.screens import Look
    from device.kiosk.views import View

_FRAME_MS = 1000 / 60
_USUAL = ((1280, 800), "standard")
_OTHERS = (
    ((1280, 800), "large"),
    ((1280, 800), "contrast"),
    ((800, 480), "standard"),
    ((720, 1280), "standard"),
    ((1920, 1080), "standard"),
)
_SCREENS = {
    "idle": "idle",
    "rating, staff": "rating-staff",
    "rating, matter": "rating-matter",
    "reasons": "reasons-positive",
    "call-back": "callback",
    "thanks": "thanks",
    "notice": "notice-paused",
}
"""What they are called here, and in the tests' sample views."""


class Times(NamedTuple):
    """How long one screen took, in milliseconds."""

    name: str
    first: float
    """With everything to be drawn anew."""
    later: list[float]


def run(bench: Bench) -> figures.Outcome:
    """Lay out and paint each screen on each panel."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    import pygame

    pygame.display.init()
    lines: list[Figure] = []
    for times in _painted(bench, *_USUAL):
        lines.append(_figure(f"screens: {times.name}", times))
    filled = [_ms(lambda: _surface().fill((1, 2, 3))) for _ in range(bench.times(60, 10))]
    for size, appearance in _OTHERS:
        slowest = max(_painted(bench, size, appearance), key=lambda times: median(times.later))
        where = appearance if size == _USUAL[0] else f"{size[0]}x{size[1]}"
        lines.append(_figure(f"screens: {where}, slowest: {slowest.name}", slowest))
    pygame.quit()
    return figures.Outcome(lines, [f"filling 1280x800 with one colour: {spread(filled)}"])


def _figure(name: str, times: Times) -> Figure:
    middle = median(times.later)
    return Figure(
        name,
        spread(times.later),
        f"first time {times.first:.1f} ms",
        None,
        "a frame, 16.7 ms",
        middle <= _FRAME_MS,
    )


def _painted(bench: Bench, size: tuple[int, int], appearance: str) -> list[Times]:
    import pygame

    from device.kiosk.screens import Look
    from tests.device.kiosk.sample_views import GOLDEN

    surface = pygame.display.set_mode(size)
    look = Look(size, appearance=appearance)
    found = []
    for name, sample in _SCREENS.items():
        bench.say(f"{size[0]}x{size[1]} {appearance}: {name}")
        view = GOLDEN[sample]
        view = view._replace(chrome=view.chrome._replace(appearance=appearance))
        times = [_paint(view, look, surface) for _ in range(bench.times(60, 10))]
        found.append(Times(name, times[0], times[1:]))
    return found


def _paint(view: "View", look: "Look", surface: "Surface") -> float:
    from device.kiosk.screens import compose

    return _ms(lambda: compose(view, look).paint(surface))


def _surface() -> "Surface":
    import pygame

    return pygame.display.get_surface()


def _ms(call: Callable[[], object]) -> float:
    before = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - before) / 1e6
