"""The strip on top: who serves here on the left, controls on the right.

On a tall canvas there is no room for the controls beside a name; language and size stand at
the bottom, where they can be reached from a chair.
"""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point


class HeaderPlaces(NamedTuple):
    """Places shared by all screens."""

    height: int
    line: int
    """Thickness of the timeout line under the header."""
    sign: Box
    sign_number: int
    """Size of the window's number on its sign."""
    sign_caption: int
    portrait: Box
    text_left: int
    """Where name and number of the staff member begin."""
    hall_left: int
    first: int
    second: int
    single: int
    name: int
    """Size of the name."""
    name_rows: int
    control_top: int
    control_height: int
    size_width: int
    """Of the key for larger text."""
    side_width: int
    """Of the key at the right end, such as the one to decline."""
    staff_width: int
    """Of the key with which staff come to their own pages."""
    languages: Box
    """The language keys, where they do not stand beside others (else of no width)."""
    language_width: int
    size_key: Box
    """The key for larger text, where it does not stand beside others."""
    badge: Point
    """Middle of the mock-hardware badge."""


def places(design: Design) -> HeaderPlaces:
    """Return the places of the header."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return HeaderPlaces(
            height=96, line=3, sign=(16, 12, 72, 72), sign_number=38, sign_caption=20,
            portrait=(98, 12, 60, 72),
            text_left=168, hall_left=100, first=34, second=70, single=49,
            name=34 if design.large else 27, name_rows=1,
            control_top=12, control_height=72, size_width=94, side_width=94, staff_width=94,
            languages=(0, 0, 0, 0),
            language_width=102 if design.spare[0] > 40 else 96, size_key=(0, 0, 0, 0),
            badge=(design.width * 158 // 800, design.height - 13),
        )  # fmt: skip
    return HeaderPlaces(
        height=128, line=3, sign=(40, 16, 96, 96), sign_number=48, sign_caption=24,
        portrait=(152, 16, 80, 96),
        text_left=252, hall_left=160, first=45, second=90, single=65,
        name=46 if design.large else 38, name_rows=1,
        control_top=22, control_height=84, size_width=124, side_width=150,
        staff_width=96,
        languages=(0, 0, 0, 0), language_width=118, size_key=(0, 0, 0, 0),
        badge=(design.width * 1005 // 1280, design.height - 19),
    )  # fmt: skip


def _tall(design: Design) -> HeaderPlaces:
    right, top = design.width - 36, design.height - 138
    language = (right - 36 - 16 - 182) // 3
    return HeaderPlaces(
        height=156, line=4, sign=(36, 24, 112, 112), sign_number=56, sign_caption=30,
        portrait=(164, 24, 94, 112),
        text_left=278, hall_left=168, first=58, second=111, single=80,
        name=58 if design.large else 46, name_rows=1,
        control_top=24, control_height=112, size_width=182, side_width=160, staff_width=160,
        languages=(36, top, language * 3, 124), language_width=language,
        size_key=(right - 182, top, 182, 124),
        badge=(design.width // 2, top - 11),
    )  # fmt: skip
