"""One logical canvas on whatever display there is: turned, letterboxed, nudged, by parts.

Screens are laid out for the canvas's own pixels, so nothing is ever scaled. Turning is done
here rather than by SDL's renderer, which would bring a GPU stack's memory along and repaint
the whole window for each change; and consoles turn only themselves (raylib#3958). Where it
is not needed, screens draw on the display itself.
"""

from collections.abc import Sequence

import pygame

from device.kiosk.layout import usable

Colour = tuple[int, int, int]
_PAPER: Colour = (0xF7, 0xF4, 0xEC)
_QUARTERS = {0: 0, 90: 1, 180: 2, 270: 3}


class Canvas:
    """The surface that screens are painted on, and its way to the display.

    ``display`` is an open display surface, ``rotation`` the clockwise turn of the picture
    in degrees (0, 90, 180 or 270) for panels that are mounted turned.
    """

    def __init__(
        self, display: pygame.Surface, rotation: int = 0, surround: Colour = _PAPER
    ) -> None:
        if rotation not in _QUARTERS:
            raise ValueError(f"rotation is 0, 90, 180 or 270 degrees, not {rotation}")
        self._display = display
        self._turns = _QUARTERS[rotation]
        width, height = display.get_size()
        self.size = usable((height, width) if self._turns % 2 else (width, height))
        """Width and height of the canvas."""
        shown = self._turned(self.size)
        self._corner = (width - shown[0]) // 2, (height - shown[1]) // 2
        self._nudge = (0, 0)
        self._surround = surround
        if shown != (width, height):
            display.fill(surround)
        self.surface = self._place_surface()

    @property
    def direct(self) -> bool:
        """True where screens are painted on the display itself."""
        return not self._turns

    @property
    def display(self) -> pygame.Surface:
        """The display itself, as it stands now: what a camera would see."""
        return self._display

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height of the display in its own pixels."""
        return self._display.get_size()

    def nudge(self, across: int, down: int, surround: Colour) -> None:
        """Move the whole picture by a few pixels to the right and down, against burn-in.

        What is pushed out at the far edges is margin. The caller paints everything anew.
        """
        self._nudge = (across, down)
        self._surround = surround
        self._display.fill(surround)
        self.surface = self._place_surface()
        if not self.direct:
            self.surface.fill(surround)

    def surround(self, colour: Colour) -> None:
        """Give what lies around the picture this colour: at night nothing may stay lit."""
        if colour == self._surround:
            return
        self._surround = colour
        whole = self._display.get_rect()
        shown = pygame.Rect(self._left_top, self._turned(self.size)).clip(whole)
        strips = (
            pygame.Rect(0, 0, whole.w, shown.top),
            pygame.Rect(0, shown.bottom, whole.w, whole.h - shown.bottom),
            pygame.Rect(0, shown.top, shown.left, shown.h),
            pygame.Rect(shown.right, shown.top, whole.w - shown.right, shown.h),
        )
        pygame.display.update([self._display.fill(colour, strip) for strip in strips])

    def _place_surface(self) -> pygame.Surface:
        if not self.direct:
            return pygame.Surface(self.size, 0, 32)
        left, top = self._left_top
        room = pygame.Rect(left, top, *self.size).clip(self._display.get_rect())
        return self._display.subsurface(room)

    @property
    def _left_top(self) -> tuple[int, int]:
        return self._corner[0] + self._nudge[0], self._corner[1] + self._nudge[1]

    def to_logical(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the canvas under a place on the display.

        Places on the letterbox lie outside of the canvas; they are not moved into it.
        """
        left, top = self._left_top
        x, y = x - left, y - top
        width, height = self.size
        if self._turns == 1:
            return y, height - x
        if self._turns == 2:
            return width - x, height - y
        if self._turns == 3:
            return width - y, x
        return x, y

    def to_display(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the display that shows a place on the canvas."""
        width, height = self.size
        if self._turns == 1:
            x, y = height - y, x
        elif self._turns == 2:
            x, y = width - x, height - y
        elif self._turns == 3:
            x, y = y, width - x
        left, top = self._left_top
        return x + left, y + top

    def show(self, changed: Sequence[pygame.Rect] | None = None) -> None:
        """Bring the changed parts of the canvas (None: all of it) to the display."""
        if changed is None:
            if not self.direct:
                self._transfer(pygame.Rect((0, 0), self.size))
            pygame.display.flip()
            return
        parts = [rect.clip((0, 0), self.size) for rect in changed]
        if self.direct:
            shown = [part.move(self._left_top) for part in parts if part.w and part.h]
        else:
            shown = [self._transfer(part) for part in parts if part.w and part.h]
        if shown:
            pygame.display.update(shown)

    def _turned(self, size: tuple[int, int]) -> tuple[int, int]:
        return (size[1], size[0]) if self._turns % 2 else size

    def _transfer(self, part: pygame.Rect) -> pygame.Rect:
        """Turn one part and bring it to the display; return where it went."""
        image = pygame.transform.rotate(self.surface.subsurface(part), -90 * self._turns)
        # The part's corner that is top left after turning.
        corners = (part.topleft, part.bottomleft, part.bottomright, part.topright)
        x, y = self.to_display(*corners[self._turns])
        return self._display.blit(image, (round(x), round(y)))
