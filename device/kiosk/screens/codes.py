"""QR codes on screens: painted once per code and kept while it is shown."""

import pygame

from device.kiosk.look import Look
from device.kiosk.qr import Modules, paint


def code_image(look: Look, modules: Modules, room: float) -> pygame.Surface:
    """Return ``modules`` with their quiet zone, at most ``room`` units wide."""
    colours, pixels = look.theme.colours, look.px(room)

    def draw() -> pygame.Surface:
        return paint(modules, pixels, colours.code, colours.code_ground)

    return look.bake(("qr", modules, pixels), draw)
