"""What a benchmark says: one line of the table per figure, and notes below it.

Figures are printed and never asserted: a slow or busy machine is no failure. A target is
held against the ratio or the value measured here and shown as met or not.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    measured: str
    floor: str = ""
    """What was measured beside it in the same run, and its value."""
    ratio: float | None = None
    """Measured by floor, where both are of one kind."""
    target: str = ""
    met: bool | None = None


class Outcome(NamedTuple):
    """What one benchmark found."""

    figures: list[Figure]
    notes: list[str]
    """Where the time or the space goes, one line each."""


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return quantile(values, 0.5)


def spread(values: Sequence[float], unit: str = "ms", digits: int = 2) -> str:
    """Return ``values`` as their median and 99th percentile."""
    middle, high = median(values), quantile(values, 0.99)
    return f"p50 {middle:.{digits}f} {unit}, p99 {high:.{digits}f} {unit}"


def table(figures: Sequence[Figure]) -> str:
    """Return ``figures`` as a Markdown table with columns of even width."""
    head = ("figure", "measured", "beside it, in the same run", "ratio", "target", "met")
    rows = [head, *map(_cells, figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        figure.measured,
        figure.floor or "-",
        "-" if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.target or "-",
        {None: "-", True: "yes", False: "NO"}[figure.met],
    )
