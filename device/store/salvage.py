"""What happens to a damaged file: it is set aside, read as far as it goes, and replaced.

Power cuts and dying cards leave files that SQLite refuses. The device must take ratings a
moment later all the same, and nothing that can still be read may be lost: every record
whose signature holds goes into the new file, and numbering goes on far enough ahead that
no number already sent can be given out twice.
"""

import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

from device.core.errors import DamagedFile
from device.store.home import Home
from device.store.identity import sync_folder
from protocol import records
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey

SKIP_AHEAD = 100_000
"""Numbers left out after damage; more than a device could have written and lost."""

_PROBES = 64
"""Places tried behind a page that cannot be read."""


Row = tuple[int, str, int, bytes, bytes]
"""A row of `record`: seq, kind, wall_ms, visit, signed."""


class Salvage(NamedTuple):
    """What became of a damaged file."""

    kept_as: Path
    records: int
    highest: int
    drafts: int


def is_damaged(path: Path) -> bool:
    """True if ``path`` exists and SQLite cannot trust it."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        return bool(verdict != "ok")
    except sqlite3.DatabaseError:
        return True
    finally:
        connection.close()


def set_aside(path: Path) -> Path:
    """Move ``path`` with its ``-wal`` and ``-shm`` out of the way; returns its new name."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    for ending in ("", "-wal", "-shm"):
        old = path.with_name(path.name + ending)
        if old.exists():
            old.rename(aside.with_name(aside.name + ending))
    sync_folder(path.parent)
    return aside


def rescue_ledger(home: Home, key: VerifyKey, acknowledged: int) -> Salvage:
    """Replace a damaged `kiosk.db` by a new one with all that could be read.

    ``acknowledged`` is the last number central has receipted. Raises `DamagedFile` if not
    even a new file can be made.
    """
    from device.store.schema import kiosk, migrate_file

    aside = set_aside(home.kiosk_db)
    migrate_file(home.kiosk_db, kiosk)
    new = sqlite3.connect(home.kiosk_db, isolation_level=None)
    old = sqlite3.connect(aside, isolation_level=None)
    try:
        new.execute("PRAGMA synchronous=FULL")
        new.execute("BEGIN IMMEDIATE")
        count, highest = _copy_records(old, new, key)
        drafts = _copy_visit(old, new)
        floor = max(highest, acknowledged) + SKIP_AHEAD
        new.execute("INSERT INTO floor VALUES (?)", (floor,))
        new.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise DamagedFile(f"{home.kiosk_db}: no new file could be made: {error}") from error
    finally:
        old.close()
        new.close()
    return Salvage(aside, count, highest, drafts)


def _copy_records(
    old: sqlite3.Connection, new: sqlite3.Connection, key: VerifyKey
) -> tuple[int, int]:
    count = highest = 0
    for seq, kind, wall_ms, visit, signed in _readable_records(old):
        try:
            record = records.verify(signed, key)
        except ProtocolError:
            continue
        if record.seq != seq:
            continue
        new.execute(
            "INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?)",
            (seq, kind, wall_ms, visit, signed),
        )
        count, highest = count + 1, max(highest, seq)
    return count, highest


def _readable_records(old: sqlite3.Connection) -> Generator[Row, None, None]:
    """Yield rows from the front up to the damage, from the back, and what lies between."""
    reached = yield from _scan(old, "SELECT * FROM record ORDER BY seq")
    behind = yield from _scan(old, "SELECT * FROM record ORDER BY seq DESC")
    step = 1
    for _ in range(_PROBES):
        if reached is None or behind is None or reached + step >= behind:
            return
        query = f"SELECT * FROM record WHERE seq > {reached + step:d} ORDER BY seq"  # noqa: S608
        found = yield from _scan(old, query)
        reached, step = (found, 1) if found is not None else (reached, step * 2)


def _scan(old: sqlite3.Connection, query: str) -> Generator[Row, None, int | None]:

    last = None
    try:
        for row in old.execute(query):
            last = row[0]
            yield row
    except sqlite3.DatabaseError:
        pass
    return last


def _copy_visit(old: sqlite3.Connection, new: sqlite3.Connection) -> int:
    """Copy the visit under way and its drafts: every tap survives."""
    drafts = 0
    for table, columns in (("open_visit", 4), ("draft", 4)):
        marks = ", ".join("?" * columns)
        try:
            for row in old.execute(f"SELECT * FROM {table}"):  # noqa: S608
                new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608
                drafts += table == "draft"
        except sqlite3.DatabaseError:
            continue
    return drafts


def last_configuration(aside: Path) -> bytes | None:
    """Return the signed configuration in a damaged `agent.db`, if it can still be read."""
    connection = sqlite3.connect(aside, isolation_level=None)
    try:
        row = connection.execute("SELECT signed FROM configuration").fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return row[0] if row else None
