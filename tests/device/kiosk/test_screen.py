"""How a view gets onto the canvas: by parts, fading between pages, never where it was."""

from collections.abc import Iterator

import pygame
import pytest
import sample_views as samples

from device.kiosk import fade, screen
from device.kiosk.canvas import Canvas
from device.kiosk.screen import NUDGE_MS, Screen
from device.kiosk.screens import Look, compose
from device.kiosk.views import DarkView, View

SIZE = (800, 480)
IDLE, QUESTION = samples.idle(), samples.staff_question()


@pytest.fixture
def shown() -> Iterator[Screen]:
    pygame.display.init()
    canvas, look = Canvas(pygame.display.set_mode(SIZE)), Look(SIZE)
    scene = compose(IDLE, look)
    scene.paint(canvas.surface)
    yield Screen(canvas, look, scene, IDLE)


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def painted(view: object) -> bytes:
    surface = pygame.Surface(SIZE, 0, 32)
    compose(view, Look(SIZE)).paint(surface)  # type: ignore[arg-type]
    return pixels(surface)


def test_a_page_fades_into_the_next_and_ends_as_it_should(
    shown: Screen, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fade, "_SLOW_S", 60)
    before = pixels(shown.canvas.display)
    assert shown.show(QUESTION, 1000)
    halfway = pixels(shown.canvas.display)
    assert halfway not in (before, painted(QUESTION))
    now_ms, steps = 1000, 0
    while (due := shown.due_ms(now_ms)) is not None:
        now_ms, steps = due, steps + 1
        shown.pass_time(now_ms)
    assert now_ms - 1000 <= fade.FADE_MS
    assert steps > 1
    assert pixels(shown.canvas.display) == painted(QUESTION)


def test_a_board_that_cannot_keep_up_changes_pages_at_once(
    shown: Screen, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fade, "_SLOW_S", 0)
    assert shown.show(QUESTION, 1000)
    assert shown.due_ms(1000) is None
    assert pixels(shown.canvas.display) == painted(QUESTION)


def test_what_changes_during_a_fade_is_not_lost(shown: Screen, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fade, "_SLOW_S", 60)
    shown.show(QUESTION, 1000)
    later = QUESTION._replace(chrome=QUESTION.chrome._replace(remaining=0.5))
    assert not shown.show(later, 1010)
    assert shown.due_ms(1010) is None
    assert pixels(shown.canvas.display) == painted(later)


def test_high_contrast_has_no_motion(shown: Screen):
    calm = QUESTION._replace(chrome=QUESTION.chrome._replace(appearance="contrast"))
    shown.show(calm, 1000)
    assert shown.due_ms(1000) is None
    assert pixels(shown.canvas.display) == painted(calm)


def test_a_window_that_lost_its_content_gets_it_back(shown: Screen):
    shown.canvas.display.fill((1, 2, 3))
    shown.repaint()
    assert pixels(shown.canvas.display) == painted(IDLE)


def test_a_picture_that_stands_for_long_moves_by_a_hair(shown: Screen):
    seen = set()
    for now_ms in range(0, NUDGE_MS * 12, NUDGE_MS // 2):
        shown.pass_time(now_ms)
        seen.add(pixels(shown.canvas.display))
        x, y = shown.canvas.to_display(100, 100)
        assert shown.canvas.to_logical(x, y) == (100, 100)
    assert len(seen) == len(screen._NUDGES)


def test_nothing_moves_while_somebody_is_asked(shown: Screen):
    shown.pass_time(0)
    shown.show(QUESTION, 10)
    shown.pass_time(500)
    still = pixels(shown.canvas.display)
    shown.pass_time(NUDGE_MS * 3)
    assert pixels(shown.canvas.display) == still


def test_at_night_nothing_stays_lit_wherever_the_picture_stood(shown: Screen):
    for now_ms in range(0, NUDGE_MS * 4, NUDGE_MS):
        shown.pass_time(now_ms)
    assert shown.canvas.to_logical(0, 0) != (0, 0)
    shown.show(DarkView(IDLE.chrome), NUDGE_MS * 4)
    assert set(pixels(shown.canvas.display)) == {0}


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_frame_around_the_picture_goes_dark_with_it(rotation: int):
    pygame.display.init()
    display = pygame.display.set_mode((900, 300))
    canvas = Canvas(display, rotation)
    look = Look(canvas.size)
    scene = compose(IDLE, look)
    scene.paint(canvas.surface)
    screen = Screen(canvas, look, scene, IDLE)
    screen.show(DarkView(IDLE.chrome), 0)
    assert set(pixels(display)) == {0}


def test_support_may_see_only_what_is_nobodys(shown: Screen, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fade, "_SLOW_S", 60)
    assert shown.shows_nobody
    shown.show(samples.thanks(), 1000)
    assert not shown.shows_nobody
    shown.show(IDLE, 5000)
    assert not shown.shows_nobody  # the thank-you still shines through
    now_ms = 5000
    while (due := shown.due_ms(now_ms)) is not None:
        now_ms = due
        shown.pass_time(now_ms)
    assert shown.shows_nobody


@pytest.mark.parametrize("view", [samples.login(), samples.menu()])
def test_support_sees_no_page_for_staff(shown: Screen, view: View):
    """A key of the PIN may be shown pressed."""
    shown.show(view, 1000)
    assert not shown.shows_nobody
