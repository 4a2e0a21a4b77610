"""Citizens who want to be called back: who waits, and whose number has been read.

A number is read by whoever runs `haochaping central callbacks --show-numbers` where the
private key is; that it was read is kept with it. No call of the API tells any of this.
"""

import logging
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, select, update

from central import places, schema
from central.places import with_places
from protocol.errors import ProtocolError
from protocol.levels import Level
from protocol.sealing import OpeningKey, Place

_LOG = logging.getLogger("haochaping.central.callbacks")


class Callback(NamedTuple):
    """One visit whose citizen wants a call."""

    device_id: int
    device: str
    visit: UUID
    hall: str | None
    window: str | None
    ended_ms: int
    """When the visit ended, corrected like every time."""
    lowest: Level | None
    """The lowest level of the visit; None if no rating of it has come in."""
    opened_ms: int | None
    """When somebody first read the number."""
    sealed: bytes

    def __repr__(self) -> str:
        """Return which visit it is; what is sealed is nobody's business."""
        return f"Callback({self.device}, {self.visit})"


def wanted(connection: Connection, *, opened: bool) -> list[Callback]:
    """Return the call-backs nobody has read yet, oldest first; with ``opened`` all of them."""
    table, device, visit, record, rating = (
        schema.callback,
        schema.device,
        schema.visit,
        schema.record,
        schema.rating,
    )
    lowest = (
        select(func.min(rating.c.platform_level))
        .where(rating.c.device_id == table.c.device_id, rating.c.visit == table.c.visit)
        .scalar_subquery()
    )
    query = with_places(
        select(
            table,
            device.c.name,
            places.STAND.c.hall,
            visit.c.window,
            record.c.corrected_ms,
            lowest.label("lowest"),
        )
        .join(device, device.c.id == table.c.device_id)
        .join(record, (record.c.device_id == table.c.device_id) & (record.c.seq == table.c.seq))
        .outerjoin(
            visit, (visit.c.device_id == table.c.device_id) & (visit.c.visit == table.c.visit)
        )
    ).order_by(record.c.corrected_ms, table.c.visit)
    if not opened:
        query = query.where(table.c.opened_ms.is_(None))
    return [
        Callback(
            device_id=row.device_id,
            device=row.name,
            visit=UUID(bytes=row.visit),
            hall=row.hall,
            window=row.window,
            ended_ms=row.corrected_ms,
            lowest=None if row.lowest is None else Level(row.lowest),
            opened_ms=row.opened_ms,
            sealed=row.sealed,
        )
        for row in connection.execute(query)
    ]


def number_of(callback: Callback, key: OpeningKey) -> str | None:
    """Return the number, None if ``key`` does not open it."""
    try:
        return key.open(callback.sealed, Place(callback.device, callback.visit))
    except ProtocolError:
        return None


def note_opened(connection: Connection, callbacks: Iterable[Callback], now_ms: int) -> None:
    """Keep that these numbers were read now; when it was first stays. The log has it too."""
    table = schema.callback
    for one in callbacks:
        connection.execute(
            update(table)
            .where(
                table.c.device_id == one.device_id,
                table.c.visit == one.visit.bytes,
                table.c.opened_ms.is_(None),
            )
            .values(opened_ms=now_ms)
        )
        _LOG.info("the number of visit %s (%s) was read", one.visit, one.device)
