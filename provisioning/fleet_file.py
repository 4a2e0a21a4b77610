"""Reads a fleet file: all of it is checked, and every mistake is told with its line.

What is said for all devices (``[fleet.defaults]``) is what a hall (``[halls.CODE]``) and a
device may say otherwise. Devices are ``[[device]]`` tables, rows of a CSV file, or both.
"""

from pathlib import Path
from typing import Any, NamedTuple

from provisioning import toml_lines
from provisioning.findings import BadFleet, Finding, Findings, Given, Place, did_you_mean
from provisioning.fleet import Fleet
from provisioning.fleet_csv import Row, read_table
from provisioning.fleet_head import read_head
from provisioning.fleet_keys import (
    DEVICE,
    FLEET,
    HALL_NAME,
    OF_A_HALL,
    OWN,
    SAME_EVERYWHERE,
    SECRET,
    SHARED,
    SHORT,
    Key,
    Kind,
    fits,
    full_name,
)
from provisioning.fleet_seats import Halls, read_seats
from provisioning.fleet_typing import told_as_typed

MAX_BYTES = 16 * 1024 * 1024
_TABLES = ("[fleet]", "[fleet.technician]", "[fleet.defaults]", "[halls.CODE]", "[[device]]")


class Checked(NamedTuple):
    """What was found in a fleet file."""

    fleet: Fleet | None
    """None if there are mistakes."""
    mistakes: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def read_fleet(path: Path) -> Fleet:
    """Return the fleet in the TOML file ``path``, and in the table that it names.

    Raises `BadFleet` with every mistake, one a line, as ``file:line: what``.
    """
    checked = check_fleet(path)
    if checked.fleet is None:
        raise BadFleet(checked.mistakes)
    return checked.fleet


def check_fleet(path: Path) -> Checked:
    """Return the fleet in ``path`` with all mistakes and warnings; raises nothing for them."""
    findings = Findings()
    text = _text(path, findings)
    fleet = None
    if text is not None:
        sorted_out = _Sorted(path, text, findings)
        if sorted_out.is_foreign:  # what it lacks would only hide that
            return Checked(None, findings.mistakes, ())
        head = read_head(sorted_out.fleet, path, findings)
        rows = sorted_out.devices
        if "devices" in sorted_out.fleet:
            rows = rows + read_table(path.parent / sorted_out.fleet["devices"].value, findings)
        if not rows and not findings.mistakes:
            findings.mistake(
                Place(path, 1), "no device; add [[device]] tables, or devices under [fleet]"
            )
        halls = Halls(sorted_out.shared, sorted_out.halls)
        seats = read_seats(rows, halls, head, findings)
        fleet = head._replace(
            seats=seats,
            halls={
                code: str(row["name"].value)
                for code, row in sorted_out.halls.items()
                if "name" in row
            },
        )
    mistakes = findings.mistakes
    return Checked(None if mistakes else fleet, mistakes, findings.warnings)


def _text(path: Path, findings: Findings) -> str | None:
    place = Place(path, 1)
    if path.suffix.lower() in (".csv", ".xls", ".xlsx"):
        findings.mistake(
            place,
            f'a table of devices is named by a fleet file: devices = "{path.name}" under [fleet]'
            " (docs/fleet.md)",
        )
        return None
    try:
        if path.stat().st_size > MAX_BYTES:
            findings.mistake(place, f"longer than {MAX_BYTES // 2**20} MiB: this is no fleet file")
            return None
        content = path.read_bytes()
    except OSError as error:
        findings.mistake(place, f"cannot be read: {error.strerror}")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        findings.mistake(Place(path, line), "this is not UTF-8; save the file in UTF-8")
        return None


