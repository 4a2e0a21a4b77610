"""A staff member's photograph, made ready for its place: scaled once, its corners rounded.

The roster names a photograph by its hash, so what lies under a path never changes. It is
looked at with suspicion all the same: a picture of 200 kB can claim to be so large that
unpacking it takes all of the memory. Imported when the first photograph is due, which is
after the first frame.
"""

import logging
from io import BytesIO
from pathlib import Path

import pygame
from pygame.imageext import load_extended  # type: ignore[import-not-found] # no stubs

from device.kiosk.look import Look
from device.kiosk.shapes import Shapes
from protocol.messages import MAX_PHOTO_BYTES

log = logging.getLogger("haochaping.kiosk")

MAX_SIDE = 1200
"""Pixels; central makes photographs of 400 x 480."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG frames, which tell the picture's size (ITU-T T.81, table B.1)."""
_unreadable: set[str] = set()
"""Paths that are not tried again, and not logged again."""


def photograph(look: Look, path: str, size: tuple[int, int], radius: int) -> pygame.Surface | None:
    """Return the photograph under ``path``, ``size`` pixels across and down; kept by ``look``.

    It fills its place; what is too wide or too high of it is cut off evenly. None if it cannot
    be read, which is logged once.
    """
    if path in _unreadable:
        return None
    try:
        return look.bake(("photo", path, size), lambda: _ready(path, size, radius, look.shapes))
    except (OSError, ValueError, pygame.error) as error:
        _unreadable.add(path)
        log.warning("photo %s: %s", Path(path).name[:20], error)
        return None


def _ready(path: str, size: tuple[int, int], radius: int, shapes: Shapes) -> pygame.Surface:
    with Path(path).open("rb") as file:
        data = file.read(MAX_PHOTO_BYTES + 1)
    if len(data) > MAX_PHOTO_BYTES:
        raise ValueError(f"more than {MAX_PHOTO_BYTES} bytes")
    width, height = dimensions(data)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"{width} x {height} pixels, more than {MAX_SIDE}")
    # `pygame.image` was loaded without what reads JPEG (`device.kiosk.lean`).
    whole: pygame.Surface = load_extended(BytesIO(data), "photo.jpg")
    share = max(size[0] / width, size[1] / height)
    scaled = max(size[0], round(width * share)), max(size[1], round(height * share))
    image = pygame.Surface(size, pygame.SRCALPHA, 32)
    place = (size[0] - scaled[0]) // 2, (size[1] - scaled[1]) // 2
    plain = pygame.Surface(whole.get_size(), 0, 32)  # a grey picture has one byte for a pixel
    plain.blit(whole, (0, 0))
    image.blit(pygame.transform.smoothscale(plain, scaled), place)
    corners = pygame.Surface(size, pygame.SRCALPHA, 32)
    shapes.rounded(corners, (0, 0, *size), radius, (255, 255, 255))
    image.blit(corners, (0, 0), special_flags=pygame.BLEND_RGBA_MIN)
    return image


def dimensions(data: bytes) -> tuple[int, int]:
    """Return width and height that a JPEG file claims. Raises `ValueError` if it is none."""
    at = 2
    if data[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG file")
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker in _FRAMES:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(width), int.from_bytes(height)
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise ValueError("a JPEG file without a picture")
