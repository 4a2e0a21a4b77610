"""The few signs of the screens as strokes on a grid of 24, two units wide."""

from collections.abc import Callable

import pygame

from device.kiosk.shapes import Pen
from device.kiosk.theme import Colour, Colours

_GRID = 24


def _person(pen: Pen, w: float, colour: Colour) -> None:
    pen.arc(12, 7.6, 4, 0, 360, w, colour)
    pen.arc(12, 21, 8, 180, 360, w, colour)


def _bell(pen: Pen, w: float, colour: Colour) -> None:
    pen.arc(12, 9.5, 6, 180, 360, w, colour)
    pen.lines([(6, 9.5), (6, 14), (4, 17.2), (20, 17.2), (18, 14), (18, 9.5)], w, colour)
    pen.line(10.6, 20.8, 13.4, 20.8, w, colour)


def _document(pen: Pen, w: float, colour: Colour) -> None:
    _rounded_outline(pen, (4, 2, 20, 22), 2.6, w, colour)
    for y, right in ((8, 16), (12, 16), (16, 12.6)):
        pen.line(8, y, right, y, w, colour)


def _phone(pen: Pen, w: float, colour: Colour) -> None:
    _rounded_outline(pen, (6, 2, 18, 22), 2.6, w, colour)
    pen.line(10.8, 18.4, 13.2, 18.4, w, colour)


def _check(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(5, 12.6), (10, 17.4), (19, 7.4)], w, colour)


def _chevron(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(15, 5), (8, 12), (15, 19)], w, colour)


def _pause(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(7.4, 6, 7.4, 18, w * 2.1, colour)
    pen.line(16.6, 6, 16.6, 18, w * 2.1, colour)


def _wrench(pen: Pen, w: float, colour: Colour) -> None:
    # A ring with a mouth towards the upper right, and a handle.
    pen.arc(15.4, 8.6, 4.6, 5, 265, w, colour)
    pen.lines([(15.0, 4.0), (14.4, 7.4), (16.6, 9.6), (20.0, 9.0)], w, colour)
    pen.line(12.1, 11.9, 4.6, 19.4, w, colour)


def _dots(pen: Pen, w: float, colour: Colour) -> None:
    for x in (5, 12, 19):
        pen.disc(x, 12, w, colour)


def _exclamation(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(12, 4.5, 12, 13.5, w * 1.25, colour)
    pen.disc(12, 19, w * 0.85, colour)


def _done(pen: Pen, w: float, colour: Colour) -> None:
    pen.arc(12, 12, 10.9, 0, 360, w * 0.72, colour)
    pen.lines([(6.9, 12.5), (10.5, 15.9), (17.1, 8.5)], w, colour)


def _linked(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(4, 12, 20, 12, w * 0.75, colour)
    pen.disc(4, 12, 3.6, colour)
    pen.disc(20, 12, 3.6, colour)


def _unlinked(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(4, 12, 8.6, 12, w * 0.75, colour)
    pen.line(15.4, 12, 17.0, 12, w * 0.75, colour)
    pen.line(10.2, 17, 13.8, 7, w * 0.75, colour)
    pen.disc(4, 12, 3.6, colour)
    pen.arc(20, 12, 2.7, 0, 360, w * 0.85, colour)


def _rounded_outline(
    pen: Pen, box: tuple[float, float, float, float], r: float, w: float, colour: Colour
) -> None:
    x0, y0, x1, y1 = box
    for x, y, angle in (
        (x0 + r, y0 + r, 180),
        (x1 - r, y0 + r, 270),
        (x1 - r, y1 - r, 0),
        (x0 + r, y1 - r, 90),
    ):
        pen.arc(x, y, r, angle, angle + 90, w, colour)
    pen.line(x0 + r, y0, x1 - r, y0, w, colour)
    pen.line(x0 + r, y1, x1 - r, y1, w, colour)
    pen.line(x0, y0 + r, x0, y1 - r, w, colour)
    pen.line(x1, y0 + r, x1, y1 - r, w, colour)


def _tick(pen: Pen, w: float, colour: Colour) -> None:
    pen.polygon([(0, 0), (24, 0), (12, 12)], colour)


_STROKES: dict[str, Callable[[Pen, float, Colour], None]] = {
    "person": _person,
    "bell": _bell,
    "document": _document,
    "phone": _phone,
    "check": _check,
    "chevron": _chevron,
    "pause": _pause,
    "wrench": _wrench,
    "dots": _dots,
    "exclamation": _exclamation,
    "done": _done,
    "linked": _linked,
    "unlinked": _unlinked,
    "tick": _tick,
}


class Icons:
    """Draws each sign once per size and colour."""

    def __init__(self, colours: Colours) -> None:
        self._colours = colours
        self._images: dict[tuple[str, int, float, Colour], pygame.Surface] = {}

    def icon(self, name: str, size: int, colour: Colour, stroke: float = 2) -> pygame.Surface:
        """Return the sign ``name``, ``size`` pixels square; ``stroke`` in units of the grid."""
        key = (name, size, stroke, colour)
        image = self._images.get(key)
        if image is None:
            pen = Pen((size, size), (0, 0), size / _GRID, colour)
            _STROKES[name](pen, stroke, colour)
            image = self._images[key] = pen.image()
        return image
