"""The list of ratings, in the order central took them in, page by page without a gap."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from central import paging, places, schema
from central.filters import Filters, level_output
from central.places import with_places
from protocol.levels import Level


def page(
    connection: Connection, filters: Filters, after: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return up to ``limit`` ratings after number ``after``, and where to go on."""
    settled = paging.settled_up_to(connection, paging.RATINGS)
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
