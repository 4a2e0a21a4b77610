"""The tokens every screen is painted with: colours and sizes, and nothing else.

Kept in one place so that the high-contrast look and the smaller screens are other values
of the same names. Level colours do not exist: what a citizen chose must not be readable
from across the hall.
"""

from typing import NamedTuple

Colour = tuple[int, int, int]


class Colours:
    """Flat colours; no gradient, no transparency. Constants of the class: never assigned to."""

    paper: Colour = (0xF7, 0xF4, 0xEC)
    surface: Colour = (0xFF, 0xFF, 0xFF)
    """Keys and cards."""
    ink: Colour = (0x17, 0x21, 0x2B)
    """Text, faces and signs (the window's number)."""
    ink2: Colour = (0x3F, 0x4B, 0x54)
    """Secondary text."""
    accent: Colour = (0x0F, 0x4C, 0x5C)
    """The primary key and what is selected."""
    accent_edge: Colour = (0x08, 0x32, 0x3D)
    on_accent: Colour = (0xFF, 0xFF, 0xFF)
    tint: Colour = (0xE1, 0xEC, 0xEC)
    """A picked chip, a pressed flat key."""
    face: Colour = (0xF8, 0xE7, 0xC2)
    """All five faces alike."""
    line: Colour = (0x7F, 0x88, 0x82)
    """Borders of controls, and the timeout line."""
    edge: Colour = (0xA9, 0xAF, 0xA8)
    """The keycap's edge: decoration."""
    hair: Colour = (0xDE, 0xD9, 0xCC)
    """Dividers: decoration."""
    warn: Colour = (0x6B, 0x41, 0x00)
    """For staff and technicians, always with words."""
    portrait: Colour = (0x4C, 0x6E, 0x79)
    portrait_ground: Colour = (0xD2, 0xDF, 0xDD)


class Sizes:
    """Lengths in pixels of the logical canvas (5.9 to the millimetre on 10.1 inches).

    Plain classes here and in `layout`: a NamedTuple of this length costs a noticeable part
    of the way to the first frame.
    """

    question: int = 62
    label: int = 38
    """Level keys."""
    key: int = 50
    """The words on a primary key."""
    body: int = 30
    small: int = 26
    smallest: int = 24
    badge: int = 20
    """The mock-hardware badge, which is not for citizens."""
    line_spacing: float = 1.35
    face: int = 164
    face_small: int = 56
    radius: int = 20
    """Corners of keys."""
    radius_card: int = 24
    radius_chip: int = 16
    edge: int = 6
    """Height of the keycap's edge at rest."""
    sink: int = 5
    """How far a pressed keycap sinks."""
    border: int = 2
    border_chip: int = 4
    border_chosen: int = 5
    margin: int = 40
    gap: int = 16
    edge_reach: int = 47
    """A target this close to the canvas's edge (8 mm) reaches to the edge."""


class Theme(NamedTuple):
    """One look: its colours and its sizes."""

    colours: Colours
    sizes: Sizes


PLAIN = Theme(Colours(), Sizes())
