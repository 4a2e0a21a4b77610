"""One logical canvas on whatever display there is: scaled, letterboxed, rotated, by parts.

Screens are laid out for a canvas of fixed size. Scaling and rotation are done here rather
than by SDL's renderer, which would bring a GPU stack's memory along and repaint the whole
window for each change. Where neither is needed, screens draw on the display itself.

The scale is a multiple of 1/160, so the canvas's 1280 and 800 pixels become whole numbers
of display pixels and there is always a block of at most 160 pixels that maps onto whole
display pixels. Parts are scaled on their own in such blocks, always with the same outcome:
a partial update leaves no seams.
"""

from collections.abc import Sequence
from math import gcd

import pygame

from device.kiosk.theme import PLAIN, Colour

SIZE = (1280, 800)
_STEPS = 160  # greatest common divisor of SIZE
_QUARTERS = {0: 0, 90: 1, 180: 2, 270: 3}


class Canvas:
    """The surface that screens are painted on, and its way to the display.

    ``display`` is an open display surface, ``rotation`` the clockwise turn of the picture
    in degrees (0, 90, 180 or 270) for panels that are mounted turned.
    """

    def __init__(
        self, display: pygame.Surface, rotation: int = 0, surround: Colour = PLAIN.colours.paper
    ) -> None:
        if rotation not in _QUARTERS:
            raise ValueError(f"rotation is 0, 90, 180 or 270 degrees, not {rotation}")
        self._display = display
        self._turns = _QUARTERS[rotation]
        width, height = display.get_size()
        room = (height, width) if self._turns % 2 else (width, height)
        units = (SIZE[0] // _STEPS, SIZE[1] // _STEPS)
        steps = max(1, min(room[0] // units[0], room[1] // units[1]))
        common = gcd(steps, _STEPS)
        # ``_from`` canvas pixels become ``_to`` display pixels.
        self._from, self._to = _STEPS // common, steps // common
        # Shrinking rounds a little differently with the width of what is shrunk, so it is
        # done in tiles that are the same for a part and for the whole.
        self._tile = self._from
        if self._to < self._from:
            self._tile = next(side for side in (80, _STEPS) if side % self._from == 0)
        self._upright = (units[0] * steps, units[1] * steps)
        shown = self._turned(self._upright)
        self._left, self._top = (width - shown[0]) // 2, (height - shown[1]) // 2
        self.direct = self._from == self._to and not self._turns and shown == (width, height)
        if self.direct:
            self._store = self.surface = display
        else:
            # One column and row to spare, see `_scaled`.
            self._store = pygame.Surface((SIZE[0] + 1, SIZE[1] + 1), 0, 32)
            self.surface = self._store.subsurface(((0, 0), SIZE))
            display.fill(surround)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the logical canvas."""
        return SIZE

    @property
    def display(self) -> pygame.Surface:
        """The display itself, as it stands now: what a camera would see."""
        return self._display

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height of the display in its own pixels."""
        return self._display.get_size()

    @property
    def scale(self) -> float:
        """Display pixels per canvas pixel."""
        return self._to / self._from

    def to_logical(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the canvas under a place on the display.

        Places on the letterbox lie outside of the canvas; they are not moved into it.
        """
        x, y = x - self._left, y - self._top
        width, height = self._upright
        if self._turns == 1:
            x, y = y, height - x
        elif self._turns == 2:
            x, y = width - x, height - y
        elif self._turns == 3:
            x, y = width - y, x
        return x * self._from / self._to, y * self._from / self._to

    def to_display(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the display that shows a place on the canvas."""
        x, y = x * self._to / self._from, y * self._to / self._from
        width, height = self._upright
        if self._turns == 1:
            x, y = height - y, x
        elif self._turns == 2:
            x, y = width - x, height - y
        elif self._turns == 3:
            x, y = y, width - x
        return x + self._left, y + self._top

    def show(self, changed: Sequence[pygame.Rect] | None = None) -> None:
        """Bring the changed parts of the canvas (None: all of it) to the display."""
        if self.direct:
            if changed is None:
                pygame.display.flip()
            elif changed:
                pygame.display.update(list(changed))
            return
        if changed is None:
            self._transfer(pygame.Rect((0, 0), SIZE))
            pygame.display.flip()
            return
        shown = [self._transfer(rect) for rect in changed if rect.w and rect.h]
        if shown:
            pygame.display.update(shown)

    def _turned(self, size: tuple[int, int]) -> tuple[int, int]:
        return (size[1], size[0]) if self._turns % 2 else size

    def _transfer(self, rect: pygame.Rect) -> pygame.Rect:
        """Bring one part to the display; return where it went."""
        enlarged = self._to > self._from
        # Enlarging blends each pixel with its right and lower neighbour.
        left, top = rect.left - enlarged, rect.top - enlarged
        tile = self._tile
        left, top = max(0, left // tile * tile), max(0, top // tile * tile)
        right, bottom = -(-rect.right // tile) * tile, -(-rect.bottom // tile) * tile
        part = pygame.Rect(left, top, right - left, bottom - top).clip((0, 0, *SIZE))
        if self._to >= self._from:
            return self._place(part)
        shown = [
            self._place(pygame.Rect(x, y, tile, tile))
            for y in range(part.top, part.bottom, tile)
            for x in range(part.left, part.right, tile)
        ]
        return shown[0].unionall(shown[1:])

    def _place(self, part: pygame.Rect) -> pygame.Rect:
        image = self.surface.subsurface(part)
        if self._to != self._from:
            image = self._scaled(part)
        if self._turns:
            image = pygame.transform.rotate(image, -90 * self._turns)
        # The part's corner that is top left after turning.
        corners = (part.topleft, part.bottomleft, part.bottomright, part.topright)
        x, y = self.to_display(*corners[self._turns])
        return self._display.blit(image, (round(x), round(y)))

    def _scaled(self, part: pygame.Rect) -> pygame.Surface:
        size = (part.w * self._to // self._from, part.h * self._to // self._from)
        if self._to < self._from:
            return pygame.transform.smoothscale(self._store.subsurface(part), size)
        # Enlarging maps the last source pixel onto the last pixel: one more column and row
        # (at the canvas's edge the last ones again) make the factor exact whatever the part.
        width, height = SIZE
        if part.right == width:
            self._store.blit(self._store, (width, 0), (width - 1, 0, 1, height))
        if part.bottom == height:
            self._store.blit(self._store, (0, height), (0, height - 1, width + 1, 1))
        return pygame.transform.smoothscale(
            self._store.subsurface((part.x, part.y, part.w + 1, part.h + 1)), size
        )
