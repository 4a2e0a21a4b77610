"""Large keys, kept as their two ends and a strip of what lies between.

All level keys share one keycap, since filling a key's worth of pixels takes many times as
long as copying them. As one image a cap takes 340 kB, at 1920x1080 twice that, and there are
three; but between its corners every line is the same. So that strip is laid as often as
needed, which takes some microseconds more.
"""

from collections.abc import Iterator

import pygame

_STRIP = 48
"""Pixels of the middle that are kept: few copies are needed, and little memory."""


def cut(whole: pygame.Surface, ends: tuple[int, int]) -> pygame.Surface:
    """Return ``whole`` with no more of the middle of its longer side than a strip.

    ``ends`` are the pixels on either side of that middle.
    """
    width, height = whole.get_size()
    first, last = ends
    if max(width, height) <= first + _STRIP + last:
        return whole
    if width > height:
        short = pygame.Surface((first + _STRIP + last, height), 0, whole)
        short.blit(whole, (0, 0))
        short.blit(whole, (first + _STRIP, 0), (width - last, 0, last, height))
    else:
        short = pygame.Surface((width, first + _STRIP + last), 0, whole)
        short.blit(whole, (0, 0))
        short.blit(whole, (0, first + _STRIP), (0, height - last, width, last))
    return short


def laid(
    short: pygame.Surface, size: tuple[int, int], ends: tuple[int, int]
) -> Iterator[tuple[pygame.Surface, tuple[int, int]]]:
    """Give the parts of ``short``, and their places, that make up an image of ``size`` again."""
    width, height = size
    if short.get_size() == size:
        yield short, (0, 0)
        return
    across = width > height
    (first, last), length = ends, width if across else height

    def part(start: int, long: int, at: int) -> tuple[pygame.Surface, tuple[int, int]]:
        if across:
            return short.subsurface((start, 0, long, height)), (at, 0)
        return short.subsurface((0, start, width, long)), (0, at)

    yield part(0, first, 0)
    for at in range(first, length - last, _STRIP):
        yield part(first, min(_STRIP, length - last - at), at)
    yield part(first + _STRIP, last, length - last)
