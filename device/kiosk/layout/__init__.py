"""Where things stand on a canvas of any size: numbers only, no drawing.

There are three designs, drawn after how people stand before the panel: a wide one for large
panels (1280x800 at 10 inches), a compact one for small panels (800x480 at 7 inches), and a
tall one for panels that stand upright (720x1280). A design counts in its own units, of which
a canvas gives it at least those: what a canvas has beyond that goes to the parts that gain
by it. So a text is never stretched, and is always drawn at the canvas's own pixels.

Boxes are ``(left, top, width, height)`` in design units. ``middle`` values are the optical
middle of a line of text. One module for each screen, read when the screen is first shown.
"""

from enum import Enum
from functools import cached_property
from math import hypot
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from device.kiosk.layout.callback import CallbackPlaces
    from device.kiosk.layout.check import CheckPlaces
    from device.kiosk.layout.header import HeaderPlaces
    from device.kiosk.layout.idle import IdlePlaces
    from device.kiosk.layout.legend import LegendPlaces
    from device.kiosk.layout.login import LoginPlaces
    from device.kiosk.layout.menu import MenuPlaces
    from device.kiosk.layout.notice import NoticePlaces
    from device.kiosk.layout.pause import PausePlaces
    from device.kiosk.layout.rating import RatingPlaces
    from device.kiosk.layout.reasons import ReasonsPlaces
    from device.kiosk.layout.search import SearchPlaces
    from device.kiosk.layout.setup import SetupPlaces
    from device.kiosk.layout.thanks import ThanksPlaces

Box = tuple[int, int, int, int]
Point = tuple[int, int]

_MM_PER_INCH = 25.4
_COMPACT_BELOW_MM = 110.0
"""A picture lower than this (7 inches and less) gets the compact design."""
_LEAST_WIDE, _MOST_WIDE = 1.25, 2.0
"""Shapes beyond these leave a margin on two sides rather than a broken screen."""


class Kind(Enum):
    """The three designs, with the units that each has at least."""

    WIDE = (1280, 800)
    COMPACT = (800, 480)
    TALL = (720, 1280)


class Design(NamedTuple):
    """One design on one canvas."""

    kind: Kind
    width: int
    """Units across, no fewer than the design's own."""
    height: int
    unit: float
    """Canvas pixels in one unit."""
    mm: float
    """Units in a millimetre of the panel."""
    large: bool = False
    """Texts are set larger; what is not needed gives way."""

    @property
    def right(self) -> int:
        """The canvas's right edge, in units."""
        return self.width

    @property
    def spare(self) -> tuple[int, int]:
        """Units that the canvas has beyond the design's own, across and down."""
        return self.width - self.kind.value[0], self.height - self.kind.value[1]


def usual_diagonal(size: tuple[int, int]) -> float:
    """Return the inches that panels with that many pixels usually measure."""
    long, short = max(size), min(size)
    if long <= 1024 or short <= 720:
        return 7.0
    return 10.1 if long <= 1366 else 15.6


def usable(size: tuple[int, int]) -> tuple[int, int]:
    """Return the part of a display that a design can fill: all of it, but for odd shapes."""
    width, height = size
    long, short = max(size), min(size)
    long, short = min(long, int(short * _MOST_WIDE)), min(short, int(long / _LEAST_WIDE))
    return (long, short) if width >= height else (short, long)


def design_of(size: tuple[int, int], diagonal: float = 0.0, large: bool = False) -> Design:
    """Return the design for a canvas of ``size`` pixels on a panel of ``diagonal`` inches."""
    width, height = size
    pixels_per_mm = hypot(width, height) / ((diagonal or usual_diagonal(size)) * _MM_PER_INCH)
    if width < height:
        kind = Kind.TALL
    elif height / pixels_per_mm < _COMPACT_BELOW_MM:
        kind = Kind.COMPACT
    else:
        kind = Kind.WIDE
    unit = min(width / kind.value[0], height / kind.value[1])
    across, down = int(width / unit + 0.001), int(height / unit + 0.001)
    return Design(kind, across, down, unit, pixels_per_mm / unit, large)


class Layout:
    """All places of one design; each screen's are worked out when it is first shown."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.size = (design.width, design.height)
        """Units across and down."""

    @cached_property
    def header(self) -> "HeaderPlaces":
        """The strip on top, and the controls wherever they stand."""
        from device.kiosk.layout import header

        return header.places(self.design)

    @cached_property
    def idle(self) -> "IdlePlaces":
        """The open window."""
        from device.kiosk.layout import idle

        return idle.places(self.design)

    @cached_property
    def rating(self) -> "RatingPlaces":
        """A question and its five keys."""
        from device.kiosk.layout import rating

        return rating.places(self.design)

    @cached_property
    def reasons(self) -> "ReasonsPlaces":
        """The reason tags."""
        from device.kiosk.layout import reasons

        return reasons.places(self.design)

    @cached_property
    def callback(self) -> "CallbackPlaces":
        """The number pad."""
        from device.kiosk.layout import callback

        return callback.places(self.design)

    @cached_property
    def legend(self) -> "LegendPlaces":
        """What the physical keys do."""
        from device.kiosk.layout import legend

        return legend.places(self.design)

    @cached_property
    def thanks(self) -> "ThanksPlaces":
        """The receipt."""
        from device.kiosk.layout import thanks

        return thanks.places(self.design)

    @cached_property
    def notice(self) -> "NoticePlaces":
        """One statement."""
        from device.kiosk.layout import notice

        return notice.places(self.design)

    @cached_property
    def login(self) -> "LoginPlaces":
        """Where staff say who they are."""
        from device.kiosk.layout import login

        return login.places(self.design)

    @cached_property
    def menu(self) -> "MenuPlaces":
        """What staff can do."""
        from device.kiosk.layout import menu

        return menu.places(self.design)

    @cached_property
    def search(self) -> "SearchPlaces":
        """Matters that are looked for."""
        from device.kiosk.layout import search

        return search.places(self.design)

    @cached_property
    def pause(self) -> "PausePlaces":
        """Why the window pauses."""
        from device.kiosk.layout import pause

        return pause.places(self.design)

    @cached_property
    def setup(self) -> "SetupPlaces":
        """How far a new device is."""
        from device.kiosk.layout import setup

        return setup.places(self.design)

    @cached_property
    def check(self) -> "CheckPlaces":
        """What technicians test."""
        from device.kiosk.layout import check

        return check.places(self.design)
