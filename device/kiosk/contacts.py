"""One translator from SDL's events to contacts and keys, whatever the hardware.

A touch panel gives finger events, a mouse gives mouse events, some give both; everything
becomes a contact at a place on the logical canvas, or a key.
"""

from typing import NamedTuple

import pygame

from device.kiosk.canvas import Canvas


class ContactDown(NamedTuple):
    """A finger or the mouse's first button came down."""

    contact: int
    x: float
    y: float


class ContactUp(NamedTuple):
    """It was lifted."""

    contact: int
    x: float
    y: float


class LevelKey(NamedTuple):
    """A key 1 to 5 was pressed: the level with that platform code."""

    level: int


class CommandKey(NamedTuple):
    """Enter, Backspace or Escape was pressed."""

    name: str
    """``submit``, ``change`` or ``leave``."""


class Exposed(NamedTuple):
    """The window's content was lost and must be drawn again."""


class Quit(NamedTuple):
    """The window was closed."""


Input = ContactDown | ContactUp | LevelKey | CommandKey | Exposed | Quit

MOUSE = -1
"""The mouse's contact number; fingers count from 0."""

_COMMANDS = {
    pygame.K_RETURN: "submit",
    pygame.K_KP_ENTER: "submit",
    pygame.K_BACKSPACE: "change",
    pygame.K_ESCAPE: "leave",
}


def translate(event: pygame.event.Event, canvas: Canvas) -> Input | None:
    """Return what ``event`` means for the screen, None if nothing."""
    match event.type:
        case pygame.MOUSEBUTTONDOWN | pygame.MOUSEBUTTONUP:
            if event.button != 1 or getattr(event, "touch", False):
                return None
            kind = ContactDown if event.type == pygame.MOUSEBUTTONDOWN else ContactUp
            return kind(MOUSE, *canvas.to_logical(*event.pos))
        case pygame.FINGERDOWN | pygame.FINGERUP:
            width, height = canvas.display_size
            kind = ContactDown if event.type == pygame.FINGERDOWN else ContactUp
            return kind(event.finger_id, *canvas.to_logical(event.x * width, event.y * height))
        case pygame.KEYDOWN:
            if pygame.K_1 <= event.key <= pygame.K_5:
                return LevelKey(event.key - pygame.K_0)
            if pygame.K_KP1 <= event.key <= pygame.K_KP5:
                return LevelKey(event.key - pygame.K_KP1 + 1)
            name = _COMMANDS.get(event.key)
            return CommandKey(name) if name else None
        case pygame.VIDEOEXPOSE | pygame.WINDOWEXPOSED:
            return Exposed()
        case pygame.QUIT:
            return Quit()
    return None
