"""The figure that stands for a staff member without a photograph.

Neither a man nor a woman, of no age, and nobody's portrait: flat shapes in the tones of its
ground, so that it reads as "a clerk of this hall" and leaves a face to the photograph that
may come to the same place.
"""

import pygame

from device.kiosk.shapes import Pen
from device.kiosk.theme import Colour, Colours

_WIDTH = 100
"""Units across; a portrait of any height shows the figure from the bottom up."""
_HEIGHT = 120


def _between(one: Colour, other: Colour, share: float) -> Colour:
    """Return the colour that lies ``share`` of the way from ``one`` to ``other``."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def figure(size: tuple[int, int], colours: Colours) -> pygame.Surface:
    """Return the figure, ``size`` pixels across and down, its surroundings transparent."""
    width, height = size
    scale = min(width / _WIDTH, height / _HEIGHT)
    origin = ((width - _WIDTH * scale) / 2, height - _HEIGHT * scale)
    pen = Pen(size, origin, scale, colours.portrait)
    jacket = colours.portrait
    skin = _between(colours.portrait_ground, colours.teeth, 0.72)
    shade = _between(colours.portrait_ground, colours.portrait, 0.3)
    hair = _between(jacket, colours.face_ink, 0.42)
    lapel = _between(jacket, colours.face_ink, 0.22)
    _shoulders(pen, jacket)
    # Neck, with the shadow of the chin on it.
    pen.line(50, 78, 50, 88, 19, skin)
    pen.polygon([(40.5, 85), (59.5, 85), (50, 102)], skin)
    pen.line(50, 75, 50, 78, 19, shade)
    # An open collar between lapels.
    pen.polygon([(40.5, 86), (50, 100), (59.5, 86), (64, 88), (50, 112), (36, 88)], colours.teeth)
    pen.polygon([(37, 86), (29, 94), (40, 106), (50, 112)], lapel)
    pen.polygon([(63, 86), (71, 94), (60, 106), (50, 112)], lapel)
    _head(pen, skin, hair)
    # The badge with the staff number.
    pen.line(69, 110, 76, 110, 5, colours.teeth)
    return pen.image()


def _shoulders(pen: Pen, colour: Colour) -> None:
    pen.disc(32, 106, 20, colour)
    pen.disc(68, 106, 20, colour)
    pen.polygon([(32, 86), (68, 86), (88, 106), (88, 121), (12, 121), (12, 106)], colour)


def _head(pen: Pen, skin: Colour, hair: Colour) -> None:
    """A head without features; the hair, parted, half covers where ears would be."""
    pen.disc(50, 47, 26, hair)
    pen.line(28.4, 50, 29.8, 60, 8.4, hair)
    pen.line(71.6, 50, 70.2, 60, 8.4, hair)
    pen.disc(50, 52, 20.5, skin)
    pen.disc(50, 58.5, 19.5, skin)
    pen.chord(50, 47, 25, 176, 312, 2, hair, hair)
    pen.chord(50, 47, 25, 290, 366, 2, hair, hair)
