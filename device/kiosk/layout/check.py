"""What technicians test: findings, buttons and sound, and the touch panel."""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point

_CELL_MM = 13.5
"""A cell of the touch grid: smaller than the smallest key, as wide as a thumb's tip."""


class CheckPlaces(NamedTuple):
    """Places of the check screen."""

    title: Point
    under: Point
    """The device's name."""
    title_width: int
    tabs: Box
    end: Box
    info: Box
    """Addresses, release, how many findings of which kind, when it ends."""
    lines: Box
    """The findings, one under the other."""
    mark: int
    """Side of a finding's mark."""
    again: Box
    more: Box
    sound: Box
    typed: Box
    """Which key of a keyboard came last."""
    keys: tuple[Box, ...]
    """The five buttons, best level first."""
    face: int
    abreast: bool
    """What a button is said to do stands beside its face, else under it."""
    extras: tuple[Box, ...]
    badge: Point
    card: Box
    """On the touch grid."""
    card_low: int
    """Its upper edge where it stands in the lower half."""
    card_key: int
    """Height of the key on it."""
    grid: tuple[int, int]
    """Columns and rows of the touch grid."""


def places(design: Design) -> CheckPlaces:
    """Return the places of the check screen."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _wide(design: Design) -> CheckPlaces:
    width, height = design.width, design.height
    end, bar = (width - 190, 22, 150, 84), height - 114
    tab = _exact(160, design.unit)
    tabs = (_exact(end[0] - 16 - 3 * tab, design.unit), 22, 3 * tab, 84)
    boxes = _across(40, 148, width - 80, 340, 16, 5)
    return CheckPlaces(
        title=(160, 45), under=(160, 92), title_width=tabs[0] - 16 - 160, tabs=tabs, end=end,
        info=(40, bar, width - 80 - 2 * 216, 60), lines=(40, 140, width - 80, bar - 12 - 140),
        mark=44, again=(width - 40 - 2 * 200 - 16, bar, 200, 90),
        more=(width - 40 - 200, bar, 200, 90), sound=(width - 40 - 320, bar - 30, 320, 120),
        typed=(40, bar - 30, width - 80 - 336, 70), keys=boxes, face=120, abreast=False,
        extras=_across(40, 504, width - 80, 112, 16, 3), badge=(420, height - 28),
        card=(width // 2 - 320, 90, 640, 292), card_low=height - 90 - 292, card_key=110,
        grid=_grid(design),
    )  # fmt: skip


def _compact(design: Design) -> CheckPlaces:
    width, height = design.width, design.height
    end, bar = (width - 110, 12, 94, 72), height - 96
    tab = _exact(106, design.unit)
    tabs = (_exact(end[0] - 12 - 3 * tab, design.unit), 12, 3 * tab, 72)
    return CheckPlaces(
        title=(100, 34), under=(100, 68), title_width=tabs[0] - 12 - 100, tabs=tabs, end=end,
        info=(16, bar, width - 32 - 2 * 124, 50), lines=(16, 104, width - 32, bar - 8 - 104),
        mark=32, again=(width - 16 - 2 * 112 - 12, bar, 112, 84),
        more=(width - 16 - 112, bar, 112, 84), sound=(width - 16 - 216, bar, 216, 84),
        typed=(16, bar, width - 32 - 228, 46), keys=_across(16, 106, width - 32, 190, 12, 5),
        face=72, abreast=False, extras=_across(16, 304, width - 32, 70, 12, 3),
        badge=(280, height - 17), card=(width // 2 - 220, 30, 440, 196),
        card_low=height - 30 - 196, card_key=94, grid=_grid(design),
    )  # fmt: skip


def _tall(design: Design) -> CheckPlaces:
    width, height = design.width, design.height
    end, bar = (width - 196, 24, 160, 112), height - 324
    tab = _exact((width - 72) // 3, design.unit)
    left = _exact((width - 3 * tab) // 2, design.unit)
    return CheckPlaces(
        title=(168, 58), under=(168, 112), title_width=end[0] - 16 - 168,
        tabs=(left, height - 138, 3 * tab, 124), end=end,
        info=(36, 166, width - 72, 116), lines=(36, 296, width - 72, bar - 10 - 296),
        mark=52, again=(36, bar, (width - 84) // 2, 140),
        more=(48 + (width - 84) // 2, bar, (width - 84) // 2, 140),
        sound=(width - 36 - 320, bar, 320, 140), typed=(36, bar + 20, width - 72 - 332, 100),
        keys=_down(36, 172, width - 72, 96, 8, 5), face=80, abreast=True,
        extras=_down(36, 700, width - 72, 74, 8, 3), badge=(width // 2, height - 158),
        card=(width // 2 - 290, 190, 580, 344), card_low=height - 190 - 344, card_key=150,
        grid=_grid(design),
    )  # fmt: skip


def _across(x: int, y: int, width: int, height: int, gap: int, count: int) -> tuple[Box, ...]:
    one = (width - (count - 1) * gap) // count
    return tuple((x + at * (one + gap), y, one, height) for at in range(count))


def _down(x: int, y: int, width: int, height: int, gap: int, count: int) -> tuple[Box, ...]:
    return tuple((x, y + at * (height + gap), width, height) for at in range(count))


def _exact(units: int, unit: float) -> int:
    """Return the most units, up to so many, that make whole pixels: keys that meet need them."""
    return next(n for n in range(units, 0, -1) if abs(n * unit - round(n * unit)) < 1e-6)


def _grid(design: Design) -> tuple[int, int]:
    side = design.mm * _CELL_MM
    return max(4, round(design.width / side)), max(4, round(design.height / side))


def cell_box(size: tuple[int, int], grid: tuple[int, int], cell: int) -> Box:
    """Return the place of a cell of the touch grid on a canvas of ``size`` units: together they
    cover it from edge to edge."""
    row, column = divmod(cell, grid[0])
    left, top = column * size[0] // grid[0], row * size[1] // grid[1]
    right, bottom = (column + 1) * size[0] // grid[0], (row + 1) * size[1] // grid[1]
    return left, top, right - left, bottom - top


def covered(places: CheckPlaces, design: Design, *, low: bool) -> frozenset[int]:
    """Return the cells whose middle the card hides, at its upper or at its lower place."""
    x, y, width, height = places.card
    y = places.card_low if low else y
    found = set()
    for cell in range(places.grid[0] * places.grid[1]):
        left, top, wide, high = cell_box((design.width, design.height), places.grid, cell)
        across, down = left + wide / 2, top + high / 2
        if x <= across < x + width and y <= down < y + height:
            found.add(cell)
    return frozenset(found)
