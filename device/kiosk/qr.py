"""QR codes: from a payload to modules, and from modules to pixels.

`qrcode` tries all eight masks by default, which costs nine tenths of its time; any mask
is valid, so one is fixed. The package is imported on first use because the first frame
has no code on it.
"""

import pygame

from device.kiosk.theme import Colour

Modules = tuple[tuple[bool, ...], ...]

MAX_VERSION = 10
QUIET = 4
"""Modules of quiet zone on each side (ISO/IEC 18004)."""
_MASK = 2


class PayloadTooLong(ValueError):
    """The payload does not fit into a version 10 code at error level M."""


def matrix(payload: str) -> Modules:
    """Return the modules of ``payload``, dark = True, without quiet zone.

    Error level M, the smallest version that fits. Raises `PayloadTooLong`.
    """
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.exceptions import DataOverflowError
    from qrcode.main import QRCode

    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_MASK)
    code.add_data(payload)
    try:
        version = code.best_fit()
    except (DataOverflowError, ValueError) as error:
        raise PayloadTooLong(f"{len(payload)} characters fit no QR code") from error
    if version > MAX_VERSION:
        raise PayloadTooLong(f"{len(payload)} characters need version {version}")
    code.make(fit=False)
    return tuple(tuple(bool(module) for module in row) for row in code.modules)


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
