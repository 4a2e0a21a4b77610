"""The reasons for a pause, as large keys."""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point


class PausePlaces(NamedTuple):
    """Places of the reasons."""

    heading: Point
    heading_size: int
    sub: Point
    sub_size: int
    reasons: Box
    columns: int
    gap: int
    tallest: int
    """Few reasons grow no higher than this."""
    words: int


def places(design: Design) -> PausePlaces:
    """Return the places of the reasons."""
    width, height = design.width, design.height
    if design.kind is Kind.TALL:
        return PausePlaces(
            heading=(36, 220), heading_size=56, sub=(36, 286), sub_size=34,
            reasons=(36, 340, width - 72, height - 64 - 340), columns=1, gap=16, tallest=180,
            words=60 if design.large else 52,
        )  # fmt: skip
    if design.kind is Kind.COMPACT:
        return PausePlaces(
            heading=(16, 126), heading_size=34, sub=(16, 164), sub_size=22,
            reasons=(16, 190, width - 32, height - 30 - 190), columns=2, gap=8, tallest=140,
            words=42 if design.large else 36,
        )  # fmt: skip
    return PausePlaces(
        heading=(40, 192), heading_size=56, sub=(40, 254), sub_size=30,
        reasons=(40, 300, width - 80, height - 46 - 300), columns=2, gap=16, tallest=240,
        words=64 if design.large else 56,
    )  # fmt: skip
