"""The four-corner check: is a touch reported where the finger is?

A touch matrix and a picture can be turned against each other, or one of them mirrored, and a
technician sees only that "touch does not work". Touching the four corners in turn tells which
it is. Places are shares of the canvas, 0 to 1 from the left and from the top.
"""

from enum import StrEnum

CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))
"""In the order in which they are asked for: clockwise from the upper left."""


class Verdict(StrEnum):
    """What four touches tell."""

    RIGHT = "right"
    TURNED_90 = "turned-90"
    """Touches are a quarter ahead of the picture, clockwise."""
    TURNED_180 = "turned-180"
    TURNED_270 = "turned-270"
    MIRRORED_ACROSS = "mirrored-across"
    """Left and right are swapped."""
    MIRRORED_DOWN = "mirrored-down"
    """Top and bottom are swapped."""
    SWAPPED = "swapped"
    """The two axes are swapped, along one diagonal or the other."""
    UNCLEAR = "unclear"
    """No turn and no mirror does that: fingers elsewhere, or a panel that cannot be trusted."""


_KNOWN: dict[tuple[int, ...], Verdict] = {
    (0, 1, 2, 3): Verdict.RIGHT,
    (1, 2, 3, 0): Verdict.TURNED_90,
    (2, 3, 0, 1): Verdict.TURNED_180,
    (3, 0, 1, 2): Verdict.TURNED_270,
    (1, 0, 3, 2): Verdict.MIRRORED_ACROSS,
    (3, 2, 1, 0): Verdict.MIRRORED_DOWN,
    (0, 3, 2, 1): Verdict.SWAPPED,
    (2, 1, 0, 3): Verdict.SWAPPED,
}


def corner_of(x: float, y: float) -> int:
    """Return the index in `CORNERS` of the corner that is nearest to a place."""
    return CORNERS.index((int(x >= 0.5), int(y >= 0.5)))


def judge(touched: tuple[int, ...]) -> Verdict:
    """Return what it means that the corners, asked for in turn, were reported as ``touched``."""
    return _KNOWN.get(touched, Verdict.UNCLEAR)
