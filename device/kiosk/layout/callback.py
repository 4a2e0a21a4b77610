"""The number to call back, and the pad to type it on.

The pad has the order of a telephone's. On a compact canvas four rows of keys would each be
lower than a thumb; there it has three rows, with the rest of the keys in a fourth column.
"""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point
from device.kiosk.layout.pad import BROAD, TELEPHONE, pad


class CallbackPlaces(NamedTuple):
    """Places of the call-back."""

    heading: Point
    heading_size: int
    right: int
    """Where words, field and note end."""
    sub: Point | None
    sub_size: int
    label: Point | None
    """Above the field; where there is no room, it stands in the field while that is empty."""
    label_size: int
    field: Box
    digits: int
    """Size of the digits in the field."""
    note: Box
    note_size: int
    nocall: Box
    confirm: Box
    confirm_size: int
    pad: tuple[tuple[str, Box], ...]
    """Digits, ``clear`` and ``erase``, row by row."""
    pad_size: int
    """Size of the digits on the keys."""
    clear_size: int
    reach: float
    """Half the gap between the keys."""


def places(design: Design) -> CallbackPlaces:
    """Return the places of the call-back."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _wide(design: Design) -> CallbackPlaces:
    large, bottom, half = design.large, design.height - 46, design.spare[0] // 2
    right, low = 704 + half, design.height - 182
    column = design.width - 40 - 472 - half // 2
    nocall = (40, low, 264 + half // 3, bottom - low)
    confirm = 40 + nocall[2] + 16
    return CallbackPlaces(
        heading=(40, 192 if large else 194), heading_size=70 if large else 56, right=right,
        sub=(40, 285 if large else 263), sub_size=38 if large else 30,
        label=None if large else (40, 326), label_size=28,
        field=(40, 350, right - 40, 104), digits=68 if large else 54,
        note=(40, 474, right - 40, 124), note_size=36 if large else 30,
        nocall=nocall, confirm=(confirm, low, right - confirm, bottom - low),
        confirm_size=58 if large else 50,
        pad=pad(TELEPHONE, (column, 152, design.width - 40 - column, bottom - 152), 3, 12),
        pad_size=72 if large else 60, clear_size=42 if large else 34, reach=6,
    )  # fmt: skip


def _compact(design: Design) -> CallbackPlaces:
    large, bottom, half = design.large, design.height - 30, design.spare[0] // 2
    width = 388 + half // 4 * 4
    column = design.width - 16 - width
    right, low = column - 16, design.height - 124
    return CallbackPlaces(
        heading=(16, 132), heading_size=40 if large else 34, right=right,
        sub=None, sub_size=0, label=None, label_size=30 if large else 24,
        field=(16, 158, right - 16, 84), digits=42 if large else 40,
        note=(16, 252, right - 16, 96), note_size=27 if large else 22,
        nocall=(16, low, 152, bottom - low),
        confirm=(176, low, right - 176, bottom - low),
        confirm_size=40 if large else 32,
        pad=pad(BROAD, (column, 112, width, bottom - 112), 4, 8),
        pad_size=46 if large else 40, clear_size=28 if large else 24, reach=4,
    )  # fmt: skip


def _tall(design: Design) -> CallbackPlaces:
    large, right, bottom = design.large, design.width - 36, design.height - 160
    down, side, gap = design.spare[1], 184 + design.spare[0] // 4, 12
    top = bottom - 592 - down // 2
    column = right - side
    middle = (top + bottom) // 2
    high = 96
    note = top - gap - high
    field = note - gap - high
    return CallbackPlaces(
        heading=(36, 202 if large else 206), heading_size=62 if large else 56, right=right,
        sub=(36, 262 if large else 266), sub_size=36 if large else 34,
        label=None, label_size=40 if large else 36,
        field=(36, field, right - 36, high), digits=70 if large else 60,
        note=(36, note, right - 36, high), note_size=36 if large else 33,
        nocall=(column, top, side, middle - gap // 2 - top),
        confirm=(column, middle + gap // 2, side, bottom - middle - gap // 2),
        confirm_size=46,
        pad=pad(TELEPHONE, (36, top, column - 24 - 36, bottom - top), 3, gap),
        pad_size=72 if large else 60, clear_size=40 if large else 36, reach=6,
    )  # fmt: skip
