"""What the agent reads of `kiosk.db`: the records that are still to be sent."""

from typing import NamedTuple

from device.store.connect import KIOSK_SCHEMA, data_version, open_reader
from device.store.home import Home


class Stretch(NamedTuple):
    """Consecutive records, ready to send."""

    first: int
    records: tuple[bytes, ...]
    gap_before: bool
    """Records before these are gone from this device."""


class Backlog:
    """Read-only view of the chain, for the process that sends it."""

    def __init__(self, home: Home) -> None:
        self._path = home.kiosk_db
        self._open()

    def _open(self) -> None:
        file = self._path.stat().st_ino if self._path.exists() else 0
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
        if self._path.exists() and self._path.stat().st_ino != self._file:
            old = self._db
            self._open()
            old.close()
        version = data_version(self._db)
        changed, self._seen = version != self._seen, version
        return changed

    def after(self, head: int, limit: int, max_bytes: int) -> Stretch | None:
        """Return the records that follow number ``head``, bounded both ways; None if none.

        Stops at a break in the numbering, so that what follows one is sent by itself.
        """
        rows = self._db.execute(
            "SELECT seq, signed FROM record WHERE seq > ? ORDER BY seq LIMIT ?", (head, limit)
        ).fetchall()
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
        (last,) = self._db.execute("SELECT max(seq) FROM record").fetchone()
        return last or 0

    def counters(self) -> dict[str, int]:
        """Return the kiosk's own counters by reason."""
        return dict(self._db.execute("SELECT reason, count FROM counter"))

    def visit_under_way(self) -> bytes | None:
        """Return the id of the visit that is open now, None if nobody is rating."""
        row = self._db.execute("SELECT visit FROM open_visit").fetchone()
        return row[0] if row else None

    def was_opened(self, visit: bytes) -> bool:
        """True if the kiosk has recorded the opening of this visit."""
        query = "SELECT 1 FROM record WHERE kind = 'visit_opened' AND visit = ?"
        return self._db.execute(query, (visit,)).fetchone() is not None

    def was_tapped(self, visit: bytes) -> bool:
        """True if a level has been tapped in a visit that is still open."""
        query = "SELECT 1 FROM draft WHERE visit = ?"
        return self._db.execute(query, (visit,)).fetchone() is not None

    def outcome(self, visit: bytes) -> bytes | None:
        """Return the signed `visit_closed` of a visit, None while it has none."""
        row = self._db.execute(
            "SELECT signed FROM record WHERE kind = 'visit_closed' AND visit = ? "
            "ORDER BY seq DESC LIMIT 1",
            (visit,),
        ).fetchone()
        return row[0] if row else None
