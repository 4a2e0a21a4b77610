"""What the agent reads of `kiosk.db`: the records that are still to be sent."""

import sqlite3
from typing import Any, NamedTuple

from device.store.connect import KIOSK_SCHEMA, data_version, file_number, open_reader, trouble
from device.store.home import Home


class Stretch(NamedTuple):
    """Consecutive records, ready to send."""

    first: int
    records: tuple[bytes, ...]
    gap_before: bool
    """Records before these are gone from this device."""


class Backlog:
    """Read-only view of the chain, for the process that sends it.

    Every question raises `DeviceError` if the file cannot be read now.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.kiosk_db
        self._open()

    def _open(self) -> None:
        file = file_number(self._path)
        self._db = open_reader(self._path, KIOSK_SCHEMA)
        self._file = file
        self._seen = -1

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def changed(self) -> bool:
        """True if the kiosk has committed since this was last asked.

        A damaged file is replaced by the kiosk; then the new one is opened here too.
        """
        if file_number(self._path) not in (0, self._file):
            old = self._db
            self._open()
            old.close()
        try:
            version = data_version(self._db)
        except sqlite3.Error as error:
            raise trouble(error, self._path) from error
        changed, self._seen = version != self._seen, version
        return changed

    def after(self, head: int, limit: int, max_bytes: int) -> Stretch | None:
        """Return the records that follow number ``head``, bounded both ways; None if none.

        Stops at a break in the numbering, so that what follows one is sent by itself.
        """
        rows = self._rows(
            "SELECT seq, signed FROM record WHERE seq > ? ORDER BY seq LIMIT ?", head, limit
        )
        if not rows:
            return None
        first = rows[0][0]
        taken: list[bytes] = []
        size = 0
        for place, (seq, signed) in enumerate(rows):
            size += len(signed)
            if seq != first + place or (taken and size > max_bytes):
                break
            taken.append(signed)
        return Stretch(first, tuple(taken), first > head + 1)

    def head(self) -> int:
        """Return the number of the last record, 0 if there is none."""
        ((last,),) = self._rows("SELECT max(seq) FROM record")
        return last or 0

    def counters(self) -> dict[str, int]:
        """Return the kiosk's own counters by reason."""
        return dict(self._rows("SELECT reason, count FROM counter"))

    def visit_under_way(self) -> bytes | None:
        """Return the id of the visit that is open now, None if nobody is rating."""
        rows = self._rows("SELECT visit FROM open_visit")
        return rows[0][0] if rows else None

    def was_opened(self, visit: bytes) -> bool:
        """True if the kiosk has recorded the opening of this visit."""
        query = "SELECT 1 FROM record WHERE kind = 'visit_opened' AND visit = ?"
        return bool(self._rows(query, visit))

    def was_tapped(self, visit: bytes) -> bool:
        """True if a level has been tapped in a visit that is still open."""
        query = "SELECT 1 FROM draft WHERE visit = ?"
        return bool(self._rows(query, visit))

    def outcome(self, visit: bytes) -> bytes | None:
        """Return the signed `visit_closed` of a visit, None while it has none."""
        rows = self._rows(
            "SELECT signed FROM record WHERE kind = 'visit_closed' AND visit = ? "
            "ORDER BY seq DESC LIMIT 1",
            visit,
        )
        return rows[0][0] if rows else None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Raises `DeviceError` if the file cannot be read now."""
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise trouble(error, self._path) from error
