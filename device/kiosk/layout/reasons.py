"""Reason tags as chips, and the keys around them.

How many chips a page holds follows from the design alone, never from a level's words: a
bystander who counts pages learns nothing.
"""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point

_TAGS = 8
"""The most that a level has; a rule pack may leave three of them."""


class ReasonsPlaces(NamedTuple):
    """Places of the reasons."""

    header: bool
    """The header shows who serves here; else it shows the chosen level."""
    title: Point
    title_size: int
    title_right: int
    sub: Point | None
    """What stands under the title; None where it follows on the title's own line."""
    sub_size: int
    """0 where there is no room to say that several or none may be picked."""
    face: Point
    """Middle of the small face of the chosen level."""
    yours: Point | None
    level: Point
    level_size: int
    level_right: int
    chips: Box
    columns: int
    rows: int
    tallest: int
    """Few chips grow no higher than this."""
    across: int
    """Between two chips side by side."""
    down: int
    tag: int
    """Size of a tag's words."""
    more: Box | None
    """Leads to the next page of chips; None where all fit on one."""
    key: int
    """Size of the words on the lesser keys."""
    change: Box
    callback: Box
    skip: Box
    submit: Box
    alone: tuple[Box, Box, Box]
    """Where to change, to skip and to submit if no call-back is offered."""
    spare: tuple[Box, ...]
    """In a header with the chosen level: size and language key; the first moves into the
    call-back's place if none is offered."""

    @property
    def page(self) -> int:
        """Chips on one page."""
        return self.columns * self.rows if self.more else _TAGS


def places(design: Design) -> ReasonsPlaces:
    """Return the places of the reasons."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _wide(design: Design) -> ReasonsPlaces:
    large, top, bottom = design.large, 236, design.height - 46
    side, width = design.width - 300, 260
    room, more = side - 32 - 40, 112
    row = (bottom - top - 36) // 4
    height = bottom - top - (more + 16 if large else 0)
    return ReasonsPlaces(
        header=True, title=(40, 187), title_size=68 if large else 52, title_right=side - 32,
        sub=None, sub_size=0 if large else 28,
        face=(side + 28, 184), yours=None if large else (side + 72, 164),
        level=(side + 72, 184 if large else 200), level_size=32 if large else 28,
        level_right=design.width - 40,
        chips=(40, top, room, height), columns=2, rows=2 if large else 4,
        tallest=max(200 if large else 160, row), across=16, down=12, tag=44 if large else 30,
        more=(40, bottom - more, room, more) if large else None, key=38 if large else 30,
        change=(side, top, width, 106), callback=(side, top + 120, width, 106),
        skip=(side, top + 240, width, 106), submit=(side, top + 366, width, bottom - top - 366),
        alone=(
            (side, top, width, row), (side, top + row + 12, width, row),
            (side, top + 2 * row + 24, width, bottom - top - 2 * row - 24),
        ),
        spare=(),
    )  # fmt: skip


def _compact(design: Design) -> ReasonsPlaces:
    large, right, top, bottom = design.large, design.width - 16, 156, design.height - 30
    gap, key = 8, 94
    column = (right - 16 - 2 * gap) // 3
    low = 74 if large else (bottom - top - 2 * gap) // 3
    last = 16 + 2 * (column + gap)
    half = (right - 16 - gap) // 2
    skip = (16 + half + gap, bottom - low, 130, low) if large else (last, bottom - low, 100, low)
    submit = (skip[0] + skip[2] + gap, bottom - low, right - skip[0] - skip[2] - gap, low)
    header = [(right - key - index * (key + gap), 12, key, 72) for index in range(4)]
    return ReasonsPlaces(
        header=False, title=(16, 129), title_size=40 if large else 35, title_right=right,
        sub=None, sub_size=0 if large else 21,
        face=(40, 48), yours=None if large else (76, 33),
        level=(76, 48 if large else 65), level_size=30 if large else 22,
        level_right=header[3][0] - 12,
        chips=(16, top, right - 16, bottom - top - (low + gap if large else 0)),
        columns=2 if large else 3, rows=2 if large else 3, tallest=120, across=gap, down=gap,
        tag=30 if large else 22, more=(16, bottom - low, half, low) if large else None,
        key=26 if large else 22,
        change=header[0], callback=header[1], skip=skip, submit=submit,
        alone=(header[0], skip, submit),
        spare=(header[2], header[3]),
    )  # fmt: skip


def _tall(design: Design) -> ReasonsPlaces:
    large, right, gap = design.large, design.width - 36, 12
    bottom, top = design.height - 164, 262 if large else 300
    whole, high = right - 36, 146 if large else 150
    low = bottom - high
    change = (right - 160, 24, 160, 112)
    beside = (right - 332, 24, 160, 112)
    first, middle = (226, 168) if large else (190, 160)
    skip = (36 + first + gap, low, middle, high)
    left = skip[0] + skip[2] + gap
    submit = (left, low, right - left, high)
    return ReasonsPlaces(
        header=False, title=(36, 212 if large else 208), title_size=66 if large else 58,
        title_right=right, sub=None if large else (36, 267), sub_size=0 if large else 32,
        face=(74, 80), yours=None if large else (130, 57),
        level=(130, 80 if large else 108), level_size=42 if large else 36,
        level_right=(beside if large else change)[0] - 12,
        chips=(36, top, whole, low - (12 if large else 30) - top),
        columns=1 if large else 2, rows=4, tallest=190, across=gap, down=gap,
        tag=46 if large else 33, more=(36, low, first, high) if large else None,
        key=42 if large else 38,
        change=change, callback=beside if large else (36, low, first, high),
        skip=skip, submit=submit,
        alone=(change, skip, submit) if large
        else (change, (36, low, 236, high), (284, low, right - 284, high)),
        spare=(),
    )  # fmt: skip
