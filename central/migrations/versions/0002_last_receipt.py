"""When each device was last given a receipt: the next one must be later."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the time of the last receipt; 0 until there is one."""
    op.add_column(
        "device", sa.Column("issued_ms", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Forget the time of the last receipt."""
    op.drop_column("device", "issued_ms")
