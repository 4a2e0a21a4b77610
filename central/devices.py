"""A device's row: found by name for each request, locked while its records are judged."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, select, update

from central import schema
from central.database import insert_new
from central.errors import Retired, Unknown
from protocol import receipts, records
from protocol.keys import SigningKey, VerifyKey, verify_key


@dataclass(frozen=True, slots=True)
class Device:
    """What central knows of a device for certain."""

    id: int
    name: str
    window: str
    record_key: VerifyKey
    transport_key: bytes
    revoked_ms: int | None
    """Since when nothing of it is taken any more; None while it serves."""
    frozen: bool
    head: int
    head_digest: bytes
    """What its next record must name; `records.genesis` while there is none."""
    issued_ms: int
    """Of its last receipt."""

    @property
    def revoked(self) -> bool:
        """True if it was retired."""
        return self.revoked_ms is not None

    def refuse_if_retired(self, advice: str = "") -> None:
        """Raise `Retired` if it was; ``advice`` is added to what is told."""
        if self.revoked_ms is not None:
            raise Retired(self.name, self.revoked_ms, advice)

    def next_issue(self, now_ms: int) -> int:
        """Return the time for its next receipt; to be kept in the row before it goes out.

        A device takes no receipt that is older than the one it has, so the time grows even
        while central's clock is set back.
        """
        return max(now_ms, self.issued_ms + 1)

    def receipt(self, key: SigningKey, issued_ms: int) -> bytes:
        """Return central's signed word on the head; only for what is committed."""
        head = self.head_digest if self.head else b""
        return receipts.sign(receipts.Receipt(self.name, self.head, head, issued_ms), key)


def find(connection: Connection, name: str, *, lock: bool = False) -> Device | None:
    """Return the device of that name; ``lock`` holds it until the transaction ends.

    (SQLite has no row locks and needs none: its writers come one at a time.)
    """
    query: Select[Any] = select(schema.device).where(schema.device.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _device(row)


def named(connection: Connection, name: str) -> Device:
    """Return the device of that name. Raises `Unknown`."""
    device = find(connection, name)
    if device is None:
        raise Unknown(f"no device is called {name!r}; see `haochaping central devices`")
    return device


def same(table: Table, device_id: int | None) -> ColumnElement[bool]:
    """Return the condition that a row of ``table`` is of that device; None: of a visit without."""
    return table.c.device_id.is_(None) if device_id is None else table.c.device_id == device_id


def revoke(connection: Connection, name: str, now_ms: int) -> None:
    """Retire a device: nothing it sends is taken any more. Raises `Unknown`."""
    device = named(connection, name)
    table = schema.device
    connection.execute(
        update(table)
        .where(table.c.id == device.id, table.c.revoked_ms.is_(None))
        .values(revoked_ms=now_ms)
    )


def raise_alert(
    connection: Connection,
    device: Device,
    kind: str,
    detail: str,
    now_ms: int,
    *,
    again: bool = False,
) -> None:
    """Raise an alert for people to look at; the same one is raised once.

    With ``again`` the one that is held tells when it was last raised.
    """
    row = {"device_id": device.id, "kind": kind, "detail": detail, "raised_ms": now_ms}
    insert_new(
        connection,
        schema.alert,
        [row],
        update=(lambda _held, new: {"raised_ms": new.raised_ms}) if again else None,
        key=("device_id", "kind", "detail"),
    )


def _device(row: Row[Any]) -> Device:
    return Device(
        id=row.id,
        name=row.name,
        window=row.window,
        record_key=verify_key(row.algorithm, row.record_key),
        transport_key=row.transport_key,
        revoked_ms=row.revoked_ms,
        frozen=row.frozen_ms is not None,
        head=row.head,
        head_digest=row.head_hash if row.head else records.genesis(row.name, row.record_key),
        issued_ms=row.issued_ms,
    )
