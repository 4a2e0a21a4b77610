"""The devices of a fleet file: each with all it was given, and none in another's place."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from device.core.errors import BadConfiguration
from device.store.deployed import Deployed
from provisioning.findings import Findings, Place, did_you_mean
from provisioning.fleet import Fleet, Network, Seat
from provisioning.fleet_csv import Row
from provisioning.fleet_keys import PROFILE
from provisioning.fleet_network import layered, read_network
from provisioning.panels import panels
from provisioning.profile_file import render

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""One label (RFC 1123), in lower case because labels are read aloud."""
_CODE = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
"""As central takes codes (`protocol.limits`)."""
_BOOT_LINE = re.compile(r"[ -~]{1,98}")
"""config.txt is ASCII, and the firmware reads 98 characters of a line."""
_IN_A_MISTAKE = re.compile(r"device: (?P<key>[a-z_.]+)(?P<rest>.*)", re.DOTALL)


class Halls(NamedTuple):
    """What devices are given by others."""

    shared: Row
    """``[fleet.defaults]``."""
    by_code: Mapping[str, Row]
    """``[halls.CODE]``."""


def read_seats(
    rows: Sequence[Row], halls: Halls, head: Fleet, findings: Findings
) -> tuple[Seat, ...]:
    """Return every device that can be one; whatever is wrong goes to ``findings``."""
    seats = [_Reading(row, halls, head, findings).seat() for row in rows]
    _look_for_doubles(list(zip(seats, rows, strict=True)), findings)
    empty = set(halls.by_code) - {seat.hall for seat in seats}
    for code in sorted(empty):
        findings.warn(halls.by_code[code].place, f"halls.{code}: no device stands there")
    guessed = [s for s in seats if not s.settings.get("screen.diagonal") and not s.panel]
    if guessed:
        findings.warn(
            Place(head.file, 1),
            f"{len(guessed)} of {len(seats)} devices have neither panel nor screen.diagonal:"
            " how large keys must be is guessed from the pixels",
        )
    return tuple(seats)


