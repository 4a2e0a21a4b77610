"""The things a scene is made of: images, rectangles, rounded rectangles.

Marks are values. Two marks that compare equal paint the same pixels, which is how a scene
finds out what has changed.
"""

from typing import NamedTuple

import pygame

from device.kiosk.layout import Box
from device.kiosk.shapes import Shapes
from device.kiosk.theme import Colour


class Stamp(NamedTuple):
    """A ready image."""

    image: pygame.Surface
    x: int
    y: int

    @property
    def rect(self) -> pygame.Rect:
        """The image's place."""
        return pygame.Rect((self.x, self.y), self.image.get_size())

    def paint(self, surface: pygame.Surface) -> None:
        """Blit it."""
        surface.blit(self.image, (self.x, self.y))


class Block(NamedTuple):
    """A filled rectangle."""

    box: Box
    colour: Colour

    @property
    def rect(self) -> pygame.Rect:
        """The rectangle."""
        return pygame.Rect(self.box)

    def paint(self, surface: pygame.Surface) -> None:
        """Fill it."""
        surface.fill(self.colour, self.box)


class Panel(NamedTuple):
    """A rounded rectangle with a border inside of its edge."""

    box: Box
    radius: int
    fill: Colour
    border: Colour | None
    width: int
    shapes: Shapes

    @property
    def rect(self) -> pygame.Rect:
        """The rectangle around it."""
        return pygame.Rect(self.box)

    def paint(self, surface: pygame.Surface) -> None:
        """Fill it."""
        self.shapes.panel(surface, self.box, self.radius, self.fill, self.border, self.width)


Mark = Stamp | Block | Panel
