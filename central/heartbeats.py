"""Heartbeats: the newest one of each device is kept, an older one changes nothing.

Requests carry no time that could be held against central's clock (devices have no clock
battery), so an old heartbeat may be sent again by anyone who recorded it. Boots are told
apart by their id and ordered by when each was first heard; within a boot the monotonic
clock only grows. Whatever is not newer by that order is counted and left. Either way the
time of the receipt to follow is kept with the device.
"""

import json

from sqlalchemy import Connection, select, update

from central import clocks, release_offers, schema
from central.clocks import Anchor, Reading
from central.database import insert_or_replace
from central.devices import Device
from central.timing import keep_anchor
from protocol.messages import Heartbeat


def keep(connection: Connection, device: Device, beat: Heartbeat, now_ms: int) -> bool:
    """Keep ``beat`` as the device's newest, and when its receipt is issued.

    Returns False if the heartbeat is not newer than the last.

    ``connection`` writes and holds the device's row.
    """
    boots, beats = schema.boot, schema.heartbeat
    boot_id = beat.boot_id.bytes
    known = connection.execute(
        select(boots).where(boots.c.device_id == device.id, boots.c.boot_id == boot_id)
    ).one_or_none()
    last = connection.execute(select(beats).where(beats.c.device_id == device.id)).one_or_none()
    newer = last is not None and last.boot_id == boot_id and beat.monotonic_ms > last.monotonic_ms
    issued = {"issued_ms": device.next_issue(now_ms)}
    this = schema.device.c.id == device.id
    if known is not None and known.heard_ms is not None and not newer:
        connection.execute(update(schema.device).where(this).values(**issued))
        return False
    reading = Reading(beat.wall_ms, beat.clock, beat.monotonic_ms)
    before = (
        Anchor(known.offset_ms, known.synced)
        if known is not None and known.offset_ms is not None
        else None
    )
    anchor = clocks.better(before, clocks.anchor_of_heartbeat(reading, now_ms))
    keep_anchor(connection, device.id, boot_id, before, anchor)
    if known is None or known.heard_ms is None:
        connection.execute(
            update(boots)
            .where(boots.c.device_id == device.id, boots.c.boot_id == boot_id)
            .values(heard_ms=now_ms)
        )
    row = {
        **{name: getattr(beat, name) for name in _PLAIN},
        "device_id": device.id,
        "boot_id": boot_id,
        "clock": beat.clock.value,
        "received_ms": now_ms,
        "counters": json.dumps(beat.counters, ensure_ascii=False, sort_keys=True),
        "faults": json.dumps(beat.faults, ensure_ascii=False),
    }
    insert_or_replace(connection, beats, row)
    release_offers.hear(connection, device, beat, last.update if last else "", now_ms)
    connection.execute(
        update(schema.device)
        .where(this)
        .values(contact_ms=now_ms, software=beat.software, **issued)
    )
    return True


_PLAIN = tuple(
    field
    for field in Heartbeat.__struct_fields__
    if field not in {"software", "boot_id", "clock", "counters", "faults"}
)
