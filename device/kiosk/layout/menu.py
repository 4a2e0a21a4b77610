"""What staff can do: matters on one side, cases and the invitation on the other.

A canvas that stands upright has all of it in one column, with the rarer keys at the bottom.
"""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point


class MenuPlaces(NamedTuple):
    """Places of the menu."""

    heading: Point | None
    """Above the matters; None where there is no room for headings."""
    heading_size: int
    matters: Box
    rows: int
    columns: int
    """Of matters, where one column does not hold them all."""
    gap: int
    matter: int
    """Size of a matter's words."""
    count_heading: Point
    count_heading_size: int
    count_inside: bool
    """The heading stands over the number between the keys, else above them."""
    fewer: Box
    more: Box
    number: Point
    """Middle of the number of cases."""
    number_size: int
    count_sub: Point | None
    """What one rating stands for; None where there is no room for it."""
    count_sub_size: int
    count_sub_width: int
    finished: Box
    finished_size: int
    note: Box
    """How many were invited and rated, or what is wrong; in the header it stands in place of
    the name."""
    note_size: int
    invite: Box
    invite_size: int
    invite_sub: bool
    pause: Box
    logout: Box
    key: int
    """Size of the words on these two; 0 where they stand in the header."""
    reach: float
    count_reach: float
    """Sideways, of the keys for the number of cases."""


def places(design: Design) -> MenuPlaces:
    """Return the places of the menu."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _wide(design: Design) -> MenuPlaces:
    (across, down), bottom = design.spare, design.height - 46
    width = 740 + across * 3 // 5
    left = 40 + width + 40
    right, column = design.width - 40, design.width - 80 - width - 40
    logout = (right - 150 - 16 - 176, 22, 176, 84)
    finished = 378 + down // 4
    return MenuPlaces(
        heading=(40, 176), heading_size=36, matters=(40, 212, width, bottom - 212),
        rows=5, columns=2, gap=12, matter=36 if design.large else 32,
        count_heading=(left, 176), count_heading_size=36, count_inside=False,
        fewer=(left, 212, 120, 112), more=(right - 120, 212, 120, 112),
        number=((left + right) // 2, 266), number_size=84,
        count_sub=(left, 350), count_sub_size=26, count_sub_width=column,
        finished=(left, finished, column, 108), finished_size=34 if design.large else 30,
        note=(left, finished + 108, column, 76), note_size=26,
        invite=(left, finished + 184, column, bottom - finished - 184),
        invite_size=68, invite_sub=True,
        pause=(logout[0] - 16 - 212, 22, 212, 84), logout=logout, key=0,
        reach=6, count_reach=8,
    )  # fmt: skip


def _compact(design: Design) -> MenuPlaces:
    (across, _), bottom = design.spare, design.height - 30
    width = 452 + across // 2
    left, right = 16 + width + 16, design.width - 16
    high, column = (bottom - 106 - 16) // 3, right - left
    back = right - 94
    logout = (back - 8 - 94, 12, 94, 72)
    pause = (logout[0] - 8 - 94, 12, 94, 72)
    middle = (left + right) // 2
    return MenuPlaces(
        heading=None, heading_size=0, matters=(16, 106, width, bottom - 106),
        rows=3, columns=2, gap=8, matter=28 if design.large else 25,
        count_heading=(middle, 128), count_heading_size=20, count_inside=True,
        fewer=(left, 106, 94, high), more=(right - 94, 106, 94, high),
        number=(middle, 170), number_size=50,
        count_sub=None, count_sub_size=0, count_sub_width=0,
        finished=(left, 114 + high, column, high), finished_size=26 if design.large else 23,
        note=(168, 12, pause[0] - 12 - 168, 72), note_size=20,
        invite=(left, bottom - high, column, high), invite_size=42, invite_sub=True,
        pause=pause, logout=logout, key=0,
        reach=4, count_reach=8,
    )  # fmt: skip


def _tall(design: Design) -> MenuPlaces:
    (across, down), width = design.spare, design.width - 72
    right, low = design.width - 36, design.height - 64 - 110
    half = (width - 12) // 2
    list_high = 444 + down // 2
    count = 224 + list_high + 62
    row = (36, count, 368 + across // 2, 140)
    finished = 36 + row[2] + 16
    invite = count + 140 + 80
    return MenuPlaces(
        heading=(36, 192), heading_size=40, matters=(36, 224, width, list_high),
        rows=3, columns=2, gap=12, matter=40 if design.large else 36,
        count_heading=(36, count - 30), count_heading_size=38, count_inside=False,
        fewer=(36, count, 136, 140), more=(36 + row[2] - 136, count, 136, 140),
        number=(36 + row[2] // 2, count + 66), number_size=72,
        count_sub=(150, count - 28), count_sub_size=30, count_sub_width=right - 150,
        finished=(finished, count, right - finished, 140),
        finished_size=38 if design.large else 34,
        note=(36, count + 140, width, 80), note_size=32,
        invite=(36, invite, width, low - 12 - invite), invite_size=62, invite_sub=True,
        pause=(36, low, half, 110), logout=(right - half, low, half, 110), key=42,
        reach=6, count_reach=8,
    )  # fmt: skip
