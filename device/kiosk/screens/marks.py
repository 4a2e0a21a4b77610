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


class Picture(NamedTuple):
    """Marks that belong together, such as a key in one state; light to keep.

    A level key as pixels takes 340 kB, as marks next to nothing, and painting it from
    its parts costs a fraction of a millisecond.
    """

    size: tuple[int, int]
    ground: Colour | None
    """What shows between the marks; None if the first one covers it all."""
    marks: "tuple[Mark, ...]"

    def get_size(self) -> tuple[int, int]:
        """Return width and height, as a surface would."""
        return self.size


class Placed(NamedTuple):
    """A picture at its place on a screen."""

    picture: Picture
    x: int
    y: int

    @property
    def rect(self) -> pygame.Rect:
        """The picture's place."""
        return pygame.Rect((self.x, self.y), self.picture.size)

    def paint(self, surface: pygame.Surface) -> None:
        """Paint its marks within its place and within the surface's clip."""
        whole = self.rect.clip(surface.get_rect())
        room = surface.subsurface(whole)
        room.set_clip(surface.get_clip().move(-whole.x, -whole.y))
        if self.picture.ground is not None:
            room.fill(self.picture.ground)
        for mark in self.picture.marks:
            mark.paint(room)


Mark = Stamp | Block | Panel | Placed


def placed(image: pygame.Surface | Picture, x: int, y: int) -> Stamp | Placed:
    """Return ``image`` as a mark with its top left corner at a place."""
    return Placed(image, x, y) if isinstance(image, Picture) else Stamp(image, x, y)
