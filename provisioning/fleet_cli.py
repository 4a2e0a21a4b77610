"""Checks a fleet file, and everything that it names, as a whole.

Every mistake is told with file and line, and the exit code is 2. Without mistakes a summary
is shown; warnings are what somebody should look at before three hundred cards are written.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from unicodedata import east_asian_width

from device.core.plain import plain
from provisioning.findings import BadFleet, Finding
from provisioning.fleet import Fleet, Seat
from provisioning.fleet_file import check_fleet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``haochaping provision check``."""
    parser.add_argument("fleet", type=Path, metavar="FLEET", help="the fleet file (TOML)")
    parser.add_argument("--list", action="store_true", help="show every device, a line each")


def run(options: argparse.Namespace) -> int:
    """Check and tell; returns 0, or 2 if there are mistakes."""
    checked = check_fleet(options.fleet)
    tell("warning: ", checked.warnings)
    if checked.fleet is None:
        tell("", checked.mistakes)
        print(_count(len(checked.mistakes), "mistake"), file=sys.stderr)
        return 2
    print(summary(checked.fleet))
    if options.list:
        print()
        print(listing(checked.fleet.seats))
    return 0


def load(path: Path) -> Fleet:
    """Return a fleet for another command, with its warnings told. Raises `BadFleet`."""
    checked = check_fleet(path)
    tell("warning: ", checked.warnings)
    if checked.fleet is None:
        raise BadFleet(checked.mistakes)
    return checked.fleet


def tell(before: str, findings: Iterable[Finding]) -> None:
    """Print findings to standard error, one a line."""
    for finding in findings:
        print(f"{before}{finding}", file=sys.stderr)


def summary(fleet: Fleet) -> str:
    """Return what a fleet consists of, for people."""
    halls: dict[str, list[Seat]] = {}
    for seat in fleet.seats:
        halls.setdefault(seat.hall, []).append(seat)
    rows = [("hall", "devices", "panel", "network")]
    for hall, seats in halls.items():
        panels = _tally(seat.panel or "not named" for seat in seats)
        networks = _tally(_network(seat) for seat in seats)
        name = f"{hall} {fleet.halls.get(hall, '')}".strip()
        lines = max(len(panels), len(networks))
        panels += [""] * (lines - len(panels))
        networks += [""] * (lines - len(networks))
        for number, (panel, network) in enumerate(zip(panels, networks, strict=True)):
            first = number == 0
            rows.append((name if first else "", str(len(seats)) if first else "", panel, network))
    release = fleet.release.name if fleet.release else "none; the image must have the software"
    return "\n".join(
        [
            f"{fleet.file}: {_count(len(fleet.seats), 'device')}, central {fleet.central}",
            f"release: {release}",
            "",
            _table(rows),
        ]
    )


def listing(seats: Sequence[Seat]) -> str:
    """Return every device, a line each."""
    rows = [("name", "hall", "window", "address", "panel", "note")]
    rows += [
        (seat.name, seat.hall, seat.window, seat.network.address or "DHCP", seat.panel, seat.note)
        for seat in seats
    ]
    return _table(rows)


def _network(seat: Seat) -> str:
    return f"{seat.network.kind}, {'own address' if seat.network.address else 'DHCP'}"


def _tally(words: Iterable[str]) -> list[str]:
    counted = Counter(words).most_common()
    return [f"{word} ({count})" for word, count in counted]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(cells: Sequence[Sequence[str]]) -> str:
    rows = [[plain(cell) for cell in row] for row in cells]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    """Return the columns that a terminal takes for ``text``; Chinese characters take two."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
