"""Citizens who want to be called back: who waits, and whose number has been read.

A number may be left on a device or on a phone, sealed for the same key. It is read by whoever
runs `haochaping central callbacks --show-numbers` where the private key is; that it was read is
kept with it. No call of the API tells any of this.
"""

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from central import places, remote_ratings, schema, sealing
from central.database import insert_new
from central.places import with_places
from protocol.errors import ProtocolError
from protocol.levels import Level
from protocol.sealing import OpeningKey, Place, seal

_LOG = logging.getLogger("haochaping.central.callbacks")


class Callback(NamedTuple):
    """One visit whose citizen wants a call."""

    device_id: int | None
    """None if it was left elsewhere than on a device's screen; then ``remote_id`` tells."""
    device: str
    """Whose visit it is, and what the number is sealed for; empty if no device's."""
    visit: UUID
    hall: str | None
    window: str | None
    ended_ms: int
    """When the visit ended, corrected like every time; when a phone's number came in."""
    lowest: Level | None
    """The lowest level of the visit, on whatever way it was given; None if none has come in."""
    opened_ms: int | None
    """When somebody first read the number."""
    sealed: bytes
    remote_id: int | None = None

    def __repr__(self) -> str:
        """Return which visit it is; what is sealed is nobody's business."""
        return f"Callback({self.device}, {self.visit})"


def leave(connection: Connection, place: remote_ratings.Place, number: str, now_ms: int) -> bool:
    """Seal and keep a number left elsewhere than on a device; the first one of a visit stays.

    False if there is no key to seal it for; then it is kept nowhere.
    """
    public = sealing.public_key(connection)
    if not public:
        return False
    row = {
        "hall": place.hall,
        "device": place.device,
        "visit": place.visit.bytes,
        "sealed": seal(number, public, Place(place.device, place.visit)),
        "received_ms": now_ms,
    }
    insert_new(connection, schema.remote_callback, [row])
    return True


def wanted(connection: Connection, *, opened: bool) -> list[Callback]:
    """Return the call-backs nobody has read yet, oldest first; with ``opened`` all of them."""
    found = [*_of_devices(connection, opened), *_of_phones(connection, opened)]
    return sorted(found, key=lambda one: (one.ended_ms, one.visit.bytes))


def _of_devices(connection: Connection, opened: bool) -> list[Callback]:
    """Return what was left on a device's screen."""
    table, device, visit, record = (
        schema.callback,
        schema.device,
        schema.visit,
        schema.record,
    )
    query = with_places(
        select(
            table,
            device.c.name.label("device"),
            places.STAND.c.hall,
            visit.c.window,
            record.c.corrected_ms.label("ended_ms"),
            *_lowest(table.c.visit, table.c.device_id),
        )
        .join(device, device.c.id == table.c.device_id)
        .join(record, (record.c.device_id == table.c.device_id) & (record.c.seq == table.c.seq))
        .outerjoin(
            visit, (visit.c.device_id == table.c.device_id) & (visit.c.visit == table.c.visit)
        )
    )
    if not opened:
        query = query.where(table.c.opened_ms.is_(None))
    return [_callback(row, row.device_id, None) for row in connection.execute(query)]


def _of_phones(connection: Connection, opened: bool) -> list[Callback]:
    """Return what was left on a phone or with another system."""
    table, device, visit, remote = (
        schema.remote_callback,
        schema.device,
        schema.visit,
        schema.remote_rating,
    )
    window = (
        select(func.min(remote.c.window))
        .where(remote.c.visit == table.c.visit, remote.c.device_id.is_(None))
        .scalar_subquery()
    )
    query = (
        select(
            table,
            func.coalesce(visit.c.window, window).label("window"),
            table.c.received_ms.label("ended_ms"),
            *_lowest(table.c.visit, device.c.id),
        )
        .select_from(table)
        .outerjoin(device, device.c.name == table.c.device)
        .outerjoin(visit, (visit.c.device_id == device.c.id) & (visit.c.visit == table.c.visit))
    )
    if not opened:
        query = query.where(table.c.opened_ms.is_(None))
    return [_callback(row, None, row.id) for row in connection.execute(query)]


def _lowest(visit: ColumnElement[Any], device_id: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Return the lowest level on the screen, and of all that came from elsewhere.

    The latter may be bound to no visit yet, or be a follow-up rating.
    """
    return [
        select(func.min(table.c.platform_level))
        .where(
            table.c.visit == visit,
            or_(
                table.c.device_id == device_id,
                and_(table.c.device_id.is_(None), device_id.is_(None)),
            ),
        )
        .scalar_subquery()
        .label(name)
        for name, table in (("here", schema.rating), ("elsewhere", schema.remote_rating))
    ]


def _callback(row: Row[Any], device_id: int | None, remote_id: int | None) -> Callback:
    levels = [level for level in (row.here, row.elsewhere) if level is not None]
    return Callback(
        device_id=device_id,
        device=row.device,
        visit=UUID(bytes=row.visit),
        hall=row.hall,
        window=row.window,
        ended_ms=row.ended_ms,
        lowest=Level(min(levels)) if levels else None,
        opened_ms=row.opened_ms,
        sealed=row.sealed,
        remote_id=remote_id,
    )


def number_of(callback: Callback, key: OpeningKey) -> str | None:
    """Return the number, None if ``key`` does not open it."""
    try:
        return key.open(callback.sealed, Place(callback.device, callback.visit))
    except ProtocolError:
        return None


def note_opened(connection: Connection, callbacks: Iterable[Callback], now_ms: int) -> None:
    """Keep that these numbers were read now; when it was first stays. The log has it too."""
    here, elsewhere = schema.callback, schema.remote_callback
    for one in callbacks:
        whose = update(elsewhere).where(
            elsewhere.c.id == one.remote_id, elsewhere.c.opened_ms.is_(None)
        )
        if one.remote_id is None:
            whose = update(here).where(
                here.c.device_id == one.device_id,
                here.c.visit == one.visit.bytes,
                here.c.opened_ms.is_(None),
            )
        connection.execute(whose.values(opened_ms=now_ms))
        _LOG.info("the number of visit %s (%s) was read", one.visit, one.device or "no device")
