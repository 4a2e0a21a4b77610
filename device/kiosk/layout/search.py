"""What was typed, what it finds, and the pad to type on."""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind
from device.kiosk.layout.pad import BROAD, TELEPHONE, pad


class SearchPlaces(NamedTuple):
    """Places of the search."""

    field: Box
    digits: int
    """Size of what was typed."""
    hint: int
    """Size of the words in an empty field."""
    found: Box
    rows: int
    columns: int
    gap: int
    matter: int
    """Size of a matter's words."""
    more: Box | None
    """The key to the next page, where it does not take the last matter's place."""
    more_size: int
    pad: tuple[tuple[str, Box], ...]
    pad_size: int
    letters: int
    """Size of the letters under the digits."""
    clear_size: int
    reach: float


def places(design: Design) -> SearchPlaces:
    """Return the places of the search."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _wide(design: Design) -> SearchPlaces:
    across, bottom = design.spare[0], design.height - 46
    wide = 402 + across // 3
    column = design.width - 40 - wide
    room = column - 32 - 40
    return SearchPlaces(
        field=(40, 152, room, 100), digits=50, hint=28,
        found=(40, 268, room, bottom - 268), rows=4, columns=2, gap=12,
        matter=34 if design.large else 30, more=None, more_size=30,
        pad=pad(TELEPHONE, (column, 152, wide, bottom - 152), 3, 12),
        pad_size=52, letters=24, clear_size=34, reach=6,
    )  # fmt: skip


def _compact(design: Design) -> SearchPlaces:
    across, bottom = design.spare[0], design.height - 30
    wide = 372 + across // 2 // 4 * 4
    column = design.width - 16 - wide
    room = column - 32
    back = design.width - 16 - 94
    return SearchPlaces(
        field=(16, 102, room, 44), digits=30, hint=20,
        found=(16, 154, room, bottom - 154), rows=3, columns=1, gap=8,
        matter=28 if design.large else 25, more=(back - 12 - 200, 12, 200, 72), more_size=22,
        pad=pad(BROAD, (column, 106, wide, bottom - 106), 4, 8),
        pad_size=36, letters=20, clear_size=24, reach=4,
    )  # fmt: skip


def _tall(design: Design) -> SearchPlaces:
    (_, down), wide, bottom = design.spare, design.width - 72, design.height - 64
    top = bottom - 444 - down // 3
    return SearchPlaces(
        field=(36, 176, wide, 104), digits=60, hint=34,
        found=(36, 296, wide, top - 16 - 296), rows=3, columns=2, gap=12,
        matter=38 if design.large else 34, more=None, more_size=38,
        pad=pad(BROAD, (36, top, wide, bottom - top), 4, 12),
        pad_size=58, letters=30, clear_size=36, reach=6,
    )  # fmt: skip
