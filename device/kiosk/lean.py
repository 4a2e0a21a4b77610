"""Libraries without the parts that no kiosk uses: they cost memory and the first frame's time.

`import pygame` brings along players for eight kinds of music, `inspect`, `zipfile` and twenty
more: 5 MB and half of its time. Libraries go on without what they cannot import, so here they
are told for a moment that it is not there. Whoever needs a part later imports it as ever.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_UNUSED = (
    "pygame.mixer_music",  # `device.kiosk.mixer` imports it when something is to be heard
    "pygame.mixer",
    "pygame.scrap",
    "pygame.sprite",
    "pygame.sysfont",
    "pygame.pkgdata",  # pygame's own icon and font
    "pygame.system",
    "pygame.typing",
    "pygame._debug",
)
_PICTURE_FILES = "pygame.imageext"
"""Reads and writes PNG, JPEG and the like; the kiosk draws all it shows but photographs, and
`device.kiosk.photograph` imports it when the first is due."""


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let imports find none of these modules for as long as this lasts.

    What is loaded already stays. For the start, before there are threads.
    """
    left_out = [name for name in names if name not in sys.modules]
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment] # as the import system has it
    try:
        yield
    finally:
        for name in left_out:
            if sys.modules.get(name, sys) is None:
                del sys.modules[name]


def import_pygame(*, picture_files: bool = False) -> None:
    """Import pygame-ce without what the kiosk has no use for.

    ``picture_files``: `pygame.image` can read and write pictures.
    """
    if "pygame" in sys.modules:
        return
    import warnings

    parts = _UNUSED if picture_files else (*_UNUSED, _PICTURE_FILES)
    with warnings.catch_warnings(), without(*parts):
        warnings.simplefilter("ignore", RuntimeWarning)  # pygame would lament its sprites
        import pygame
        import pygame.font
    # Missing its `sysfont`, pygame put a stand-in where the module belongs.
    pygame.font = sys.modules["pygame.font"]


def import_protocol() -> None:
    """Import what the records need, without OpenSSL's second copy and spare type hints.

    Python's own SHA-256 hashes a record in microseconds; `hashlib` would load the system's
    libcrypto for it beside the one in `cryptography`.
    """
    with without("_hashlib"):
        import hashlib  # noqa: F401
    with without("typing_extensions"):
        import msgspec  # noqa: F401
