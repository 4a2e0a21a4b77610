"""The panels that every screen is checked on, and the ways it can be dressed there."""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from math import hypot

from device.kiosk.assets import LANGUAGES
from device.kiosk.layout import Design
from device.kiosk.screens import Look, Scene, compose
from device.kiosk.screens.marks import Laid
from device.kiosk.views import View
from device.store.profile import APPEARANCES

UPRIGHT = ((1280, 800), (1024, 600), (800, 480), (720, 1280), (1920, 1080))
"""As panels are sold; they show the golden pictures."""
TURNED = ((800, 1280), (600, 1024), (480, 800), (1280, 720), (1080, 1920))
"""The same panels, mounted on their other side."""
INCHES = {
    frozenset((1280, 800)): 10.1,
    frozenset((1024, 600)): 7.0,
    frozenset((800, 480)): 7.0,
    frozenset((720, 1280)): 7.0,
    frozenset((1920, 1080)): 15.6,
}
"""Diagonals that panels with so many pixels have in the trade."""
_MM_PER_INCH = 25.4

Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Dressed:
    """One screen on one panel, in one language and appearance."""

    called: str
    view: View
    scene: Scene
    design: Design
    mm: float
    """Pixels in a millimetre of the panel."""

    @cached_property
    def laid(self) -> tuple[Laid, ...]:
        """Every single mark at its place, in the order of painting."""
        return tuple(self.scene.laid_out())


def millimetre(size: Size) -> float:
    """Return the pixels in a millimetre of the panel that is sold with so many pixels."""
    return hypot(*size) / (INCHES[frozenset(size)] * _MM_PER_INCH)


@lru_cache(maxsize=len(APPEARANCES))
def look_of(size: Size, appearance: str) -> Look:
    """Return what draws on a panel; the last panel's is kept."""
    beside = None if appearance == "standard" else look_of(size, "standard")
    look = Look(size, 0.0, appearance, beside=beside)
    if beside is None:  # else it is the other's typesetter; screens measure the same words often
        look.text.width = cache(look.text.width)  # type: ignore[method-assign]
    return look


def dressed(view: View, language: str, appearance: str) -> View:
    """Return ``view`` for somebody who reads ``language`` and chose ``appearance``."""
    return view._replace(chrome=view.chrome._replace(language=language, appearance=appearance))


def show(name: str, view: View, size: Size, language: str, appearance: str) -> Dressed:
    """Lay ``view`` out on a panel of ``size``."""
    look = look_of(size, appearance)
    view = dressed(view, language, appearance)
    width, height = size
    called = f"{name} on {width}x{height}, {language}, {appearance}"
    return Dressed(called, view, compose(view, look), look.layout.design, millimetre(size))


def everywhere(name: str, view: View, size: Size) -> list[Dressed]:
    """Lay ``view`` out on a panel in every language and appearance."""
    return [
        show(name, view, size, language, appearance)
        for appearance in APPEARANCES
        for language in LANGUAGES
    ]
