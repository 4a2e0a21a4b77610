"""How the two files are opened: one connection that writes, others that never can.

WAL with `synchronous=FULL` makes a returned commit durable. Checkpoints are asked for by
the writer in quiet moments and never happen by themselves, so no tap waits for one, and
never on a reader, which keeps clear of SQLite's WAL-reset bug (3.7.0 to 3.51.2).
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeVar

from device.core.errors import (
    DamagedFile,
    DeviceError,
    StorageFull,
    StorageUnavailable,
    WrongSchema,
)
from device.store.disk import sync_folder

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
        "retirement",
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


T = TypeVar("T")

_TRIES = 5
"""A file that is put down or taken up while it is being read is read again so often."""

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


class Rest(NamedTuple):
    """What tells a file that nobody writes from the same file later on."""

    file: int
    size: int
    changed_ns: int


def at_rest(path: Path) -> Rest | None:
    """Return what ``path`` is like if nobody has it open for writing; None if somebody may.

    A writer that ends folds its WAL in and takes it away. To read a WAL database without one
    SQLite would have to make it, which in the other user's folder we may not (and must not,
    even as root: it would be ours). Such a file is read as one that does not change, and
    looked at again afterwards.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    if path.with_name(path.name + "-wal").exists():
        return None
    return Rest(found.st_ino, found.st_size, found.st_mtime_ns)


def uri(path: Path, mode: str) -> str:
    """Return how SQLite is told to open ``path``, whatever characters are in it."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def reading_uri(path: Path) -> str:
    """Return how a reader opens ``path`` as it is now."""
    return uri(path, "ro") + ("&immutable=1" if at_rest(path) else "")


def glance(path: Path, question: Callable[[sqlite3.Connection], T]) -> T:
    """Return what ``question`` reads in ``path`` through a connection of its own.

    For whoever asks once; `device.store.reader.Reader` stays. Raises `sqlite3.Error`,
    which the caller gives its meaning (`trouble`), or `StorageUnavailable`.
    """
    for tries_left in reversed(range(_TRIES)):
        if _is_no_file(path):
            raise sqlite3.DatabaseError("not a plain file")
        before = at_rest(path)
        try:
            with closing(sqlite3.connect(reading_uri(path), uri=True, timeout=0.05)) as db:
                answer = question(db)
        except sqlite3.Error:
            if tries_left and at_rest(path) != before:
                continue
            raise
        if before is None or at_rest(path) == before:
            return answer
    raise StorageUnavailable(f"{path}: changed each time it was read")


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

    It waits for nothing, since the kiosk's loop reads through one. On a file that is `at_rest`
    it sees no change: `device.store.reader` looks for one. Raises `WrongSchema`,
    `DamagedFile`, `StorageFull` or `StorageUnavailable`.
    """
    return _open(path, "", ("query_only=1", "busy_timeout=50", _SMALL_CACHE), schema)


def _open(
    path: Path, mode: str, pragmas: tuple[str, ...], schema: tuple[str, tuple[str, ...]]
) -> sqlite3.Connection:
    if not path.exists():
        raise WrongSchema(f"{path}: there is no such file; run haochaping migrate")
    if _is_no_file(path):
        raise DamagedFile(f"{path}: not a plain file")
    try:
        connection = sqlite3.connect(
            uri(path, mode) if mode else reading_uri(path),
            uri=True,
            isolation_level=None,
            check_same_thread=False,
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


def _is_no_file(path: Path) -> bool:
    """True for what is there and is none: SQLite would wait for ever at the end of a pipe.

    The folder is another user's, who may have been taken over.
    """
    return path.exists() and not path.is_file()


def check_schema(
    connection: sqlite3.Connection, path: Path, schema: tuple[str, tuple[str, ...]]
) -> None:
    """Raise `WrongSchema` unless this software may read and write the file.

    All of its own migrations must have been applied; others do no harm unless `too_new`.
    """
    refuse_if_too_new(connection, path, schema)
    if not set(schema[1]) <= applied_migrations(connection, schema[0]):
        raise WrongSchema(f"{path}: not up to date; run haochaping migrate")


def refuse_if_too_new(
    connection: sqlite3.Connection, path: Path, schema: tuple[str, tuple[str, ...]]
) -> None:
    """Raise `WrongSchema` if newer software has closed the file to this one."""
    if too_new(connection, schema):
        newer = sorted(applied_migrations(connection, schema[0]) - set(schema[1]))
        raise WrongSchema(
            f"{path}: newer software has changed this file ({', '.join(newer)}) so that this "
            "one cannot go on with it; install that software again"
        )


def too_new(connection: sqlite3.Connection, schema: tuple[str, tuple[str, ...]]) -> bool:
    """True if the file is closed to software that knows no more than the migrations given.

    ``user_version`` is the least number of migrations that whoever uses the file must know;
    a migration that only adds leaves it alone (`device.store.schema.close_to_older`).
    """
    needed: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return needed > len(schema[1])


def applied_migrations(connection: sqlite3.Connection, name: str) -> set[str]:
    """Return the names of the migrations that the file has had; ``name`` is their set's."""
    try:
        rows = connection.execute(
            "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (name,)
        )
        return {row[0] for row in rows}
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return set()


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


def _replacement(path: Path) -> Path:
    return path.with_name(path.name + ".replacement")
