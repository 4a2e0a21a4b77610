"""The canvas maps places and pixels the same way, whatever the display."""

import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.kiosk.canvas import SIZE, Canvas

ROTATIONS = st.sampled_from((0, 90, 180, 270))
SIZES = st.tuples(st.integers(320, 2200), st.integers(240, 1600))
PLACES = st.tuples(st.floats(0, SIZE[0]), st.floats(0, SIZE[1]))


def display(width: int, height: int) -> pygame.Surface:
    return pygame.Surface((width, height), 0, 32)


@given(SIZES, ROTATIONS, PLACES)
@settings(max_examples=60, deadline=None)
def test_to_logical_undoes_the_drawing_transform(
    size: tuple[int, int], rotation: int, place: tuple[float, float]
) -> None:
    canvas = Canvas(display(*size), rotation)
    assert canvas.to_logical(*canvas.to_display(*place)) == pytest.approx(place, abs=1e-6)


@given(SIZES, ROTATIONS)
@settings(max_examples=60, deadline=None)
def test_the_whole_canvas_is_on_the_display(size: tuple[int, int], rotation: int) -> None:
    canvas = Canvas(display(*size), rotation)
    for corner in ((0, 0), (SIZE[0], 0), (0, SIZE[1]), SIZE):
        x, y = canvas.to_display(*corner)
        assert 0 <= x <= size[0]
        assert 0 <= y <= size[1]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("size", [(1280, 800), (800, 1280), (1024, 600), (800, 480), (1920, 1080)])
def test_a_mark_appears_where_to_display_says(size: tuple[int, int], rotation: int) -> None:
    pygame.display.init()
    target = pygame.display.set_mode(size)
    canvas = Canvas(target, rotation)
    canvas.surface.fill((255, 255, 255))
    canvas.surface.fill((200, 0, 0), (960, 160, 64, 64))
    canvas.show()
    x, y = canvas.to_display(992, 192)
    assert target.get_at((int(x), int(y)))[:3] == pytest.approx((200, 0, 0), abs=4)
    x, y = canvas.to_display(992, 500)
    assert target.get_at((int(x), int(y)))[:3] == pytest.approx((255, 255, 255), abs=4)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("size", [(1280, 800), (1024, 600), (1366, 768), (1920, 1200)])
def test_a_partial_update_shows_what_a_full_one_would(size: tuple[int, int], rotation: int) -> None:
    def striped(canvas: Canvas) -> None:
        for x in range(0, SIZE[0], 7):
            canvas.surface.fill((x % 256, 40, 90), (x, 0, 4, SIZE[1]))

    def change(canvas: Canvas) -> list[pygame.Rect]:
        places = [pygame.Rect(300, 202, 177, 95), pygame.Rect(1201, 701, 79, 99)]
        for place in places:
            canvas.surface.fill((250, 250, 0), place)
        return places

    pygame.display.init()
    partial = pygame.display.set_mode(size)
    canvas = Canvas(partial, rotation)
    striped(canvas)
    canvas.show()
    canvas.show(change(canvas))
    seen = partial.copy()
    canvas.show()
    assert pygame.image.tobytes(seen, "RGB") == pygame.image.tobytes(partial, "RGB")


def test_at_its_own_size_the_canvas_is_the_display() -> None:
    target = display(1280, 800)
    canvas = Canvas(target)
    assert canvas.surface is target
    assert canvas.direct


def test_the_letterbox_has_the_colour_of_paper() -> None:
    target = display(1280, 1024)
    Canvas(target, surround=(1, 2, 3))
    assert target.get_at((0, 0))[:3] == (1, 2, 3)


def test_a_crooked_rotation_is_refused() -> None:
    with pytest.raises(ValueError, match="45"):
        Canvas(display(1280, 800), 45)
