"""Whether the one who is logged in at a device has since logged in at another.

Asked with each heartbeat and worked out from the log-ins held, never kept: batches may be
repeated, mended or sent again after a restore, and times bettered, in any order, and the
answer is always that of what is known by then.

**Later** is decided by the corrected time, not by the order of arrival: a device that was
offline delivers old log-ins late, and must throw out nobody who logged in after them. Where
a log-in can be dated no better than by its arrival (`TimeSource.RECEIVED`) that is an upper
bound. It is good enough to be displaced by what is later still, and too little to displace
anybody. Such a log-in is dated with the first heartbeat of its boot, a moment later, unless
that boot was over before the device was heard. So of any log-ins at least one stays, and who
stays on too long is logged out at closing time at the latest.

Whoever a window is assigned to has not logged in: they displace nobody and stay. What a
revoked or frozen device says displaces nobody either.
"""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from central import schema, sessions
from central.clocks import TimeSource
from central.sessions import Kind
from protocol.messages import Elsewhere
from protocol.records import CLOCK_SLACK_MS

ASSIGNED = "assigned"
"""`protocol.records.Login.means` of whoever the configuration puts at a window."""


class _Login(NamedTuple):
    id: int
    corrected_ms: int


def find(connection: Connection, device_id: int) -> Elsewhere | None:
    """Return where the one who serves at this device is by now; None if they are here."""
    present = sessions.latest(connection, sessions.COMINGS, device_id).get(device_id)
    if present is None or present.kind != Kind.LOGIN or present.means == ASSIGNED:
        return None
    number = _number_elsewhere(
        connection, device_id, present.staff, _Login(present.id, present.corrected_ms)
    )
    if number is None:
        return None
    return Elsewhere(staff=present.staff, window=number, login_seq=present.seq)


def _number_elsewhere(
    connection: Connection, device_id: int, staff: str, here: _Login
) -> str | None:
    event, device, record = schema.session_record, schema.device, schema.record
    stand = schema.service_window.alias("stand")
    own = schema.service_window.alias("own")
    hall = (
        select(own.c.hall)
        .join(device, device.c.window == own.c.code)
        .where(device.c.id == device_id)
        .scalar_subquery()
    )
    query = (
        select(stand.c.number)
        .select_from(event)
        .join(record, and_(record.c.device_id == event.c.device_id, record.c.seq == event.c.seq))
        .join(device, device.c.id == event.c.device_id)
        .join(stand, stand.c.code == device.c.window)
        .where(
            event.c.staff == staff,
            # Nothing is dated later than this after it came in, so older ones are not looked at.
            event.c.received_ms >= here.corrected_ms - CLOCK_SLACK_MS,
            event.c.kind == Kind.LOGIN.value,
            event.c.means != ASSIGNED,
            event.c.device_id != device_id,
            device.c.revoked_ms.is_(None),
            device.c.frozen_ms.is_(None),
            stand.c.hall == hall,
            record.c.corrected_by != TimeSource.RECEIVED.value,
            _after(record.c.corrected_ms, event.c.id, here),
        )
        .order_by(record.c.corrected_ms.desc(), event.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def _after(
    corrected_ms: ColumnElement[int], number: ColumnElement[int], here: _Login
) -> ColumnElement[bool]:
    """Later; of two at the very same moment the one that came in later."""
    return or_(
        corrected_ms > here.corrected_ms,
        and_(corrected_ms == here.corrected_ms, number > here.id),
    )
