"""Tables for a terminal: columns lined up in any script, and nothing that steers it."""

import json
import unicodedata
from collections.abc import Collection, Sequence


def lined_up(lines: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> str:
    """Return ``lines`` of cells as text; the columns ``numbers`` stand to the right."""
    widths = [max(map(width, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            " " * (room - width(cell)) + cell
            if place in numbers
            else cell + " " * (room - width(cell))
            for place, (cell, room) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def width(text: str) -> int:
    """Return how many places of a terminal ``text`` takes (Unicode, annex 11)."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def plain_json(encoded: str) -> str:
    """Return the same JSON, with what would steer a terminal as JSON's own escapes.

    In JSON such a character can stand in a text alone.
    """
    return "".join(
        one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in encoded
    )


def plain(text: object) -> str:
    """Return a cell; what would steer a terminal is shown as a question mark."""
    return "".join(one if one.isprintable() else "?" for one in str(text))
