"""Screens keep looking as they did when somebody last looked at them.

To accept new pictures, run this file with ``HAOCHAPING_REFRESH_GOLDEN=1`` set, then look at
every changed file in ``golden/`` before committing it.
"""

import os
from pathlib import Path

import pygame
import pytest
from sample_views import GOLDEN

from device.kiosk.screens import Look, compose

PICTURES = Path(__file__).parent / "golden"
TOLERANCE = (24, 24, 24, 255)
"""Per channel: another FreeType may place an edge's grey a little differently."""
STRAY = 1280 * 800 // 2000
"""Pixels that may differ by more."""


@pytest.mark.parametrize("name", GOLDEN)
def test_the_screen_looks_as_it_did(name: str, look: Look, surface: pygame.Surface) -> None:
    compose(GOLDEN[name], look).paint(surface)
    picture = PICTURES / f"{name}.png"
    if os.environ.get("HAOCHAPING_REFRESH_GOLDEN"):
        pygame.image.save(surface, picture)
    expected = pygame.image.load(picture)
    alike = pygame.mask.from_threshold(surface, (0, 0, 0, 255), TOLERANCE, expected).count()
    assert 1280 * 800 - alike <= STRAY


def test_there_is_no_picture_without_a_screen() -> None:
    assert {picture.stem for picture in PICTURES.glob("*.png")} == GOLDEN.keys()
