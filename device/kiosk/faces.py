"""The five faces, drawn from the primitives in `ui_assets/faces.json`.

All five share one outline, one fill and nearly the same amount of ink, so that none
stands out from a distance; they stay distinct at 24 pixels.
"""

from collections.abc import Mapping
from typing import Any

import pygame

from device.kiosk.assets import load_faces
from device.kiosk.shapes import Pen
from device.kiosk.theme import Colours

_RADIUS = 100
"""Outer radius in the units of the geometry."""


class Faces:
    """Draws each face once per diameter."""

    def __init__(self, colours: Colours) -> None:
        self._colours = colours
        self._geometry: Mapping[str, Any] | None = None
        self._images: dict[tuple[int, int], pygame.Surface] = {}

    def face(self, level: int, diameter: int) -> pygame.Surface:
        """Return the face of ``level`` (5 is the best), ``diameter`` pixels wide and high."""
        image = self._images.get((level, diameter))
        if image is None:
            image = self._images[level, diameter] = self._draw(level, diameter)
        return image

    def _draw(self, level: int, diameter: int) -> pygame.Surface:
        if self._geometry is None:
            self._geometry = load_faces()
        ink = self._colours.face_ink
        fills = {"face": self._colours.face, "white": self._colours.teeth}
        pen = Pen((diameter, diameter), (diameter / 2, diameter / 2), diameter / 2 / _RADIUS, ink)
        for part in self._geometry["common"] + self._geometry["levels"][str(level)]:
            x, y, r, w = part.get("x"), part.get("y"), part.get("r"), part.get("w")
            match part["t"]:
                case "disc":
                    pen.disc(x, y, r + w / 2, ink)
                    pen.disc(x, y, r - w / 2, fills[part["fill"]])
                case "dot":
                    pen.disc(x, y, r, ink)
                case "line":
                    pen.line(part["x0"], part["y0"], part["x1"], part["y1"], w, ink)
                case "arc":
                    pen.arc(x, y, r, part["a0"], part["a1"], w, ink)
                case "chord":
                    pen.chord(x, y, r, part["a0"], part["a1"], w, fills[part["fill"]], ink)
                case unknown:
                    raise ValueError(f"faces.json has a primitive {unknown!r}")
        return pen.image()
