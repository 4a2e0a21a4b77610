"""Ratings by phone whose visit central does not know: those that wait, and those that wait long.

The device of such a visit was offline, or its card was lost before it could send. Nothing of
this is counted, and no level is told. Once the visit's first record comes in the rating is
bound, is listed in `ratings`, and is here no more.
"""

from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, case, func, select

from central import schema
from central.settings import Phone

_HOUR_MS = 60 * 60 * 1000


class State(StrEnum):
    """How long it has been waiting for its visit."""

    PENDING = "pending"
    UNBOUND = "unbound"
    """For longer than `Phone.unbound_hours`: hardly anybody expects it any more."""


class Waiting(NamedTuple):
    """How many there are."""

    pending: int = 0
    unbound: int = 0

    def output(self) -> dict[str, int]:
        """Return the numbers as they are given out."""
        return self._asdict()


class Deadline(NamedTuple):
    """What separates the two states now."""

    now_ms: int
    hours: int

    @classmethod
    def of(cls, phone: Phone, now_ms: int) -> "Deadline":
        """Return it as the settings have it."""
        return cls(now_ms, phone.unbound_hours)

    def state(self, received_ms: int) -> State:
        """Return the state of what came in at ``received_ms``."""
        return State.UNBOUND if received_ms < self.before_ms else State.PENDING

    @property
    def before_ms(self) -> int:
        """What came in before this is unbound, in milliseconds since 1970."""
        return self.now_ms - self.hours * _HOUR_MS


_TABLE = schema.remote_rating


def page(
    connection: Connection,
    deadline: Deadline,
    after: int,
    limit: int,
    *,
    hall: str | None = None,
    device: str | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """Return up to ``limit`` of them after number ``after``, oldest first; and where to go on."""
    query = (
        select(_TABLE, schema.device.c.name)
        .join(schema.device, schema.device.c.id == _TABLE.c.device_id)
        .where(_TABLE.c.bound_ms.is_(None), _TABLE.c.id > after)
        .order_by(_TABLE.c.id)
        .limit(limit)
    )
    if hall is not None:
        query = query.where(_TABLE.c.hall == hall)
    if device is not None:
        query = query.where(schema.device.c.name == device)
    rows = connection.execute(query).all()
    return [_output(row, deadline) for row in rows], rows[-1].id if rows else after


def by_device(connection: Connection, deadline: Deadline) -> dict[int, Waiting]:
    """Return how many wait for visits of each device, by its id; those with none are left out."""
    query = select(_TABLE.c.device_id, *_counted(deadline)).where(_TABLE.c.bound_ms.is_(None))
    rows = connection.execute(query.group_by(_TABLE.c.device_id))
    return {device_id: Waiting(pending, unbound) for device_id, pending, unbound in rows}


def total(connection: Connection, deadline: Deadline) -> Waiting:
    """Return how many wait in all."""
    query = select(*_counted(deadline)).where(_TABLE.c.bound_ms.is_(None))
    pending, unbound = connection.execute(query).one()
    return Waiting(pending, unbound)


def _counted(deadline: Deadline) -> tuple[ColumnElement[Any], ...]:
    late = _TABLE.c.received_ms < deadline.before_ms
    return func.count(case((~late, 1))), func.count(case((late, 1)))


def _output(row: Row[Any], deadline: Deadline) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": deadline.state(row.received_ms).value,
        "device": row.name,
        "hall": row.hall,
        "visit": str(UUID(bytes=row.visit)),
        "question": row.question,
        "subject": row.subject,
        "channel_pf": row.channel,
        "system": row.system or None,
        "language": row.language,
        "received_ms": row.received_ms,
        "age_seconds": max(0, deadline.now_ms - row.received_ms) // 1000,
    }
