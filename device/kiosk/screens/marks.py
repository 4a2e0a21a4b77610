"""The things a scene is made of: images, rectangles, rounded rectangles.

Marks are values. Two marks that compare equal paint the same pixels, which is how a scene
finds out what has changed.
"""

from collections.abc import Iterable, Iterator
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


class Text(NamedTuple):
    """One line of words, ready as an image; what it says and how stays with it.

    The checks of contrast, of size and of what is cut off read it from here.
    """

    image: pygame.Surface
    x: int
    y: int
    words: str
    size: int
    """Pixels per em."""
    colour: Colour

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


Mark = Stamp | Text | Block | Panel | Placed


def placed(image: pygame.Surface | Picture, x: int, y: int) -> Stamp | Placed:
    """Return ``image`` as a mark with its top left corner at a place."""
    return Placed(image, x, y) if isinstance(image, Picture) else Stamp(image, x, y)


class Laid(NamedTuple):
    """A single mark at its place on the whole screen; what the checks of screens look at."""

    mark: Stamp | Text | Block | Panel
    within: pygame.Rect
    """What cuts it off: the canvas, or the picture that it is a part of."""

    def paint(self, surface: pygame.Surface) -> None:
        """Paint it on the whole screen."""
        surface.set_clip(self.within)
        self.mark.paint(surface)
        surface.set_clip(None)


def laid_out(
    marks: Iterable[Mark], within: pygame.Rect, at: tuple[int, int] = (0, 0)
) -> Iterator[Laid]:
    """Give every single mark in the order of painting, pictures taken apart."""
    for mark in marks:
        if isinstance(mark, Block | Panel):
            x, y, width, height = mark.box
            yield Laid(mark._replace(box=(x + at[0], y + at[1], width, height)), within)
        elif isinstance(mark, Placed):
            place = mark.rect.move(at)
            cut = place.clip(within)
            if mark.picture.ground is not None:
                yield Laid(Block((*place.topleft, *place.size), mark.picture.ground), cut)
            yield from laid_out(mark.picture.marks, cut, place.topleft)
        else:
            yield Laid(mark._replace(x=mark.x + at[0], y=mark.y + at[1]), within)
