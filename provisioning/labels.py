"""Labels for devices: what a technician reads aloud over the phone, and scans.

A label says which device this is, where it belongs, and the fingerprint of its card: the
device shows the same while it is set up, so that a card in the wrong box is noticed before
it is screwed on. No secret is on it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

from provisioning.label_pen import LabelPen

WIDTH, HEIGHT = 63.0, 34.0
"""Millimetres of one label."""
_PADDING = 2.0
_CODE_SIDE = 20.5
_TICK = 4.0
"""Millimetres of a cut mark outside of the labels."""
_CROSS = 0.8
"""Half of a cut mark between labels."""
_LONG_NAME = 32
"""Longer names are written on two lines; none is cut: they are told over the phone."""
PREFIX = "HCP"
"""What a label's QR code begins with, before the name and the fingerprint."""


class Paper(Enum):
    """What is printed on: width and height in millimetres, labels across and down."""

    A4 = (210.0, 297.0, 3, 8)
    ROLL = (WIDTH, HEIGHT, 1, 1)
    """A label printer's roll: each label a page."""


class Label(NamedTuple):
    """One label."""

    name: str
    """Host name of the device."""
    hall: str
    hall_name: str
    """Empty where the fleet file does not say it."""
    window: str
    note: str
    fingerprint: str
    """Of the card, in groups of four divided by hyphens."""

    @property
    def payload(self) -> str:
        """What the QR code says, in capitals throughout (QR's alphanumeric mode).

        Case does not count in it: host names have none (RFC 4343), fingerprints neither.
        """
        return f"{PREFIX}:{self.name}:{self.fingerprint}".upper()


class Printed(NamedTuple):
    """The finished document."""

    content: bytes
    """PDF."""
    pages: int
    unprintable: str
    """Characters that no font of this machine has; printed as empty boxes."""


def draw(labels: Sequence[Label], now_ms: int, paper: Paper = Paper.A4) -> Printed:
    """Return the labels as a PDF; the same labels at the same time make the same bytes."""
    width, height, across, down = paper.value
    pen = LabelPen(width, height)
    unprintable = pen.take_rare("".join("".join(label) for label in labels))
    pen.pdf.set_title(f"{len(labels)} labels")
    pen.pdf.set_creator("haochaping")
    pen.pdf.set_creation_date(datetime.fromtimestamp(now_ms / 1000, UTC))
    left, top = (width - across * WIDTH) / 2, (height - down * HEIGHT) / 2
    for number, label in enumerate(labels):
        place = number % (across * down)
        if place == 0:
            pen.pdf.add_page()
            if paper is not Paper.ROLL:
                _cut_marks(pen, left, top, across, down)
        row, column = divmod(place, across)
        _draw_label(pen, label, left + column * WIDTH, top + row * HEIGHT)
    return Printed(bytes(pen.pdf.output()), pen.pdf.pages_count, unprintable)


def _draw_label(pen: LabelPen, label: Label, x: float, y: float) -> None:
    begin, inner = x + _PADDING, WIDTH - 2 * _PADDING
    if len(label.name) <= _LONG_NAME:
        pen.write(label.name, begin, y + 1.2, inner, 15, bold=True)
    else:
        pen.write(label.name, begin, y + 1.2, inner, 7.5, bold=True, lines=2)
    # The code's own quiet zone is its distance from the label's edge.
    pen.code(label.payload, x + 0.5, y + 7.3, _CODE_SIDE)
    column = x + 0.5 + _CODE_SIDE + 1
    beside = x + WIDTH - _PADDING - column
    line = pen.write(f"窗口 {label.window}", column, y + 7.8, beside, 12, bold=True)
    line = pen.write(label.hall_name, column, line + 0.2, beside, 7.5, lines=2)
    line = pen.write(label.hall, column, line + 0.2, beside, 7)
    pen.write(label.note, column, line + 0.2, beside, 6.5)
    pen.write(label.fingerprint.replace("-", "  "), begin, y + HEIGHT - 6.2, inner, 12, bold=True)


def _cut_marks(pen: LabelPen, left: float, top: float, across: int, down: int) -> None:
    """Mark where labels end: ticks around the sheet, small crosses between the labels."""
    right, bottom = left + across * WIDTH, top + down * HEIGHT
    for column in range(across + 1):
        x = left + column * WIDTH
        pen.line(x, top - _TICK, x, top - 1)
        pen.line(x, bottom + 1, x, bottom + _TICK)
    for row in range(down + 1):
        y = top + row * HEIGHT
        pen.line(left - _TICK, y, left - 1, y)
        pen.line(right + 1, y, right + _TICK, y)
    for column in range(1, across):
        for row in range(1, down):
            x, y = left + column * WIDTH, top + row * HEIGHT
            pen.line(x - _CROSS, y, x + _CROSS, y)
            pen.line(x, y - _CROSS, x, y + _CROSS)
