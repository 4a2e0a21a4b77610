"""QR codes on screens: painted once per code and kept while it is shown."""

import pygame

from device.kiosk.look import Look
from device.kiosk.qr import Modules, paint


def code_image(look: Look, modules: Modules, room: int) -> pygame.Surface:
    """Return ``modules`` with their quiet zone, at most ``room`` pixels wide."""
    colours = look.theme.colours

    def draw() -> pygame.Surface:
        return paint(modules, room, colours.ink, colours.surface)

    return look.bake(("qr", modules, room), draw)
