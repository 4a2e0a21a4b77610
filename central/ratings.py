"""The list of ratings, in the order central took them in, page by page without a gap.

On PostgreSQL two transactions may take numbers in one order and commit in the other; a
reader who asked in between would pass over the late one for ever. So every writer holds,
until it commits, an advisory lock that names the last number before its own, and readers
are shown ratings only up to the lowest of those. Nothing of this outlives a transaction.
"""

import json
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select, text

from central import places, schema
from central.filters import Filters, level_output
from central.places import with_places
from protocol.levels import Level

_LOCK_SPACE: Final = 0x6861 << 48
_HOLD = text("SELECT pg_advisory_xact_lock_shared(:space + (SELECT last_value FROM rating_id_seq))")
_LAST = text("SELECT last_value FROM rating_id_seq")
_LOWEST_HELD = text(
    "SELECT min((classid::bigint << 32 | objid::bigint) - :space) FROM pg_locks "
    "WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = :space >> 48 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def announce(connection: Connection) -> None:
    """Before inserting ratings: let no reader go past them until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD, {"space": _LOCK_SPACE})


def settled_up_to(connection: Connection) -> int | None:
    """Return the last number that no open transaction can come below; None for all.

    Must be asked in an earlier statement than the ratings are (READ COMMITTED).
    """
    if connection.dialect.name != "postgresql":
        return None
    last = int(connection.execute(_LAST).scalar_one())
    held = connection.execute(_LOWEST_HELD, {"space": _LOCK_SPACE}).scalar_one()
    return last if held is None else min(last, int(held))


def page(
    connection: Connection, filters: Filters, after: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return up to ``limit`` ratings after number ``after``, and where to go on."""
    settled = settled_up_to(connection)
    rating, device, visit = schema.rating, schema.device, schema.visit
    query = with_places(
        select(
            rating,
            device.c.name.label("device"),
            places.STAND.c.hall,
            visit.c.window,
            places.WINDOW.c.code.label("window_code"),
            visit.c.staff,
            visit.c.outcome,
        )
        .join(device, device.c.id == rating.c.device_id)
        .outerjoin(
            visit,
            (visit.c.device_id == rating.c.device_id) & (visit.c.visit == rating.c.visit),
        )
    )
    query = (
        query.where(rating.c.id > after, *filters.on_ratings()).order_by(rating.c.id).limit(limit)
    )
    if settled is not None:
        query = query.where(rating.c.id <= settled)
    rows = connection.execute(query).all()
    return [_output(row) for row in rows], rows[-1].id if rows else after


def _output(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "device": row.device,
        "seq": row.seq,
        "visit": str(UUID(bytes=row.visit)),
        "hall": row.hall,
        "window": row.window,
        "window_code": row.window_code,
        "serving_staff": row.staff,
        "visit_outcome": row.outcome,
        "subject": row.subject,
        "code": row.code,
        "cases": json.loads(row.cases),
        "level": level_output(Level(row.platform_level)),
        "tags": [int(tag) for tag in row.tags.split(",") if tag],
        "channel_pf": row.channel,
        "language": row.language,
        "changes": row.changes,
        "recovered": row.recovered,
        "credited": row.credited,
        "device_ms": row.wall_ms,
        "device_clock": row.clock,
        "corrected_ms": row.corrected_ms,
        "corrected_by": row.corrected_by,
        "received_ms": row.received_ms,
    }
