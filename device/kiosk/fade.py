"""One page giving way to the next within 160 ms, so that an eye can follow.

On a board where blending takes too long there is no fade: a page that stutters is worse than
one that is simply there.
"""

import time

import pygame

from device.kiosk.canvas import Canvas

FADE_MS = 160
"""docs/screens.md, "Motion"."""
STEP_MS = 32
_SLOW_S = 0.025
"""One blend longer than this would show as a stutter."""


class Fade:
    """From the picture ``before`` to the picture ``after``, begun at ``start_ms``."""

    def __init__(self, before: pygame.Surface, after: pygame.Surface, start_ms: int) -> None:
        self._before = before
        self._after = after
        self._start_ms = start_ms
        self._step = 0
        self.slow = False
        """A step took too long on this board."""

    @property
    def over(self) -> bool:
        """True once the next step would be the page itself."""
        return (self._step + 1) * STEP_MS >= FADE_MS

    def step(self, canvas: Canvas, now_ms: int) -> None:
        """Paint how far it is by now, if that is farther than before."""
        step = max(1, (now_ms - self._start_ms) // STEP_MS)
        if step <= self._step:
            return
        began = time.perf_counter()
        self._step = step
        if not self.over:
            self._after.set_alpha(255 * step * STEP_MS // FADE_MS)
            canvas.surface.blit(self._before, (0, 0))
            canvas.surface.blit(self._after, (0, 0))
            canvas.show()
        self.slow = time.perf_counter() - began > _SLOW_S

    def due_ms(self, now_ms: int) -> int:
        """Return when the next step is due."""
        return max(now_ms + 1, self._start_ms + (self._step + 1) * STEP_MS)

    def finish(self, canvas: Canvas) -> None:
        """Paint the page itself."""
        self._after.set_alpha(None)
        canvas.surface.blit(self._after, (0, 0))
        canvas.show()
