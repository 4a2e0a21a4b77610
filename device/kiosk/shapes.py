"""Antialiased shapes out of flat fills: drawn once at four times the size, then cached.

pygame draws circles and rounded rectangles with hard steps. Drawing at 4x and scaling
down is smooth, and costs nothing per frame because only the small, curved parts are made
this way: a rounded rectangle is three fills and the four quarters of one disc.
"""

from itertools import pairwise
from math import cos, hypot, radians, sin

import pygame

from device.kiosk.theme import Colour

_OVER = 4
"""Supersampling."""


class Pen:
    """Draws strokes with round ends on a square of ``size`` pixels, then hands out the image.

    Coordinates are in the drawing's own units: ``scale`` pixels to the unit, with the
    origin at ``origin`` pixels from the left and from the top. Angles in degrees clockwise
    from three o'clock.
    """

    def __init__(
        self, size: tuple[int, int], origin: tuple[float, float], scale: float, ground: Colour
    ) -> None:
        # One colour under every edge, transparent: scaling then blends alpha alone and
        # leaves no dark rim.
        self._size = size
        self._big = pygame.Surface((size[0] * _OVER, size[1] * _OVER), pygame.SRCALPHA, 32)
        self._big.fill((*ground, 0))
        self._origin = origin
        self._scale = scale * _OVER

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (
            self._origin[0] * _OVER + x * self._scale,
            self._origin[1] * _OVER + y * self._scale,
        )

    def disc(self, x: float, y: float, r: float, colour: Colour) -> None:
        """Fill a circle."""
        pygame.draw.circle(self._big, colour, self._at(x, y), r * self._scale)

    def line(self, x0: float, y0: float, x1: float, y1: float, w: float, colour: Colour) -> None:
        """Stroke a straight line ``w`` wide."""
        ax, ay = self._at(x0, y0)
        bx, by = self._at(x1, y1)
        half = w * self._scale / 2
        length = hypot(bx - ax, by - ay) or 1.0
        dx, dy = (by - ay) / length * half, (ax - bx) / length * half
        corners = [(ax + dx, ay + dy), (bx + dx, by + dy), (bx - dx, by - dy), (ax - dx, ay - dy)]
        pygame.draw.polygon(self._big, colour, corners)
        pygame.draw.circle(self._big, colour, (ax, ay), half)
        pygame.draw.circle(self._big, colour, (bx, by), half)

    def lines(self, points: list[tuple[float, float]], w: float, colour: Colour) -> None:
        """Stroke a line through ``points``."""
        for (x0, y0), (x1, y1) in pairwise(points):
            self.line(x0, y0, x1, y1, w, colour)

    def arc(
        self, x: float, y: float, r: float, a0: float, a1: float, w: float, colour: Colour
    ) -> None:
        """Stroke a part of a circle."""
        outer = self._round(x, y, r + w / 2, a0, a1)
        inner = self._round(x, y, r - w / 2, a0, a1)
        pygame.draw.polygon(self._big, colour, outer + inner[::-1])
        for angle in (a0, a1):
            end = (x + r * cos(radians(angle)), y + r * sin(radians(angle)))
            pygame.draw.circle(self._big, colour, self._at(*end), w / 2 * self._scale)

    def chord(
        self, x: float, y: float, r: float, a0: float, a1: float, w: float,
        fill: Colour, colour: Colour,
    ) -> None:  # fmt: skip
        """Fill the part of a circle cut off by a straight line, and stroke its outline."""
        pygame.draw.polygon(self._big, fill, self._round(x, y, r, a0, a1))
        self.arc(x, y, r, a0, a1, w, colour)
        x0, y0 = x + r * cos(radians(a0)), y + r * sin(radians(a0))
        x1, y1 = x + r * cos(radians(a1)), y + r * sin(radians(a1))
        self.line(x0, y0, x1, y1, w, colour)

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        pygame.draw.polygon(self._big, colour, [self._at(*point) for point in points])

    def _round(
        self, x: float, y: float, r: float, a0: float, a1: float
    ) -> list[tuple[float, float]]:
        steps = max(12, int(abs(a1 - a0) / 3))
        angles = [radians(a0 + (a1 - a0) * step / steps) for step in range(steps + 1)]
        return [self._at(x + r * cos(angle), y + r * sin(angle)) for angle in angles]

    def image(self) -> pygame.Surface:
        """Return what was drawn, at its real size, with transparent surroundings."""
        return pygame.transform.smoothscale(self._big, self._size)


class Shapes:
    """Rounded rectangles and discs, painted from cached quarters."""

    def __init__(self) -> None:
        self._quarters: dict[tuple[int, Colour], tuple[pygame.Surface, ...]] = {}

    def quarters(self, radius: int, colour: Colour) -> tuple[pygame.Surface, ...]:
        """Return the quarters of a disc: top left, top right, bottom left, bottom right."""
        key = (radius, colour)
        found = self._quarters.get(key)
        if found is None:
            pen = Pen((radius, radius), (radius, radius), 1, colour)
            pen.disc(0, 0, radius, colour)
            quarter, flip = pen.image(), pygame.transform.flip
            found = self._quarters[key] = (
                quarter,
                flip(quarter, True, False),
                flip(quarter, False, True),
                flip(quarter, True, True),
            )
        return found

    def rounded(
        self, surface: pygame.Surface, box: tuple[int, int, int, int], radius: int, colour: Colour
    ) -> None:
        """Fill a rounded rectangle."""
        x, y, w, h = box
        radius = min(radius, w // 2, h // 2)
        right, bottom = x + w - radius, y + h - radius
        # Wide bands: narrow, tall fills are many times slower per pixel.
        surface.fill(colour, (x, y + radius, w, h - 2 * radius))
        if radius:
            surface.fill(colour, (x + radius, y, w - 2 * radius, radius))
            surface.fill(colour, (x + radius, bottom, w - 2 * radius, radius))
            places = ((x, y), (right, y), (x, bottom), (right, bottom))
            surface.blits(list(zip(self.quarters(radius, colour), places, strict=True)))

    def panel(
        self,
        surface: pygame.Surface,
        box: tuple[int, int, int, int],
        radius: int,
        fill: Colour,
        border: Colour | None = None,
        width: int = 0,
    ) -> None:
        """Fill a rounded rectangle with a border inside of its edge."""
        if border is not None and width:
            self.rounded(surface, box, radius, border)
            x, y, w, h = box
            inner = (x + width, y + width, w - 2 * width, h - 2 * width)
            self.rounded(surface, inner, radius - width, fill)
        else:
            self.rounded(surface, box, radius, fill)
