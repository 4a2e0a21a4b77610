"""Which golden pictures there are: every screen, size and language; and what else matters.

States of a screen that differ in little are kept once. Turned panels need no pictures: a
picture that is turned back is the same, pixel by pixel (test_canvas.py).
"""

from itertools import product
from pathlib import Path
from typing import NamedTuple

import pygame
from panels import UPRIGHT, Size, show
from sample_views import GOLDEN

from device.kiosk.assets import LANGUAGES

FOLDER = Path(__file__).parent / "golden"
WHOLE = (
    "idle",
    "rating-staff",
    "rating-matter",
    "reasons-positive",
    "callback",
    "thanks",
    "notice-closed",
)
"""Screens that are kept in every size and language."""
FOR_STAFF = ("idle-staff-key", "notice-closed-staff-key", "login", "menu", "search", "pause")
"""Screens that are kept in every design."""
FOR_TECHNICIANS = ("setup", "check", "check-keys")
"""These too, and the first of them in every language."""
DESIGNS: tuple[Size, ...] = ((1280, 800), (800, 480), (720, 1280))
"""One panel for each design; here `WHOLE` is kept in the other appearances too."""


class Golden(NamedTuple):
    """One golden picture."""

    screen: str
    size: Size
    language: str = "zh-CN"
    appearance: str = "standard"

    @property
    def path(self) -> Path:
        """Where it is kept."""
        width, height = self.size
        dress = "" if self.appearance == "standard" else f"-{self.appearance}"
        return FOLDER / self.screen / f"{width}x{height}-{self.language}{dress}.png"

    def draw(self) -> pygame.Surface:
        """Draw it as the kiosk would now."""
        shown = show(self.screen, GOLDEN[self.screen], self.size, self.language, self.appearance)
        surface = pygame.Surface(self.size, 0, 32)
        shown.scene.paint(surface)
        return surface


def _all() -> tuple[Golden, ...]:
    listed = [
        Golden(screen, size, language)
        for screen, size, language in product(WHOLE, UPRIGHT, LANGUAGES)
    ]
    listed += [
        Golden(screen, size, appearance=appearance)
        for screen, size, appearance in product(WHOLE, DESIGNS, ("large", "contrast"))
    ]
    listed += [
        Golden(screen, size) for screen, size in product(FOR_STAFF + FOR_TECHNICIANS, DESIGNS)
    ]
    listed += [Golden("setup", UPRIGHT[0], language) for language in LANGUAGES[1:]]
    once = GOLDEN.keys() - {*WHOLE, *FOR_STAFF, *FOR_TECHNICIANS}
    listed += [Golden(screen, UPRIGHT[0]) for screen in GOLDEN if screen in once]
    # Panel by panel, so that what was drawn for one is used again.
    return tuple(sorted(listed, key=lambda golden: (golden.size, golden.appearance)))


GOLDENS = _all()
