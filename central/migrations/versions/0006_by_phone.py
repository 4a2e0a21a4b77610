"""Ratings that come from elsewhere than a device's screen, and which of two counts."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from protocol.phone import receipt_code

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEYS = ("device_id", "visit", "subject", "code")


def upgrade() -> None:
    """Make the tables, widen `visit` and `rating`, and give every visit its receipt code."""
    _make_tables()
    for column in (
        sa.Column("hall", sa.Text()),
        sa.Column("rate_unfinished", sa.Boolean()),
        sa.Column("by_phone", sa.BigInteger()),
        sa.Column("receipt", sa.Text()),
    ):
        op.add_column("visit", column)
    _give_receipts()
    known = sa.column("receipt").is_not(None)
    op.create_index(
        *("ix_visit_receipt", "visit", ["receipt"]), sqlite_where=known, postgresql_where=known
    )
    opened = sa.column("opened_seq").is_not(None)
    op.create_index(
        *("ix_visit_visit", "visit", ["visit"]), sqlite_where=opened, postgresql_where=opened
    )
    with op.batch_alter_table("rating", table_kwargs={"sqlite_autoincrement": True}) as rating:
        rating.drop_constraint("uq_rating_device_id_visit_subject_code", type_="unique")
        rating.alter_column("device_id", existing_type=sa.Integer(), nullable=True)
        rating.add_column(sa.Column("origin", sa.Text(), nullable=False, server_default="screen"))
        rating.add_column(
            sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.text("true"))
        )
        rating.add_column(
            sa.Column("tap_age_ms", sa.BigInteger(), nullable=False, server_default="0")
        )
        rating.add_column(sa.Column("remote_id", sa.BigInteger()))
        for name in ("hall", "window", "staff"):
            rating.add_column(sa.Column(name, sa.Text()))
        rating.create_foreign_key("fk_rating_remote_id", "remote_rating", ["remote_id"], ["id"])
    op.create_index("uq_rating_origin", "rating", [*_KEYS, "origin"], unique=True)
    _unique_where("uq_rating_counted", _KEYS, sa.column("counted"))
    _unique_where("uq_rating_without_device", _KEYS[1:], sa.column("device_id").is_(None))


def downgrade() -> None:
    """Forget what came from elsewhere; what devices signed stays."""
    op.execute("DELETE FROM rating WHERE origin <> 'screen'")
    for name in ("uq_rating_without_device", "uq_rating_counted", "uq_rating_origin"):
        op.drop_index(name, "rating")
    with op.batch_alter_table("rating", table_kwargs={"sqlite_autoincrement": True}) as rating:
        rating.drop_constraint("fk_rating_remote_id", type_="foreignkey")
        for name in ("origin", "counted", "tap_age_ms", "remote_id", "hall", "window", "staff"):
            rating.drop_column(name)
        rating.alter_column("device_id", existing_type=sa.Integer(), nullable=False)
        rating.create_unique_constraint("uq_rating_device_id_visit_subject_code", list(_KEYS))
    op.drop_index("ix_visit_visit", "visit")
    op.drop_index("ix_visit_receipt", "visit")
    for name in ("receipt", "by_phone", "rate_unfinished", "hall"):
        op.drop_column("visit", name)
    for name in (
        *("throttle", "channel_key", "window_code", "remote_callback"),
        *("remote_rating", "remote_chain"),
    ):
        op.drop_table(name)


def _make_tables() -> None:
    op.create_table(
        "remote_chain",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hall", name=op.f("pk_remote_chain")),
    )
    op.create_table(
        "remote_rating",
        sa.Column("id", _NUMBER, autoincrement=True),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.Integer()),
        sa.Column("visit", sa.LargeBinary(), nullable=False),
        sa.Column("question", sa.BigInteger()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("follows_up", sa.Boolean(), nullable=False),
        sa.Column("platform_level", sa.SmallInteger(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("window", sa.Text()),
        sa.Column("staff", sa.Text()),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("bound_ms", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_remote_rating_device_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_rating")),
        sa.UniqueConstraint("hall", "seq", name=op.f("uq_remote_rating_hall_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_remote_rating_visit", "remote_rating", ["visit", "device_id"])
    op.create_index("ix_remote_rating_receipt", "remote_rating", ["receipt"])
    unbound = sa.column("bound_ms").is_(None)
    op.create_index(
        "ix_remote_rating_pending",
        "remote_rating",
        ["received_ms"],
        sqlite_where=unbound,
        postgresql_where=unbound,
    )
    op.create_table(
        "remote_callback",
        sa.Column("id", _NUMBER, autoincrement=True),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("visit", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_callback")),
        sa.UniqueConstraint("device", "visit", name=op.f("uq_remote_callback_device_visit")),
    )
    op.create_table(
        "window_code",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_window_code")),
        sa.UniqueConstraint("window", "issue", name=op.f("uq_window_code_window_issue")),
    )
    still_open = sa.column("ended_ms").is_(None)
    op.create_index(
        "uq_window_code_open",
        "window_code",
        ["window"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "channel_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hall"], ["hall.code"], name=op.f("fk_channel_key_hall")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channel_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_channel_key_key_hash")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    op.create_index("ix_throttle_until_ms", "throttle", ["until_ms"])


def _unique_where(name: str, columns: tuple[str, ...], where: sa.ColumnElement[bool]) -> None:
    op.create_index(
        name, "rating", list(columns), unique=True, sqlite_where=where, postgresql_where=where
    )


def _give_receipts() -> None:
    connection = op.get_bind()
    change = sa.text(
        "UPDATE visit SET receipt = :receipt WHERE device_id = :device_id AND visit = :visit"
    )
    for rows in _visits():
        connection.execute(change, rows)


def _visits() -> Iterator[list[dict[str, Any]]]:
    """Yield every visit with its code, so many at once: a hall may have had millions."""
    connection = op.get_bind()
    first = sa.text("SELECT device_id, visit FROM visit ORDER BY device_id, visit LIMIT :most")
    further = sa.text(
        "SELECT device_id, visit FROM visit WHERE (device_id, visit) > (:device_id, :visit) "
        "ORDER BY device_id, visit LIMIT :most"
    )
    rows = connection.execute(first, {"most": _AT_ONCE}).all()
    while rows:
        yield [
            {
                "device_id": row.device_id,
                "visit": row.visit,
                "receipt": receipt_code(UUID(bytes=bytes(row.visit))),
            }
            for row in rows
        ]
        last = rows[-1]
        after = {"device_id": last.device_id, "visit": last.visit, "most": _AT_ONCE}
        rows = connection.execute(further, after).all()
