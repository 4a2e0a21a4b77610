"""Who came to which window, paused, left, cancelled or was locked out: supervision's list.

Read out of the records as they come in and told in the order they came. Never a level and
never how a visit ended otherwise: that is what `/v1/ratings` is for.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from central import paging, places, schema
from central.filters import Filters
from central.places import with_places
from protocol.records import AnyRecord, Fault, Login, Logout, Outcome, Pause, VisitClosed

LOCKED = "login-locked"
"""Code of the fault record by which a device tells of a lock-out."""
_LOCKOUT = re.compile(r"staff=(.*) place=(\S*) failures=([0-9]{1,9}) seconds=([0-9]{1,9})\Z")


class Kind(StrEnum):
    """What happened at a window."""

    LOGIN = "login"
    LOGOUT = "logout"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    """An invitation was taken back before the first tap."""
    LOCKOUT = "lockout"
    """Log-in was locked after too many wrong PINs."""


_EVENT = schema.session_record
STAFF: ColumnElement[Any] = func.coalesce(schema.visit.c.staff, _EVENT.c.staff)
"""Whose it is; a cancel's is that of its visit."""
WINDOW: ColumnElement[Any] = func.coalesce(schema.visit.c.window, _EVENT.c.window)
"""The number of the window."""


def row_of(
    record: AnyRecord, device_id: int, window: str | None, now_ms: int
) -> dict[str, Any] | None:
    """Return the row that ``record`` becomes; None if it says nothing of a session.

    ``window`` is the number of the window the device stands at.
    """
    row: dict[str, Any] = {
        "device_id": device_id,
        "seq": record.seq,
        "staff": None,
        "window": window,
        "means": "",
        "reason": "",
        "visit": None,
        "failures": None,
        "seconds": None,
        "received_ms": now_ms,
    }
    match record:
        case Login(staff=staff, means=means):
            return row | {"kind": Kind.LOGIN.value, "staff": staff, "means": means}
        case Logout(staff=staff, reason=reason):
            return row | {"kind": Kind.LOGOUT.value, "staff": staff, "reason": reason}
        case Pause(staff=staff, paused=paused, reason=reason):
            kind = Kind.PAUSE if paused else Kind.RESUME
            return row | {"kind": kind.value, "staff": staff, "reason": reason}
        case VisitClosed(outcome=Outcome.CANCELLED, visit=visit, reason=reason):
            return row | {"kind": Kind.CANCEL.value, "visit": visit.bytes, "reason": reason}
        case Fault(code=code, detail=detail) if code == LOCKED:
            return row | {"kind": Kind.LOCKOUT.value, **_lockout(detail)}
        case _:
            return None


def _lockout(detail: str) -> dict[str, Any]:
    """Return what a lock-out's detail says; one of another shape is kept as it is."""
    found = _LOCKOUT.match(detail)
    if found is None:
        return {"staff": "", "reason": detail}
    staff, place, failures, seconds = found.groups()
    return {
        "staff": "" if staff == "*" else staff,
        "means": place,
        "failures": int(failures),
        "seconds": int(seconds),
    }


def alert_of(row: dict[str, Any]) -> str:
    """Return what an alert says of the lock-out in ``row``: the same words each time."""
    whom = f"staff {row['staff']}" if row["staff"] else "everybody"
    return f"{whom} was locked out at {row['means'] or 'this device'}; see /v1/sessions"


def with_visit(query: Select[Any]) -> Select[Any]:
    """Return ``query``, which knows `session_record`, joined with device, date and places."""
    device, visit, record = schema.device, schema.visit, schema.record
    joined = (
        query.join(device, device.c.id == _EVENT.c.device_id)
        .join(record, and_(record.c.device_id == _EVENT.c.device_id, record.c.seq == _EVENT.c.seq))
        .outerjoin(
            visit,
            and_(visit.c.device_id == _EVENT.c.device_id, visit.c.visit == _EVENT.c.visit),
        )
    )
    return with_places(joined, WINDOW)


COMINGS = (Kind.LOGIN, Kind.LOGOUT)
"""What tells who serves at a window."""
STANDINGS = (*COMINGS, Kind.PAUSE, Kind.RESUME)
"""What tells whether service goes on."""


def latest(
    connection: Connection, kinds: Iterable[Kind], device_id: int | None = None
) -> dict[int, Row[Any]]:
    """Return each device's last event of these kinds, by its own numbering, with its time.

    Not the last to come in: a place of the chain may be mended later. ``device_id`` asks
    about one device alone.
    """
    device, record, other = schema.device, schema.record, _EVENT.alias("other")
    seq = (
        select(other.c.seq)
        .where(other.c.device_id == device.c.id, other.c.kind.in_([one.value for one in kinds]))
        .order_by(other.c.seq.desc())
        .limit(1)
        .correlate(device)
        .scalar_subquery()
    )
    query = (
        select(_EVENT, record.c.corrected_ms, record.c.corrected_by)
        .select_from(device)
        .join(_EVENT, and_(_EVENT.c.device_id == device.c.id, _EVENT.c.seq == seq))
        .join(record, and_(record.c.device_id == device.c.id, record.c.seq == _EVENT.c.seq))
    )
    if device_id is not None:
        query = query.where(device.c.id == device_id)
    return {row.device_id: row for row in connection.execute(query)}


def page(
    connection: Connection, filters: Filters, kind: Kind | None, after: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return up to ``limit`` events after number ``after``, and where to go on."""
    settled = paging.settled_up_to(connection, paging.SESSIONS)
    record = schema.record
    query = with_visit(
        select(
            _EVENT,
            schema.device.c.name.label("device"),
            places.STAND.c.hall,
            places.WINDOW.c.code.label("window_code"),
            STAFF.label("whose"),
            WINDOW.label("number"),
            record.c.wall_ms,
            record.c.clock,
            record.c.corrected_ms,
            record.c.corrected_by,
        ).select_from(_EVENT)
    )
    query = (
        query.where(_EVENT.c.id > after, *filters.on_events(STAFF, WINDOW))
        .order_by(_EVENT.c.id)
        .limit(limit)
    )
    if kind is not None:
        query = query.where(_EVENT.c.kind == kind.value)
    if settled is not None:
        query = query.where(_EVENT.c.id <= settled)
    rows = connection.execute(query).all()
    return [_output(row) for row in rows], rows[-1].id if rows else after


def _output(row: Row[Any]) -> dict[str, Any]:
    lockout = row.kind == Kind.LOCKOUT.value
    return {
        "id": row.id,
        "device": row.device,
        "seq": row.seq,
        "hall": row.hall,
        "window": row.number,
        "window_code": row.window_code,
        "kind": row.kind,
        "staff": row.whose,
        "means": row.means if row.kind == Kind.LOGIN.value else None,
        "reason": row.reason,
        "visit": None if row.visit is None else str(UUID(bytes=row.visit)),
        "place": row.means if lockout else None,
        "failures": row.failures,
        "seconds": row.seconds,
        "device_ms": row.wall_ms,
        "device_clock": row.clock,
        "corrected_ms": row.corrected_ms,
        "corrected_by": row.corrected_by,
        "received_ms": row.received_ms,
    }
