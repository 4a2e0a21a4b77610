"""Everything that painting needs and that is worth keeping: theme, typefaces, caches.

One `Look` is built when the kiosk starts and handed to whoever composes a screen. What
it keeps is bounded, so that a device can run for months.
"""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import pygame

from device.kiosk.assets import load_texts
from device.kiosk.icons import Icons
from device.kiosk.layout import LANDSCAPE, Layout
from device.kiosk.shapes import Shapes
from device.kiosk.text import Typesetter
from device.kiosk.theme import PLAIN, Theme
from device.kiosk.words import Words

if TYPE_CHECKING:
    from device.kiosk.faces import Faces
    from device.kiosk.screens.marks import Picture

_BAKED_BYTES = 5 << 19
_PICTURES = 60
"""Every key of one language in use; each holds its words as pixels."""


class Look:
    """Theme, layout, texts and the caches of what was drawn.

    ``scale`` is the scale of the layout, of which there is one so far.
    """

    def __init__(self, scale: int = 1, theme: Theme = PLAIN, layout: Layout = LANDSCAPE) -> None:
        if scale != 1:
            raise ValueError(f"screens are laid out at scale 1 only, not {scale}")
        self.theme = theme
        self.layout = layout
        self.text = Typesetter()
        self.shapes = Shapes()
        self.icons = Icons(theme.colours)
        self._faces: Faces | None = None
        self._words: dict[str, Words] = {}
        self._pictures: dict[Hashable, Picture] = {}
        self._baked: dict[Hashable, pygame.Surface] = {}
        self._baked_bytes = 0

    @property
    def faces(self) -> "Faces":
        """The five faces; their geometry is read on first use."""
        if self._faces is None:
            from device.kiosk.faces import Faces

            self._faces = Faces(self.theme.colours)
        return self._faces

    def words(self, language: str) -> Words:
        """Return the texts of ``language``. Raises `OSError` for one that is not shipped."""
        words = self._words.get(language)
        if words is None:
            words = self._words[language] = Words(load_texts(language))
        return words

    def keep(self, key: Hashable, compose: "Callable[[], Picture]") -> "Picture":
        """Return the picture kept under ``key``, composed if it is not there (any more)."""
        picture = self._pictures.pop(key, None)
        if picture is None:
            picture = compose()
            if len(self._pictures) >= _PICTURES:
                self._pictures.pop(next(iter(self._pictures)))
        self._pictures[key] = picture  # last in, last out
        return picture

    def bake(self, key: Hashable, draw: Callable[[], pygame.Surface]) -> pygame.Surface:
        """Return the image kept under ``key``, drawing it if it is not there (any more)."""
        image = self._baked.pop(key, None)
        if image is None:
            image = draw()
            self._baked_bytes += _weight(image)
            while self._baked_bytes > _BAKED_BYTES and self._baked:
                self._baked_bytes -= _weight(self._baked.pop(next(iter(self._baked))))
        self._baked[key] = image  # last in, last out
        return image


def _weight(image: pygame.Surface) -> int:
    return image.get_width() * image.get_height() * 4
