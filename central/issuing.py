"""A device's configuration: built from the hall's tables, issued when it has changed.

Versions only grow, so a device never goes back; if central itself was restored from an
older copy, the version a device reports lifts the next one above it.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from central import roll, schema, sealing, systems
from central.devices import Device
from central.roll import MATTERS, STAFF, WINDOWS
from protocol import configuration
from protocol.configuration import (
    Configuration,
    Hall,
    Hours,
    Matter,
    Rules,
    StaffMember,
    Window,
)
from protocol.keys import SigningKey
from protocol.limits import MAX_INTEGER


@dataclass(frozen=True, slots=True)
class Issued:
    """A configuration as it goes out."""

    version: int
    signed: bytes

    @property
    def etag(self) -> str:
        """The strong entity tag (RFC 9110, section 8.8.3) of the signed bytes."""
        return f'"{hashlib.sha256(self.signed).hexdigest()[:32]}"'


def is_current(connection: Connection, device: Device, phone_url: str) -> Issued | None:
    """Return the newest configuration if nothing it was built from has changed since."""
    newest = _newest(connection, device)
    if newest is None or newest.basis != _basis(connection, device, phone_url):
        return None
    return Issued(newest.version, newest.signed)


def issue(
    connection: Connection,
    device: Device,
    key: SigningKey,
    phone_url: str,
    now_ms: int,
    above: int = 0,
) -> Issued:
    """Return the configuration for ``device``, a new version of it if it has changed.

    ``connection`` writes and holds the device's row; ``above`` is the version the device
    says it has, and the one returned is never lower.
    """
    newest = _newest(connection, device)
    last = newest.version if newest is not None else 0
    basis = _basis(connection, device, phone_url)
    if newest is not None and newest.basis == basis and above <= last:
        return Issued(newest.version, newest.signed)
    content = _build(connection, device, phone_url)
    content_hash = hashlib.sha256(msgspec.json.encode(content)).digest()
    table = schema.configuration
    if newest is not None and newest.content_hash == content_hash and above <= last:
        connection.execute(
            table.update()
            .where(table.c.device_id == device.id, table.c.version == last)
            .values(basis=basis)
        )
        return Issued(newest.version, newest.signed)
    version = max(last, above if above < MAX_INTEGER else 0) + 1
    signed = configuration.sign(msgspec.structs.replace(content, version=version), key)
    connection.execute(  # a large hall's takes megabytes; hash and time of older ones stay
        table.update()
        .where(table.c.device_id == device.id, table.c.version == last)
        .values(signed=b"")
    )
    connection.execute(
        insert(table).values(
            device_id=device.id,
            version=version,
            basis=basis,
            content_hash=content_hash,
            signed=signed,
            issued_ms=now_ms,
        )
    )
    return Issued(version, signed)


def _newest(connection: Connection, device: Device) -> Any:
    table = schema.configuration
    return connection.execute(
        select(table)
        .where(table.c.device_id == device.id)
        .order_by(table.c.version.desc())
        .limit(1)
    ).one_or_none()


def _basis(connection: Connection, device: Device, phone_url: str) -> str:
    """Name everything a configuration is built from, cheaply."""
    hall, window = schema.hall, schema.service_window
    row = connection.execute(
        select(hall.c.code, hall.c.revision, sealing.newest_public().label("sealing_key"))
        .join(window, window.c.hall == hall.c.code)
        .where(window.c.code == device.window)
    ).one()
    sealing_key = (row.sealing_key or b"").hex()
    return json.dumps([row.code, row.revision, device.window, phone_url, sealing_key])


def _build(connection: Connection, device: Device, phone_url: str) -> Configuration:
    """Read the hall's tables; the version is a placeholder."""
    windows, halls = schema.service_window, schema.hall
    code = connection.execute(select(windows.c.hall).where(windows.c.code == device.window))
    hall = connection.execute(select(halls).where(halls.c.code == code.scalar_one())).one()
    window = roll.entry(connection, WINDOWS, hall.code, device.window)
    assert window is not None  # noqa: S101 - found by its code two lines above
    return Configuration(
        device=device.name,
        version=1,
        hall=Hall(hall.code, hall.name),
        window=Window(**window),
        staff=tuple(
            StaffMember(**member) for member in roll.entries(connection, STAFF, hall.code).values()
        ),
        matters=tuple(
            Matter(**matter) for matter in roll.entries(connection, MATTERS, hall.code).values()
        ),
        notices=tuple(json.loads(hall.notices)),
        rules=msgspec.json.decode(hall.rules, type=Rules),
        phone_url=hall.phone_url or phone_url,
        sealing_key=sealing.public_key(connection),
        hours=msgspec.json.decode(hall.hours, type=Hours),
        systems=systems.of_hall(connection, hall.code),
        texts=json.loads(hall.texts),
    )