class _Reading:
    def __init__(self, row: Row, halls: Halls, head: Fleet, findings: Findings) -> None:
        self._row = row
        self._head = head
        self._findings = findings
        self._halls = halls
        said = row.get("hall") or halls.shared.get("hall")
        of_hall = dict(halls.by_code.get(str(said.value), {}) if said else {})
        of_hall.pop("name", None)  # the hall's, no device's
        self._given = layered((halls.shared, of_hall, row), findings)

    def seat(self) -> Seat:
        hall, window = self._code("hall"), self._code("window")
        if hall and self._halls.by_code and hall not in self._halls.by_code:
            self._wrong("hall", f"{hall}: no such hall{did_you_mean(hall, self._halls.by_code)}")
        settings, boot_lines = self._settings()
        return Seat(
            name=self._name(hall, window),
            hall=hall,
            window=window,
            settings=settings,
            boot_lines=boot_lines,
            network=self._network(),
            line=self._row.place.line,
            note=self._text("note"),
            panel=self._text("panel"),
        )

    def _text(self, key: str) -> str:
        return str(self._given[key].value) if key in self._given else ""

    def _wrong(self, key: str, text: str) -> None:
        given = self._given.get(key)
        place, name = (given.place, given.key) if given else (self._row.place, key)
        self._findings.mistake(place, f"{name}: {text}")

    def _code(self, key: str) -> str:
        code = self._text(key)
        if key not in self._given:
            self._wrong(key, "missing; its code at central expected")
        elif not _CODE.fullmatch(code) or code != code.strip():
            self._wrong(key, f"{code!r}: a code of 1 to 64 characters expected")
        return code

    def _name(self, hall: str, window: str) -> str:
        if "name" not in self._given:
            if not hall or not window:
                return ""
            whole = window if window.startswith(hall) else f"{hall}-{window}"
            name = re.sub(r"[^a-z0-9]+", "-", whole.lower()).strip("-")
            if not (hall + window).isascii() or not HOST_NAME.fullmatch(name):
                self._wrong("name", f"missing; none can be made of {hall} and {window}")
                return ""
            return name
        name = self._text("name")
        if not HOST_NAME.fullmatch(name) or name == "localhost":
            lower = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63]
            better = f"; {lower}, say" if HOST_NAME.fullmatch(lower) and lower != name else ""
            self._wrong(
                "name",
                f"{name}: a host name of lower-case letters, digits and hyphens expected,"
                f" at most 63{better}",
            )
            return ""
        return name

    def _settings(self) -> tuple[dict[str, object], tuple[str, ...]]:
        """Return the profile, and what ``config.txt`` needs."""
        head = self._head
        settings: dict[str, object] = {
            "data_dir": str(Deployed().data),
            "central.url": head.central or "https://central",
        }
        if head.ca_file is not None:
            settings["central.ca_file"] = str(Deployed().settings / "ca.pem")
        if head.proxy:
            settings["central.proxy"] = head.proxy
        lines: list[str] = []
        if "panel" in self._given:
            panel = panels().get(self._text("panel"))
            if panel is None:
                name = self._text("panel")
                self._wrong("panel", f"{name}: unknown{did_you_mean(name, panels())}")
            else:
                settings["screen.diagonal"] = panel.diagonal
                lines += panel.boot_lines
        settings |= {key: one.value for key, one in self._given.items() if key in PROFILE}
        self._check_profile(settings)
        for line in self._given["boot_lines"].value if "boot_lines" in self._given else ():
            if _BOOT_LINE.fullmatch(line):
                lines.append(line)
            else:
                self._wrong("boot_lines", f"{line!r}: 1 to 98 ASCII characters expected")
        return settings, tuple(dict.fromkeys(lines))

    def _check_profile(self, settings: dict[str, object]) -> None:
        """Have the device's own rules judge, and tell it in the words of the fleet file."""
        try:
            render(settings, "device")
        except BadConfiguration as error:
            for line in str(error).splitlines():
                told = _IN_A_MISTAKE.fullmatch(line)
                key, rest = (told["key"], told["rest"]) if told else ("", line)
                if key.startswith("central."):
                    continue  # it has been told of [fleet], which has no password in it
                given = self._given.get(key)
                place, name = (given.place, given.key) if given else (self._row.place, key)
                self._findings.mistake(place, f"{name}{rest}")

    def _network(self) -> Network:
        place = self._row.place
        address = self._given.get("network.address")
        if address is not None:
            place = address.place
        folder = self._head.file.parent
        return read_network(self._given, folder, place, self._findings)


def _look_for_doubles(seats: Sequence[tuple[Seat, Row]], findings: Findings) -> None:
    names: dict[str, Place] = {}
    windows: dict[str, Place] = {}
    addresses: dict[str, tuple[Place, str]] = {}
    for seat, row in seats:
        place = row.place
        window_taken = bool(seat.window) and windows.setdefault(seat.window, place) != place
        if window_taken:
            # Central gives a window's code once in all halls.
            where = _where(windows[seat.window], place)
            findings.mistake(place, f"window: {seat.window} has a device in {where} already")
        named_after_it = window_taken and "name" not in row
        if seat.name and not named_after_it and names.setdefault(seat.name, place) != place:
            where = _where(names[seat.name], place)
            findings.mistake(place, f"name: {seat.name} is in {where} already")
        address = seat.network.address.partition("/")[0]
        if not address:
            continue
        first, hall = addresses.setdefault(address, (place, seat.hall))
        if first != place:
            said = f"network.address: {address} is in {_where(first, place)} already"
            if hall == seat.hall:
                findings.mistake(place, said)
            else:
                findings.warn(place, f"{said}, in another hall; are these two nets?")


def _where(first: Place, here: Place) -> str:
    return f"line {first.line}" if first.file == here.file else str(first)
