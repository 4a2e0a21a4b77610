"""The canvas maps places and pixels the same way, whatever the display."""

import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import UPRIGHT, Size, show
from sample_views import staff_question

from device.kiosk.canvas import Canvas

ROTATIONS = (0, 90, 180, 270)
SIZES = st.tuples(st.integers(320, 2200), st.integers(240, 1600))
SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1))
rotations = pytest.mark.parametrize("rotation", ROTATIONS)


def display(width: int, height: int) -> pygame.Surface:
    return pygame.Surface((width, height), 0, 32)


def window(size: Size) -> pygame.Surface:
    pygame.display.init()
    return pygame.display.set_mode(size)


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


@given(SIZES, st.sampled_from(ROTATIONS), SHARES)
@settings(max_examples=60)
def test_to_logical_undoes_the_drawing_transform(
    size: Size, rotation: int, share: tuple[float, float]
) -> None:
    canvas = Canvas(display(*size), rotation)
    place = share[0] * canvas.size[0], share[1] * canvas.size[1]
    assert canvas.to_logical(*canvas.to_display(*place)) == pytest.approx(place, abs=1e-6)


@given(SIZES, st.sampled_from(ROTATIONS))
@settings(max_examples=60)
def test_the_whole_canvas_is_on_the_display(size: Size, rotation: int) -> None:
    canvas = Canvas(display(*size), rotation)
    width, height = canvas.size
    for corner in ((0, 0), (width, 0), (0, height), (width, height)):
        x, y = canvas.to_display(*corner)
        assert 0 <= x <= size[0]
        assert 0 <= y <= size[1]


@given(SIZES, st.sampled_from(ROTATIONS))
@settings(max_examples=60)
def test_nothing_is_ever_stretched(size: Size, rotation: int) -> None:
    """A pixel of the canvas is a pixel of the display; what is left over is a margin."""
    canvas = Canvas(display(*size), rotation)
    here, there = canvas.to_display(10, 10), canvas.to_display(11, 11)
    assert {abs(there[0] - here[0]), abs(there[1] - here[1])} == {1}


@rotations
@pytest.mark.parametrize("size", UPRIGHT)
def test_a_mark_appears_where_to_display_says(size: Size, rotation: int) -> None:
    target = window(size)
    canvas = Canvas(target, rotation)
    canvas.surface.fill((255, 255, 255))
    canvas.surface.fill((200, 0, 0), (260, 160, 64, 64))
    canvas.show()
    x, y = canvas.to_display(292, 192)
    assert target.get_at((int(x), int(y)))[:3] == (200, 0, 0)
    x, y = canvas.to_display(292, 400)
    assert target.get_at((int(x), int(y)))[:3] == (255, 255, 255)


@rotations
@pytest.mark.parametrize("size", UPRIGHT)
def test_a_turned_screen_is_the_same_pixel_by_pixel_when_turned_back(
    size: Size, rotation: int
) -> None:
    """So the golden pictures of upright panels are good for turned ones too."""
    target = window(size)
    canvas = Canvas(target, rotation)
    scene = show("", staff_question(), canvas.size, "zh-CN", "standard").scene
    scene.paint(canvas.surface)
    canvas.show()
    alone = display(*canvas.size)
    scene.paint(alone)
    assert pixels(pygame.transform.rotate(target, rotation)) == pixels(alone)


@rotations
@pytest.mark.parametrize(
    "size", [(1280, 800), (1024, 600), (1366, 768), (1920, 1200), (1280, 1280)]
)
def test_a_partial_update_shows_what_a_full_one_would(size: Size, rotation: int) -> None:
    partial = window(size)
    canvas = Canvas(partial, rotation)
    for x in range(0, canvas.size[0], 7):
        canvas.surface.fill((x % 256, 40, 90), (x, 0, 4, canvas.size[1]))
    canvas.show()
    places = [pygame.Rect(300, 202, 177, 95), pygame.Rect(501, 401, 79, 99)]
    for place in places:
        canvas.surface.fill((250, 250, 0), place)
    canvas.show(places)
    seen = partial.copy()
    canvas.show()
    assert pixels(seen) == pixels(partial)


@pytest.mark.parametrize("size", UPRIGHT)
def test_at_any_usual_size_the_canvas_is_the_whole_display(size: Size) -> None:
    canvas = Canvas(display(*size))
    assert canvas.direct
    assert canvas.size == canvas.surface.get_size() == size


@pytest.mark.parametrize(("rotation", "size"), [(90, (800, 1280)), (180, (1280, 800))])
def test_a_turned_display_has_a_turned_canvas(rotation: int, size: Size) -> None:
    assert Canvas(display(1280, 800), rotation).size == size


def test_the_margin_of_an_odd_shape_has_the_colour_of_paper() -> None:
    target = display(1280, 1280)
    canvas = Canvas(target, surround=(1, 2, 3))
    assert canvas.size != (1280, 1280)
    assert target.get_at((0, 0))[:3] == (1, 2, 3)


@rotations
def test_a_nudged_picture_is_the_same_picture_moved(rotation: int) -> None:
    """Against burn-in; touches are moved along."""
    target = window((800, 480))
    canvas = Canvas(target, rotation)
    canvas.nudge(3, 2, (9, 9, 9))
    canvas.surface.fill((200, 0, 0), (100, 100, 10, 10))
    canvas.show()
    x, y = canvas.to_display(105, 105)
    assert target.get_at((int(x), int(y)))[:3] == (200, 0, 0)
    assert canvas.to_logical(x, y) == pytest.approx((105, 105))
    unmoved = Canvas(display(800, 480), rotation).to_display(105, 105)
    assert (x - unmoved[0], y - unmoved[1]) == (3, 2)


def test_a_crooked_rotation_is_refused() -> None:
    with pytest.raises(ValueError, match="45"):
        Canvas(display(1280, 800), 45)
