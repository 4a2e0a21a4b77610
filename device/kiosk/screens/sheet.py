"""What screens are composed on: words, panels, signs and keys, in order.

Screens count in units of their design; the sheet turns these into the canvas's pixels, and
nobody else does. The same sheet serves a whole screen and a single key that is drawn once
and kept.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import NamedTuple

import pygame

from device.kiosk.actions import Action
from device.kiosk.layout import Box
from device.kiosk.look import Look
from device.kiosk.screens import slices
from device.kiosk.screens.marks import Block, Mark, Panel, Picture, Stamp, Text, placed
from device.kiosk.screens.scene import Ring, Scene, Target
from device.kiosk.text import above_baseline
from device.kiosk.theme import Colour

EDGE_REACH_MM = 8
"""A target this close to the canvas's edge reaches to it (docs/screens.md, "Layout")."""

Place = tuple[float, float]


class Fitted(NamedTuple):
    """Words made to fit: how large (in units), and in which lines."""

    size: float
    lines: tuple[str, ...]


class Key(NamedTuple):
    """How a key looks at rest, and how to get its pressed look."""

    image: pygame.Surface | Picture
    pressed: Callable[[], pygame.Surface | Picture]


class Sheet:
    """Collects marks and targets; `scene` makes a screen of them, `image` a picture.

    All lengths are units of the look's design.
    """

    def __init__(self, look: Look, language: str) -> None:
        self.look = look
        self.words = look.words(language)
        self.language = language
        self.colours = look.theme.colours
        self.sizes = look.theme.sizes
        self._px = look.px
        self._unit = look.unit
        self._marks: list[Mark] = []
        self._targets: list[Target] = []

    def _box(self, box: Box) -> tuple[int, int, int, int]:
        x, y, width, height = box
        return self._px(x), self._px(y), self._px(width), self._px(height)

    def block(self, box: Box, colour: Colour) -> None:
        """Fill a rectangle; what is thinner than a pixel becomes one."""
        x, y, width, height = self._box(box)
        self._marks.append(Block((x, y, max(1, width), max(1, height)), colour))

    def rule(self, top: int, colour: Colour, thick: int = 2, share: float = 1.0) -> None:
        """Draw a line over ``share`` of the canvas's width, beginning at the left."""
        width = round(self.look.size[0] * share)
        self._marks.append(Block((0, self._px(top), width, max(1, self._px(thick))), colour))

    def panel(
        self, box: Box, radius: int, fill: Colour, border: Colour | None = None, width: int = 2
    ) -> None:
        """Fill a rounded rectangle."""
        thick = max(1, self._px(width)) if border else 0
        place, corner = self._box(box), self._px(radius)
        self._marks.append(Panel(place, corner, fill, border, thick, self.look.shapes))

    def stamp(
        self, image: pygame.Surface, x: float, y: float, align: float = 0, sink: float = 0
    ) -> None:
        """Place a ready image by its left end (``align`` 0), middle (0.5) or right end (1),
        and by its top (``sink`` 0), middle or bottom."""
        width, height = image.get_size()
        left, top = self._px(x) - round(width * align), self._px(y) - round(height * sink)
        self._marks.append(Stamp(image, left, top))

    def sliced(
        self,
        key: Hashable,
        size: tuple[int, int],
        ends: float,
        draw: Callable[[], pygame.Surface],
    ) -> None:
        """Fill ``size`` with the image kept under ``key``, which is the same all along its
        longer side but for its ``ends``."""
        whole, long = (self._px(size[0]), self._px(size[1])), self._px(ends) + 2
        short = self.look.bake(key, lambda: slices.cut(draw(), (long, long)))
        for part, place in slices.laid(short, whole, (long, long)):
            self._marks.append(Stamp(part, *place))

    def icon(
        self, name: str, middle: Place, size: float, colour: Colour, stroke: float = 2
    ) -> None:
        """Place a sign by its middle."""
        image = self.look.icons.icon(name, self._px(size), colour, stroke)
        self.stamp(image, *middle, 0.5, 0.5)

    def face(self, level: int, middle: Place, diameter: float) -> None:
        """Place the face of a level by its middle."""
        self.stamp(self.look.faces.face(level, self._px(diameter)), *middle, 0.5, 0.5)

    # --- words ----------------------------------------------------------------------------

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Return how wide ``text`` is on one line."""
        return self.look.text.width(text, self._px(size), bold) / self._unit

    def write(
        self,
        text: str,
        place: Place,
        size: float,
        colour: Colour,
        bold: bool = False,
        align: float = 0,
    ) -> float:
        """Write one line; return its width.

        ``place`` is its left end (``align`` 0), middle (0.5) or right end (1) and its
        optical middle.
        """
        if not text:
            return 0
        pixels = self._px(size)
        image, baseline = self.look.text.line(text, pixels, bold, colour)
        x = self._px(place[0]) - round(image.get_width() * align)
        y = self._px(place[1]) + above_baseline(pixels) - baseline
        self._marks.append(Text(image, x, y, text, pixels, colour))
        return image.get_width() / self._unit

    def lower(self, small: float, large: float) -> float:
        """Return how far the middle of a small line lies below that of a large one when both
        stand on one baseline."""
        return (above_baseline(self._px(large)) - above_baseline(self._px(small))) / self._unit

    def fit(
        self, text: str, size: float, bold: bool, width: float, rows: int = 1, least: float = 0
    ) -> Fitted:
        """Make ``text`` fit into ``width``: smaller, then ``rows`` lines, then an ellipsis.

        ``least`` is the smallest size, by default 80 % of ``size``.
        """
        pixels = self._px(size)
        found = self.look.text.fit(text, pixels, bold, self._px(width), rows, self._px(least))
        return Fitted(found.size / self._unit, found.lines)

    def balance(self, text: str, size: float, bold: bool, width: float, rows: int) -> Fitted:
        """Break ``text`` at full size into lines of like length; `fit` it if that is too much."""
        found = self.look.text.balance(text, self._px(size), bold, self._px(width), rows)
        return Fitted(found.size / self._unit, found.lines)

    def fill(
        self,
        text: str,
        size: float,
        bold: bool,
        room: Place,
        spacing: float = 1.3,
        least: float = 0,
    ) -> Fitted:
        """Break ``text`` into ``room`` (width and height), as large as it goes and whole.

        ``size`` is the largest; at ``least`` (by default half of it) a text that is still too
        long is cut short.
        """
        width, height = room
        smallest = min(self._px(least or size / 2), self._px(size))
        setter, wide, rows = self.look.text, self._px(width), 1
        for pixels in range(self._px(size), smallest - 1, -1):
            rows = max(1, 1 + int((height * self._unit / pixels - 1) / spacing))
            lines = setter.wrap(text, pixels, bold, wide)
            if len(lines) <= rows and all(
                setter.width(line, pixels, bold) <= wide for line in lines
            ):
                found = setter.balance(text, pixels, bold, wide, rows)
                break
        else:
            found = setter.fit(text, smallest, bold, wide, rows, smallest)
        return Fitted(found.size / self._unit, found.lines)

    def write_fitted(
        self,
        text: str,
        place: Place,
        size: float,
        colour: Colour,
        width: float,
        bold: bool = False,
        align: float = 0,
        rows: int = 1,
        least: float = 0,
    ) -> float:
        """Write ``text`` no wider than ``width``, around its optical middle; return its width."""
        fitted = self.fit(text, size, bold, width, rows, least)
        return self.write_lines(fitted, place, colour, bold, align)

    def write_lines(
        self,
        fitted: Fitted,
        place: Place,
        colour: Colour,
        bold: bool = False,
        align: float = 0,
        spacing: float = 0,
    ) -> float:
        """Write lines that were made to fit, around their optical middle; return the width."""
        step = round(fitted.size * (spacing or self.sizes.line_spacing))
        top = place[1] - step * (len(fitted.lines) - 1) / 2
        return max(
            self.write(line, (place[0], top + step * row), fitted.size, colour, bold, align)
            for row, line in enumerate(fitted.lines)
        )

    # --- keys -----------------------------------------------------------------------------

    def key(self, box: Box, action: Action, key: Key, reach: tuple[float, float] = (8, 8)) -> None:
        """Place something to be touched.

        ``reach`` is half the gap to its neighbours, sideways and up or down; where the
        canvas ends within 8 mm, the target reaches to its edge.
        """
        x, y, width, height = self._box(box)
        rest = placed(key.image, x, y)
        self._marks.append(rest)
        rect = pygame.Rect(x, y, width, height)
        self._targets.append(
            Target(
                rect, self._reach(rect, reach), action, rest, lambda: placed(key.pressed(), x, y)
            )
        )

    def still(self, box: Box, key: Key) -> None:
        """Place a key that answers to nothing now."""
        self._marks.append(placed(key.image, self._px(box[0]), self._px(box[1])))

    def _reach(self, rect: pygame.Rect, reach: tuple[float, float]) -> pygame.Rect:
        width, height = self.look.size
        edge = self._px(EDGE_REACH_MM * self.look.layout.design.mm)
        across, down = self._px(reach[0]), self._px(reach[1])
        left = 0 if rect.left <= edge else rect.left - across
        top = 0 if rect.top <= edge else rect.top - down
        right = width if width - rect.right <= edge else rect.right + across
        bottom = height if height - rect.bottom <= edge else rect.bottom + down
        return pygame.Rect(left, top, right - left, bottom - top)

    # --- what becomes of it -----------------------------------------------------------------

    def scene(self, kind: str) -> Scene:
        """Return the screen."""
        ground = (self.look.size, self.colours.paper)
        name = f"{kind} {self.language} {self.look.appearance}"
        focus, corner = max(2, self._px(self.sizes.focus)), self._px(self.sizes.radius)
        ring = Ring(self.colours.focus, focus, corner, gap=max(2, self._px(3)))
        _part(self._targets)
        return Scene(name, ground, self._marks, self._targets, ring)

    def picture(self, width: float, height: float, ground: Colour | None) -> Picture:
        """Return the marks as one picture that is painted from its parts."""
        return Picture((self._px(width), self._px(height)), ground, tuple(self._marks))

    def image(self, width: float, height: float, ground: Colour) -> pygame.Surface:
        """Return the marks as one opaque picture."""
        picture = pygame.Surface((self._px(width), self._px(height)), 0, 32)
        picture.fill(ground)
        for mark in self._marks:
            mark.paint(picture)
        return picture

    @property
    def marks(self) -> Sequence[Mark]:
        """What has been placed so far."""
        return tuple(self._marks)


def _part(targets: Sequence[Target]) -> None:
    """Draw a line between targets that meet: rounded to pixels, their reaches may overlap."""
    for one, other in combinations((target.hit for target in targets), 2):
        both = one.clip(other)
        if both.w and both.w <= both.h:
            left, right = (one, other) if one.centerx < other.centerx else (other, one)
            left.w, right.w, right.left = (
                both.centerx - left.left,
                right.right - both.centerx,
                both.centerx,
            )
        elif both.h:
            upper, lower = (one, other) if one.centery < other.centery else (other, one)
            upper.h, lower.h, lower.top = (
                both.centery - upper.top,
                lower.bottom - both.centery,
                both.centery,
            )
