"""One statement across the whole screen."""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind


class NoticePlaces(NamedTuple):
    """Places of a statement."""

    disc: int
    """Middle of the disc, across."""
    radius: int
    left: int
    right: int
    upright: bool
    """The words stand under the disc, in the middle; else right of it."""
    title: int
    text: int
    done: Box
    """The key to leave a statement about one visit."""
    detail: Box
    """For technicians."""
    footer: int
    footer_middle: int


def places(design: Design) -> NoticePlaces:
    """Return the places of a statement."""
    width, height = design.width, design.height
    if design.kind is Kind.TALL:
        footer = height - 138 - 88
        return NoticePlaces(
            disc=width // 2, radius=150, left=36, right=width - 36, upright=True,
            title=120 if design.large else 104, text=54 if design.large else 46,
            done=(36, footer - 24 - 164, width - 72, 164),
            detail=(36, footer - 20 - 112, width - 72, 112),
            footer=footer, footer_middle=footer + 43,
        )  # fmt: skip
    if design.kind is Kind.COMPACT:
        return NoticePlaces(
            disc=128, radius=96, left=256, right=width - 16, upright=False,
            title=92 if design.large else 88, text=38 if design.large else 34,
            done=(256, height - 52 - 12 - 104, 260, 104),
            detail=(16, height - 52 - 10 - 56, width - 32, 56),
            footer=height - 52, footer_middle=height - 25,
        )  # fmt: skip
    return NoticePlaces(
        disc=224, radius=160, left=457, right=width - 40, upright=False,
        title=148, text=64 if design.large else 58,
        done=(457, height - 104 - 28 - 148, 360, 148),
        detail=(40, height - 104 - 20 - 96, width - 80, 96),
        footer=height - 104, footer_middle=height - 51,
    )  # fmt: skip
