"""How far a new device is: a code to be read over the phone, what it means, what to do."""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point


class SetupPlaces(NamedTuple):
    """Places of the setup screen."""

    disc: Point
    radius: int
    align: float
    """Of caption, code and kind: 0 places them by their left end, 0.5 by their middle."""
    caption: Point
    code: Point
    code_size: int
    kind: Point
    kind_room: tuple[int, int]
    words: Box
    """Title, the same in English, and the hint."""
    title: int
    english: int
    hint: int
    detail: Box
    footer: int
    """The line that shows the steps."""
    device: Point
    step: Point
    card: Point | None
    """A line of its own for the card's fingerprint; None: it stands beside the device's name."""
    badge: Point


def places(design: Design) -> SetupPlaces:
    """Return the places of the setup screen."""
    width, height, large = design.width, design.height, design.large
    if design.kind is Kind.TALL:
        footer = height - 268
        return SetupPlaces(
            disc=(128, 278), radius=92, align=0, caption=(260, 204), code=(260, 282),
            code_size=120, kind=(260, 362), kind_room=(width - 36 - 260, 100),
            words=(36, 424, width - 72, footer - 16 - 124 - 24 - 424),
            title=76 if large else 68, english=36 if large else 32, hint=48 if large else 42,
            detail=(36, footer - 16 - 124, width - 72, 124), footer=footer,
            device=(36, footer + 30), step=(width - 36, footer + 30),
            card=(36, footer + 72), badge=(width // 2, footer + 108),
        )  # fmt: skip
    if design.kind is Kind.COMPACT:
        footer = height - 62
        return SetupPlaces(
            disc=(92, 150), radius=40, align=0.5, caption=(92, 210), code=(92, 252),
            code_size=66, kind=(92, 316), kind_room=(152, 60),
            words=(192, 106, width - 16 - 192, footer - 8 - 54 - 10 - 106),
            title=52 if large else 46, english=22 if large else 20, hint=32 if large else 28,
            detail=(16, footer - 8 - 54, width - 32, 54), footer=footer,
            device=(16, footer + 19), step=(width - 16, footer + 19), card=None,
            badge=(width // 2, height - 14),
        )  # fmt: skip
    footer = height - 104
    return SetupPlaces(
        disc=(190, 252), radius=92, align=0.5, caption=(190, 376), code=(190, 450),
        code_size=120, kind=(190, 544), kind_room=(300, 76),
        words=(390, 152, width - 40 - 390, footer - 16 - 92 - 16 - 152),
        title=92 if large else 84, english=36 if large else 32, hint=52 if large else 46,
        detail=(40, footer - 16 - 92, width - 80, 92), footer=footer,
        device=(40, footer + 36), step=(width - 40, footer + 36), card=None,
        badge=(width // 2, height - 22),
    )  # fmt: skip
