"""Two fields, the pad that fills them, and the key to log in.

The fields are touched too, so they are as high as a thumb. Where rows are scarce, their
captions stand inside of them, and what went wrong is said in the header.
"""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind
from device.kiosk.layout.pad import BROAD, TELEPHONE, pad


class LoginPlaces(NamedTuple):
    """Places of the log-in."""

    staff: Box
    """The field for the staff number."""
    pin: Box
    field_reach: float
    """How far the fields answer above and below themselves."""
    captions_inside: bool
    """The captions stand in their fields, else above them."""
    caption_size: int
    digits: int
    """Size of the digits in the fields."""
    dot: int
    """Diameter of the dots that stand for the PIN's digits."""
    note: Box
    """What went wrong; in the header it stands in place of the title."""
    note_size: int
    login: Box
    login_size: int
    lock: Box
    """Says how long nobody can log in."""
    lock_size: int
    pad: tuple[tuple[str, Box], ...]
    pad_size: int
    clear_size: int
    reach: float
    """Half the gap between the keys."""


def places(design: Design) -> LoginPlaces:
    """Return the places of the log-in."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _wide(design: Design) -> LoginPlaces:
    (across, down), bottom = design.spare, design.height - 46
    wide, column = 560 + across // 2, 680 + across // 2
    lower = down // 3
    staff, pin = (40, 212, wide, 108), (40, 392 + lower // 2, wide, 108)
    note, low = pin[1] + 120, bottom - 150 - lower
    return LoginPlaces(
        staff=staff, pin=pin, field_reach=8, captions_inside=False,
        caption_size=30 if design.large else 28, digits=60, dot=28,
        note=(40, note, wide, 80), note_size=30 if design.large else 28,
        login=(40, low, wide, bottom - low), login_size=54,
        lock=(40, note + 24, wide, bottom - note - 24), lock_size=40,
        pad=pad(TELEPHONE, (column, 152, design.width - 40 - column, bottom - 152), 3, 12),
        pad_size=60, clear_size=38 if design.large else 34, reach=6,
    )  # fmt: skip


def _compact(design: Design) -> LoginPlaces:
    across, bottom = design.spare[0], design.height - 30
    width = 372 + across // 2 // 4 * 4
    column = design.width - 16 - width
    wide, high = column - 32, (bottom - 106 - 16) // 3
    left, third = design.width - 16 - 94 - 12, bottom - high
    return LoginPlaces(
        staff=(16, 106, wide, high), pin=(16, 114 + high, wide, high),
        field_reach=4, captions_inside=True,
        caption_size=22 if design.large else 20, digits=42, dot=20,
        note=(100, 12, left - 100, 72), note_size=24 if design.large else 22,
        login=(16, third, wide, high), login_size=40,
        lock=(16, third, wide, high), lock_size=24,
        pad=pad(BROAD, (column, 106, width, bottom - 106), 4, 8),
        pad_size=42, clear_size=28 if design.large else 24, reach=4,
    )  # fmt: skip


def _tall(design: Design) -> LoginPlaces:
    wide, bottom = design.width - 72, design.height - 64
    top = bottom - 444 - design.spare[1] // 2
    low = top - 12 - 140
    return LoginPlaces(
        staff=(36, 212, wide, 130), pin=(36, 392, wide, 130), field_reach=11,
        captions_inside=False, caption_size=36 if design.large else 34, digits=68, dot=34,
        note=(36, 530, wide, 84), note_size=36 if design.large else 33,
        login=(36, low, wide, 140), login_size=60,
        lock=(36, 542, wide, low + 140 - 542), lock_size=46,
        pad=pad(BROAD, (36, top, wide, bottom - top), 4, 12),
        pad_size=64, clear_size=36, reach=6,
    )  # fmt: skip
