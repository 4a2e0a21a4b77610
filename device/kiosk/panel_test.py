"""The touch panel under test: first its four corners, then every place.

Takes where fingers are and knows nothing of targets: whatever is under them, a touch shows
where the panel says that it was.
"""

from device.core import corners
from device.kiosk.layout import Design
from device.kiosk.layout.check import CheckPlaces, covered
from device.kiosk.technician_views import CheckTouch

AGAIN_MS = 300
"""A corner is told once: a touch that comes as a finger and as a mouse is one."""
FINGERS = 5
"""So many are shown at once."""


class PanelTest:
    """One panel; ``places`` are those of its check screen, in units of ``design``."""

    def __init__(self, places: CheckPlaces, design: Design) -> None:
        self._places, self._design = places, design
        self._columns, self._rows = places.grid
        self._size = design.width * design.unit, design.height * design.unit
        self._above = covered(places, design, low=False)
        self._last: dict[int, tuple[float, float]] = {}
        self._down: set[int] = set()
        self.begin()

    def begin(self) -> None:
        """Begin with the corners again."""
        self._corners: list[int] = []
        self._told_ms: int | None = None
        self._reached: set[int] = set()
        self._last.clear()
        self._down.clear()

    def touched(self, contact: int, place: tuple[float, float] | None, now_ms: int) -> None:
        """A finger is at ``place``, in pixels of the canvas, or (None) was lifted."""
        if place is None:
            self._down.discard(contact)
            return
        fresh = contact not in self._down
        before = place if fresh else self._last.get(contact, place)
        if fresh and not self._down:
            self._last.clear()
        self._down.add(contact)
        self._last[contact] = place
        if len(self._corners) < len(corners.CORNERS):
            if fresh:
                self._tell_corner(place, now_ms)
            return
        self._reach(before, place)

    def seen(self) -> CheckTouch:
        """Return what is to be seen."""
        asked = len(self._corners) if len(self._corners) < len(corners.CORNERS) else None
        around = self._columns * self._rows - len(self._above)
        return CheckTouch(
            self._columns,
            self._rows,
            frozenset(self._reached),
            tuple((round(x), round(y)) for x, y in list(self._last.values())[-FINGERS:]),
            asked,
            "" if asked is not None else str(corners.judge(tuple(self._corners))),
            low=len(self._reached - self._above) == around,
        )

    def _tell_corner(self, place: tuple[float, float], now_ms: int) -> None:
        x, y, width, height = (each * self._design.unit for each in self._places.card)
        on_card = x <= place[0] < x + width and y <= place[1] < y + height
        if on_card or (self._told_ms is not None and now_ms - self._told_ms < AGAIN_MS):
            return
        self._told_ms = now_ms
        across, down = self._size
        self._corners.append(corners.corner_of(place[0] / across, place[1] / down))

    def _reach(self, before: tuple[float, float], place: tuple[float, float]) -> None:
        """Mark every cell on the way: a quick finger is told in leaps."""
        across, down = self._size[0] / self._columns, self._size[1] / self._rows
        leap = max(abs(place[0] - before[0]) / across, abs(place[1] - before[1]) / down)
        steps = max(1, int(leap * 2))
        for step in range(steps + 1):
            x = before[0] + (place[0] - before[0]) * step / steps
            y = before[1] + (place[1] - before[1]) * step / steps
            column, row = int(x // across), int(y // down)
            if 0 <= column < self._columns and 0 <= row < self._rows:
                self._reached.add(row * self._columns + column)
