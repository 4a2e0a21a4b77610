"""Where wrong PINs are counted: one book a door, the same table in both files.

A try is counted on disk before it is checked, and taken back if it was right: pulling the
plug gives nobody another one. Whoever was right takes back their own failures alone: else
anybody who has a PIN could guess at their colleagues' for ever, by logging in in between.
"""

import sqlite3
from collections.abc import Callable, Mapping, Set
from typing import Any

from device.core import lockout
from device.core.lockout import ANYBODY, Tally, Terms
from device.store import moment
from device.store.moment import Moment

FADES_MS = 3_600_000
"""What was counted for everybody is one less for each such time without a failure: a hall's
own slips of the finger must not add up for weeks."""
_BEFORE = "\0before"
"""Key of what was counted for everybody before the last try; no staff number has a NUL."""


class Book:
    """The wrong PINs at one door; ``write`` runs work in a durable transaction."""

    def __init__(self, db: sqlite3.Connection, write: Callable[[Callable[[], Any]], Any]) -> None:
        self._db = db
        self._write = write

    def count_try(self, staff: str) -> Mapping[str, int]:
        """Count a try as a failure, durably, before it is checked.

        Returns the failures now counted for ``staff`` and for `lockout.ANYBODY`.
        """
        now = moment.now()

        def work() -> dict[str, int]:
            failures = {}
            self._put(_BEFORE, tally_of(self._db, ANYBODY))
            for key in {staff, ANYBODY}:
                before = tally_of(self._db, key)
                if key == ANYBODY:
                    before = _faded(before, now)
                tally = lockout.failed(before, now.boot_id.bytes, now.monotonic_ms)
                self._put(key, tally)
                failures[key] = tally.failures
            return failures

        counted: dict[str, int] = self._write(work)
        return counted

    def forgive(self, staff: str) -> None:
        """The last try was right: nothing is held against ``staff`` any more."""

        def work() -> None:
            before = tally_of(self._db, _BEFORE)
            own = 0 if staff == ANYBODY else tally_of(self._db, staff).failures - 1
            self._db.execute("DELETE FROM lockout WHERE key = ?", (staff,))
            self._put(ANYBODY, before._replace(failures=max(0, before.failures - max(0, own))))

        self._write(work)

    def locked_ms(self, staff: str, terms: Terms) -> int:
        """Return how long this door keeps ``staff`` out; 0 if it does not."""
        remaining: int = self._write(lambda: remaining_ms(self._db, {staff, ANYBODY}, terms))
        return remaining

    def _put(self, key: str, tally: Tally) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO lockout (key, failures, boot_id, at_ms) VALUES (?, ?, ?, ?)",
            (key, *tally),
        )


def tally_of(db: sqlite3.Connection, key: str) -> Tally:
    """Return the failures counted under ``key``."""
    row = db.execute("SELECT failures, boot_id, at_ms FROM lockout WHERE key = ?", (key,))
    return Tally(*(row.fetchone() or ()))


def remaining_ms(db: sqlite3.Connection, keys: Set[str], terms: Terms) -> int:
    """Return how long one of ``keys`` is still locked out by what ``db`` holds; 0 if none."""
    now = moment.now()
    waits = (
        lockout.remaining_ms(
            tally_of(db, key), terms.for_key(key), now.boot_id.bytes, now.monotonic_ms
        )
        for key in keys
    )
    return max(waits, default=0)


def _faded(tally: Tally, now: Moment) -> Tally:
    """Return ``tally`` less what has faded; after a restart only what has passed since."""
    since = tally.at_ms if tally.boot == now.boot_id.bytes else 0
    faded = max(0, now.monotonic_ms - since) // FADES_MS
    return tally._replace(failures=max(0, tally.failures - faded))
