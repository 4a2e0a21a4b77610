"""The few signs of the screens as strokes on a grid of 24, two units wide."""

from collections.abc import Callable

import pygame

from device.kiosk.kept import Kept, pixels
from device.kiosk.shapes import Pen
from device.kiosk.theme import Colour

_GRID = 24
_MOST_BYTES = 1 << 19
"""The signs of headers and keys; those of whole-screen notices are drawn when they are due."""


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


def _hall(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(3, 9.4), (12, 3.6), (21, 9.4), (3, 9.4)], w, colour)
    for x in (5.6, 9.9, 14.1, 18.4):
        pen.line(x, 12.4, x, 16.8, w, colour)
    pen.line(3, 20.4, 21, 20.4, w, colour)


def _check(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(5, 12.6), (10, 17.4), (19, 7.4)], w, colour)


def _chevron(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(15, 5), (8, 12), (15, 19)], w, colour)


def _onward(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(9, 5), (16, 12), (9, 19)], w, colour)


def _pick(pen: Pen, w: float, colour: Colour) -> None:
    # As the dot that can be felt on the middle key.
    pen.arc(12, 12, 8.6, 0, 360, w, colour)
    pen.disc(12, 12, 3.6, colour)


def _pass(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(4.5, 6), (10.5, 12), (4.5, 18)], w, colour)
    pen.lines([(12.5, 6), (18.5, 12), (12.5, 18)], w, colour)


def _cross(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(6, 6, 18, 18, w, colour)
    pen.line(18, 6, 6, 18, w, colour)


def _erase(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines(
        [(8.5, 5.5), (21.5, 5.5), (21.5, 18.5), (8.5, 18.5), (2.5, 12), (8.5, 5.5)], w, colour
    )
    pen.line(11.5, 9.2, 17.1, 14.8, w, colour)
    pen.line(17.1, 9.2, 11.5, 14.8, w, colour)


def _lock(pen: Pen, w: float, colour: Colour) -> None:
    _rounded_outline(pen, (4.5, 10.5, 19.5, 21.5), 2.2, w, colour)
    pen.arc(12, 8, 4.2, 180, 360, w, colour)
    pen.line(7.8, 8, 7.8, 10.5, w, colour)
    pen.line(16.2, 8, 16.2, 10.5, w, colour)


def _call(pen: Pen, w: float, colour: Colour) -> None:
    # A handset: two ends and the bow between them.
    pen.lines([(5.0, 3.6), (8.2, 3.2), (9.8, 7.6), (7.6, 9.6)], w, colour)
    pen.lines([(20.4, 19.0), (20.8, 15.8), (16.4, 14.2), (14.4, 16.4)], w, colour)
    pen.lines([(7.6, 9.6), (9.0, 12.4), (11.6, 15.0), (14.4, 16.4)], w, colour)
    pen.lines([(5.0, 3.6), (3.6, 5.2), (4.6, 10.2), (8.4, 15.6), (13.8, 19.4), (18.8, 20.4),
               (20.4, 19.0)], w, colour)  # fmt: skip


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


def _sending(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(4, 12, 13.6, 12, w * 0.75, colour)
    pen.lines([(10.6, 8.4), (14.2, 12), (10.6, 15.6)], w * 0.75, colour)
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


def _minus(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(5, 12, 19, 12, w, colour)


def _plus(pen: Pen, w: float, colour: Colour) -> None:
    pen.line(5, 12, 19, 12, w, colour)
    pen.line(12, 5, 12, 19, w, colour)


def _resume(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(8, 5.5), (18.5, 12), (8, 18.5), (8, 5.5)], w, colour)


def _leave(pen: Pen, w: float, colour: Colour) -> None:
    # A door, and the way out of it.
    pen.lines([(10, 3.5), (4, 3.5), (4, 20.5), (10, 20.5)], w, colour)
    pen.line(9.5, 12, 20.5, 12, w, colour)
    pen.lines([(16.2, 7.7), (20.5, 12), (16.2, 16.3)], w, colour)


def _search(pen: Pen, w: float, colour: Colour) -> None:
    pen.arc(10.5, 10.5, 6.5, 0, 360, w, colour)
    pen.line(15.4, 15.4, 20.5, 20.5, w, colour)


def _waits(pen: Pen, w: float, colour: Colour) -> None:
    # The hands of a clock.
    pen.arc(12, 12, 9, 0, 360, w, colour)
    pen.lines([(12, 6.6), (12, 12), (16, 14.4)], w, colour)


def _query(pen: Pen, w: float, colour: Colour) -> None:
    pen.arc(12, 8.6, 4.4, 180, 380, w, colour)
    pen.lines([(16.1, 10.1), (12, 13.2), (12, 15)], w, colour)
    pen.disc(12, 19.4, w * 0.85, colour)


def _again(pen: Pen, w: float, colour: Colour) -> None:
    pen.arc(12, 12, 8, 320, 640, w, colour)
    pen.lines([(18.4, 3.2), (18.4, 7.4), (14.2, 7.4)], w, colour)


def _sound(pen: Pen, w: float, colour: Colour) -> None:
    pen.lines([(3.5, 9.4), (7.4, 9.4), (12.4, 5), (12.4, 19), (7.4, 14.6), (3.5, 14.6),
               (3.5, 9.4)], w, colour)  # fmt: skip
    pen.arc(12.4, 12, 4.2, 310, 410, w, colour)
    pen.arc(12.4, 12, 8.2, 310, 410, w, colour)


def _tick(pen: Pen, w: float, colour: Colour) -> None:
    pen.polygon([(0, 0), (24, 0), (12, 12)], colour)


_STROKES: dict[str, Callable[[Pen, float, Colour], None]] = {
    "person": _person,
    "bell": _bell,
    "document": _document,
    "phone": _phone,
    "hall": _hall,
    "check": _check,
    "chevron": _chevron,
    "onward": _onward,
    "pick": _pick,
    "pass": _pass,
    "cross": _cross,
    "erase": _erase,
    "lock": _lock,
    "call": _call,
    "pause": _pause,
    "wrench": _wrench,
    "dots": _dots,
    "exclamation": _exclamation,
    "done": _done,
    "linked": _linked,
    "unlinked": _unlinked,
    "sending": _sending,
    "minus": _minus,
    "plus": _plus,
    "resume": _resume,
    "leave": _leave,
    "search": _search,
    "waits": _waits,
    "query": _query,
    "again": _again,
    "sound": _sound,
    "tick": _tick,
}


class Icons:
    """Draws each sign once per size and colour."""

    def __init__(self) -> None:
        self._images: Kept[pygame.Surface] = Kept(_MOST_BYTES, pixels)

    def icon(self, name: str, size: int, colour: Colour, stroke: float = 2) -> pygame.Surface:
        """Return the sign ``name``, ``size`` pixels square; ``stroke`` in units of the grid."""

        def draw() -> pygame.Surface:
            pen = Pen((size, size), (0, 0), size / _GRID, colour)
            _STROKES[name](pen, stroke, colour)
            return pen.image()

        return self._images.get((name, size, stroke, colour), draw)
