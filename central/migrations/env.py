"""Runs the migrations on the connection that `central.database` hands in."""

from alembic import context
from sqlalchemy import text

from central.schema import metadata

_MIGRATION_LOCK = 0x68616F  # any number, as long as every central takes the same

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
context.configure(connection=connection, target_metadata=metadata)
context.run_migrations()
