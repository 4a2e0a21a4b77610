"""The ring around what a key would press: outside of the key, moved and removed without a trace."""

import pygame
import pytest

from device.kiosk.actions import Action
from device.kiosk.screens.marks import Block
from device.kiosk.screens.scene import Ring, Scene, Target

SIZE = (400, 200)
PAPER, REST, PRESSED, BLUE = (250, 250, 250), (200, 200, 200), (90, 90, 90), (0, 80, 200)
RING = Ring(BLUE, 6, 8)
PLACES = {"left": (40, 60, 80, 60), "middle": (130, 60, 80, 60), "right": (300, 60, 80, 60)}


def target(name: str, box: tuple[int, int, int, int], state: int = 0) -> Target:
    rest = Block(box, (REST[0] - state, *REST[1:]))
    return Target(
        pygame.Rect(box), pygame.Rect(box), Action(name), rest, lambda: Block(box, PRESSED)
    )


def scene(ring: Ring | None = RING, state: int = 0, **places: tuple[int, int, int, int]) -> Scene:
    targets = [target(name, box, state) for name, box in (places or PLACES).items()]
    return Scene("sample", (SIZE, PAPER), [each.rest for each in targets], targets, ring)


def of(shown: Scene, name: str) -> Target:
    (found,) = [each for each in shown.targets if each.action.name == name]
    return found


@pytest.fixture
def surface() -> pygame.Surface:
    return pygame.Surface(SIZE, 0, 32)


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def painted(shown: Scene) -> bytes:
    surface = pygame.Surface(SIZE, 0, 32)
    shown.paint(surface)
    return pixels(surface)


def differing(one: bytes, other: bytes) -> pygame.Rect:
    width = SIZE[0]
    points = [
        (at // 3 % width, at // 3 // width)
        for at in range(0, len(one), 3)
        if one[at : at + 3] != other[at : at + 3]
    ]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return pygame.Rect(min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1)


def test_the_ring_lies_around_the_key_and_leaves_the_key_as_it_is(surface: pygame.Surface):
    shown = scene()
    shown.paint(surface)
    bare = pixels(surface)
    (changed,) = shown.paint_focus(surface, of(shown, "right"))
    assert changed == pygame.Rect(294, 54, 92, 72)
    assert differing(bare, pixels(surface)) == changed
    assert surface.get_at((340, 57))[:3] == BLUE
    assert surface.subsurface((300, 60, 80, 60)).get_at((40, 30))[:3] == REST
    assert surface.get_at((308, 60))[:3] == REST


def test_a_ring_stands_off_a_key_of_its_own_colour(surface: pygame.Surface):
    shown = scene(ring=RING._replace(gap=3))
    shown.paint(surface)
    shown.paint_focus(surface, of(shown, "right"))
    row = [tuple(surface.get_at((x, 90))[:3]) for x in range(290, 301)]
    assert row == [PAPER] + [BLUE] * 6 + [PAPER] * 3 + [REST]


def test_it_moves_and_goes_without_a_trace(surface: pygame.Surface):
    shown = scene()
    shown.paint(surface)
    bare = pixels(surface)
    shown.paint_focus(surface, of(shown, "left"))
    there = pixels(surface)
    shown.paint_focus(surface, of(shown, "middle"))
    shown.paint_focus(surface, of(shown, "left"))
    assert pixels(surface) == there
    assert shown.paint_focus(surface, of(shown, "left")) == []
    shown.paint_focus(surface, None)
    assert pixels(surface) == bare
    assert shown.paint_focus(surface, None) == []


def test_it_survives_presses_of_its_own_key_and_of_the_neighbours(surface: pygame.Surface):
    shown = scene(left=(40, 60, 80, 60), beside=(120, 60, 80, 60))
    shown.paint(surface)
    shown.paint_focus(surface, of(shown, "left"))
    before = pixels(surface)
    for name in ("left", "beside"):
        shown.paint_pressed(surface, of(shown, name))
        assert surface.get_at((123, 90))[:3] == BLUE
        assert surface.get_at(of(shown, name).rect.center)[:3] == PRESSED
        shown.paint_released(surface, of(shown, name))
        assert pixels(surface) == before


def test_a_key_that_is_held_stays_down_as_the_ring_comes_and_goes(surface: pygame.Surface):
    shown = scene()
    shown.paint(surface)
    shown.paint_pressed(surface, of(shown, "left"))
    for name in ("left", "middle"):
        shown.paint_focus(surface, of(shown, name))
        assert surface.get_at(of(shown, "left").rect.center)[:3] == PRESSED


def test_a_window_that_lost_its_content_gets_the_ring_back(surface: pygame.Surface):
    shown = scene()
    shown.paint(surface)
    shown.paint_focus(surface, of(shown, "left"))
    before = pixels(surface)
    surface.fill((0, 0, 0))
    shown.paint(surface)
    assert pixels(surface) == before


@pytest.mark.parametrize("name", ["left", "right"])
def test_it_stays_where_it_is_when_something_changes_under_it(surface: pygame.Surface, name: str):
    before, after = scene(), scene(state=20)
    before.paint(surface)
    before.paint_focus(surface, of(before, name))
    after.paint_changes(surface, before)
    again = pixels(surface)
    assert surface.get_at((of(after, name).rect.left - 3, 90))[:3] == BLUE
    assert after.paint_focus(surface, of(after, name)) == []
    after.paint_focus(surface, None)
    assert pixels(surface) == painted(after)
    assert again != painted(after)


def test_what_stays_the_same_is_not_painted_again_for_the_ring(surface: pygame.Surface):
    before, after = scene(), scene()
    before.paint(surface)
    before.paint_focus(surface, of(before, "left"))
    assert after.paint_changes(surface, before) == []
    assert after.paint_focus(surface, of(after, "left")) == []


def test_it_follows_its_key_to_another_place(surface: pygame.Surface):
    before, after = scene(), scene(left=(250, 100, 80, 60))
    before.paint(surface)
    before.paint_focus(surface, of(before, "left"))
    changed = after.paint_changes(surface, before)
    assert changed
    expected = pygame.Surface(SIZE, 0, 32)
    after.paint(expected)
    assert pixels(surface) == pixels(expected)


def test_it_goes_with_its_key(surface: pygame.Surface):
    before, after = scene(), scene(right=PLACES["right"])
    before.paint(surface)
    before.paint_focus(surface, of(before, "left"))
    after.paint_changes(surface, before)
    assert pixels(surface) == painted(after)


def test_a_screen_without_a_ring_shows_none(surface: pygame.Surface):
    shown = scene(ring=None)
    shown.paint(surface)
    assert shown.paint_focus(surface, of(shown, "left")) == []
    assert pixels(surface) == painted(shown)
