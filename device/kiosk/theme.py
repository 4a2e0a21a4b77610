"""The tokens every screen is painted with: colours and sizes, and nothing else.

Kept in one place so that the high-contrast look, larger texts and the other designs are
other values of the same names. Level colours do not exist: what a citizen chose must not be
readable from across the hall.
"""

from typing import NamedTuple

from device.kiosk.layout import Design, Kind

Colour = tuple[int, int, int]


class Colours:
    """Flat colours; no gradient, no transparency. Constants of the class: never assigned to."""

    paper: Colour = (0xF7, 0xF4, 0xEC)
    surface: Colour = (0xFF, 0xFF, 0xFF)
    """Keys and cards."""
    ink: Colour = (0x17, 0x21, 0x2B)
    """Text, and what is drawn like it."""
    ink2: Colour = (0x3F, 0x4B, 0x54)
    """Secondary text."""
    accent: Colour = (0x0F, 0x4C, 0x5C)
    """The primary key and what is selected."""
    accent_edge: Colour = (0x08, 0x32, 0x3D)
    on_accent: Colour = (0xFF, 0xFF, 0xFF)
    tint: Colour = (0xE1, 0xEC, 0xEC)
    """A picked chip, a pressed flat key."""
    mute: Colour = (0xEF, 0xEB, 0xE0)
    """A key that does nothing now."""
    sign: Colour = (0x17, 0x21, 0x2B)
    """The window's number, like the sign above it."""
    on_sign: Colour = (0xFF, 0xFF, 0xFF)
    face: Colour = (0xF8, 0xE7, 0xC2)
    """All five faces alike."""
    face_ink: Colour = (0x17, 0x21, 0x2B)
    teeth: Colour = (0xFF, 0xFF, 0xFF)
    line: Colour = (0x7F, 0x88, 0x82)
    """Borders of controls, and the timeout line."""
    edge: Colour = (0xA9, 0xAF, 0xA8)
    """The keycap's edge: decoration."""
    hair: Colour = (0xDE, 0xD9, 0xCC)
    """Dividers: decoration."""
    focus: Colour = (0x0F, 0x4C, 0x5C)
    """The ring around what a key would press."""
    warn: Colour = (0x6B, 0x41, 0x00)
    """For staff and technicians, always with words."""
    on_warn: Colour = (0xFF, 0xFF, 0xFF)
    code: Colour = (0x17, 0x21, 0x2B)
    """QR modules; dark on light in every look, as readers expect (ISO/IEC 18004)."""
    code_ground: Colour = (0xFF, 0xFF, 0xFF)
    portrait: Colour = (0x4C, 0x6E, 0x79)
    portrait_ground: Colour = (0xD2, 0xDF, 0xDD)


class HighContrast(Colours):
    """White on black: 21:1, and one colour for what is selected (15:1)."""

    paper: Colour = (0, 0, 0)
    surface: Colour = (0, 0, 0)
    ink: Colour = (0xFF, 0xFF, 0xFF)
    ink2: Colour = (0xFF, 0xFF, 0xFF)
    accent: Colour = (0xFF, 0xD8, 0x4A)
    accent_edge: Colour = (0xC8, 0xA0, 0x18)
    on_accent: Colour = (0, 0, 0)
    tint: Colour = (0x2E, 0x2E, 0x2E)
    mute: Colour = (0, 0, 0)
    sign: Colour = (0xFF, 0xFF, 0xFF)
    on_sign: Colour = (0, 0, 0)
    face: Colour = (0xFF, 0xFF, 0xFF)
    face_ink: Colour = (0, 0, 0)
    line: Colour = (0xFF, 0xFF, 0xFF)
    edge: Colour = (0, 0, 0)
    hair: Colour = (0x59, 0x59, 0x59)
    focus: Colour = (0xFF, 0xD8, 0x4A)
    warn: Colour = (0xFF, 0xD8, 0x4A)
    on_warn: Colour = (0, 0, 0)
    code: Colour = (0, 0, 0)
    portrait: Colour = (0x2E, 0x2E, 0x2E)
    portrait_ground: Colour = (0xD9, 0xD9, 0xD9)


class Sizes:
    """Lengths in units of the wide design (5.9 to the millimetre on 10.1 inches).

    Plain classes: a NamedTuple of this length costs a noticeable part of the way to the
    first frame.
    """

    question: int = 62
    label: int = 38
    """Level keys."""
    key: int = 50
    """The words on a primary key."""
    body: int = 30
    small: int = 26
    smallest: int = 24
    control: int = 28
    """The words on the keys of the header, which large texts would not fit."""
    badge: int = 20
    """The mock-hardware badge, which is not for citizens."""
    line_spacing: float = 1.35
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
    focus: int = 6
    """Width of the ring around what a key would press."""
    margin: int = 40
    gap: int = 16
    pad: int = 16
    """Between a key's border and its words."""


class LargeSizes(Sizes):
    """The wide design with larger texts."""

    question: int = 88
    label: int = 60
    key: int = 58
    body: int = 44
    small: int = 36
    smallest: int = 32


class CompactSizes(Sizes):
    """Units of the compact design (5.2 to the millimetre on 7 inches)."""

    question: int = 43
    label: int = 26
    key: int = 32
    body: int = 22
    small: int = 21
    smallest: int = 20
    control: int = 22
    badge: int = 15
    face_small: int = 48
    radius: int = 14
    radius_card: int = 16
    radius_chip: int = 12
    edge: int = 5
    sink: int = 4
    border_chip: int = 3
    border_chosen: int = 4
    focus: int = 4
    margin: int = 16
    gap: int = 12
    pad: int = 6


class LargeCompactSizes(CompactSizes):
    """The compact design with larger texts."""

    question: int = 60
    label: int = 40
    key: int = 40
    body: int = 30
    small: int = 26
    smallest: int = 24


class TallSizes(Sizes):
    """Units of the tall design (8.2 to the millimetre on 7 inches)."""

    question: int = 53
    label: int = 48
    key: int = 48
    body: int = 36
    small: int = 32
    smallest: int = 30
    control: int = 36
    badge: int = 20
    face_small: int = 76
    radius: int = 22
    radius_card: int = 28
    radius_chip: int = 20
    edge: int = 7
    sink: int = 6
    focus: int = 5
    margin: int = 36
    gap: int = 12


class LargeTallSizes(TallSizes):
    """The tall design with larger texts."""

    question: int = 76
    label: int = 78
    key: int = 60
    body: int = 46
    small: int = 40
    smallest: int = 36


_SIZES: dict[Kind, tuple[type[Sizes], type[Sizes]]] = {
    Kind.WIDE: (Sizes, LargeSizes),
    Kind.COMPACT: (CompactSizes, LargeCompactSizes),
    Kind.TALL: (TallSizes, LargeTallSizes),
}


class Theme(NamedTuple):
    """One look: its colours and its sizes."""

    colours: Colours
    sizes: Sizes


def theme_of(design: Design, appearance: str) -> Theme:
    """Return the tokens for ``standard``, ``large`` or ``contrast``."""
    sizes = _SIZES[design.kind][design.large]()
    if appearance == "contrast":
        sizes.border = 4
        sizes.border_chip = sizes.border_chosen = sizes.focus = 6
    return Theme(HighContrast() if appearance == "contrast" else Colours(), sizes)
