"""Which design a panel gets, and what it may rely on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.kiosk.layout import Kind, design_of, usable

SIDES = st.integers(200, 4000)


@pytest.mark.parametrize(
    ("size", "diagonal", "kind"),
    [
        ((1280, 800), 10.1, Kind.WIDE),
        ((1920, 1080), 15.6, Kind.WIDE),
        ((1024, 600), 7.0, Kind.COMPACT),
        ((1024, 600), 10.1, Kind.WIDE),
        ((800, 480), 7.0, Kind.COMPACT),
        ((1280, 720), 7.0, Kind.COMPACT),
        ((720, 1280), 7.0, Kind.TALL),
        ((800, 1280), 10.1, Kind.TALL),
    ],
)
def test_people_stand_before_millimetres_not_pixels(
    size: tuple[int, int], diagonal: float, kind: Kind
):
    assert design_of(size, diagonal).kind is kind


@pytest.mark.parametrize("size", [(1280, 800), (800, 480), (720, 1280)])
def test_on_its_own_canvas_a_design_counts_in_pixels(size: tuple[int, int]):
    design = design_of(size)
    assert (design.width, design.height) == size
    assert design.unit == 1


@given(SIDES, SIDES, st.sampled_from([0.0, 5.0, 7.0, 10.1, 15.6, 21.5]))
def test_a_canvas_gives_a_design_all_its_units_and_no_more_than_fit(
    width: int, height: int, diagonal: float
):
    size = usable((width, height))
    design = design_of(size, diagonal)
    assert design.width >= design.kind.value[0]
    assert design.height >= design.kind.value[1]
    assert design.width * design.unit <= size[0] + 0.01
    assert design.height * design.unit <= size[1] + 0.01


@given(SIDES, SIDES)
def test_an_odd_shape_leaves_a_margin_on_two_sides_at_most(width: int, height: int):
    across, down = usable((width, height))
    assert (across, down) <= (width, height)
    assert across == width or down == height
    assert 1.2 < max(across, down) / min(across, down) < 2.05


def test_millimetres_are_those_of_the_panel():
    design = design_of((1280, 800), 10.1)
    assert 18 * design.mm == pytest.approx(106, abs=1)
