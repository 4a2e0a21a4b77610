"""Which visit a channel's rating is of: its own service, a device's visit, or a receipt's.

A service that a channel names by its own reference becomes a visit of its own. The visit's id
is a keyed hash of channel and reference: the same again is the same visit, and nobody who
knows or guesses a reference can work out the receipt code.
"""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from central import receipts, schema
from central.channel_bodies import ChannelRating
from central.channels import ChannelKey
from central.errors import Refused
from central.keyed_hash import keyed_hash
from central.receipts import Found, SeveralVisits, UnknownReceipt
from protocol.errors import Malformed
from protocol.keys import SigningKey


class Target(NamedTuple):
    """The visit that is rated."""

    visit: UUID
    device: str = ""
    """Name of its device; empty for a visit without a device."""


def visit_of_reference(key: SigningKey, channel: ChannelKey, reference: str) -> UUID:
    """Return the visit that ``reference`` of ``channel`` stands for: a UUID of version 8."""
    said = "\0".join((channel.hall, channel.name, reference)).encode()
    bits = int.from_bytes(keyed_hash(key, "channel-visit", said)[:16])
    bits = bits & ~(0xF << 76) | 8 << 76  # version and variant, RFC 9562, section 5.8
    return UUID(int=bits & ~(0x3 << 62) | 2 << 62)


def target_of(
    connection: Connection,
    key: SigningKey,
    channel: ChannelKey,
    given: ChannelRating,
    utc_offset_minutes: int,
) -> Target:
    """Return the visit that ``given`` names.

    Raises `Refused`: ``receipt-unknown``, also for those of other halls, ``receipt-shared``
    where more than one visit has the code, and ``visit-unknown`` where the device was not named
    and has not reported the visit yet.
    """
    if given.visit is not None:
        return Target(given.visit, given.device or _device_of(connection, given.visit))
    if given.reference:
        return Target(visit_of_reference(key, channel, given.reference))
    day = date.fromisoformat(given.day) if given.day else None
    try:
        found = receipts.find(
            connection,
            given.receipt,
            day=day,
            window=given.window,
            utc_offset_minutes=utc_offset_minutes,
        )
    except (Malformed, UnknownReceipt) as error:
        raise Refused(404, "receipt-unknown", str(error)) from error
    except SeveralVisits as error:
        raise Refused(409, "receipt-shared", f"{error.needs}: tell it too") from error
    return _of_hall(connection, channel.hall, found)


def _device_of(connection: Connection, visit: UUID) -> str:
    """Return the name of the device that reported ``visit``."""
    table, device = schema.visit, schema.device
    names = connection.execute(
        select(device.c.name)
        .join(table, table.c.device_id == device.c.id)
        .where(table.c.visit == visit.bytes, table.c.opened_seq.is_not(None))
    ).scalars()
    for name in names:
        return str(name)
    raise Refused(404, "visit-unknown", "not reported yet: name its device, or come again later")


def _of_hall(connection: Connection, hall: str, found: Found) -> Target:
    """Return the visit if it took place in ``hall``; others are as unknown as none."""
    device, window, remote = schema.device, schema.service_window, schema.remote_rating
    if found.device_id is None:
        place = connection.execute(
            select(remote.c.hall)
            .where(remote.c.visit == found.visit.bytes, remote.c.device_id.is_(None))
            .limit(1)
        ).scalar_one()
        name = ""
    else:
        place, name = connection.execute(
            select(window.c.hall, device.c.name)
            .select_from(device)
            .outerjoin(window, window.c.code == device.c.window)
            .where(device.c.id == found.device_id)
        ).one()
    if place != hall:
        raise Refused(404, "receipt-unknown", "no visit of this hall has this receipt code")
    return Target(found.visit, name)
