"""From the release on a key to the page it leads to: the first changed pixel, and the last.

The key on the idle screen is pressed and released through XTEST; a place away from it, where
the two pages differ most, is read from the framebuffer. The kiosk blends one page into the
next, so the first step shows that the tap was taken and the last is the page
itself; with the appearance for high contrast pages change at once, which tells what composing
and painting take. Chromium exchanges the page's content, without a blend.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from tests.benchmarks import figures, web_kiosk
from tests.benchmarks.bench import Bench
from tests.benchmarks.counter import counter
from tests.benchmarks.figures import Figure, median, spread
from tests.benchmarks.virtual_screen import SIZE, VirtualScreen

TARGET_FIRST_MS = 50.0
"""Two and a half frames of a film: what comes sooner seems to come at once."""
TARGET_LAST_MS = 250.0
_HELD_S = 0.12
_SETTLED_S = 1.0
_PATIENCE_S = 5.0
_AWAY = 40
"""Pixels around the pressed key that are not looked at: it moves by itself."""
_BELOW = 200
"""Nor is what lies above: a clock, and the line that runs out."""
_STRIDE = 8


class Switch(NamedTuple):
    """How long one page took to come."""

    first_ms: float
    last_ms: float


class Turn(NamedTuple):
    """A page, the key that leads to the next one, and the way back."""

    screen: VirtualScreen
    key: Callable[[], tuple[int, int]]
    there: Callable[[], None]
    """Waits until the next page has settled."""
    back: Callable[[], None]
    """Leads back to the first page, settled."""


class Telling(NamedTuple):
    """A place where two pages differ, and how."""

    place: tuple[int, int]
    before: bytes
    after: bytes


def run(bench: Bench) -> figures.Outcome:
    """Change pages many times: the kiosk, without its blend, and Chromium."""
    with counter(bench.folder, patient=True) as (stage, screen):
        turn = _kiosk_turn(stage.rehearsal, screen)
        kiosk = stage.start_kiosk()
        stage.rehearsal.wait_for_screen("IdleView")
        mine = _switches(bench, "kiosk", turn, bench.times(20, 6))
        kiosk.stop()
        kiosk = stage.start_kiosk("--appearance", "contrast")
        stage.rehearsal.wait_for_screen("IdleView")
        at_once = _switches(bench, "kiosk, at once", turn, bench.times(12, 4))
        kiosk.stop()
        web = web_kiosk.compared(lambda: _beside_chromium(bench, screen, mine))
    return figures.Outcome(_figures(mine, at_once) + web.figures, web.notes)


def _figures(mine: list[Switch], at_once: list[Switch]) -> list[Figure]:
    from device.kiosk import fade

    first, last = [each.first_ms for each in mine], [each.last_ms for each in mine]
    return [
        Figure(
            "switch: release to first changed pixel",
            spread(first, digits=1),
            f"without blending: {spread([each.first_ms for each in at_once], digits=1)}",
            None,
            f"<= {TARGET_FIRST_MS:.0f} ms",
            median(first) <= TARGET_FIRST_MS,
        ),
        Figure(
            "switch: release to the finished page",
            spread(last, digits=1),
            f"{fade.FADE_MS - fade.STEP_MS} ms of it are the blend",
            None,
            f"<= {TARGET_LAST_MS:.0f} ms",
            median(last) <= TARGET_LAST_MS,
        ),
    ]


def _beside_chromium(bench: Bench, screen: VirtualScreen, kiosk: list[Switch]) -> Figure:
    browser = web_kiosk.Browser(screen, bench.folder / "web")
    with browser.showing() as shown:
        turn = Turn(
            screen,
            lambda: shown.rate,
            lambda: time.sleep(0.5),
            lambda: shown.press(shown.decline),
        )
        found = _switches(bench, "Chromium", turn, bench.times(20, 6))
    mine, other = ([each.first_ms for each in switches] for switches in (kiosk, found))
    return Figure(
        "switch: kiosk beside Chromium, first pixel",
        spread(mine, digits=1),
        f"Chromium: {spread(other, digits=1)}",
        median(mine) / median(other),
    )


def _kiosk_turn(rehearsal, screen: VirtualScreen) -> Turn:  # type: ignore[no-untyped-def]
    def back() -> None:
        rehearsal.touch("decline")
        rehearsal.wait_for_screen("IdleView")

    return Turn(
        screen,
        lambda: rehearsal.place("rate"),
        lambda: rehearsal.wait_for_screen("RatingView"),
        back,
    )


def _switches(bench: Bench, name: str, turn: Turn, times: int) -> list[Switch]:
    key = turn.key()
    telling = _telling(turn, key)
    found: list[Switch] = []
    for number in range(times):
        bench.say(f"{name}: page {number} of {times}")
        turn.screen.wait_for(telling.place, telling.before, _PATIENCE_S)
        released = _tap(turn.screen, key)
        changed = turn.screen.wait_for_other(telling.place, telling.before, _PATIENCE_S)
        done = turn.screen.wait_for(telling.place, telling.after, _PATIENCE_S)
        found.append(Switch((changed - released) / 1e6, (done - released) / 1e6))
        turn.there()
        turn.back()
    return found


def _tap(screen: VirtualScreen, key: tuple[int, int]) -> int:
    """Press and release; returns perf_counter_ns of just before the release."""
    screen.move(*key)
    time.sleep(0.05)
    screen.button(down=True)
    time.sleep(_HELD_S)
    return screen.button(down=False)


def _telling(turn: Turn, key: tuple[int, int]) -> Telling:
    """Change the page once; return where both differ most, away from the key."""
    time.sleep(_SETTLED_S)
    before = turn.screen.picture()
    _tap(turn.screen, key)
    turn.there()
    time.sleep(_SETTLED_S)
    after = turn.screen.picture()
    turn.back()
    places = [
        Telling((x, y), before[y][4 * x : 4 * x + 3], after[y][4 * x : 4 * x + 3])
        for y in range(_BELOW, SIZE[1] - _AWAY, _STRIDE)
        for x in range(_AWAY, SIZE[0] - _AWAY, _STRIDE)
        if abs(x - key[0]) > 4 * _AWAY or abs(y - key[1]) > 4 * _AWAY
    ]
    found = max(places, key=_contrast)
    if not _contrast(found):
        raise RuntimeError("the key led to no other page")
    return found


def _contrast(telling: Telling) -> int:
    return sum(abs(a - b) for a, b in zip(telling.before, telling.after, strict=True))
