"""How names and words that are too long for one line are set.

A name is the last thing to be cut short. It becomes smaller, then takes several lines, broken
as a person would break it; only what even then does not fit ends in an ellipsis.
"""

from functools import partial

from device.kiosk.layout import Kind
from device.kiosk.screens.sheet import Fitted, Sheet

_LEAST = {Kind.WIDE: 24, Kind.COMPACT: 20, Kind.TALL: 30}
_LATIN = 0.88
"""Latin letters are legible at this share of the least size (docs/screens.md, "Sizes")."""
_SMALLER = (1, 0.95, 0.9)
_SLACK = (1.08, 1.2, 1.35, 1.6)
"""How much longer than the average a line may be: the evener, the better."""


def least(sheet: Sheet, text: str = "") -> float:
    """Return the size, in units, below which nothing is set in any appearance."""
    size = _LEAST[sheet.look.layout.design.kind]
    return size * _LATIN if text and text.isascii() else size


def sizes_between(largest: float, least: float) -> list[float]:
    """Return sizes to try, from the largest to the least."""
    step = max(1.0, largest / 24)
    return [largest - step * down for down in range(int((largest - least) / step) + 1)] + [least]


def hall_name(sheet: Sheet, name: str, size: float, room: float, rows: int) -> Fitted:
    """Set a hall's name in bold on one line, or smaller on up to ``rows``."""
    smallest = least(sheet, name)
    one = sheet.fit(name, size, True, room, 1, max(smallest, size * 0.75))
    if one.lines[0] == name:
        return one
    fitted = sheet.fit(name, size * 0.85, True, room, 2, smallest)
    if fitted.lines[-1].endswith("…"):
        fitted = sheet.fit(name, smallest * 1.1, True, room, rows, smallest)
    return evened(sheet, name, fitted, room)


def evened(sheet: Sheet, name: str, fitted: Fitted, room: float) -> Fitted:
    """Return a bold name in as many lines, but of like length and with its words whole."""
    rows = len(fitted.lines)
    if rows < 2 or fitted.lines[-1].endswith("…"):
        return fitted
    from device.kiosk.paragraph import broken

    # A little smaller is better than a line that ends within a word.
    floor = min(fitted.size, least(sheet, name))
    for size in (max(floor, fitted.size * share) for share in _SMALLER):
        wide = partial(sheet.width, size=size, bold=True)
        even = wide(name) / rows
        for slack in _SLACK:
            lines = broken(name, wide, min(room, even * slack), rows, whole_words=True)
            if lines is not None:
                return Fitted(size, lines)
    wide = partial(sheet.width, size=fitted.size, bold=True)
    return fitted._replace(lines=broken(name, wide, room, rows) or fitted.lines)


def whole(
    sheet: Sheet, words: str, largest: float, room: tuple[float, float], spacing: float,
    bold: bool = False,
) -> Fitted | None:  # fmt: skip
    """Set words of ours as large as the room allows, none of them cut; None if they do not fit."""
    for size in sizes_between(largest, least(sheet, words.replace("|", ""))):
        rows = max(1, int(room[1] / (size * spacing) + 0.12))
        several = sheet.balance(words, size, bold, room[0], rows)
        if several.size > size - 0.5 and not several.lines[-1].endswith("…"):
            return several
    return None
