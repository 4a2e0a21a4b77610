"""Everything that painting needs and that is worth keeping: theme, typefaces, caches.

One `Look` is built when the kiosk starts and handed to whoever composes a screen. What
it keeps is bounded, so that a device can run for months.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING

import pygame

from device.kiosk.assets import load_texts
from device.kiosk.icons import Icons
from device.kiosk.kept import Kept, pixels
from device.kiosk.layout import Layout, design_of
from device.kiosk.shapes import Shapes
from device.kiosk.text import Typesetter
from device.kiosk.theme import theme_of
from device.kiosk.words import Words

if TYPE_CHECKING:
    from device.kiosk.faces import Faces
    from device.kiosk.screens.marks import Picture

_BAKED, _PICTURES = 0.5, 0.3
"""What may be kept of images and of keys' words, measured by the pixels of the canvas: what a
visit in one language needs on any canvas, and some of the next one."""


class Look:
    """Theme, layout, texts and the caches of what was drawn, for one canvas.

    ``size`` in pixels, ``diagonal`` in inches (0: the usual one of such a panel);
    ``appearance`` is ``standard``, ``large`` or ``contrast``.
    """

    def __init__(
        self,
        size: tuple[int, int] = (1280, 800),
        diagonal: float = 0.0,
        appearance: str = "standard",
        *,
        beside: "Look | None" = None,
    ) -> None:
        self.size = size
        self.appearance = appearance
        self._diagonal = diagonal
        design = design_of(size, diagonal, large=appearance != "standard")
        self.layout = Layout(design)
        self.unit = design.unit
        self.theme = theme_of(design, appearance)
        # What does not depend on the appearance is shared.
        self.text: Typesetter = beside.text if beside else Typesetter()
        self.shapes: Shapes = beside.shapes if beside else Shapes()
        self.icons: Icons = beside.icons if beside else Icons()
        self._words: dict[str, Words] = beside._words if beside else {}
        self._own: dict[str, dict[str, str]] = beside._own if beside else {}
        self._others: dict[str, Look] = beside._others if beside else {}
        self._others[appearance] = self
        self._faces: Faces | None = None
        whole = size[0] * size[1] * 4
        self._pictures: Kept[Picture] = Kept(int(whole * _PICTURES), _words_of)
        self._baked: Kept[pygame.Surface] = Kept(int(whole * _BAKED), pixels)

    def dressed(self, appearance: str) -> "Look":
        """Return the look of ``appearance`` for the same canvas.

        Only the one in use keeps its pictures.
        """
        if appearance == self.appearance:
            return self
        for other in self._others.values():
            if other.appearance != appearance:
                other.forget()
        known = self._others.get(appearance)
        return known or Look(self.size, self._diagonal, appearance, beside=self)

    def forget(self) -> None:
        """Let go of everything that can be drawn again."""
        self._pictures.clear()
        self._baked.clear()
        self._faces = None

    def px(self, units: float) -> int:
        """Return a length of the design in pixels of the canvas."""
        return round(units * self.unit)

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
            words = Words(load_texts(language), self._own.get(language))
            self._words[language] = words
        return words

    def reword(self, own: Mapping[str, Mapping[str, str]]) -> bool:
        """Take the hall's own wording, by language and key; False if it is in use already."""
        new = {language: dict(texts) for language, texts in own.items()}
        if new == self._own:
            return False
        self._own.clear()
        self._own.update(new)
        self._words.clear()
        for look in self._others.values():
            look.forget()  # pictures are kept by the key of their text
        return True

    def keep(self, key: Hashable, compose: "Callable[[], Picture]") -> "Picture":
        """Return the picture kept under ``key``, composed if it is not there (any more)."""
        return self._pictures.get(key, compose)

    def bake(self, key: Hashable, draw: Callable[[], pygame.Surface]) -> pygame.Surface:
        """Return the image kept under ``key``, drawing it if it is not there (any more)."""
        return self._baked.get(key, draw)


def _words_of(picture: "Picture") -> int:
    """Return the bytes of a picture's words, and some for the rest; images it shares with
    others are kept elsewhere."""
    from device.kiosk.screens.marks import Text

    return 1024 + sum(pixels(mark.image) for mark in picture.marks if isinstance(mark, Text))
