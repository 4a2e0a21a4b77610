"""What the agent reads of `kiosk.db`: the records that are still to be sent."""

from typing import NamedTuple
from uuid import UUID

import msgspec

from device.core.lockout import ANYBODY, Terms
from device.core.visit import Invited
from device.store import duty, lockouts
from device.store.connect import KIOSK_SCHEMA
from device.store.duty import Duty
from device.store.home import Home
from device.store.reader import Reader


class Stretch(NamedTuple):
    """Consecutive records, ready to send."""

    first: int
    records: tuple[bytes, ...]
    gap_before: bool
    """Records before these are gone from this device."""


class OpenVisit(NamedTuple):
    """The visit that is open now."""

    visit: UUID
    invitation: Invited | None
    """None if damage has made it unreadable."""
    tapped: bool
    """A level has been tapped: it can no longer be cancelled."""


class Backlog(Reader):
    """Read-only view of the chain, for the process that sends it."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.kiosk_db, KIOSK_SCHEMA)

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

    # --- what goes on at the window -------------------------------------------------------

    def duty(self) -> Duty:
        """Return who serves at the window now."""
        return self._ask(duty.read)

    def open_visit(self) -> OpenVisit | None:
        """Return the visit that is open now, None if nobody is rating."""
        rows = self._rows(
            "SELECT visit, invitation, "
            "EXISTS (SELECT 1 FROM draft WHERE draft.visit = open_visit.visit) FROM open_visit"
        )
        for visit, invitation, tapped in rows:
            try:
                invited = msgspec.json.decode(invitation, type=Invited)
            except msgspec.MsgspecError:
                invited = None
            return OpenVisit(UUID(bytes=visit), invited, bool(tapped))
        return None

    def opening(self, visit: bytes) -> bytes | None:
        """Return the signed `visit_opened` of a visit, None if it never was opened."""
        query = "SELECT signed FROM record WHERE kind = 'visit_opened' AND visit = ?"
        rows = self._rows(query, visit)
        return rows[0][0] if rows else None

    def locked_ms(self, staff: str, terms: Terms) -> int:
        """Return how long ``staff`` is locked out at the device's own screen; 0 if not."""
        return self._ask(lambda db: lockouts.remaining_ms(db, {staff, ANYBODY}, terms))
