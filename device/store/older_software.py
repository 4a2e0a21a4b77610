"""What makes files that newer software has migrated readable for this one again.

An update that does no good is rolled back, but its migrations have been run, and records may
have been written since: a copy of the files from before would lose ratings and give numbers
out twice. Most migrations only add, and older software goes on with the file. One that did
not has closed it (`device.store.schema.close_to_older`): then every row goes over into a file
of this software's own layout, as far as it knows it; of records, that is all of each.
"""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from device.core.errors import WrongSchema
from device.store import lock
from device.store.connect import (
    AGENT_SCHEMA,
    KIOSK_SCHEMA,
    applied_migrations,
    glance,
    put_in_place,
    reading_uri,
    too_new,
    trouble,
    uri,
)
from device.store.home import Home
from device.store.owners import acting_as_owner_of
from device.store.salvage import fresh_file

if TYPE_CHECKING:
    from sqlite_utils import Migrations

_RECORD = "record"


def lay_out_anew(home: Home) -> list[str]:
    """Give files that newer software has closed this one's layout; returns what was done.

    The newer file is set aside, not removed. Neither kiosk nor agent may be running. Raises
    `DeviceError`; the file is as it was then.
    """
    said = []
    files = (
        (home.kiosk_db, KIOSK_SCHEMA, home.kiosk_lock),
        (home.agent_db, AGENT_SCHEMA, home.agent_lock),
    )
    for path, schema, running in files:
        newer = _closed_by(path, schema)
        if not newer:
            continue
        if lock.is_held(running):
            raise lock.AlreadyRunning(f"{path} is in use; stop kiosk and agent first")
        from device.store import schema as layouts

        migrations = layouts.kiosk if path == home.kiosk_db else layouts.agent
        with acting_as_owner_of(path.parent):
            left_out = _rewrite(path, migrations)
        said.append(f"{path.name}: laid out anew without {', '.join(newer)}")
        said += [f"{path.name}: {table} could not be taken over" for table in left_out]
    return said


def _closed_by(path: Path, schema: tuple[str, tuple[str, ...]]) -> list[str]:
    """Return the migrations unknown here in a file that they closed; nothing if it is open.

    Nothing for a file that is missing or damaged either: others deal with that.
    """
    if not path.exists():
        return []

    def ask(connection: sqlite3.Connection) -> list[str]:
        if not too_new(connection, schema):
            return []
        return sorted(applied_migrations(connection, schema[0]) - set(schema[1]))

    try:
        return glance(path, ask)
    except sqlite3.DatabaseError:
        return []


def _rewrite(path: Path, migrations: "Migrations") -> list[str]:
    """Let a file of this software's layout take the place of ``path``; returns tables lost."""
    rights = stat.S_IMODE(path.stat().st_mode)
    with fresh_file(path, migrations) as fresh:
        try:
            with closing(sqlite3.connect(uri(fresh, "rw"), uri=True, isolation_level=None)) as new:
                new.execute("PRAGMA synchronous=FULL")
                new.execute("ATTACH ? AS newer", (reading_uri(path),))
                new.execute("BEGIN IMMEDIATE")
                left_out = [name for name in _tables(new, "main") if not _take_over(new, name)]
                new.execute("COMMIT")
                new.execute("DETACH newer")
                new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.DatabaseError as error:
            raise trouble(error, path) from error
        if _RECORD in left_out:
            raise WrongSchema(f"{path}: its records are not where this software knows them")
        fresh.chmod(rights)
        put_in_place(fresh, path)
    return left_out


def _take_over(new: sqlite3.Connection, table: str) -> bool:
    """Copy a table's rows, in the columns that both files have; False if that cannot be done."""
    if table not in _tables(new, "newer"):
        return False
    theirs = _columns(new, "newer", table)
    shared = ", ".join(name for name in _columns(new, "main", table) if name in theirs)
    new.execute("SAVEPOINT one_table")
    try:
        new.execute(f"DELETE FROM main.{table}")  # noqa: S608 - our own names
        new.execute(
            f"INSERT INTO main.{table} ({shared}) SELECT {shared} FROM newer.{table}"  # noqa: S608
        )
    except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_ERROR):
            raise
        new.execute("ROLLBACK TO one_table")
        return False
    finally:
        new.execute("RELEASE one_table")
    return True


def _tables(connection: sqlite3.Connection, file: str) -> list[str]:
    rows = connection.execute(
        f"SELECT name FROM {file}.sqlite_master WHERE type = 'table'"  # noqa: S608 - our own names
    )
    return [name for (name,) in rows if not name.startswith(("sqlite_", "_sqlite_"))]


def _columns(connection: sqlite3.Connection, file: str, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA {file}.table_info({table})")]
