"""What fleets need: tokens that replace, how devices are, releases and who should run them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = (
    ("device", "host", ""),
    ("heartbeat", "platform", ""),
    ("heartbeat", "release", ""),
    ("heartbeat", "update", ""),
    ("heartbeat", "faults", "[]"),
)


def upgrade() -> None:
    """Add the columns, empty, and the tables."""
    for table, column, default in _TEXTS:
        op.add_column(table, _text(column, default))
    op.add_column("device", sa.Column("replaced_by", sa.Text()))
    op.create_index("ix_device_window", "device", ["window"])
    with op.batch_alter_table("enrolment_token") as token:
        token.add_column(_text("name", ""))
        token.add_column(sa.Column("replaces", sa.Integer()))
        token.add_column(_text("made_by", ""))
        token.create_foreign_key("fk_enrolment_token_replaces", "device", ["replaces"], ["id"])
    op.create_table(
        "release",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("added_ms", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_release")),
    )
    op.create_table(
        "release_order",
        sa.Column("id", _NUMBER, autoincrement=True),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer()),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_order")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "release_pilot",
        sa.Column("order_id", _NUMBER, nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["release_order.id"], name=op.f("fk_release_pilot_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_release_pilot_device_id")
        ),
        sa.PrimaryKeyConstraint("order_id", "device_id", name=op.f("pk_release_pilot")),
    )
    op.create_table(
        "release_failure",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_release_failure_device_id")
        ),
        sa.PrimaryKeyConstraint("device_id", "release", name=op.f("pk_release_failure")),
    )


def downgrade() -> None:
    """Forget the releases and what was told of them; the devices stay."""
    for table in ("release_failure", "release_pilot", "release_order", "release"):
        op.drop_table(table)
    with op.batch_alter_table("enrolment_token") as token:
        token.drop_constraint("fk_enrolment_token_replaces", type_="foreignkey")
        for name in ("name", "replaces", "made_by"):
            token.drop_column(name)
    op.drop_index("ix_device_window", "device")
    op.drop_column("device", "replaced_by")
    for table, column, _ in _TEXTS:
        op.drop_column(table, column)


def _text(name: str, default: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=sa.text(repr(default)))
