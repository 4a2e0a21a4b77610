"""The first schema: halls, devices, records, ratings, readers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("board", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Integer(), nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("transport_key", sa.LargeBinary(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("enrolled_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.Column("frozen_ms", sa.BigInteger(), nullable=True),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("contact_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("name", name=op.f("uq_device_name")),
        sa.UniqueConstraint("record_key", name=op.f("uq_device_record_key")),
        sa.UniqueConstraint("transport_key", name=op.f("uq_device_transport_key")),
    )
    op.create_table(
        "hall",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone_url", sa.Text(), nullable=False),
        sa.Column("notices", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_hall")),
    )
    op.create_table(
        "reader",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reader")),
        sa.UniqueConstraint("hash", name=op.f("uq_reader_hash")),
    )
    op.create_table(
        "refusal",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_refusal")),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_alert_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "device_id", "kind", "detail", name=op.f("uq_alert_device_id_kind_detail")
        ),
    )
    op.create_table(
        "boot",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("boot_id", sa.LargeBinary(), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("heard_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_boot_device_id")),
        sa.PrimaryKeyConstraint("device_id", "boot_id", name=op.f("pk_boot")),
    )
    op.create_table(
        "configuration",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_configuration_device_id")
        ),
        sa.PrimaryKeyConstraint("device_id", "version", name=op.f("pk_configuration")),
    )
    op.create_table(
        "conflicting_record",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_conflicting_record_device_id")
        ),
        sa.PrimaryKeyConstraint("device_id", "seq", "hash", name=op.f("pk_conflicting_record")),
    )
    op.create_table(
        "enrolment_token",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_enrolment_token_device_id")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_enrolment_token")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("boot_id", sa.LargeBinary(), nullable=False),
        sa.Column("monotonic_ms", sa.BigInteger(), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged", sa.BigInteger(), nullable=False),
        sa.Column("configuration", sa.BigInteger(), nullable=False),
        sa.Column("disk_free_bytes", sa.BigInteger(), nullable=False),
        sa.Column("temperature_c", sa.Double(), nullable=True),
        sa.Column("undervoltage", sa.Boolean(), nullable=True),
        sa.Column("kiosk_running", sa.Boolean(), nullable=False),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_heartbeat_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "matter",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hall"], ["hall.code"], name=op.f("fk_matter_hall")),
        sa.PrimaryKeyConstraint("hall", "code", name=op.f("pk_matter")),
    )
    op.create_table(
        "quarantined_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("vouched", sa.Boolean(), nullable=False),
        sa.Column("chain_hash", sa.LargeBinary(), nullable=True),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("settled_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_quarantined_record_device_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_record")),
        sa.UniqueConstraint(
            "device_id", "seq", "hash", name=op.f("uq_quarantined_record_device_id_seq_hash")
        ),
    )
    op.create_table(
        "rating",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("visit", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("platform_level", sa.SmallInteger(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("cases", sa.Text(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.Column("credited", sa.Boolean(), nullable=False),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("boot_id", sa.LargeBinary(), nullable=False),
        sa.Column("monotonic_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("corrected_ms", sa.BigInteger(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_rating_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint(
            "device_id",
            "visit",
            "subject",
            "code",
            name=op.f("uq_rating_device_id_visit_subject_code"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rating_corrected_ms", "rating", ["corrected_ms"], unique=False)
    op.create_index(
        "ix_rating_unsettled_time",
        "rating",
        ["device_id", "boot_id"],
        unique=False,
        sqlite_where=sa.text("corrected_by in ('received', 'heard')"),
        postgresql_where=sa.text("corrected_by in ('received', 'heard')"),
    )
    op.create_table(
        "record",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("visit", sa.LargeBinary(), nullable=True),
        sa.Column("wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("boot_id", sa.LargeBinary(), nullable=False),
        sa.Column("monotonic_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("corrected_ms", sa.BigInteger(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_record_device_id")),
        sa.PrimaryKeyConstraint("device_id", "seq", name=op.f("pk_record")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_record_unsettled_time",
        "record",
        ["device_id", "boot_id"],
        unique=False,
        sqlite_where=sa.text("corrected_by in ('received', 'heard')"),
        postgresql_where=sa.text("corrected_by in ('received', 'heard')"),
    )
    op.create_table(
        "record_gap",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("noted_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_record_gap_device_id")),
        sa.PrimaryKeyConstraint("device_id", "first_seq", name=op.f("pk_record_gap")),
    )
    op.create_table(
        "service_window",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("assigned_staff", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hall"], ["hall.code"], name=op.f("fk_service_window_hall")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_service_window")),
    )
    op.create_table(
        "staff_member",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("pin_verifier", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["hall"], ["hall.code"], name=op.f("fk_staff_member_hall")),
        sa.PrimaryKeyConstraint("hall", "number", name=op.f("pk_staff_member")),
    )
    op.create_table(
        "visit",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("visit", sa.LargeBinary(), nullable=False),
        sa.Column("window", sa.Text(), nullable=True),
        sa.Column("staff", sa.Text(), nullable=True),
        sa.Column("invited_by", sa.Text(), nullable=True),
        sa.Column("matters", sa.Text(), nullable=True),
        sa.Column("opened_seq", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=True),
        sa.Column("rated", sa.BigInteger(), nullable=True),
        sa.Column("first_tap_ms", sa.BigInteger(), nullable=True),
        sa.Column("surplus", sa.BigInteger(), nullable=True),
        sa.Column("recovered", sa.Boolean(), nullable=True),
        sa.Column("closed_seq", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_visit_device_id")),
        sa.PrimaryKeyConstraint("device_id", "visit", name=op.f("pk_visit")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop every table, with all they hold."""
    op.drop_table("visit")
    op.drop_table("staff_member")
    op.drop_table("service_window")
    op.drop_table("record_gap")
    op.drop_index(
        "ix_record_unsettled_time",
        table_name="record",
        sqlite_where=sa.text("corrected_by in ('received', 'heard')"),
        postgresql_where=sa.text("corrected_by in ('received', 'heard')"),
    )
    op.drop_table("record")
    op.drop_index(
        "ix_rating_unsettled_time",
        table_name="rating",
        sqlite_where=sa.text("corrected_by in ('received', 'heard')"),
        postgresql_where=sa.text("corrected_by in ('received', 'heard')"),
    )
    op.drop_index("ix_rating_corrected_ms", table_name="rating")
    op.drop_table("rating")
    op.drop_table("quarantined_record")
    op.drop_table("matter")
    op.drop_table("heartbeat")
    op.drop_table("enrolment_token")
    op.drop_table("conflicting_record")
    op.drop_table("configuration")
    op.drop_table("boot")
    op.drop_table("alert")
    op.drop_table("refusal")
    op.drop_table("reader")
    op.drop_table("hall")
    op.drop_table("device")
