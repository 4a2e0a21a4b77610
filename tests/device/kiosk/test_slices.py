"""A large key kept as its ends and a strip of its middle is, laid out, the key itself."""

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.kiosk.kept import Kept
from device.kiosk.screens import Look, slices
from device.kiosk.screens.keys import CHOSEN, PRESSED, REST, level_key
from device.kiosk.screens.marks import Stamp

ENDS = (30, 34)


def key(size: tuple[int, int], ends: tuple[int, int] = ENDS) -> pygame.Surface:
    """Draw something whose ends differ and whose middle is the same all along."""
    image = pygame.Surface(size, 0, 32)
    across = size[0] > size[1]
    for line in range(min(size)):
        colour = (line % 251, line * 7 % 251, 90)
        image.fill(colour, (0, line, size[0], 1) if across else (line, 0, 1, size[1]))
    first, last = ends
    for place in range(0, first, 3):
        image.fill((place, 200, 10), (place, 2, 1, 3) if across else (2, place, 3, 1))
    for place in range(max(size) - last, max(size), 3):
        image.fill((250, place % 251, 10), (place, 1, 1, 5) if across else (1, place, 5, 1))
    return image


def laid(short: pygame.Surface, size: tuple[int, int]) -> pygame.Surface:
    image = pygame.Surface(size, 0, 32)
    for part, place in slices.laid(short, size, ENDS):
        image.blit(part, place)
    return image


@given(st.integers(70, 700), st.integers(70, 700))
def test_what_was_cut_is_laid_out_to_the_very_same_pixels(width: int, height: int) -> None:
    whole = key((width, height))
    short = slices.cut(whole, ENDS)
    assert pygame.image.tobytes(laid(short, (width, height)), "RGB") == pygame.image.tobytes(
        whole, "RGB"
    )


@pytest.mark.parametrize("size", [(227, 374), (648, 130)])
def test_a_large_key_takes_less_than_half_of_its_memory(size: tuple[int, int]) -> None:
    short = slices.cut(key(size), ENDS)
    assert short.get_width() * short.get_height() * 2 < size[0] * size[1]


def test_a_small_key_stays_whole() -> None:
    whole = key((80, 100))
    assert slices.cut(whole, ENDS) is whole


@pytest.mark.parametrize("state", [REST, PRESSED, CHOSEN])
@pytest.mark.parametrize("canvas", [(1280, 800), (800, 480), (720, 1280), (1920, 1080)])
def test_level_keys_share_their_cap(canvas: tuple[int, int], state: str) -> None:
    look = Look(canvas)
    box = look.layout.rating.keys[0]

    def caps(level: int) -> list[pygame.Surface]:
        marks = level_key(look, "zh-CN", level, box[2:], state).image.marks
        return [
            m.image.get_parent() for m in marks if isinstance(m, Stamp) and m.image.get_parent()
        ]

    assert len({id(cap) for cap in caps(5) + caps(1)}) == 1


def test_no_more_is_kept_than_the_bound_and_the_latest_stay() -> None:
    kept = Kept[bytes](100, len)
    for name in range(20):
        kept.get(name, lambda: bytes(30))
    assert kept.bytes <= 100
    assert kept.get(19, lambda: b"drawn anew") == bytes(30)
    assert kept.get(0, lambda: b"drawn anew") == b"drawn anew"


def test_what_is_asked_for_again_stays_longest() -> None:
    kept = Kept[bytes](100, len)
    for name in ("first", "second", "first", "third", "fourth"):
        kept.get(name, lambda: bytes(30))
    assert kept.get("first", lambda: b"drawn anew") == bytes(30)
    assert kept.get("second", lambda: b"drawn anew") == b"drawn anew"
