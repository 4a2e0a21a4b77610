"""One question over five equal keys; on a tall canvas, the keys lie under one another."""

from math import ceil
from typing import NamedTuple

from device.kiosk.layout import Box, Design, Kind

_TWO_PIXELS = 122
"""Pixels of a code of version 9, quiet zone included, at two pixels to a module."""


class RatingPlaces(NamedTuple):
    """Places of a question. The keys are the same for staff, matter and hall."""

    keys: tuple[Box, ...]
    """Best level first."""
    abreast: bool
    """Face and label stand side by side in a key, not one above the other."""
    face: int
    """Diameter of the faces."""
    ticks: int | None
    """Top of the ticks that point at the physical keys; None where keys are rows."""
    back: Box
    """The key to the question before; what stands in its way moves to the right of it."""
    question_rows: int
    step: int
    question: int
    hint: int | None
    """Middle of the hint; None where there is no room for one."""
    matter_step: int | None
    matter_question: int
    matter_question_size: int
    matter_question_rows: int
    matter_name: int
    matter_size: int
    matter_case: int | None
    matter_left: int
    matter_icon: Box
    qr: Box
    """The white ground of the code for rating by phone, the same however large the code is;
    its words stand left of it or under it."""
    qr_words_below: bool
    qr_words: float
    """Width of the words beside the code, as a share of its own."""
    closes_up: bool = False
    """What stands under a question of one line moves up to it."""


def places(design: Design) -> RatingPlaces:
    """Return the places of a question."""
    if design.kind is Kind.TALL:
        return _tall(design)
    if design.kind is Kind.COMPACT:
        return _compact(design)
    return _wide(design)


def _columns(design: Design, margin: int, gap: int, top: int, height: int) -> tuple[Box, ...]:
    """Return five equal keys side by side, each above its physical key."""
    width = (design.width - 2 * margin - 4 * gap) / 5
    lefts = [round(margin + index * (width + gap)) for index in range(5)]
    return tuple((left, top, int(width), height) for left in lefts)


def _wide(design: Design) -> RatingPlaces:
    right, large = design.width - 40, design.large
    # A canvas higher than the design leaves the keys in reach, at the bottom.
    down = design.spare[1]
    return RatingPlaces(
        keys=_columns(design, 40, 16, 380 + down // 2, 374 + down - down // 2), abreast=False,
        face=164, ticks=design.height - 23, back=(40, 176, 168, 112),
        question_rows=1, step=176, question=262 if large else 246, hint=None if large else 321,
        matter_step=None if large else 162, matter_question=206 if large else 222,
        matter_question_size=88 if large else 62, matter_question_rows=1,
        matter_name=318 if large else 294, matter_size=48 if large else 34,
        matter_case=None if large else 342, matter_left=128,
        matter_icon=(40, 282, 72, 72) if large else (40, 280, 72, 72),
        qr=(right - 208, 152 if large else 148, 208, 208), qr_words_below=False,
        qr_words=0.85,
    )  # fmt: skip


def _compact(design: Design) -> RatingPlaces:
    right, large, down = design.width - 16, design.large, design.spare[1]
    # Three pixels to a module of the code on the smallest panel: the keys give way to it.
    return RatingPlaces(
        keys=_columns(design, 16, 12, 288 + down // 2, 166 + down - down // 2), abreast=False,
        face=92, ticks=design.height - 15, back=(16, 110, 94, 94),
        question_rows=2, step=0, question=192 if large else 168, hint=None if large else 248,
        matter_step=None, matter_question=168 if large else 154,
        matter_question_size=54 if large else 43, matter_question_rows=2,
        matter_name=254 if large else 232, matter_size=30 if large else 24,
        matter_case=None if large else 264, matter_left=64,
        matter_icon=(16, 232, 44, 44) if large else (16, 224, 44, 44),
        qr=(right - 184, 101, 184, 184), qr_words_below=False,
        qr_words=0.6, closes_up=True,
    )  # fmt: skip


def _tall(design: Design) -> RatingPlaces:
    width, large = design.width - 72, design.large
    top, pitch = 374 + design.spare[1] // 3, 152
    pitch += (design.spare[1] - design.spare[1] // 3) // 5
    shift = design.spare[1] // 6
    code = max(183, ceil(_TWO_PIXELS / design.unit))
    return RatingPlaces(
        keys=tuple((36, top + index * pitch, width, pitch - 12) for index in range(5)),
        abreast=True, face=112, ticks=None, back=(36, 186 + shift, 150, 150),
        question_rows=2, step=191 + shift, question=(262 if large else 284) + shift, hint=None,
        matter_step=None, matter_question=(230 if large else 225) + shift,
        matter_question_size=58 if large else 53, matter_question_rows=2,
        matter_name=(334 if large else 306) + shift, matter_size=38 if large else 32,
        matter_case=None if large else 346 + shift, matter_left=98,
        matter_icon=(36, (308 if large else 299) + shift, 52, 52),
        qr=(design.width - 36 - code, 160 + shift, code, code), qr_words_below=True,
        qr_words=1.0,
    )  # fmt: skip
