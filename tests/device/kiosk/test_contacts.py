"""One translator for mouse, finger and keys: whatever comes in, contacts and keys come out."""

import pygame
import pytest

from device.core.gestures import MOUSE
from device.kiosk.canvas import Canvas
from device.kiosk.contacts import (
    CommandKey,
    ContactDown,
    ContactMove,
    ContactUp,
    DigitKey,
    Exposed,
    LetterKey,
    Quit,
    translate,
)

SIZE = (640, 400)


@pytest.fixture
def canvas() -> Canvas:
    pygame.display.init()
    return Canvas(pygame.Surface(SIZE, 0, 32))


def mouse(kind: int, button: int = 1, touch: bool = False) -> pygame.event.Event:
    return pygame.event.Event(kind, pos=(320, 100), button=button, touch=touch)


def mouse_motion(*buttons: int) -> pygame.event.Event:
    held = tuple(int(button in buttons) for button in (1, 2, 3))
    return pygame.event.Event(pygame.MOUSEMOTION, pos=(320, 100), buttons=held, touch=False)


def finger(kind: int) -> pygame.event.Event:
    return pygame.event.Event(kind, x=0.5, y=0.25, finger_id=3)


def key(code: int, modifiers: int = 0) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=code, mod=modifiers)


def test_mouse_and_finger_become_contacts_at_the_same_place(canvas: Canvas):
    assert translate(mouse(pygame.MOUSEBUTTONDOWN), canvas) == ContactDown(MOUSE, 320, 100)
    assert translate(mouse(pygame.MOUSEBUTTONUP), canvas) == ContactUp(MOUSE, 320, 100)
    assert translate(mouse_motion(1), canvas) == ContactMove(MOUSE, 320, 100)
    assert translate(finger(pygame.FINGERDOWN), canvas) == ContactDown(3, 320, 100)
    assert translate(finger(pygame.FINGERUP), canvas) == ContactUp(3, 320, 100)
    assert translate(finger(pygame.FINGERMOTION), canvas) == ContactMove(3, 320, 100)


def test_a_contact_lies_where_the_picture_is_however_it_is_turned():
    canvas = Canvas(pygame.Surface(SIZE, 0, 32), 180)
    assert translate(finger(pygame.FINGERDOWN), canvas) == ContactDown(3, 320, 300)


def test_a_mouse_event_that_sdl_made_from_a_touch_is_not_a_second_contact(canvas: Canvas):
    assert translate(mouse(pygame.MOUSEBUTTONDOWN, touch=True), canvas) is None


def test_only_the_first_mouse_button_counts(canvas: Canvas):
    assert translate(mouse(pygame.MOUSEBUTTONDOWN, button=3), canvas) is None
    assert translate(mouse_motion(3), canvas) is None


def test_a_mouse_that_moves_with_its_button_up_touches_nothing(canvas: Canvas):
    assert translate(mouse_motion(), canvas) is None


@pytest.mark.parametrize("digit", range(10))
def test_digits_of_either_pad_are_digits(canvas: Canvas, digit: int):
    on_the_pad = (pygame.K_KP0, *range(pygame.K_KP1, pygame.K_KP9 + 1))[digit]
    for code in (pygame.K_0 + digit, on_the_pad):
        assert translate(key(code), canvas) == DigitKey(digit)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (pygame.K_RETURN, "submit"),
        (pygame.K_KP_ENTER, "submit"),
        (pygame.K_SPACE, "press"),
        (pygame.K_BACKSPACE, "change"),
        (pygame.K_ESCAPE, "leave"),
        (pygame.K_TAB, "next"),
        (pygame.K_RIGHT, "next"),
        (pygame.K_DOWN, "next"),
        (pygame.K_LEFT, "previous"),
        (pygame.K_UP, "previous"),
        (pygame.K_F1, "language"),
        (pygame.K_F2, "appearance"),
    ],
)
def test_keys_with_a_meaning_say_it(canvas: Canvas, code: int, name: str):
    assert translate(key(code), canvas) == CommandKey(name)


def test_tab_goes_back_with_shift(canvas: Canvas):
    assert translate(key(pygame.K_TAB, pygame.KMOD_LSHIFT), canvas) == CommandKey("previous")
    assert translate(key(pygame.K_TAB, pygame.KMOD_NUM), canvas) == CommandKey("next")


@pytest.mark.parametrize("code", [pygame.K_F3, pygame.K_F4, pygame.K_F12, pygame.K_LALT])
def test_other_keys_mean_nothing(canvas: Canvas, code: int):
    assert translate(key(code), canvas) is None


def test_a_key_that_is_let_go_means_nothing(canvas: Canvas):
    assert translate(pygame.event.Event(pygame.KEYUP, key=pygame.K_RETURN), canvas) is None


def test_windows_are_closed_and_lose_their_content(canvas: Canvas):
    assert translate(pygame.event.Event(pygame.QUIT), canvas) == Quit()
    assert translate(pygame.event.Event(pygame.WINDOWEXPOSED), canvas) == Exposed()


@pytest.mark.parametrize(
    ("code", "modifiers", "typed", "meant"),
    [
        (pygame.K_a, 0, "a", LetterKey("a")),
        (pygame.K_a, pygame.KMOD_SHIFT, "A", LetterKey("A")),
        (pygame.K_a, 0, "", LetterKey("a")),
        (pygame.K_MINUS, 0, "-", LetterKey("-")),
        (pygame.K_1, pygame.KMOD_SHIFT, "!", LetterKey("!")),
        (pygame.K_1, pygame.KMOD_SHIFT, "1", DigitKey(1)),
        (pygame.K_c, pygame.KMOD_CTRL, "\x03", None),
        (pygame.K_q, pygame.KMOD_ALT, "q", None),
    ],
)
def test_letters_and_signs_are_keys_of_their_own(
    canvas: Canvas, code: int, modifiers: int, typed: str, meant: LetterKey | DigitKey | None
):
    event = pygame.event.Event(pygame.KEYDOWN, key=code, mod=modifiers, unicode=typed)
    assert translate(event, canvas) == meant
