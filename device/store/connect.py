"""How the two files are opened: one connection that writes, others that never can.

WAL with `synchronous=FULL` makes a returned commit durable. Checkpoints are asked for by
the writer in quiet moments and never happen by themselves, so no tap waits for one, and
never on a reader, which keeps clear of SQLite's WAL-reset bug (3.7.0 to 3.51.2).
"""

import sqlite3
from pathlib import Path

from device.core.errors import DamagedFile, WrongSchema

# The names of the migrations in `device.store.schema`, which is not imported here: it
# needs sqlite-utils, and neither process pays for that on its way to the first frame.
KIOSK_SCHEMA = ("kiosk", ("chain", "visits", "counters"))
AGENT_SCHEMA = ("agent", ("configuration", "receipts", "instructions", "counters"))


def open_writer(path: Path, schema: tuple[str, tuple[str, ...]]) -> sqlite3.Connection:
    """Return the one connection that may write ``path``.

    Raises `WrongSchema` if `haochaping migrate` has work to do, `DamagedFile` if the file
    is not a database.
    """
    connection = (
        sqlite3.connect(
            f"file:{path}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
        )
        if path.exists()
        else _missing(path)
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA busy_timeout=5000")
        check_schema(connection, path, schema)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise DamagedFile(f"{path}: {error}") from error
    except WrongSchema:
        connection.close()
        raise
    return connection


def open_reader(path: Path, schema: tuple[str, tuple[str, ...]]) -> sqlite3.Connection:
    """Return a connection to the other process's file; it can neither write nor checkpoint.

    Raises `WrongSchema` or `DamagedFile`.
    """
    if not path.exists():
        _missing(path)
    connection = sqlite3.connect(
        f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only=1")
        connection.execute("PRAGMA busy_timeout=1000")
        check_schema(connection, path, schema)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise DamagedFile(f"{path}: {error}") from error
    except WrongSchema:
        connection.close()
        raise
    return connection


def check_schema(
    connection: sqlite3.Connection, path: Path, schema: tuple[str, tuple[str, ...]]
) -> None:
    """Raise `WrongSchema` unless exactly the known migrations have been applied."""
    name, expected = schema
    try:
        rows = connection.execute(
            "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (name,)
        )
        applied = {row[0] for row in rows}
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        applied = set()
    if applied != set(expected):
        newer = applied - set(expected)
        raise WrongSchema(
            f"{path}: written by newer software ({', '.join(sorted(newer))}); install that again"
            if newer
            else f"{path}: not up to date; run haochaping migrate"
        )


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes whenever another connection has committed."""
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


def _missing(path: Path) -> sqlite3.Connection:
    raise WrongSchema(f"{path}: there is no such file; run haochaping migrate")
