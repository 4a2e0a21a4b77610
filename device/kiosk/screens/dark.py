"""Nothing lit: the screen outside of opening hours. Any touch wakes it, and does no more."""

import pygame

from device.kiosk.actions import Action
from device.kiosk.look import Look
from device.kiosk.screens.marks import Block
from device.kiosk.screens.scene import Scene, Target
from device.kiosk.views import DarkView

BLACK = (0, 0, 0)


def compose(view: DarkView, look: Look) -> Scene:
    """Lay out the dark."""
    whole = pygame.Rect((0, 0), look.size)
    rest = Block((0, 0, *look.size), BLACK)
    wakes = Target(whole, whole, Action("wake"), rest, lambda: rest)
    return Scene(f"dark {view.chrome.language}", (look.size, BLACK), (), (wakes,))