class _Sorted:
    """What the file says, by whom it is for."""

    def __init__(self, path: Path, text: str, findings: Findings) -> None:
        self._path = path
        self._findings = findings
        self.fleet = Row(Place(path, 1))
        self.shared = Row(Place(path, 1))
        self.halls: dict[str, Row] = {}
        self._devices: dict[int, Row] = {}
        read = toml_lines.read(text)
        self.is_foreign = bool(read.slips) and not read.tables and not read.leaves
        """The file has not one line of a fleet file."""
        for slip in _told(read.slips) if self.is_foreign else read.slips:
            findings.mistake(Place(path, slip.line), slip.text)
        for table, line in read.tables.items():
            self._row(table, line)
        for where, leaf in read.leaves.items():
            self._take(where, leaf)

    @property
    def devices(self) -> list[Row]:
        return [self._devices[number] for number in sorted(self._devices)]

    def _row(self, where: toml_lines.Path_, line: int) -> None:
        """Note a table's header; what is in it may be nothing at all."""
        place = Place(self._path, line)
        match where:
            case ("fleet",):
                self.fleet.place = place
            case ("fleet", "technician" | "defaults", *_):
                pass
            case ("halls", str(code), *_):
                self.halls.setdefault(code, Row(place))
            case ("device", int(number), *_):
                self._devices.setdefault(number, Row(place))
            case ("device", *_):
                self._findings.mistake(place, "one device is [[device]], in double brackets")
            case ("halls",):
                pass
            case _:
                name = ".".join(str(part) for part in where if isinstance(part, str))
                self._findings.mistake(
                    place, f"[{name}]: unknown table{did_you_mean(f'[{name}]', _TABLES)}"
                )

    def _take(self, where: toml_lines.Path_, leaf: toml_lines.Leaf) -> None:
        place = Place(self._path, leaf.line)
        match where:
            case ("fleet", "defaults", *rest):
                self._put(self.shared, SHARED, rest, leaf.value, place)
            case ("fleet", "language"):
                self._put(self.shared, SHARED, ["language"], leaf.value, place)
            case ("fleet", *rest):
                self._put(self.fleet, FLEET, rest, leaf.value, place)
            case ("halls", str(code), "name"):
                known = {HALL_NAME.name: HALL_NAME}
                self._put(
                    self.halls.setdefault(code, Row(place)), known, ["name"], leaf.value, place
                )
            case ("halls", str(code), *rest) if rest:
                row = self.halls.setdefault(code, Row(place))
                self._put(row, OF_A_HALL, rest, leaf.value, place)
            case ("device", int(number), *rest):
                row = self._devices.setdefault(number, Row(place))
                self._put(row, DEVICE, rest, leaf.value, place)
            case (str(key),):
                self._findings.mistake(
                    place, f"{key}: it stands before any table; the first line is [fleet]"
                )
            case _:
                pass  # an unknown table has been told by its header

    def _put(
        self, row: Row, known: dict[str, Key], rest: list[Any], value: Any, place: Place
    ) -> None:
        written = ".".join(map(str, rest))
        name = full_name(written) if written not in known else written
        key = known.get(name)
        if key is None:
            self._findings.mistake(place, f"{written}: {_unknown(written, name, known)}")
        elif not fits(key.kind, value):
            shown = "***" if name in SECRET else _shown(value)
            self._findings.mistake(place, f"{written} = {shown}: {key.kind.value} expected")
            if key.kind is Kind.TEXT and isinstance(value, int | float):
                row[name] = Given(str(value), place, written)  # it is not missing besides
        elif name in row:
            self._findings.mistake(
                place, f"{written}: given in line {row[name].place.line} already"
            )
        else:
            right = told_as_typed(key, written, value, place, self._findings)
            row[name] = Given(right, place, written)


def _told(slips: list[toml_lines.Slip]) -> list[toml_lines.Slip]:
    """Return what is told of a file without one line of a fleet file.

    That it is none at all, by its first line; but every line where Chinese input typed it: then
    it is one, and each is to be mended.
    """
    first, *others = slips
    advice = "a fleet file begins with [fleet] (docs/fleet.md)"
    first = first._replace(text=f"{first.text}; {advice}")
    return [first, *others] if any(slip.full_width for slip in slips) else [first]


def _unknown(written: str, name: str, known: dict[str, Key]) -> str:
    if name in SAME_EVERYWHERE:
        return f"not in a fleet file; {SAME_EVERYWHERE[name]}"
    if name in OWN and known is not FLEET:
        return "only a device can have it, and each its own"
    if known is FLEET and name in SHARED:
        return "it belongs under [fleet.defaults]"
    if known is not FLEET and name in FLEET:
        return "it belongs under [fleet]"
    return f"unknown key{did_you_mean(written, [*known, *SHORT] if known is not FLEET else known)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
