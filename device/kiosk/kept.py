"""What was drawn and may be needed again: the latest of it, up to a bound in bytes."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import pygame

T = TypeVar("T")


class Kept(Generic[T]):
    """Drawn things under their keys; whatever was asked for least lately goes first.

    ``weigh`` tells how many bytes a thing takes.
    """

    def __init__(self, most: int, weigh: Callable[[T], int]) -> None:
        self._most = most
        self._weigh = weigh
        self._things: dict[Hashable, T] = {}
        self.bytes = 0
        """What is kept now; more than ``most`` only for a single thing that is larger."""

    def get(self, key: Hashable, draw: Callable[[], T]) -> T:
        """Return what is kept under ``key``, drawing it if it is not there (any more)."""
        thing = self._things.pop(key, None)
        if thing is None:
            thing = draw()
            self.bytes += self._weigh(thing)
            while self.bytes > self._most and self._things:
                self.bytes -= self._weigh(self._things.pop(next(iter(self._things))))
        self._things[key] = thing  # last in, last out
        return thing

    def clear(self) -> None:
        """Let go of everything."""
        self._things.clear()
        self.bytes = 0


def pixels(image: pygame.Surface) -> int:
    """Return the bytes that an image's pixels take."""
    return image.get_pitch() * image.get_height()
