"""Who was at which window when: sessions, read out of the records that are held already."""

from collections.abc import Iterator
from typing import Any

import cbor2
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_AT_ONCE = 1000


def upgrade() -> None:
    """Add the column and the table, and fill the table."""
    op.add_column("visit", sa.Column("system", sa.Text(), nullable=True))
    table = op.create_table(
        "session_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=True),
        sa.Column("window", sa.Text(), nullable=True),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("visit", sa.LargeBinary(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_session_record_device_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_record")),
        sa.UniqueConstraint("device_id", "seq", name=op.f("uq_session_record_device_id_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_session_record_staff_received_ms", "session_record", ["staff", "received_ms"]
    )
    rows: list[dict[str, Any]] = []
    for row in _held():
        rows.append(row)
        if len(rows) == _AT_ONCE:
            op.bulk_insert(table, rows)
            rows = []
    op.bulk_insert(table, rows)


def downgrade() -> None:
    """Drop both; the records stay."""
    op.drop_index("ix_session_record_staff_received_ms", "session_record")
    op.drop_table("session_record")
    op.drop_column("visit", "system")


def _held() -> Iterator[dict[str, Any]]:
    """What the records held say of sessions, in the order they came in.

    Which window a device stood at then is not known; a lock-out was no record yet.
    """
    records = op.get_bind().execute(
        sa.text(
            "SELECT record.device_id, record.seq, record.kind, record.visit, record.signed, "
            "record.received_ms FROM record LEFT JOIN visit "
            "ON visit.device_id = record.device_id AND visit.closed_seq = record.seq "
            "AND visit.visit = record.visit "
            "WHERE record.kind IN ('login', 'logout', 'pause') OR visit.outcome = 'cancelled' "
            "ORDER BY record.received_ms, record.device_id, record.seq"
        )
    )
    for record in records.yield_per(_AT_ONCE):
        said = cbor2.loads(cbor2.loads(record.signed).value[2])
        kind = {"visit_closed": "cancel"}.get(record.kind, record.kind)
        if kind == "pause" and not said["paused"]:
            kind = "resume"
        yield {
            "device_id": record.device_id,
            "seq": record.seq,
            "kind": kind,
            "staff": said.get("staff"),
            "window": None,
            "means": said.get("means", ""),
            "reason": said.get("reason", ""),
            "visit": record.visit,
            "failures": None,
            "seconds": None,
            "received_ms": record.received_ms,
        }
