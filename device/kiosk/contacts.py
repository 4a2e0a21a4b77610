"""One translator from SDL's events to contacts and keys, whatever the hardware.

A touch panel gives finger events, a mouse gives mouse events, some give both; everything
becomes a contact at a place on the canvas, or a key. A key that is held down is one press:
its repetitions never get here.
"""

from typing import NamedTuple

import pygame

from device.core.gestures import MOUSE
from device.kiosk.canvas import Canvas


class ContactDown(NamedTuple):
    """A finger or the mouse's first button came down."""

    contact: int
    x: float
    y: float


class ContactMove(NamedTuple):
    """It moved while it was down."""

    contact: int
    x: float
    y: float


class ContactUp(NamedTuple):
    """It was lifted."""

    contact: int
    x: float
    y: float


class DigitKey(NamedTuple):
    """A key 0 to 9 was pressed: a level, or a digit on the number pad."""

    digit: int


class LetterKey(NamedTuple):
    """A key of any other character: a letter in a search, or part of what is on a badge."""

    character: str

    def __repr__(self) -> str:
        """Return nothing of the character: it may be a badge's."""
        return "LetterKey()"


class CommandKey(NamedTuple):
    """A key with a meaning of its own was pressed."""

    name: str
    """``submit`` (Enter), ``press`` (Space), ``change`` (Backspace), ``leave`` (Escape),
    ``next`` (Tab, Right, Down), ``previous`` (Shift-Tab, Left, Up), ``language`` (F1) or
    ``appearance`` (F2)."""


class Exposed(NamedTuple):
    """The window's content was lost and must be drawn again."""


class Quit(NamedTuple):
    """The window was closed."""


Typing = DigitKey | LetterKey | CommandKey
Touching = ContactDown | ContactMove | ContactUp | Typing
"""What hands do."""
Input = Touching | Exposed | Quit

_COMMANDS = {
    pygame.K_RETURN: "submit",
    pygame.K_KP_ENTER: "submit",
    pygame.K_SPACE: "press",
    pygame.K_BACKSPACE: "change",
    pygame.K_ESCAPE: "leave",
    pygame.K_TAB: "next",
    pygame.K_RIGHT: "next",
    pygame.K_DOWN: "next",
    pygame.K_LEFT: "previous",
    pygame.K_UP: "previous",
    pygame.K_F1: "language",
    pygame.K_F2: "appearance",
}
_SHIFTED = frozenset("!@#$%^&*()")
"""What stands above the digits; a badge may have it."""
_MICE: dict[int, type[ContactDown | ContactMove | ContactUp]] = {
    pygame.MOUSEBUTTONDOWN: ContactDown,
    pygame.MOUSEMOTION: ContactMove,
    pygame.MOUSEBUTTONUP: ContactUp,
}
_FINGERS: dict[int, type[ContactDown | ContactMove | ContactUp]] = {
    pygame.FINGERDOWN: ContactDown,
    pygame.FINGERMOTION: ContactMove,
    pygame.FINGERUP: ContactUp,
}


def translate(event: pygame.event.Event, canvas: Canvas) -> Input | None:
    """Return what ``event`` means for the screen, None if nothing."""
    if event.type in _MICE:
        held = event.buttons[0] if event.type == pygame.MOUSEMOTION else event.button == 1
        if not held or getattr(event, "touch", False):
            return None
        return _MICE[event.type](MOUSE, *canvas.to_logical(*event.pos))
    if event.type in _FINGERS:
        width, height = canvas.display_size
        place = canvas.to_logical(event.x * width, event.y * height)
        return _FINGERS[event.type](event.finger_id, *place)
    match event.type:
        case pygame.KEYDOWN:
            typed = getattr(event, "unicode", "")
            return _key(event.key, getattr(event, "mod", 0), typed)
        case pygame.VIDEOEXPOSE | pygame.WINDOWEXPOSED:
            return Exposed()
        case pygame.QUIT:
            return Quit()
    return None


def _key(key: int, modifiers: int, typed: str) -> Typing | None:
    if modifiers & pygame.KMOD_SHIFT and len(typed) == 1 and typed in _SHIFTED:
        return LetterKey(typed)
    if pygame.K_0 <= key <= pygame.K_9:
        return DigitKey(key - pygame.K_0)
    if key == pygame.K_KP0:
        return DigitKey(0)
    if pygame.K_KP1 <= key <= pygame.K_KP9:
        return DigitKey(key - pygame.K_KP1 + 1)
    if key == pygame.K_TAB and modifiers & pygame.KMOD_SHIFT:
        return CommandKey("previous")
    name = _COMMANDS.get(key)
    if name:
        return CommandKey(name)
    if modifiers & (pygame.KMOD_CTRL | pygame.KMOD_ALT | pygame.KMOD_META):
        return None
    if not typed and pygame.K_a <= key <= pygame.K_z:
        typed = chr(key)
    return LetterKey(typed) if len(typed) == 1 and typed.isprintable() else None
