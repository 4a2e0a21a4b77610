"""The touch test: corners first, then every cell, whatever is under the finger."""

import pytest
from goldens import DESIGNS
from panels import Size, look_of

from device.core.corners import Verdict
from device.kiosk.layout.check import cell_box, covered
from device.kiosk.panel_test import AGAIN_MS, PanelTest

every_design = pytest.mark.parametrize("size", DESIGNS)
FINGER, OTHER = 3, 4


class Panel:
    """A panel, and fingers for it."""

    def __init__(self, size: Size) -> None:
        self.width, self.height = size
        self.layout = look_of(size, "standard").layout
        self.test = PanelTest(self.layout.check, self.layout.design)
        self.now_ms = 10_000

    def tap(self, x: float, y: float, finger: int = FINGER, after_ms: int = 1_000) -> None:
        self.now_ms += after_ms
        self.test.touched(finger, (x, y), self.now_ms)
        self.test.touched(finger, None, self.now_ms)

    def corners(self) -> "Panel":
        for x, y in ((5, 5), (self.width - 5, 5), (self.width - 5, self.height - 5)):
            self.tap(x, y)
        self.tap(5, self.height - 5)
        return self

    def swipe(self, *places: tuple[float, float]) -> None:
        for place in places:
            self.test.touched(FINGER, place, self.now_ms)
        self.test.touched(FINGER, None, self.now_ms)

    @property
    def seen(self):
        return self.test.seen()


@every_design
def test_the_corners_are_asked_for_one_after_the_other(size: Size):
    panel = Panel(size)
    for asked, place in enumerate(((5, 5), (size[0] - 5, 5), (size[0] - 5, size[1] - 5))):
        assert panel.seen.corner == asked
        panel.tap(*place)
    panel.tap(5, size[1] - 5)
    assert (panel.seen.corner, panel.seen.verdict) == (None, Verdict.RIGHT)


@every_design
def test_a_panel_that_is_mounted_turned_is_found_out(size: Size):
    panel = Panel(size)
    width, height = size
    for x, y in ((0.95, 0.05), (0.95, 0.95), (0.05, 0.95), (0.05, 0.05)):
        panel.tap(x * width, y * height)
    assert panel.seen.verdict == Verdict.TURNED_90


@every_design
def test_a_touch_on_the_card_is_no_corner(size: Size):
    panel, card = Panel(size), look_of(size, "standard").layout.check.card
    unit = panel.layout.design.unit
    panel.tap((card[0] + 9) * unit, (card[1] + 9) * unit)
    assert panel.seen.corner == 0


def test_one_touch_told_twice_is_one_corner():
    panel = Panel((1280, 800))
    panel.tap(5, 5)
    panel.tap(5, 5, finger=-1, after_ms=AGAIN_MS - 1)
    assert panel.seen.corner == 1


def test_a_quick_finger_reaches_the_cells_between():
    panel = Panel((1280, 800)).corners()
    panel.swipe((5, 795), (1275, 795))
    columns, rows = panel.seen.columns, panel.seen.rows
    assert panel.seen.reached == frozenset(range(columns * (rows - 1), columns * rows))


def test_two_taps_reach_nothing_between_them():
    panel = Panel((1280, 800)).corners()
    panel.tap(5, 795)
    panel.tap(1275, 795)
    assert len(panel.seen.reached) == 2


def test_a_place_outside_of_the_canvas_reaches_nothing():
    panel = Panel((1280, 800)).corners()
    panel.tap(-4, 40)
    panel.tap(1280, 800)
    assert panel.seen.reached == frozenset()


def test_fingers_are_shown_where_they_are_and_the_last_one_stays():
    panel = Panel((1280, 800)).corners()
    panel.test.touched(FINGER, (100, 200), panel.now_ms)
    panel.test.touched(OTHER, (300.4, 400.6), panel.now_ms)
    assert panel.seen.points == ((100, 200), (300, 401))
    panel.test.touched(FINGER, None, panel.now_ms)
    panel.test.touched(OTHER, None, panel.now_ms)
    panel.tap(700, 700)
    assert panel.seen.points == ((700, 700),)


@every_design
def test_every_cell_can_be_reached_although_a_card_stands_on_some(size: Size):
    panel = Panel(size).corners()
    layout, unit = panel.layout, panel.layout.design.unit
    places, grid = layout.check, layout.check.grid

    def reach(cells: frozenset[int]) -> None:
        for cell in sorted(cells):
            x, y, width, height = cell_box(layout.size, grid, cell)
            panel.tap((x + width / 2) * unit, (y + height / 2) * unit)

    all_cells = frozenset(range(grid[0] * grid[1]))
    above = covered(places, layout.design, low=False)
    below = covered(places, layout.design, low=True)
    assert above
    assert not above & below
    assert not panel.seen.low
    reach(all_cells - above)
    assert panel.seen.low
    reach(above)
    assert panel.seen.reached == all_cells


def test_it_can_be_begun_again():
    panel = Panel((1280, 800)).corners()
    panel.tap(40, 40)
    panel.test.begin()
    assert (panel.seen.corner, panel.seen.reached, panel.seen.points) == (0, frozenset(), ())
