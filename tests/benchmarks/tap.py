"""From a press of the mouse's button to the changed pixel, on the rating screen.

The button is pressed through XTEST over a level key; a place inside the key is read from
the framebuffer until it has the pressed key's colour. Then the pointer slides
off and the button is released outside, so that nothing is chosen, and again. The floor is a
bare window of the same size that sleeps in poll(2) and paints a rectangle of a key's size.
Chromium shows a page with the same keys, which sink by style alone.
"""

import random
import time

from tests.benchmarks import bare_window, figures, web_kiosk
from tests.benchmarks.bench import Bench
from tests.benchmarks.counter import bare_window as showing_bare_window
from tests.benchmarks.counter import counter
from tests.benchmarks.figures import Figure, median, quantile, spread
from tests.benchmarks.virtual_screen import VirtualScreen

TARGET_P50_MS = 1.5
TARGET_P99_MS = 16.7
_REACH = 60
_PATIENCE_S = 3.0
_OUTSIDE = (4, 4)


def run(bench: Bench) -> figures.Outcome:
    """Press a level key many times, and the bare window's."""
    taps = bench.times(300, 60)
    with counter(bench.folder, patient=True) as (stage, screen):
        kiosk = stage.start_kiosk()
        stage.rehearsal.wait_for_screen("IdleView")
        stage.rehearsal.touch("rate")
        stage.rehearsal.wait_for_screen("RatingView", subject="staff")
        time.sleep(1.0)
        mine = _taps(bench, "kiosk", screen, stage.rehearsal.place("level", 4), taps)
        chosen = stage.rehearsal.look()["view"]["chosen"]
        kiosk.stop()
        with showing_bare_window(screen):
            white = bytes(bare_window.WHITE)
            screen.wait_for(bare_window.INSIDE, white, _PATIENCE_S)
            time.sleep(0.5)
            bare = _taps(bench, "bare window", screen, bare_window.INSIDE, taps)
        web = web_kiosk.compared(lambda: _beside_chromium(bench, screen, mine))
    if chosen is not None:
        raise RuntimeError("a tap that slid off chose a level")
    return figures.Outcome(_figures(mine, bare) + web.figures, web.notes)


def _beside_chromium(bench: Bench, screen: VirtualScreen, kiosk: list[float]) -> Figure:
    browser = web_kiosk.Browser(screen, bench.folder / "web")
    with browser.showing() as shown:
        shown.press(shown.rate)
        time.sleep(1.0)
        found = _taps(bench, "Chromium", screen, shown.key, bench.times(120, 30))
    return Figure(
        "tap: kiosk beside Chromium",
        spread(kiosk),
        f"Chromium: {spread(found)}",
        median(kiosk) / median(found),
    )


def _figures(mine: list[float], bare: list[float]) -> list[Figure]:
    middle, high = median(mine), quantile(mine, 0.99)
    return [
        Figure(
            "tap: to changed pixel, median",
            f"{middle:.2f} ms",
            f"bare window: {spread(bare)}",
            middle / median(bare),
            f"<= {TARGET_P50_MS} ms",
            middle <= TARGET_P50_MS,
        ),
        Figure(
            "tap: to changed pixel, p99",
            f"{high:.2f} ms",
            f"of {len(mine)} taps, slowest {max(mine):.2f} ms",
            high / quantile(bare, 0.99),
            f"<= {TARGET_P99_MS} ms",
            high <= TARGET_P99_MS,
        ),
    ]


def _taps(
    bench: Bench, name: str, screen: VirtualScreen, key: tuple[int, int], taps: int
) -> list[float]:
    place, rest, sunk = _telling_place(screen, key)
    dice = random.Random(3)
    found: list[float] = []
    for number in range(taps):
        bench.say(f"{name}: tap {number} of {taps}")
        screen.move(*key)
        time.sleep(dice.uniform(0.02, 0.06))
        pressed = screen.button(down=True)
        found.append((screen.wait_for(place, sunk, _PATIENCE_S) - pressed) / 1e6)
        _let_go(screen)
        screen.wait_for(place, rest, _PATIENCE_S)
    return found


def _telling_place(
    screen: VirtualScreen, key: tuple[int, int]
) -> tuple[tuple[int, int], bytes, bytes]:
    """Press once; return a place near ``key`` that changes, with both of its colours."""
    screen.move(*key)
    time.sleep(0.2)
    before = _around(screen, key)
    screen.button(down=True)
    time.sleep(0.2)
    after = _around(screen, key)
    _let_go(screen)
    time.sleep(0.2)
    changed = [place for place in before if before[place] != after[place]]
    if not changed:
        raise RuntimeError("pressing the key changed nothing near its middle")
    place = min(changed, key=lambda at: abs(at[0] - key[0]) + abs(at[1] - key[1]))
    return place, before[place], after[place]


def _around(screen: VirtualScreen, key: tuple[int, int]) -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    for y in range(key[1] - _REACH, key[1] + _REACH):
        row = screen.row(key[0] - _REACH, y, 2 * _REACH)
        for i in range(2 * _REACH):
            found[key[0] - _REACH + i, y] = row[4 * i : 4 * i + 3]
    return found


def _let_go(screen: VirtualScreen) -> None:
    """Slide off the key and release there: nothing is chosen."""
    screen.move(*_OUTSIDE)
    time.sleep(0.03)
    screen.button(down=False)
