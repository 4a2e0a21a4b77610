"""Four touches tell how a touch matrix lies against the picture."""

from collections.abc import Callable
from itertools import permutations

import pytest

from device.core.corners import CORNERS, Verdict, corner_of, judge

Place = tuple[float, float]
PANELS: dict[Verdict, Callable[[float, float], Place]] = {
    Verdict.RIGHT: lambda x, y: (x, y),
    Verdict.TURNED_90: lambda x, y: (1 - y, x),
    Verdict.TURNED_180: lambda x, y: (1 - x, 1 - y),
    Verdict.TURNED_270: lambda x, y: (y, 1 - x),
    Verdict.MIRRORED_ACROSS: lambda x, y: (1 - x, y),
    Verdict.MIRRORED_DOWN: lambda x, y: (x, 1 - y),
    Verdict.SWAPPED: lambda x, y: (y, x),
}
"""What panels of each kind report of a finger at a place."""


def told(panel: Callable[[float, float], Place]) -> tuple[int, ...]:
    """Touch the four corners, as fingers do: near them."""
    return tuple(corner_of(*panel(0.06 + 0.88 * x, 0.06 + 0.88 * y)) for x, y in CORNERS)


@pytest.mark.parametrize("verdict", PANELS)
def test_every_way_to_mount_a_panel_is_told_from_the_others(verdict: Verdict):
    assert judge(told(PANELS[verdict])) is verdict


def test_axes_swapped_along_the_other_diagonal_are_swapped_axes_too():
    assert judge(told(lambda x, y: (1 - y, 1 - x))) is Verdict.SWAPPED


def test_what_no_panel_does_is_not_guessed_at():
    known = [order for order in permutations(range(4)) if judge(order) is not Verdict.UNCLEAR]
    assert len(known) == len(PANELS) + 1
    assert judge((0, 0, 0, 0)) is Verdict.UNCLEAR
    assert judge((0, 1, 2)) is Verdict.UNCLEAR
