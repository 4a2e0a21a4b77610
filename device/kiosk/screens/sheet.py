"""What screens are composed on: words, panels, signs and keys, in order.

The same sheet serves a whole screen and a single key that is drawn once and kept.
"""

from collections.abc import Callable
from typing import NamedTuple

import pygame

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.look import Look
from device.kiosk.screens.marks import Block, Mark, Panel, Picture, Stamp, placed
from device.kiosk.screens.scene import Scene, Target
from device.kiosk.text import Setting, above_baseline
from device.kiosk.theme import Colour


class Key(NamedTuple):
    """How a key looks at rest, and how to get its pressed look."""

    image: pygame.Surface | Picture
    pressed: Callable[[], pygame.Surface | Picture]


class Sheet:
    """Collects marks and targets; `scene` makes a screen of them, `image` a picture."""

    def __init__(self, look: Look, language: str) -> None:
        self.look = look
        self.words = look.words(language)
        self.language = language
        self.colours = look.theme.colours
        self.sizes = look.theme.sizes
        self._marks: list[Mark] = []
        self._targets: list[Target] = []

    def block(self, box: Box, colour: Colour) -> None:
        """Fill a rectangle."""
        self._marks.append(Block(box, colour))

    def panel(
        self, box: Box, radius: int, fill: Colour, border: Colour | None = None, width: int = 2
    ) -> None:
        """Fill a rounded rectangle."""
        self._marks.append(Panel(box, radius, fill, border, width, self.look.shapes))

    def stamp(self, image: pygame.Surface, x: int, y: int) -> None:
        """Place a ready image by its top left corner."""
        self._marks.append(Stamp(image, x, y))

    def icon(
        self, name: str, middle: tuple[int, int], size: int, colour: Colour, stroke: float = 2
    ) -> None:
        """Place a sign by its middle."""
        image = self.look.icons.icon(name, size, colour, stroke)
        self.stamp(image, middle[0] - size // 2, middle[1] - size // 2)

    def write(
        self,
        text: str,
        place: tuple[int, int],
        size: int,
        colour: Colour,
        bold: bool = False,
        align: float = 0,
    ) -> int:
        """Write one line; return its width.

        ``place`` is its left end (``align`` 0), middle (0.5) or right end (1) and its
        optical middle.
        """
        if not text:
            return 0
        image, baseline = self.look.text.line(text, size, bold, colour)
        width = image.get_width()
        x = place[0] - round(width * align)
        self.stamp(image, x, place[1] + above_baseline(size) - baseline)
        return width

    def write_fitted(
        self,
        text: str,
        place: tuple[int, int],
        size: int,
        colour: Colour,
        width: int,
        bold: bool = False,
        align: float = 0,
        rows: int = 1,
        least: int = 0,
    ) -> int:
        """Write ``text`` no wider than ``width``, around its optical middle; return its width."""
        setting = self.look.text.fit(text, size, bold, width, rows, least)
        return self.write_set(setting, place, colour, bold, align)

    def write_set(
        self,
        setting: Setting,
        place: tuple[int, int],
        colour: Colour,
        bold: bool = False,
        align: float = 0,
    ) -> int:
        """Write lines that were made to fit, around their optical middle; return the width."""
        step = round(setting.size * self.sizes.line_spacing)
        top = place[1] - step * (len(setting.lines) - 1) // 2
        return max(
            self.write(line, (place[0], top + step * row), setting.size, colour, bold, align)
            for row, line in enumerate(setting.lines)
        )

    def key(self, box: Box, action: Action, key: Key, reach: tuple[int, int] = (8, 8)) -> None:
        """Place something to be touched.

        ``reach`` is half the gap to its neighbours, sideways and up or down; where the
        canvas ends within 8 mm, the target reaches to its edge.
        """
        x, y, _, _ = box
        rest = placed(key.image, x, y)
        self._marks.append(rest)
        rect = pygame.Rect(box)
        self._targets.append(
            Target(
                rect, self._reach(rect, reach), action, rest, lambda: placed(key.pressed(), x, y)
            )
        )

    def _reach(self, rect: pygame.Rect, reach: tuple[int, int]) -> pygame.Rect:
        width, height = self.look.layout.size
        edge = self.sizes.edge_reach
        left = 0 if rect.left <= edge else rect.left - reach[0]
        top = 0 if rect.top <= edge else rect.top - reach[1]
        right = width if width - rect.right <= edge else rect.right + reach[0]
        bottom = height if height - rect.bottom <= edge else rect.bottom + reach[1]
        return pygame.Rect(left, top, right - left, bottom - top)

    def scene(self, kind: str) -> Scene:
        """Return the screen."""
        ground = (self.look.layout.size, self.colours.paper)
        return Scene(f"{kind} {self.language}", ground, self._marks, self._targets)

    def picture(self, width: int, height: int, ground: Colour | None) -> Picture:
        """Return the marks as one picture that is painted from its parts."""
        return Picture((width, height), ground, tuple(self._marks))

    def image(self, width: int, height: int, ground: Colour) -> pygame.Surface:
        """Return the marks as one opaque picture."""
        picture = pygame.Surface((width, height), 0, 32)
        picture.fill(ground)
        for mark in self._marks:
            mark.paint(picture)
        return picture
