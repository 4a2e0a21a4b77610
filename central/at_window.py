"""Who serves at a window and what can be rated there, for those who scanned its printed code.

A poster knows nothing of a visit. What is asked is asked about whoever is known to serve at
the window now; where that is not certain nobody is named, since a rating that is given to
the wrong staff member does more harm than one that only the hall gets.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from central import elsewhere, roll, schema, sealing, sessions
from central.clocks import TimeSource
from central.roll import MATTERS, STAFF, WINDOWS
from central.sessions import Kind
from protocol.configuration import Rules


class Matter(NamedTuple):
    """A matter that can be chosen."""

    code: str
    name: str


class AtWindow(NamedTuple):
    """What there is at a window."""

    hall: str
    hall_name: str
    window: str
    """Its code."""
    number: str
    staff: str
    """Number of whoever serves there now; empty if that is not certain."""
    matters: tuple[Matter, ...]
    """The window's short list."""
    switched_off_tags: frozenset[int]
    takes_number: bool
    """Numbers for a call-back can be sealed."""


def look(
    connection: Connection, hall: str, window: str, now_ms: int, utc_offset_minutes: int
) -> AtWindow:
    """Return what there is at the window with code ``window``. Raises `Unknown`."""
    row = roll.hall_row(connection, hall)
    entry = roll.entry(connection, WINDOWS, hall, window) or {}
    rules = msgspec.json.decode(row.rules, type=Rules)
    return AtWindow(
        hall=hall,
        hall_name=row.name,
        window=window,
        number=entry.get("number", ""),
        staff=_serving(
            *(connection, hall, window, entry.get("assigned_staff", "")),
            *(now_ms, utc_offset_minutes),
        ),
        matters=_short_list(connection, hall, entry.get("matters", ())),
        switched_off_tags=frozenset(rules.switched_off_tags),
        takes_number=bool(sealing.public_key(connection)),
    )


def _short_list(connection: Connection, hall: str, codes: tuple[str, ...]) -> tuple[Matter, ...]:
    if not codes:
        return ()
    table = MATTERS.table
    query = select(table.c.code, table.c.name).where(table.c.hall == hall, table.c.code.in_(codes))
    names: dict[str, str] = dict(connection.execute(query).all())
    return tuple(Matter(code, names[code]) for code in codes if code in names)


def _serving(
    connection: Connection,
    hall: str,
    window: str,
    assigned: str,
    now_ms: int,
    utc_offset_minutes: int,
) -> str:
    """Return who serves, as far as that is certain: assigned, or logged in there today."""
    found = assigned or _logged_in(connection, window, now_ms, utc_offset_minutes)
    return found if found and roll.entry(connection, STAFF, hall, found) is not None else ""


def _logged_in(connection: Connection, window: str, now_ms: int, offset_minutes: int) -> str:
    """Return who has logged in at a device of the window today and nowhere else since.

    A device that is down tells of no log-out, so an older log-in says nothing; neither does
    one whose time is not known, or who was only assigned once.
    """
    device = schema.device
    standing = select(device.c.id).where(
        device.c.window == window, device.c.revoked_ms.is_(None), device.c.frozen_ms.is_(None)
    )
    comings = [
        row
        for number in connection.execute(standing).scalars().all()
        for row in sessions.latest(connection, sessions.COMINGS, number).values()
    ]
    last = max(comings, key=lambda row: (row.corrected_ms, row.id), default=None)
    if (
        last is None
        or last.kind != Kind.LOGIN
        or last.means == elsewhere.ASSIGNED
        or last.corrected_by == TimeSource.RECEIVED.value
        or _day(last.corrected_ms, offset_minutes) != _day(now_ms, offset_minutes)
        or elsewhere.find(connection, last.device_id) is not None
    ):
        return ""
    return str(last.staff or "")


def _day(ms: int, offset_minutes: int) -> str:
    return datetime.fromtimestamp(ms / 1000 + offset_minutes * 60, UTC).date().isoformat()
