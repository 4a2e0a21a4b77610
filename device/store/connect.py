"""How the two files are opened: one connection that writes, others that never can.

WAL with `synchronous=FULL` makes a returned commit durable. Checkpoints are asked for by
the writer in quiet moments and never happen by themselves, so no tap waits for one, and
never on a reader, which keeps clear of SQLite's WAL-reset bug (3.7.0 to 3.51.2).
"""

import os
import sqlite3
from pathlib import Path

from device.core.errors import (
    DamagedFile,
    DeviceError,
    StorageFull,
    StorageUnavailable,
    WrongSchema,
)

# The names of the migrations in `device.store.schema`, which is not imported here: it
# needs sqlite-utils, and neither process pays for that on its way to the first frame.
KIOSK_SCHEMA = ("kiosk", ("chain", "visits", "counters", "callbacks", "duty", "lockouts"))
AGENT_SCHEMA = (
    "agent",
    (
        "configuration",
        "receipts",
        "instructions",
        "counters",
        "hall_and_seal",
        "staff_at_the_window",
        "lockouts",
        "endings",
    ),
)


_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA})
_DAMAGED_READS = frozenset(
    {
        sqlite3.SQLITE_IOERR_READ,
        sqlite3.SQLITE_IOERR_SHORT_READ,
        sqlite3.SQLITE_IOERR_CORRUPTFS,
    }
)


_SMALL_CACHE = "cache_size=-256"
"""256 kB a connection: each question touches a few pages, and the board's memory is small."""


def trouble(error: sqlite3.Error, path: Path) -> DeviceError:
    """Return what ``error`` means for the file at ``path``.

    Only `DamagedFile` lets a file be set aside; a full disk, a read-only card or a lock must
    not cost a file in which nothing is wrong. Without a code, or with SQLite's general one
    (a table that should be there is not), the contents are wrong.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StorageFull(f"{path}: no room left")
    general = code == sqlite3.SQLITE_ERROR and isinstance(error, sqlite3.OperationalError)
    if general or code & 0xFF in _DAMAGE or code in _DAMAGED_READS:
        return DamagedFile(f"{path}: {error}")
    return StorageUnavailable(f"{path}: {error}")


def file_number(path: Path) -> int:
    """Return what tells one file at ``path`` from another that took its place; 0 for none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def uri(path: Path, mode: str) -> str:
    """Return how SQLite is told to open ``path``, whatever characters are in it."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def open_writer(path: Path, schema: tuple[str, tuple[str, ...]]) -> sqlite3.Connection:
    """Return the one connection that may write ``path``.

    Raises `WrongSchema` if `haochaping migrate` has work to do, `DamagedFile` if the file
    is not a database, `StorageFull` or `StorageUnavailable` if it cannot be used now.
    """
    finish_replacement(path)
    pragmas = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=0",
        "busy_timeout=5000",
        _SMALL_CACHE,
    )
    return _open(path, "rw", pragmas, schema)


def open_reader(path: Path, schema: tuple[str, tuple[str, ...]]) -> sqlite3.Connection:
    """Return a connection to the other process's file; it can neither write nor checkpoint.

    It waits for nothing, since the kiosk's loop reads through one. Raises `WrongSchema`,
    `DamagedFile`, `StorageFull` or `StorageUnavailable`.
    """
    return _open(path, "ro", ("query_only=1", "busy_timeout=50", _SMALL_CACHE), schema)


def _open(
    path: Path, mode: str, pragmas: tuple[str, ...], schema: tuple[str, tuple[str, ...]]
) -> sqlite3.Connection:
    if not path.exists():
        raise WrongSchema(f"{path}: there is no such file; run haochaping migrate")
    try:
        connection = sqlite3.connect(
            uri(path, mode), uri=True, isolation_level=None, check_same_thread=False
        )
    except sqlite3.DatabaseError as error:
        raise trouble(error, path) from error
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        check_schema(connection, path, schema)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise trouble(error, path) from error
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


def set_aside(path: Path) -> Path:
    """Move ``path`` with its ``-wal`` and ``-shm`` out of the way; returns its new name.

    The file itself goes last, so that a power cut in between lets this be done again.
    """
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    for ending in ("-wal", "-shm", ""):
        old = path.with_name(path.name + ending)
        if old.exists():
            old.rename(aside.with_name(aside.name + ending))
    sync_folder(path.parent)
    return aside


def put_in_place(fresh: Path, path: Path) -> Path:
    """Let the complete file ``fresh`` take the place of a damaged one; returns where that went.

    A power cut leaves the damaged file or the new one, or what `finish_replacement` ends.
    Raises `StorageFull` if ``fresh`` is not complete: its WAL could not be folded in.
    """
    if fresh.with_name(fresh.name + "-wal").exists():
        raise StorageFull(f"{fresh}: no room left")
    fresh.replace(_replacement(path))
    sync_folder(path.parent)
    return finish_replacement(path) or path


def finish_replacement(path: Path) -> Path | None:
    """End a replacement that a power cut interrupted; returns where the damaged file went."""
    ready = _replacement(path)
    if not ready.exists():
        return None
    aside = set_aside(path)
    ready.replace(path)
    sync_folder(path.parent)
    return aside


def sync_folder(folder: Path) -> None:
    """Force the names in ``folder`` to disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replacement(path: Path) -> Path:
    return path.with_name(path.name + ".replacement")
