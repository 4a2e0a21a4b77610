"""Which of two ratings counts, where the screen and a phone both have one for a subject.

The first that was given, whichever came in first: so the result is the same in every order of
arrival, and once the device's clock is known better it is decided anew. The other one is kept,
is not counted, and is offered to the citizen as their follow-up rating. The time of a screen's
rating is that of the tap.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, update

from central import schema

Key = tuple[bytes, str, str]
"""Visit, subject and code: what is rated once."""
_AT_ONCE = 500
"""Visits in one question; a boot may have had thousands."""


class Origin(StrEnum):
    """Where a rating was given."""

    SCREEN = "screen"
    """On a device, which signed it."""
    REMOTE = "remote"
    """By phone or another channel (`protocol.remote`)."""


def key_of(row: Mapping[str, Any]) -> Key:
    """Return what a row of `rating` rates."""
    return row["visit"], row["subject"], row["code"]


def stand_back(
    connection: Connection, device_id: int, rows: Sequence[dict[str, Any]]
) -> set[bytes]:
    """Before ``rows`` of a device are inserted: have those not count whose place is taken.

    Returns the visits for which `settle` must then decide.
    """
    table = schema.rating
    visits = {row["visit"] for row in rows}
    found = connection.execute(
        select(table.c.visit, table.c.subject, table.c.code).where(
            table.c.device_id == device_id,
            table.c.visit.in_(visits),
            table.c.origin == Origin.REMOTE.value,
        )
    )
    taken: set[Key] = {(row.visit, row.subject, row.code) for row in found}
    for row in rows:
        row["counted"] = key_of(row) not in taken
    return {visit for visit, _, _ in taken}


def settle(connection: Connection, device_id: int, visits: Collection[bytes]) -> int:
    """Have of each pair in ``visits`` the one count that was given first; how many changed."""
    if not visits:
        return 0
    table = schema.rating
    given_ms = (table.c.corrected_ms - table.c.tap_age_ms).label("given_ms")
    rows = connection.execute(
        select(table.c.id, table.c.visit, table.c.subject, table.c.code, table.c.counted)
        .add_columns(table.c.origin, given_ms)
        .where(table.c.device_id == device_id, table.c.visit.in_(visits))
    ).all()
    first: dict[Key, Any] = {}
    for row in rows:
        key = (row.visit, row.subject, row.code)
        held = first.get(key)
        if held is None or _order(row) < _order(held):
            first[key] = row
    winners = {row.id for row in first.values()}
    wrong = [row for row in rows if row.counted is not (row.id in winners)]
    for counted in (False, True):  # never two at once, not for a moment
        ids = [row.id for row in wrong if row.counted is not counted]
        if ids:
            connection.execute(update(table).where(table.c.id.in_(ids)).values(counted=counted))
    return len(wrong)


def settle_anew(connection: Connection, device_id: int, visits: Collection[bytes]) -> None:
    """Decide anew where the times of a screen's ratings have been bettered."""
    table, bettered = schema.rating, sorted(visits)
    for first in range(0, len(bettered), _AT_ONCE):
        contested = connection.execute(
            select(table.c.visit).where(
                table.c.device_id == device_id,
                table.c.visit.in_(bettered[first : first + _AT_ONCE]),
                table.c.origin == Origin.REMOTE.value,
            )
        )
        settle(connection, device_id, set(contested.scalars()))


def _order(row: Any) -> tuple[int, bool]:
    """Return what comes first; at the very same moment that is the screen's."""
    return row.given_ms, row.origin != Origin.SCREEN
