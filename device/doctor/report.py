"""How findings are told: lines for people, JSON for programs."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from device import __version__
from device.checks.finding import Level
from device.checks.table import Group, Wording
from device.core.plain import plain, plain_json
from device.doctor.examination import Examined

GROUPS = {
    Group.STANDING: "Identity and software",
    Group.SERVICES: "Services",
    Group.RECORDS: "Records and central",
    Group.STORAGE: "Disk and databases",
    Group.BOARD: "Board",
    Group.INPUTS: "Screen, touch, buttons, sound",
    Group.NETWORK: "Network",
}
MARKS = {Level.OK: "ok", Level.WARNING: "warn", Level.FAULT: "FAULT", Level.UNKNOWN: "?"}
COLOURS = {Level.OK: "32", Level.WARNING: "33", Level.FAULT: "1;31", Level.UNKNOWN: "36"}
_WIDTH = 96
_INDENT = " " * 8


class Printer:
    """Prints findings as they come; colours only where ``coloured``."""

    def __init__(self, out: TextIO, wordings: Mapping[str, Wording], language: str) -> None:
        self._out = out
        self._wordings = wordings
        self._language = language
        self._group: Group | None = None
        self._coloured = out.isatty()

    def show(self, examined: Examined) -> None:
        """Print one finding, under its group's heading."""
        if examined.group is not self._group:
            self._say(("" if self._group is None else "\n") + GROUPS[examined.group])
            self._group = examined.group
        finding = examined.finding
        mark = MARKS[finding.level].ljust(5)
        if self._coloured:
            mark = f"\x1b[{COLOURS[finding.level]}m{mark}\x1b[0m"
        named, advice = finding.code, finding.what_to_do
        wording = self._wordings.get(finding.code)
        if self._language != "en" and wording is not None:
            named = f"{wording.title[self._language]} ({finding.code})"
            advice = wording.hint[self._language] if finding.what_to_do else ""
        self._say(f"  {mark} {named}: {plain(finding.sentence)}", _INDENT)
        if advice and finding.level is not Level.OK:
            self._say(f"{_INDENT}-> {plain(advice)}", _INDENT + "   ")

    def sum_up(self, found: Iterable[Examined], left_out: int) -> None:
        """Print how many findings there are of each kind."""
        counts = count(found)
        parts = [
            f"{counts[Level.FAULT]} faults",
            f"{counts[Level.WARNING]} warnings",
            f"{counts[Level.UNKNOWN]} unknown",
            f"{counts[Level.OK]} ok",
        ]
        self._say(f"\n{', '.join(parts)}.")
        if left_out:
            self._say(
                f"{left_out} checks are for devices that were set up from a card; this machine "
                "was not."
            )

    def _say(self, text: str, indent: str = "") -> None:
        first, *rest = text.split("\n") if text.startswith("\n") else [text]
        for line in (first, *rest):
            wrapped = textwrap.wrap(
                line, _WIDTH, subsequent_indent=indent, break_long_words=False
            ) or [""]
            for piece in wrapped:
                encoding = self._out.encoding or "utf-8"
                print(piece.encode(encoding, "replace").decode(encoding), file=self._out)


def count(found: Iterable[Examined]) -> dict[Level, int]:
    """Return how many findings there are of each level."""
    counts = dict.fromkeys(Level, 0)
    for one in found:
        counts[one.finding.level] += 1
    return counts


def as_values(found: Iterable[Examined]) -> dict[str, Any]:
    """Return the findings as JSON has them; the form is described in docs/doctor.md."""
    listed = list(found)
    return {
        "format": 1,
        "software": __version__,
        "counts": {str(level): number for level, number in count(listed).items()},
        "findings": [
            {
                "code": one.finding.code,
                "group": str(one.group),
                "level": str(one.finding.level),
                "sentence": one.finding.sentence,
                "what_to_do": one.finding.what_to_do,
                "figures": dict(one.finding.figures),
            }
            for one in listed
        ],
    }


def as_json(found: Iterable[Examined]) -> str:
    """Return the findings as one JSON document."""
    return plain_json(json.dumps(as_values(found), ensure_ascii=False, indent=1))
