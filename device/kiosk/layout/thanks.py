"""The thank-you: what was received, the receipt's code, and the code for a phone."""

from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind, Point


class ThanksPlaces(NamedTuple):
    """Places of the thank-you."""

    mark: Box
    title: Point
    title_size: int
    sub: Point
    sub_size: int
    right: int
    """Where words on the left end; on a tall canvas, at the margin."""
    divider: Box
    receipt: Point
    receipt_size: int
    code: Point
    code_size: int
    code_align: float
    """0: the code begins at its place; 1: it ends there."""
    done: Box
    done_size: int
    auto: Point
    auto_size: int
    auto_align: float
    auto_rows: int
    card: Box
    qr: Box
    """The code with its quiet zone is centred in here."""
    add: int
    """Middle of the words under the code."""
    add_size: int
    valid: int
    valid_size: int
    inside: bool
    """The receipt's code stands in the card."""


def places(design: Design) -> ThanksPlaces:
    """Return the places of the thank-you."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _wide(design: Design) -> ThanksPlaces:
    large, bottom, down = design.large, design.height - 46, design.spare[1] // 3
    card = design.width - 440
    return ThanksPlaces(
        mark=(40, 180 + down, 112, 112), title=(181, 215 + down), title_size=70 if large else 62,
        sub=(181, (290 if large else 281) + down), sub_size=40 if large else 30, right=card - 28,
        divider=(40, 356 + down, card - 120, 2),
        receipt=(40, 408 + down), receipt_size=36 if large else 28,
        code=(40, 490 + down), code_size=106 if large else 88, code_align=0,
        done=(40, bottom - 148, 300, 148), done_size=58 if large else 46,
        auto=(368, bottom - 77), auto_size=36 if large else 28, auto_align=0, auto_rows=2,
        card=(card, 152, 400, bottom - 152), qr=(card + 14, 166, 372, 372),
        add=604 if large else 600, add_size=44 if large else 40,
        valid=694 if large else 676, valid_size=36 if large else 32, inside=False,
    )  # fmt: skip


def _compact(design: Design) -> ThanksPlaces:
    large, bottom = design.large, design.height - 30
    card = design.width - 260
    return ThanksPlaces(
        mark=(16, 121, 70, 70), title=(104, 140), title_size=44 if large else 41,
        sub=(104, 187 if large else 184), sub_size=27 if large else 21, right=card - 16,
        divider=(16, 222, card - 40, 2),
        receipt=(16, 250), receipt_size=26 if large else 21,
        code=(16, 300), code_size=66 if large else 60, code_align=0,
        done=(16, bottom - 100, 180, 100), done_size=38 if large else 32,
        auto=(214, bottom - 50), auto_size=26 if large else 21, auto_align=0, auto_rows=2,
        card=(card, 112, 244, bottom - 112), qr=(card + 12, 120, 220, 220),
        add=370 if large else 372, add_size=28 if large else 26,
        valid=422 if large else 416, valid_size=24 if large else 21, inside=False,
    )  # fmt: skip


def _tall(design: Design) -> ThanksPlaces:
    large, right, down = design.large, design.width - 36, design.spare[1] // 3
    card = 340 + down
    return ThanksPlaces(
        mark=(36, 194 + down // 2, 108, 108), title=(168, 222 + down // 2),
        title_size=70 if large else 56, sub=(168, (290 if large else 284) + down // 2),
        sub_size=40 if large else 33, right=right,
        divider=(66, card + 428, design.width - 132, 2),
        receipt=(66, card + 478), receipt_size=36 if large else 32,
        code=(right - 30, card + 478), code_size=64 if large else 62, code_align=1,
        done=(36, card + 552, right - 36, 150), done_size=60 if large else 52,
        auto=(design.width // 2, card + 742), auto_size=38 if large else 33, auto_align=0.5,
        auto_rows=1,
        card=(36, card, right - 36, 528), qr=(design.width // 2 - 156, card + 14, 312, 312),
        add=card + 352, add_size=44, valid=card + 399, valid_size=34 if large else 32, inside=True,
    )  # fmt: skip
