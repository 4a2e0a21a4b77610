"""What a hall's roll may not say, whichever door it comes by.

Works on entries some of whose fields could not be read, so that these mistakes are told
together with those of form; what depends on an unreadable field is passed over.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from central import schema
from central.roll import MATTERS, STAFF, WINDOWS, Entry, Kind
from protocol.credentials import is_pin_verifier

_MATTER_CODE = re.compile(r"[0-9A-Za-z]{31}|[0-9A-Za-z]{33}", re.ASCII)
_INITIALS = re.compile(r"[0-9a-z]+", re.ASCII)
_SHORTENED = re.compile(r"[0-9.]+E\+?[0-9]+", re.ASCII | re.IGNORECASE)
"""What a spreadsheet makes of a long number."""


class Flaw(NamedTuple):
    """One thing that cannot be, and where it was said."""

    kind: Kind
    place: int
    """Which entry of that kind, counted from 0."""
    field: str
    expected: str


class Sides(NamedTuple):
    """The entries of a hall after an edit; fields that could not be read are not there."""

    windows: Sequence[Mapping[str, Any]]
    staff: Sequence[Mapping[str, Any]]
    matters: Sequence[Mapping[str, Any]]

    def of(self, kind: Kind) -> Sequence[Mapping[str, Any]]:
        """Return the entries of ``kind``."""
        return {STAFF.name: self.staff, MATTERS.name: self.matters, WINDOWS.name: self.windows}[
            kind.name
        ]


def own_flaws(kind: Kind, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field and expectation for what is wrong with ``entry`` by itself."""
    key = entry.get(kind.key)
    if key is not None and key != key.strip():
        yield kind.key, "expected no space at its beginning or end"
    if "name" in entry and not entry["name"].strip():
        yield "name", "expected a name"
    if kind is MATTERS and key is not None and _MATTER_CODE.fullmatch(key) is None:
        yield "code", _expected_code(key)
    if (verifier := entry.get("pin_verifier")) and not is_pin_verifier(verifier):
        yield "pin_verifier", "expected an argon2id verifier: $argon2id$v=19$m=8192,t=2,p=1$..."
    if (initials := entry.get("initials")) and _INITIALS.fullmatch(initials) is None:
        yield "initials", "expected lower-case letters and digits"


def joint_flaws(sides: Sides) -> Iterator[Flaw]:
    """Yield what the entries of a hall, taken together, cannot be."""
    keys = [(kind, kind.key) for kind in (WINDOWS, STAFF, MATTERS)]
    for kind, field in (*keys, (WINDOWS, "number")):
        for place, value, _ in _twice(sides.of(kind), kind, field):
            yield Flaw(kind, place, field, f"{value!r} is given twice")
    for field in ("badge", "card"):
        for place, _, first in _twice(sides.staff, STAFF, field):
            yield Flaw(STAFF, place, field, f"this {field} is staff member {first}'s too")
    yield from _assigned(sides)
    yield from _short_lists(sides)


def flaws_with_tables(
    connection: Connection, hall: str, codes: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield window code and what speaks against it, if ``codes`` are to be the hall's windows."""
    windows, devices = schema.service_window, schema.device
    wanted = set(codes)
    rows = connection.execute(select(windows.c.code, windows.c.hall).order_by(windows.c.code))
    for row in rows.all():
        if row.code in wanted and row.hall != hall:
            yield (
                row.code,
                f"this window belongs to hall {row.hall}; a code is given once in all halls",
            )
        elif row.code not in wanted and row.hall == hall:
            standing = select(devices.c.name).where(
                devices.c.window == row.code, devices.c.revoked_ms.is_(None)
            )
            for name in connection.execute(standing).scalars():
                yield (
                    row.code,
                    f"it is missing, but device {name} stands there; "
                    "keep the window or revoke the device",
                )


def unknown_photos(
    connection: Connection, hall: str, staff: Iterable[Entry]
) -> Iterator[tuple[str, str]]:
    """Yield staff number and what is wrong, for photos that central does not hold."""
    table = schema.photo
    held = set(connection.execute(select(table.c.hash).where(table.c.hall == hall)).scalars())
    for member in staff:
        if member.get("photo") and member["photo"] not in held:
            yield (
                member["number"],
                "central holds no such photo; bring it in with `haochaping central photo`",
            )


def _expected_code(code: str) -> str:
    expected = "expected 31 or 33 letters and digits"
    if _SHORTENED.fullmatch(code):
        return f"{expected}; a spreadsheet has shortened it, format the column as text"
    return f"{expected}, not {len(code)} characters" if len(code) not in (31, 33) else expected


def _twice(
    entries: Sequence[Mapping[str, Any]], kind: Kind, field: str
) -> Iterator[tuple[int, str, str]]:
    """Yield place and value of a field that an earlier entry has too, and that one's key."""
    first: dict[str, str] = {}
    for place, entry in enumerate(entries):
        value = entry.get(field)
        if value and value in first:
            yield place, value, first[value]
        elif value:
            first[value] = str(entry.get(kind.key, f"number {place + 1}"))


def _assigned(sides: Sides) -> Iterator[Flaw]:
    """Say nothing while a staff number is unreadable: it may be that one."""
    numbers = {member.get("number") for member in sides.staff}
    for place, window in enumerate(sides.windows):
        assigned = window.get("assigned_staff")
        if assigned and assigned not in numbers and None not in numbers:
            expected = f"there is no staff member with number {assigned!r}"
            yield Flaw(WINDOWS, place, "assigned_staff", expected)


def _short_lists(sides: Sides) -> Iterator[Flaw]:
    codes = {matter.get("code") for matter in sides.matters}
    for place, window in enumerate(sides.windows):
        chosen: Sequence[str] = window.get("matters", ())
        for code in dict.fromkeys(chosen):
            if code not in codes and None not in codes:
                expected = f"there is no matter with code {code!r}"
                yield Flaw(WINDOWS, place, "matters", expected)
            if chosen.count(code) > 1:
                yield Flaw(WINDOWS, place, "matters", f"{code!r} is given twice")
