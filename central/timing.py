"""The boots' anchors in the database, and the times that are bettered when one is found."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, Update, case, select, text, update

from central import schema, settling
from central.clocks import Anchor
from central.database import insert_or_replace

_BETTERED_FROM_MS = 1000
"""A tighter bound by less than this is not worth touching old rows for."""


def anchors(
    connection: Connection, device_id: int, boot_ids: Iterable[bytes]
) -> dict[bytes, Anchor]:
    """Return what is known of the clocks of these boots."""
    table = schema.boot
    rows = connection.execute(
        select(table.c.boot_id, table.c.offset_ms, table.c.synced).where(
            table.c.device_id == device_id,
            table.c.boot_id.in_(list(boot_ids)),
            table.c.offset_ms.is_not(None),
        )
    )
    return {row.boot_id: Anchor(row.offset_ms, row.synced) for row in rows}


def keep_anchor(
    connection: Connection,
    device_id: int,
    boot_id: bytes,
    before: Anchor | None,
    anchor: Anchor,
) -> None:
    """Keep ``anchor`` for a boot and better the times of its records that it can better."""
    if anchor == before:
        return
    row = {
        "device_id": device_id,
        "boot_id": boot_id,
        "offset_ms": anchor.offset_ms,
        "synced": anchor.synced,
    }
    insert_or_replace(connection, schema.boot, row, only=("offset_ms", "synced"))
    if (
        before is not None
        and before.synced == anchor.synced
        and before.offset_ms - anchor.offset_ms < _BETTERED_FROM_MS
    ):
        return
    connection.execute(_bettered(schema.record, device_id, boot_id, anchor))
    rated = schema.rating.c.visit
    visits = connection.execute(
        _bettered(schema.rating, device_id, boot_id, anchor).returning(rated)
    )
    settling.settle_anew(connection, device_id, set(visits.scalars()))


def _bettered(table: Table, device_id: int, boot_id: bytes, anchor: Anchor) -> Update:
    """Return the change by which the times of a boot's rows are dated by ``anchor``."""
    dated = table.c.monotonic_ms + anchor.offset_ms
    return (
        update(table)
        .where(
            table.c.device_id == device_id,
            table.c.boot_id == boot_id,
            text(schema.UNSETTLED_TIME),  # word for word, or SQLite passes its index over
        )
        .values(
            corrected_ms=case(
                (dated < 0, 0), (dated > table.c.received_ms, table.c.received_ms), else_=dated
            ),
            corrected_by=anchor.source.value,
        )
    )


def keep_anchors(
    connection: Connection,
    device_id: int,
    before: Mapping[bytes, Anchor],
    after: Mapping[bytes, Anchor],
) -> None:
    """`keep_anchor` for every boot whose anchor is new or better."""
    for boot_id, anchor in after.items():
        keep_anchor(connection, device_id, boot_id, before.get(boot_id), anchor)
