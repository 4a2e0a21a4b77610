"""Where the screen says what the five physical keys below it do.

On lying canvases the strip under the content is always kept free for it, as the ticks of the
questions keep it: nothing moves when somebody changes from fingers to keys. A tall canvas has
its language keys there; these become lower, and go on answering down to the canvas's edge.
"""

from typing import NamedTuple

from device.kiosk.layout import Design, Kind


class LegendPlaces(NamedTuple):
    """The words above the physical keys."""

    middles: tuple[int, ...]
    """Of the five keys, from the left."""
    words: int
    """Size of the words."""
    sign: int
    """Size of the signs before them."""
    line: int
    """Middle of the words."""
    tick: int
    """Top of the ticks."""
    tick_width: int
    column: int
    """Width from the middle of one key to the next."""
    bar_height: int
    """Of the keys at the bottom of a tall canvas, while the legend stands under them."""
    badge: tuple[int, int]
    """Middle of the mock-hardware badge, which must make way: on the line under the header."""


def places(design: Design) -> LegendPlaces:
    """Return the places of the legend."""
    width, height, large = design.width, design.height, design.large
    if design.kind is Kind.TALL:
        return LegendPlaces(
            middles=_middles(width, 36, 12), words=30, sign=24, line=height - 32, tick=height - 11,
            tick_width=20, column=(width - 60) // 5, bar_height=84, badge=(width // 2, 150),
        )  # fmt: skip
    if design.kind is Kind.COMPACT:
        return LegendPlaces(
            middles=_middles(width, 16, 12), words=20, sign=20, line=height - 18, tick=height - 5,
            tick_width=10, column=(width - 20) // 5, bar_height=0, badge=(width // 2, 98),
        )  # fmt: skip
    return LegendPlaces(
        middles=_middles(width, 40, 16), words=29 if large else 26, sign=28, line=height - 27,
        tick=height - 10, tick_width=20, column=(width - 64) // 5, bar_height=0,
        badge=(width // 2, 130),
    )  # fmt: skip


def _middles(width: int, margin: int, gap: int) -> tuple[int, ...]:
    """Return the middles of five equal columns, the same as those of the level keys."""
    column = (width - 2 * margin - 4 * gap) / 5
    return tuple(round(margin + column / 2 + index * (column + gap)) for index in range(5))
