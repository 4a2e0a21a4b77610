"""What staff at their windows need: short lists, badges, photos, hours, programs, edits."""

import sqlalchemy as sa
from alembic import op

from central.initials import initials_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXTS = (
    ("hall", "hours", "{}"),
    ("hall", "texts", "{}"),
    ("service_window", "matters", "[]"),
    ("staff_member", "badge", ""),
    ("staff_member", "card", ""),
    ("staff_member", "photo", ""),
    ("matter", "initials", ""),
)


def upgrade() -> None:
    """Add the columns, empty, and the tables."""
    for table, column, default in _TEXTS:
        op.add_column(
            table,
            sa.Column(column, sa.Text(), nullable=False, server_default=sa.text(repr(default))),
        )
    op.create_table(
        "photo",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hall"], ["hall.code"], name=op.f("fk_photo_hall")),
        sa.PrimaryKeyConstraint("hall", "hash", name=op.f("pk_photo")),
    )
    op.create_table(
        "business_system",
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("callbacks", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hall"], ["hall.code"], name=op.f("fk_business_system_hall")),
        sa.PrimaryKeyConstraint("hall", "name", name=op.f("pk_business_system")),
    )
    op.create_table(
        "edit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hall", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edit")),
    )
    _make_initials()


def _make_initials() -> None:
    """Make the initials of the matters there are, as an import would."""
    matter = sa.table("matter", *map(sa.column, ("hall", "code", "name", "initials")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(matter)).all():
        connection.execute(
            sa.update(matter)
            .where(matter.c.hall == row.hall, matter.c.code == row.code)
            .values(initials=initials_of(row.name))
        )


def downgrade() -> None:
    """Drop all of it; who changed what is forgotten."""
    op.drop_table("edit")
    op.drop_table("business_system")
    op.drop_table("photo")
    for table, column, _ in reversed(_TEXTS):
        op.drop_column(table, column)
