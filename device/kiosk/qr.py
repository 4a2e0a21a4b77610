"""QR codes: from a payload to modules, and from modules to pixels.

`qrcode` tries all eight masks by default, which costs nine tenths of its time; any mask
is valid, so one is fixed. The package is imported on first use, or by `load_maker`, because
the first frame has no code on it.
"""

from contextlib import suppress

import pygame

from device.kiosk.lean import without
from device.kiosk.theme import Colour

Modules = tuple[tuple[bool, ...], ...]

MAX_VERSION = 9
"""More modules would not be large enough on the smallest panels; error level L gives way first,
and holds more in version 9 than M does in version 10."""
QUIET = 4
"""Modules of quiet zone on each side (ISO/IEC 18004)."""
_MASK = 2


class PayloadTooLong(ValueError):
    """The payload does not fit into a version 9 code at error level L."""


def load_maker() -> None:
    """Import what makes codes, so that the first one takes no longer than the others."""
    with without("PIL"):  # where that is installed, qrcode loads 4 MB of it to draw with
        import qrcode.main  # noqa: F401


def matrix(payload: str) -> Modules:
    """Return the modules of ``payload``, dark = True, without quiet zone.

    Error level M and the smallest version that fits; where none does, the largest one with
    level L. Raises `PayloadTooLong`.
    """
    load_maker()
    from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
    from qrcode.exceptions import DataOverflowError
    from qrcode.main import QRCode

    for level, least in ((ERROR_CORRECT_M, 1), (ERROR_CORRECT_L, MAX_VERSION)):
        code = QRCode(error_correction=level, border=0, mask_pattern=_MASK)
        code.add_data(payload)
        with suppress(DataOverflowError, ValueError):  # more than the largest version holds
            if code.best_fit(start=least) <= MAX_VERSION:
                code.make(fit=False)
                return tuple(tuple(bool(module) for module in row) for row in code.modules)
    raise PayloadTooLong(f"{len(payload)} characters need more than version {MAX_VERSION}")


def paint(modules: Modules, room: int, dark: Colour, light: Colour) -> pygame.Surface:
    """Return a square image of at most ``room`` pixels, quiet zone included.

    Every module is the same whole number of pixels, so that cameras see sharp edges.
    """
    side = len(modules)
    pixels = max(1, room // (side + 2 * QUIET))
    # One byte a pixel: each visit brings a new code, which is kept while it is shown.
    image = pygame.Surface(((side + 2 * QUIET) * pixels,) * 2, 0, 8)
    image.set_palette([light, dark])
    for y, row in enumerate(modules, QUIET):
        start = None
        for x, on in enumerate((*row, False), QUIET):
            if on and start is None:
                start = x
            elif not on and start is not None:
                box = (start * pixels, y * pixels, (x - start) * pixels, pixels)
                image.fill(1, box)
                start = None
    return image
