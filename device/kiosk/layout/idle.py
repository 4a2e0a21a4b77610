"""The open window: which window, who serves, what is new, and the key to rate."""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind


class IdlePlaces(NamedTuple):
    """Places of the idle screen."""

    head_middle: int
    """Middle of the hall's name and the date as one block."""
    hall_size: int
    hall_rows: int
    clock_beside: bool
    """The clock stands beside hall and date; it gives way to a long name."""
    card: Box
    sign_width: int
    number: int
    caption: int
    inner: tuple[int, int]
    """Left and right of what stands on the card."""
    portrait: Box
    name_gap: int
    """Between portrait and name."""
    name: int
    greet: int
    rows: tuple[int, int, int]
    """Tops of post, department and number."""
    row_height: int
    row_caption: int
    row_value: int
    value_left: int
    clock: tuple[int, int]
    """Its end at ``clock_align``, and its optical middle."""
    clock_align: int
    clock_size: int
    open_height: int
    """Of the badge beside the clock; 0 where there is no room for one."""
    open_size: int
    notice: Box
    notice_pad: int
    dots_below: bool
    """The dots that tell which notice this is stand under it, not beside its heading."""
    rate: Box
    rate_alone: Box
    """Where no notice is shown."""
    rate_size: int
    rate_below: int
    """Size of the line under the key's words."""
    rate_face: int
    """Diameter of the faces on the key where it is as high as ``rate_alone``."""
    staff_width: int
    """Of the key for staff beside the key to rate; 0 where it stands in the header."""


def places(design: Design) -> IdlePlaces:
    """Return the places of the idle screen."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _three(top: int, height: int) -> tuple[int, int, int]:
    return top, top + height, top + 2 * height


def _wide(design: Design) -> IdlePlaces:
    across, down = design.spare
    large, right, bottom = design.large, design.width - 40, 760 + down
    width = (736 if large else 792) + across * 3 // 5
    left = 40 + width + 24
    column = right - left
    sign = (240 if large else 264) + across // 7
    inner = 40 + sign + (32 if large else 40)
    rate = (196 if large else 212) + down // 3
    row = 100 + down // 6
    first = bottom - 15 - 3 * row
    portrait = (150, 180) if large else (200, 240)
    top = (128 + first) // 2 - portrait[1] // 2
    return IdlePlaces(
        head_middle=67, hall_size=40 if large else 36, hall_rows=2, clock_beside=False,
        card=(40, 128, width, bottom - 128), sign_width=sign,
        number=180, caption=54 if large else 48,
        inner=(inner, 40 + width - (28 if large else 40)),
        portrait=(inner, top, *portrait), name_gap=26 if large else 32,
        name=84 if large else 72, greet=36 if large else 28,
        rows=_three(first, row), row_height=row,
        row_caption=36 if large else 28, row_value=48 if large else 38,
        value_left=inner + (108 if large else 120),
        clock=(left, 181), clock_align=0, clock_size=84 if large else 76,
        open_height=60 if large else 56, open_size=34 if large else 28,
        notice=(left, 240, column, bottom - rate - 24 - 240),
        notice_pad=24 if large else 28, dots_below=not large,
        rate=(left, bottom - rate, column, rate),
        rate_alone=(left, 240, column, bottom - 240),
        rate_size=66 if large else 58, rate_below=38 if large else 28,
        rate_face=62 if large else 54, staff_width=0,
    )  # fmt: skip


def _compact(design: Design) -> IdlePlaces:
    across, down = design.spare
    large, right, bottom = design.large, design.width - 16, 464 + down
    width = (458 if large else 480) + across // 2
    left = 16 + width + 16
    column = right - left
    sign = (134 if large else 148) + across // 5
    inner = 16 + sign + (14 if large else 20)
    rate = (126 if large else 124) + down // 3
    row = (60 if large else 61) + down // 6
    first = bottom - 7 - 3 * row
    portrait = (92, 110) if large else (110, 132)
    top = (100 + first) // 2 - portrait[1] // 2 + 1
    return IdlePlaces(
        head_middle=50, hall_size=28 if large else 24, hall_rows=2, clock_beside=False,
        card=(16, 100, width, bottom - 100), sign_width=sign,
        number=108, caption=34 if large else 30,
        inner=(inner, 16 + width - (14 if large else 20)),
        portrait=(inner, top, *portrait), name_gap=14 if large else 18,
        name=58 if large else 46, greet=26 if large else 21,
        rows=_three(first, row), row_height=row,
        row_caption=26 if large else 21, row_value=34 if large else 26,
        value_left=inner + (70 if large else 76),
        clock=(left, 131), clock_align=0, clock_size=54 if large else 52,
        open_height=42, open_size=26 if large else 20,
        notice=(left, 166, column, bottom - rate - 14 - 166),
        notice_pad=14 if large else 16, dots_below=False,
        rate=(left, bottom - rate, column, rate),
        rate_alone=(left, 166, column, bottom - 166),
        rate_size=48 if large else 42, rate_below=26 if large else 21,
        rate_face=42, staff_width=0,
    )  # fmt: skip


def _tall(design: Design) -> IdlePlaces:
    across, down = design.spare
    large, width = design.large, design.width - 72
    bar = design.height - 138
    rate = 170 + down // 5
    key = bar - 24 - rate
    notice = (244 if large else 208) + down // 5
    high = key - 16 - notice - 16 - 160
    sign = (190 if large else 212) + across // 4
    inner = 36 + sign + (32 if large else 36)
    row = (98 if large else 100) + down // 8
    first = 160 + high - 8 - 3 * row
    portrait = (126, 151) if large else (140, 168)
    top = (160 + first) // 2 - portrait[1] // 2
    right = design.width - 36
    return IdlePlaces(
        head_middle=86, hall_size=44 if large else 40, hall_rows=3, clock_beside=True,
        card=(36, 160, width, high), sign_width=sign,
        number=150, caption=48 if large else 42,
        inner=(inner, right - (26 if large else 36)),
        portrait=(inner, top, *portrait), name_gap=22,
        name=76 if large else 64, greet=42 if large else 32,
        rows=_three(first, row), row_height=row,
        row_caption=42 if large else 32, row_value=54 if large else 43,
        value_left=inner + (118 if large else 100),
        clock=(right, 84), clock_align=1, clock_size=88, open_height=0, open_size=0,
        notice=(36, 160 + high + 16, width, notice),
        notice_pad=26, dots_below=False,
        rate=(36, key, width, rate),
        rate_alone=(36, 160 + high + 16, width, key + rate - 160 - high - 16),
        rate_size=74 if large else 72, rate_below=40 if large else 34,
        rate_face=92, staff_width=152,
    )  # fmt: skip
