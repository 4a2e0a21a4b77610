"""What happens to a damaged file: it is set aside, read as far as it goes, and replaced.

Power cuts and dying cards leave files that SQLite refuses. The device must take ratings a
moment later all the same, and nothing that can still be read may be lost: every record
whose signature holds goes into the new file, and numbering goes on far enough ahead that
no number already sent can be given out twice.
"""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from device.core.errors import DamagedFile, DeviceError
from device.store.connect import put_in_place, trouble, uri
from device.store.home import Home
from protocol import cose, records
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey
from protocol.limits import MAX_INTEGER
from protocol.records import Envelope

if TYPE_CHECKING:
    from sqlite_utils import Migrations

SKIP_AHEAD = 100_000
"""Numbers left out after damage; more than a device could have written and lost."""

_NEAR = 1_000
"""Numbers looked up one by one before the first and behind the last one found."""

_BLIND = 20_000
"""Numbers tried one by one behind a page that cannot be read; an inner page of the table
covers about five thousand."""

Genuine = tuple[bytes, Envelope]
"""A record that this device signed, and what it says."""


class Salvage(NamedTuple):
    """What became of a damaged file."""

    kept_as: Path
    records: int
    highest: int
    drafts: int


def is_damaged(path: Path) -> bool:
    """True if ``path`` exists and SQLite cannot trust it.

    Raises `StorageFull` or `StorageUnavailable` if that cannot be told now.
    """
    if not path.exists() or path.stat().st_size == 0:
        return False
    verdict: object = "unreadable"
    with _only_damage(path), closing(_read_only(path)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return verdict != "ok"


def rescue_ledger(home: Home, key: VerifyKey, acknowledged: int) -> Salvage:
    """Replace a damaged `kiosk.db` by a new one with all that could be read.

    ``acknowledged`` is the last number central has receipted. The new file takes the old
    one's place when it is complete and not before. Raises `DamagedFile`, `StorageFull` or
    `StorageUnavailable` if no new file can be made; everything is as it was then.
    """
    damaged = home.kiosk_db
    try:
        from device.store.schema import kiosk

        with fresh_file(damaged, kiosk) as fresh:
            with closing(_read_only(damaged)) as old, _filling(fresh) as new:
                count, highest = _copy_records(old, new, key, damaged)
                drafts = _copy_unsigned(old, new, damaged)
                floor = max(highest, acknowledged, _old_floor(old, damaged)) + SKIP_AHEAD
                new.execute("INSERT INTO floor (seq) VALUES (?)", (floor,))
            kept_as = put_in_place(fresh, damaged)
    except sqlite3.DatabaseError as error:
        raise trouble(error, damaged) from error
    except DeviceError:
        raise
    except OSError as error:
        raise DamagedFile(f"{damaged}: no new file could be made: {error}") from error
    return Salvage(kept_as, count, highest, drafts)


@contextmanager
def fresh_file(damaged: Path, migrations: "Migrations") -> Iterator[Path]:
    """Yield the path of an empty, migrated file beside ``damaged``, to be put in its place."""
    from device.store.schema import migrate_file

    fresh = damaged.with_name(damaged.name + ".fresh")
    _discard(fresh)
    try:
        migrate_file(fresh, migrations)
        yield fresh
    finally:
        _discard(fresh)


def _discard(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


@contextmanager
def _filling(fresh: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection in a transaction; at the end all of it is in the one file, on disk."""
    with closing(sqlite3.connect(uri(fresh, "rw"), uri=True, isolation_level=None)) as new:
        new.execute("PRAGMA synchronous=FULL")
        new.execute("BEGIN IMMEDIATE")
        yield new
        new.execute("COMMIT")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _read_only(path: Path) -> sqlite3.Connection:
    """Open a damaged file so that it and its WAL stay as they are."""
    return sqlite3.connect(uri(path, "ro"), uri=True, isolation_level=None, timeout=1.0)


@contextmanager
def _only_damage(path: Path) -> Iterator[None]:
    """End quietly at damage; anything else (a full disk, a lock) is no reason to lose records."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        meaning = trouble(error, path)
        if not isinstance(meaning, DamagedFile):
            raise meaning from error


def _copy_records(
    old: sqlite3.Connection, new: sqlite3.Connection, key: VerifyKey, damaged: Path
) -> tuple[int, int]:
    held: set[int] = set()
    for signed, envelope in _genuine_records(old, key, held, damaged):
        # What stands beside the signed bytes may be damaged; what they say is not.
        wall_ms, visit = envelope.fields.get("at"), envelope.fields.get("visit")
        known_time = isinstance(wall_ms, int) and 0 <= wall_ms <= MAX_INTEGER
        new.execute(
            "INSERT INTO record (seq, kind, wall_ms, visit, signed) VALUES (?, ?, ?, ?, ?)",
            (
                envelope.seq,
                envelope.kind,
                wall_ms if known_time else 0,
                visit if isinstance(visit, bytes) else None,
                signed,
            ),
        )
    return len(held), max(held, default=0)


def _genuine_records(
    old: sqlite3.Connection, key: VerifyKey, held: set[int], damaged: Path
) -> Generator[Genuine, None, None]:
    """Yield each record that can be reached, once: from the back to the damage, then the rest.

    Behind a page that cannot be read, the next number is looked up by itself until one is
    found again. ``held`` collects the numbers. No search has an upper end: a damaged number
    would pass for it.
    """
    with _only_damage(damaged):
        old.execute("SELECT seq, signed FROM record LIMIT 0")
        down = "SELECT seq, signed FROM record ORDER BY seq DESC"
        complete, _ = yield from _scan(old, down, (), key, held, damaged)
        # ">=": a search for ">" would begin on the page of the number before.
        up = "SELECT seq, signed FROM record WHERE seq >= ? ORDER BY seq"
        start, blind = 1, 0
        while not complete and blind < _BLIND:
            complete, last = yield from _scan(old, up, (start,), key, held, damaged)
            start, blind = (last + 1, 0) if last >= start else (start + 1, blind + 1)
        # A scan drops the row right before the damage, and passes by what a page whose own
        # order is damaged still gives to a look-up.
        one = "SELECT seq, signed FROM record WHERE seq = ?"
        for seq in _missing(held):
            yield from _scan(old, one, (seq,), key, held, damaged)


def _missing(held: set[int]) -> list[int]:
    """Return the numbers around and between those ``held``, but for gaps left on purpose."""
    if not held:
        return []
    numbers = [max(0, min(held) - _NEAR), *sorted(held), max(held) + _NEAR]
    return [
        seq
        for before, after in pairwise(numbers)
        if after - before <= _BLIND
        for seq in range(before + 1, after)
    ]


def _scan(
    old: sqlite3.Connection,
    query: str,
    bounds: tuple[int, ...],
    key: VerifyKey,
    held: set[int],
    damaged: Path,
) -> Generator[Genuine, None, tuple[bool, int]]:
    """Yield genuine records up to the damage that were not met before.

    Returns whether there was no damage, and the number of the last genuine one, 0 if none.
    """
    last = 0
    with _only_damage(damaged):
        for seq, signed in old.execute(query, bounds):
            if seq not in held:
                try:
                    envelope = records.read_envelope(cose.verify(signed, key, cose.RECORD))
                except ProtocolError:
                    continue
                if envelope.seq != seq:
                    continue
                held.add(seq)
                yield signed, envelope
            last = seq
        return True, last
    return False, last


_UNSIGNED = {
    "open_visit": ("visit", "language", "opened_ms", "invitation"),
    "draft": ("subject", "code", "visit", "draft"),
    "callback": ("visit", "sealed"),
    "lockout": ("key", "failures", "boot_id", "at_ms"),
}
"""By name: newer software may have put more columns into the file."""


def _copy_unsigned(old: sqlite3.Connection, new: sqlite3.Connection, damaged: Path) -> int:
    """Copy the visit under way, its drafts and its call-back as far as they can be read.

    Returns how many drafts; what all this says is judged when it is made into records. Wrong
    PINs come along: damage must give nobody another try.
    """
    drafts = 0
    for table, columns in _UNSIGNED.items():
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"  # noqa: S608
        with _only_damage(damaged):
            for row in old.execute(f"SELECT {names} FROM {table}"):  # noqa: S608 - our own names
                try:
                    new.execute(insert, row)
                except sqlite3.IntegrityError:
                    continue
                drafts += table == "draft"
    return drafts


def _old_floor(old: sqlite3.Connection, damaged: Path) -> int:
    """Return where numbering went on after an earlier damage, 0 if that cannot be read."""
    with _only_damage(damaged):
        (floor,) = old.execute("SELECT max(seq) FROM floor").fetchone()
        if floor is not None and 0 < floor < MAX_INTEGER >> 1:
            return int(floor)
    return 0


def last_configuration(damaged: Path) -> bytes | None:
    """Return the signed configuration in a damaged `agent.db`, if it can still be read."""
    with _only_damage(damaged), closing(_read_only(damaged)) as connection:
        row = connection.execute("SELECT signed FROM configuration").fetchone()
        return row[0] if row else None
    return None
