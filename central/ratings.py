"""The list of ratings, in the order central took them in, page by page without a gap.

A rating may later stop counting, or begin to: when another of the same subject comes in that
was given sooner. That one names it in ``displaces``, so whoever pages along learns of it.
"""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, or_, select

from central import paging, places, schema, sources
from central.filters import Filters, level_output
from central.settling import Origin
from protocol.levels import Level


def page(
    connection: Connection, filters: Filters, after: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return up to ``limit`` ratings after number ``after``, and where to go on."""
    settled = paging.settled_up_to(connection, paging.RATINGS)
    rating, remote = schema.rating, schema.remote_rating
    other, follow_up = rating.alias("other"), remote.alias("follow_up")
    query = (
        places.of_ratings(
            select(
                rating,
                schema.device.c.name.label("device"),
                places.HALL.label("in_hall"),
                places.NUMBER.label("at_window"),
                places.WINDOW.c.code.label("window_code"),
                places.SERVING.label("serving"),
                schema.visit.c.outcome,
                sources.SOURCE.label("source"),
                remote.c.system,
                remote.c.comment,
                other.c.id.label("displaces"),
                follow_up.c.platform_level.label("later_level"),
                follow_up.c.tags.label("later_tags"),
                follow_up.c.comment.label("later_comment"),
                follow_up.c.received_ms.label("later_ms"),
            )
        )
        .outerjoin(remote, remote.c.id == rating.c.remote_id)
        .outerjoin(
            other,
            and_(
                other.c.device_id == rating.c.device_id,
                other.c.visit == rating.c.visit,
                other.c.subject == rating.c.subject,
                other.c.code == rating.c.code,
                other.c.id != rating.c.id,
            ),
        )
        .outerjoin(
            follow_up,
            and_(
                follow_up.c.visit == rating.c.visit,
                or_(
                    follow_up.c.device_id == rating.c.device_id,
                    and_(follow_up.c.device_id.is_(None), rating.c.device_id.is_(None)),
                ),
                follow_up.c.follows_up,
                follow_up.c.subject == rating.c.subject,
                follow_up.c.code == rating.c.code,
            ),
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
    remote = row.origin == Origin.REMOTE.value
    return {
        "id": row.id,
        "device": row.device,
        "seq": row.seq,
        "visit": str(UUID(bytes=row.visit)),
        "hall": row.in_hall,
        "window": row.at_window,
        "window_code": row.window_code,
        "serving_staff": row.serving,
        "visit_outcome": row.outcome,
        "subject": row.subject,
        "code": row.code,
        "cases": json.loads(row.cases),
        "level": level_output(Level(row.platform_level)),
        "tags": _tags(row.tags),
        "comment": row.comment or "",
        "channel_pf": row.channel,
        "origin": row.source,
        "system": row.system or None,
        "language": row.language,
        "changes": row.changes,
        "recovered": row.recovered,
        "credited": row.credited,
        "counted": row.counted,
        "displaces": row.displaces,
        "follow_up": None if row.later_level is None else _follow_up(row),
        "given_ms": row.corrected_ms - row.tap_age_ms,
        "device_ms": None if remote else row.wall_ms,
        "device_clock": None if remote else row.clock,
        "corrected_ms": row.corrected_ms,
        "corrected_by": row.corrected_by,
        "received_ms": row.received_ms,
    }


def _follow_up(row: Row[Any]) -> dict[str, Any]:
    return {
        "level": level_output(Level(row.later_level)),
        "tags": _tags(row.later_tags),
        "comment": row.later_comment,
        "received_ms": row.later_ms,
    }


def _tags(text: str) -> list[int]:
    return [int(tag) for tag in text.split(",") if tag]
