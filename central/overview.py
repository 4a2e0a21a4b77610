"""The list of devices: when each was last heard, who serves there, what is wrong with it."""

import json
from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, func, select

from central import needs, schema, sessions, unbound
from central.settling import Origin
from central.unbound import Deadline, Waiting


def devices(
    connection: Connection, deadline: Deadline, only: int | None = None
) -> list[dict[str, Any]]:
    """Return every device: head, backlog, who serves, last heartbeat, alerts, what it needs.

    ``deadline`` tells which ratings by phone have waited too long for their visit; ``only`` is
    the id of the one that is asked for.
    """
    device, beat, configuration = schema.device, schema.heartbeat, schema.configuration
    alerts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(
        select(schema.alert).order_by(schema.alert.c.raised_ms, schema.alert.c.id)
    ):
        alerts[row.device_id].append(
            {"kind": row.kind, "detail": row.detail, "raised_ms": row.raised_ms}
        )
    quarantined = schema.quarantined_record
    aside: dict[int, int] = dict(
        connection.execute(
            select(quarantined.c.device_id, func.count())
            .where(quarantined.c.settled_ms.is_(None))
            .group_by(quarantined.c.device_id)
        ).all()
    )
    issued: dict[int, int] = dict(
        connection.execute(
            select(configuration.c.device_id, func.max(configuration.c.version)).group_by(
                configuration.c.device_id
            )
        ).all()
    )
    beats = {row.device_id: row for row in connection.execute(select(beat))}
    comings = sessions.latest(connection, sessions.COMINGS)
    standings = sessions.latest(connection, sessions.STANDINGS)
    waiting = unbound.by_device(connection, deadline)
    window = schema.service_window
    query = select(device, window.c.hall, window.c.number).outerjoin(
        window, window.c.code == device.c.window
    )
    if only is not None:
        query = query.where(device.c.id == only)
    found: list[dict[str, Any]] = [
        {
            "device": row.name,
            "host": row.host,
            "hall": row.hall,
            "window": row.window,
            "window_number": row.number,
            "board": row.board,
            "software": row.software,
            "enrolled_ms": row.enrolled_ms,
            "last_contact_ms": row.contact_ms,
            "head": row.head,
            "backlog": max(0, beats[row.id].head - row.head) if row.id in beats else None,
            "frozen": row.frozen_ms is not None,
            "revoked": row.revoked_ms is not None,
            "revoked_ms": row.revoked_ms,
            "replaced_by": row.replaced_by,
            "quarantined": aside.get(row.id, 0),
            "phone_ratings": waiting.get(row.id, Waiting()).output(),
            "configuration_issued": issued.get(row.id, 0),
            "serving": _serving(comings.get(row.id)),
            "paused": row.id in standings and standings[row.id].kind == sessions.Kind.PAUSE,
            "alerts": alerts[row.id],
            **_software(beats.get(row.id)),
            "heartbeat": _heartbeat(beats.get(row.id)),
        }
        for row in connection.execute(query.order_by(device.c.name))
    ]
    for one in found:
        one["needs"] = [need.output() for need in needs.needs(one, deadline.now_ms)]
    return found


def _software(row: Any) -> dict[str, Any]:
    """Tell what runs there and which checks fail, by the last heartbeat."""
    if row is None:
        return {"platform": "", "release": "", "update": "", "faults": []}
    return {
        "platform": row.platform,
        "release": row.release,
        "update": row.update,
        "faults": json.loads(row.faults),
    }


def _serving(row: Any) -> dict[str, Any] | None:
    """Tell who serves, by the last log-in or log-out that has come in."""
    if row is None or row.kind != sessions.Kind.LOGIN:
        return None
    return {
        "staff": row.staff,
        "means": row.means,
        "since_ms": row.corrected_ms,
        "corrected_by": row.corrected_by,
        "login_seq": row.seq,
    }


def _heartbeat(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "received_ms": row.received_ms,
        "device_ms": row.wall_ms,
        "device_clock": row.clock,
        "boot": row.boot_id.hex(),
        "since_boot_ms": row.monotonic_ms,
        "head": row.head,
        "acknowledged": row.acknowledged,
        "configuration": row.configuration,
        "disk_free_bytes": row.disk_free_bytes,
        "temperature_c": row.temperature_c,
        "undervoltage": row.undervoltage,
        "kiosk_running": row.kiosk_running,
        "counters": json.loads(row.counters),
    }


def totals(connection: Connection, deadline: Deadline) -> dict[str, int]:
    """Return how many rows of each kind people ask for there are."""
    waiting = unbound.total(connection, deadline)
    rating = schema.rating
    elsewhere = select(func.count()).where(rating.c.origin == Origin.REMOTE.value)
    settled = schema.quarantined_record.c.settled_ms
    counted = {
        "halls": select(func.count()).select_from(schema.hall),
        "windows": select(func.count()).select_from(schema.service_window),
        "devices": select(func.count()).select_from(schema.device),
        "records": select(func.count()).select_from(schema.record),
        "ratings": select(func.count()).select_from(rating),
        "ratings from elsewhere": elsewhere,
        "ratings not counted": select(func.count()).where(~rating.c.counted),
        "visits": select(func.count()).select_from(schema.visit),
        "quarantined records": select(func.count())
        .select_from(schema.quarantined_record)
        .where(settled.is_(None)),
        "conflicting records": select(func.count()).select_from(schema.conflicting_record),
        "call-backs": select(func.count()).select_from(schema.callback),
        "call-backs from elsewhere": select(func.count()).select_from(schema.remote_callback),
        "session records": select(func.count()).select_from(schema.session_record),
        "alerts": select(func.count()).select_from(schema.alert),
    }
    found = {name: connection.execute(query).scalar_one() for name, query in counted.items()}
    return found | {
        "pending phone ratings": waiting.pending,
        "unbound phone ratings": waiting.unbound,
    }
