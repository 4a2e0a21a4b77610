"""Numbers for a call-back, sealed, and the key they are sealed for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables; the key itself is made by `migrate`."""
    op.create_table(
        "sealing_key",
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("public", name=op.f("pk_sealing_key")),
    )
    op.create_table(
        "callback",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("visit", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_callback_device_id")),
        sa.PrimaryKeyConstraint("device_id", "visit", name=op.f("pk_callback")),
    )


def downgrade() -> None:
    """Drop both; the numbers stay in the records they came in."""
    op.drop_table("callback")
    op.drop_table("sealing_key")
